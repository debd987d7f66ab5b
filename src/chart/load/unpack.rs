//! The bytes of a `.tgz` to the files of a chart, refusing what would leave it (Helm `pkg/chart/loader/archive`).

use std::io::Read;

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

use super::super::model::File;
use super::headers::Headers;

/// The contents of all files together, in bytes (Helm `MaxDecompressedChartSize`).
pub const MAX_SIZE: u64 = 100 * 1024 * 1024;
/// Files and folders of one chart. The largest public charts have some thousands; an empty file costs a hostile
/// archive nothing, and us a name.
pub const MAX_ENTRIES: usize = 50_000;
/// What an entry may cost besides its contents: header, padding and a long name.
const ENTRY_OVERHEAD: u64 = 4096;

/// Why an archive is refused; the texts are Helm's, but for the count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    #[error("gzip: invalid header")]
    NotGzip,
    /// Broken gzip or tar data.
    #[error("{0}")]
    Broken(String),
    #[error("chart illegally contains absolute paths")]
    Absolute,
    /// Carries the quoted name.
    #[error("chart illegally contains content outside the base directory: {0}")]
    Outside(String),
    #[error("chart illegally references parent directory")]
    Parent,
    #[error("chart contains illegally named files")]
    Drive,
    #[error("chart yaml not in base directory")]
    NoBase,
    #[error("decompressed chart is larger than the maximum size {MAX_SIZE}")]
    TooLarge,
    #[error("no files in chart archive")]
    Empty,
    #[error("the chart archive holds more than {MAX_ENTRIES} files and folders; pack less into it")]
    TooMany,
    #[error(
        "the archives of the chart hold more than {MAX_SIZE} bytes or {MAX_ENTRIES} files and folders together; \
         pack less into them"
    )]
    Together,
}

/// What the archives of a chart, one inside another or side by side, may still unpack to.
#[derive(Debug)]
pub struct Room {
    bytes: u64,
    entries: usize,
}

impl Default for Room {
    fn default() -> Self {
        Room { bytes: MAX_SIZE, entries: MAX_ENTRIES }
    }
}

impl Room {
    fn take(&mut self, bytes: u64, entries: usize) -> Result<(), ArchiveError> {
        self.bytes = self.bytes.checked_sub(bytes).ok_or(ArchiveError::Together)?;
        self.entries = self.entries.checked_sub(entries).ok_or(ArchiveError::Together)?;
        Ok(())
    }
}

/// The files of an archive in its order, without the folder that they all lie in. What they hold is taken off `room`.
pub fn files(bytes: &[u8], room: &mut Room) -> Result<Vec<File>, ArchiveError> {
    if !bytes.starts_with(&[0x1F, 0x8B]) {
        let short = if bytes.is_empty() { "EOF" } else { "unexpected EOF" };
        return Err(if bytes.len() < 10 { broken(short) } else { ArchiveError::NotGzip });
    }
    // A bound on headers too: a name can be as long as the archive says.
    let stream = MultiGzDecoder::new(bytes).take(MAX_SIZE + MAX_ENTRIES as u64 * ENTRY_OVERHEAD);
    let mut archive = Archive::new(Headers::new(stream));
    let (mut files, mut left) = (Vec::new(), MAX_SIZE);
    for (index, entry) in archive.entries().map_err(|error| broken(&error))?.enumerate() {
        if index >= MAX_ENTRIES {
            return Err(ArchiveError::TooMany);
        }
        room.take(0, 1)?;
        let mut entry = entry.map_err(|error| broken(&error))?;
        if entry.header().entry_type() == EntryType::XGlobalHeader {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if entry.header().entry_type() == EntryType::Directory || name.ends_with('/') {
            continue;
        }
        let inner = inner_name(&name)?;
        let data = contents(&mut entry, &mut left, room)?;
        files.push(File { name: inner.into(), data: without_mark(&data).into() });
    }
    if files.is_empty() { Err(ArchiveError::Empty) } else { Ok(files) }
}

fn broken(error: &(impl ToString + ?Sized)) -> ArchiveError {
    ArchiveError::Broken(error.to_string())
}

/// The contents without a byte order mark.
pub fn without_mark(data: &[u8]) -> &[u8] {
    data.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(data)
}

/// Reads an entry and takes its size off what is left; a chart may not even fill the limit.
fn contents(
    entry: &mut Entry<'_, impl Read>,
    left: &mut u64,
    room: &mut Room,
) -> Result<Vec<u8>, ArchiveError> {
    let size = entry.size();
    if size > *left {
        return Err(ArchiveError::TooLarge);
    }
    room.take(size, 0)?;
    let mut data = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(1 << 20));
    entry.read_to_end(&mut data).map_err(|error| broken(&error))?;
    if (data.len() as u64) < size {
        return Err(broken(&"unexpected EOF"));
    }
    *left -= size;
    if *left == 0 { Err(ArchiveError::TooLarge) } else { Ok(data) }
}

/// The path inside the chart: the first part cut off, slashes made forward, dots resolved.
fn inner_name(name: &str) -> Result<String, ArchiveError> {
    // An archive made on Windows.
    let delimiter = if name.contains('\\') { '\\' } else { '/' };
    let (base, inner) = name.split_once(delimiter).unwrap_or((name, ""));
    let inner = inner.replace(delimiter, "/");
    if inner.starts_with('/') {
        return Err(ArchiveError::Absolute);
    }
    let inner = clean(&inner);
    if inner == "." {
        return Err(ArchiveError::Outside(crate::template::quote::quote(name.as_bytes())));
    }
    if inner.starts_with("..") {
        return Err(ArchiveError::Parent);
    }
    if inner.len() > 2 && inner.as_bytes()[0].is_ascii_alphabetic() && inner[1..].starts_with(":/") {
        return Err(ArchiveError::Drive);
    }
    if base == "Chart.yaml" {
        return Err(ArchiveError::NoBase);
    }
    Ok(inner)
}

/// Go's `path.Clean`: no empty or `.` parts, `..` resolved as far as it goes.
pub fn clean(path: &str) -> String {
    let root = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if root => {}
            part => parts.push(part),
        }
    }
    match (root, parts.join("/")) {
        (true, path) => format!("/{path}"),
        (false, path) if path.is_empty() => ".".to_owned(),
        (false, path) => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        let refused = [
            ("../../malformed", ArchiveError::Parent),
            ("/foo/../../malformed", ArchiveError::Parent),
            ("./../../malformed", ArchiveError::Parent),
            ("./.", ArchiveError::Outside("\"./.\"".to_owned())),
            ("name", ArchiveError::Outside("\"name\"".to_owned())),
            ("//foo", ArchiveError::Absolute),
            ("\\\\foo", ArchiveError::Absolute),
            ("\\..\\..\\foo", ArchiveError::Parent),
            ("\\.\\c:\\\\foo", ArchiveError::Drive),
            ("/./c://foo", ArchiveError::Drive),
            ("\\\\?\\Some\\windows\\magic", ArchiveError::Absolute),
        ];
        for (name, error) in refused {
            assert_eq!(inner_name(name), Err(error), "{name}");
        }
        assert_eq!(inner_name("chart\\templates\\a.yaml").unwrap(), "templates/a.yaml");
        assert_eq!(inner_name("/./Chart.yaml").unwrap(), "Chart.yaml");
    }

    #[test]
    fn no_gzip() {
        assert_eq!(files(b"", &mut Room::default()).unwrap_err().to_string(), "EOF");
        assert_eq!(files(b"not an archive at all", &mut Room::default()).unwrap_err(), ArchiveError::NotGzip);
    }
}
