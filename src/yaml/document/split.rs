//! A file's text to the texts of its documents, cut at `---` and `...` lines.

/// The text of one document and the line, from 1, on which it begins.
pub(super) struct Chunk<'f> {
    pub first_line: usize,
    pub text: &'f [u8],
}

/// Cuts the file. Documents without content (blank lines and comments only) are left out.
pub(super) fn chunks(file: &[u8]) -> Chunks<'_> {
    Chunks { file: file.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(file), at: 0, line: 1 }
}

pub(super) struct Chunks<'f> {
    file: &'f [u8],
    at: usize,
    line: usize,
}

impl<'f> Iterator for Chunks<'f> {
    type Item = Chunk<'f>;

    fn next(&mut self) -> Option<Chunk<'f>> {
        let mut start = (self.at, self.line);
        let (mut content, mut directives) = (false, false);
        while self.at < self.file.len() {
            let rest = &self.file[self.at..];
            let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |end| end + 1);
            let line = &rest[..end];
            match after_mark(line) {
                // The mark begins the next document.
                Some(_) if content => break,
                // Directives need their mark.
                Some(tail) if directives => (content, directives) = (has_content(tail), false),
                Some(tail) if has_content(tail) => (start, content) = ((self.at, self.line), true),
                Some(_) => start = (self.at + end, self.line + 1),
                None if line.starts_with(b"%") && !content => directives = true,
                None => content |= has_content(line),
            }
            self.at += end;
            self.line += 1;
        }
        let (offset, first_line) = start;
        (content || directives).then(|| Chunk { first_line, text: &self.file[offset..self.at] })
    }
}

/// What follows `---` on its line; nothing may follow `...`.
fn after_mark(line: &[u8]) -> Option<&[u8]> {
    let rest = line.strip_prefix(b"---").or_else(|| line.strip_prefix(b"..."))?;
    rest.first().is_none_or(u8::is_ascii_whitespace).then_some(rest)
}

fn has_content(line: &[u8]) -> bool {
    line.trim_ascii_start().first().is_some_and(|byte| *byte != b'#')
}
