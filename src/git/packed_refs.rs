//! Turns the `packed-refs` file into a sorted map of references, and back (gitrepository-layout, refs/packed-backend.c).

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use super::durable::{self, IoError};
use super::oid::{OID_HEX, Oid};

/// The name of the file in a repository.
pub const FILE: &str = "packed-refs";
/// The name of its successor while that is written.
pub const NEW: &str = "packed-refs.new";
const HEADER: &str = "# pack-refs with:";
/// Rewrites until sizes repeat: far more than fit into the second in which git cannot tell them apart.
const MAX_PADDING: usize = 1000;

/// The references of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackedRefs {
    pub refs: BTreeMap<String, PackedRef>,
    /// What the header says about peeled tags; kept as found, since only the writer of a file knows.
    peeled: String,
}

/// Where a reference points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackedRef {
    pub oid: Oid,
    /// For an annotated tag, the object that the tag is for.
    pub peeled: Option<Oid>,
}

/// A file that cannot be read as references.
#[derive(Debug, thiserror::Error)]
pub enum PackedRefsError {
    #[error(transparent)]
    Io(#[from] IoError),
    #[error("{} line {line} is not a reference; repair it or take the file from a clone", path.display())]
    Malformed { path: PathBuf, line: usize },
}

impl Default for PackedRefs {
    fn default() -> PackedRefs {
        PackedRefs { refs: BTreeMap::new(), peeled: "peeled fully-peeled".to_owned() }
    }
}

impl PackedRefs {
    /// Reads the file of a repository; an absent one has no references.
    pub fn load(root: &Path) -> Result<PackedRefs, PackedRefsError> {
        let path = root.join(FILE);
        match durable::read(&path)? {
            None => Ok(PackedRefs::default()),
            Some(bytes) => {
                parse(&bytes).map_err(|line| PackedRefsError::Malformed { path: path.clone(), line })
            }
        }
    }

    /// The id of a reference.
    pub fn get(&self, name: &str) -> Option<Oid> {
        self.refs.get(name).map(|found| found.oid)
    }

    /// The content of the file: header, then every reference in the order of the names. `turn` is a number that differs from
    /// one rewrite to the next: it makes their sizes differ, by spaces in the header. git takes a file for unchanged when inode,
    /// size and times agree, times in seconds; two rewrites within a second may share the rest, and a `git push` that
    /// deletes a branch would then write back what it read before.
    pub fn encode(&self, turn: usize) -> Vec<u8> {
        let gap = if self.peeled.is_empty() { "" } else { " " };
        let padding = 1 + turn % MAX_PADDING;
        let mut out = format!("{HEADER} {}{gap}sorted{:padding$}\n", self.peeled, "");
        for (name, reference) in &self.refs {
            // writing to a String cannot fail
            let _ = writeln!(out, "{} {name}", reference.oid);
            if let Some(peeled) = reference.peeled {
                let _ = writeln!(out, "^{peeled}");
            }
        }
        out.into_bytes()
    }
}

/// Parses the file, or says which line is wrong.
fn parse(bytes: &[u8]) -> Result<PackedRefs, usize> {
    let mut packed = PackedRefs { refs: BTreeMap::new(), peeled: String::new() };
    let text = std::str::from_utf8(bytes).map_err(|_| 1usize)?;
    let mut last: Option<&str> = None;
    for (index, line) in text.lines().enumerate() {
        let wrong = index + 1;
        if let Some(traits) = line.strip_prefix(HEADER) {
            let kept: Vec<_> = traits.split_whitespace().filter(|word| *word != "sorted").collect();
            packed.peeled = kept.join(" ");
        } else if let Some(peeled) = line.strip_prefix('^') {
            let name = last.ok_or(wrong)?;
            let peeled = Some(peeled.parse().map_err(|_| wrong)?);
            packed.refs.entry(name.to_owned()).and_modify(|found| found.peeled = peeled);
        } else if !line.starts_with('#') {
            let (oid, name) = line.split_at_checked(OID_HEX).ok_or(wrong)?;
            let name = name.strip_prefix(' ').filter(|name| !name.is_empty()).ok_or(wrong)?;
            let oid = oid.parse().map_err(|_| wrong)?;
            packed.refs.insert(name.to_owned(), PackedRef { oid, peeled: None });
            last = Some(name);
        }
    }
    Ok(packed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

    #[test]
    fn what_others_wrote_is_kept() {
        let text = format!(
            "# pack-refs with: peeled fully-peeled sorted \n{ID} refs/heads/a\n{ID} refs/tags/v1\n^{ID}\n"
        );
        let packed = parse(text.as_bytes()).unwrap();
        assert_eq!(packed.get("refs/heads/a"), Some(Oid::EMPTY_TREE));
        assert_eq!(String::from_utf8(packed.encode(0)).unwrap(), text);
    }

    #[test]
    fn a_header_never_promises_more_than_was_known() {
        let packed = parse(format!("{ID} refs/tags/v1\n").as_bytes()).unwrap();
        assert!(packed.encode(0).starts_with(b"# pack-refs with: sorted \n"));
    }

    #[test]
    fn a_bad_line_is_named() {
        assert_eq!(parse(format!("{ID} refs/a\nrubbish\n").as_bytes()), Err(2));
        assert_eq!(parse(b"^4b825dc642cb6eb9a060e54bf8d69288fbee4904\n"), Err(1));
    }
}
