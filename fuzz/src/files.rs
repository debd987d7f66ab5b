//! One text to the files it holds: `-- path --` starts one, as in `tests/chart/*.case`.

/// A path and what follows its line.
pub type Part<'d> = (String, &'d [u8]);

/// What stands before the first path, and the files in their order. A path may come twice.
pub fn split(data: &[u8]) -> (&[u8], Vec<Part<'_>>) {
    let mut starts = Vec::new();
    let mut at = 0;
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        if let Some(path) = path(line) {
            starts.push((at, at + line.len(), path));
        }
        at += line.len();
    }
    let head = &data[..starts.first().map_or(data.len(), |(start, ..)| *start)];
    let ends = starts.iter().skip(1).map(|(start, ..)| *start).chain([data.len()]).collect::<Vec<_>>();
    let parts = starts.into_iter().zip(ends).map(|((_, from, path), to)| (path, &data[from..to]));
    (head, parts.collect())
}

fn path(line: &[u8]) -> Option<String> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let path = line.strip_prefix(b"-- ")?.strip_suffix(b" --")?;
    Some(String::from_utf8_lossy(path).into_owned())
}

/// The lines before the first `---` line, and what follows that.
pub fn head(data: &[u8]) -> (String, &[u8]) {
    let mut at = 0;
    for line in data.split_inclusive(|byte| *byte == b'\n') {
        if line.strip_suffix(b"\n").unwrap_or(line) == b"---" {
            return (String::from_utf8_lossy(&data[..at]).into_owned(), &data[at + line.len()..]);
        }
        at += line.len();
    }
    (String::from_utf8_lossy(data).into_owned(), b"")
}
