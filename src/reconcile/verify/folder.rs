//! The files that a folder should hold and those that it holds turned into how they differ.

use std::collections::BTreeSet;

use super::again::Again;
use super::finding::How;
use crate::git::object::{MODE_FILE, MODE_SUBMODULE};
use crate::git::oid::blob_id;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::folder::Files;
use crate::reconcile::footprint::{Footprint, Held};

/// The longest part of a line that is shown.
const LONGEST_LINE: usize = 120;

const MODE_EXECUTABLE: u32 = 0o100_755;
const MODE_LINK: u32 = 0o120_000;

/// Paths below the folder, each with how it differs.
pub fn compare(reader: &Reader, again: &Again, held: &Footprint) -> Result<Vec<(String, How)>, ReadError> {
    let Again { files, random, order: _ } = again;
    let paths: BTreeSet<&String> = files.keys().chain(held.keys()).collect();
    let mut found = Vec::new();
    for path in paths.into_iter().filter(|path| !random.contains(*path)) {
        let how = match (files.get(path), held.get(path)) {
            (Some(should), Some(is)) => different(reader, should, *is)?,
            (Some(_), None) => Some(How::Missing),
            (None, _) => Some(How::Extra),
        };
        found.extend(how.map(|how| (path.clone(), how)));
    }
    Ok(found)
}

/// The same for files that stand for themselves: those at the root.
pub fn of_files(reader: &Reader, files: &Files, held: &Footprint) -> Result<Vec<(String, How)>, ReadError> {
    let mut found = Vec::new();
    for (path, should) in files {
        let how = match held.get(path) {
            Some(is) => different(reader, should, *is)?,
            None => Some(How::Missing),
        };
        found.extend(how.map(|how| (path.clone(), how)));
    }
    Ok(found)
}

fn different(reader: &Reader, should: &[u8], is: Held) -> Result<Option<How>, ReadError> {
    match is.mode {
        MODE_FILE if is.oid == blob_id(should) => Ok(None),
        MODE_EXECUTABLE if is.oid == blob_id(should) => Ok(Some(How::Kind("an executable"))),
        MODE_LINK => Ok(Some(How::Kind("a link"))),
        MODE_SUBMODULE => Ok(Some(How::Kind("a submodule"))),
        _ => match is.bytes(reader)? {
            Some(bytes) => Ok(Some(first_difference(&bytes, should))),
            None => Ok(Some(How::Kind("no file"))),
        },
    }
}

fn first_difference(is: &[u8], should: &[u8]) -> How {
    let (is, should) = (String::from_utf8_lossy(is), String::from_utf8_lossy(should));
    let (mut left, mut right) = (is.split_inclusive('\n'), should.split_inclusive('\n'));
    let mut line = 1;
    loop {
        match (left.next(), right.next()) {
            (Some(a), Some(b)) if a == b => line += 1,
            (a, b) => return How::Different { line, is: a.map(shown), should: b.map(shown) },
        }
    }
}

/// One line with its end, or its beginning.
fn shown(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((cut, _)) => format!("{}…\n", &line[..cut]),
        None => line.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_that_differs_is_told() {
        let long = "x".repeat(LONGEST_LINE + 1);
        let cut = format!("{}…\n", &long[1..]);
        for (is, should, line, expected) in [
            ("a\nb\n", "a\nc\n", 2, (Some("b\n"), Some("c\n"))),
            ("a\n", "a\nc\n", 2, (None, Some("c\n"))),
            ("a\nb\n", "a\n", 2, (Some("b\n"), None)),
            ("a", "a\n", 1, (Some("a"), Some("a\n"))),
            ("a\r\n\u{1b}", "a\n", 1, (Some("a\r\n"), Some("a\n"))),
            ("", &long, 1, (None, Some(&cut[..]))),
        ] {
            let (is_line, should_line) = (expected.0.map(str::to_string), expected.1.map(str::to_string));
            let expected = How::Different { line, is: is_line, should: should_line };
            assert_eq!(first_difference(is.as_bytes(), should.as_bytes()), expected);
        }
    }
}
