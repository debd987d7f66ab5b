//! The clusters of a branch turned into how the files at its root differ from what promgit would write.

use std::collections::BTreeMap;

use super::finding::How;
use super::folder;
use crate::git::object::TreeEntry;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::folder::KUSTOMIZATION;
use crate::ledger::root::{self, FORMAT, MARKER, Marker, README, Readme, Row};
use crate::reconcile::footprint::{Footprint, Held};

/// What is ours at the root.
pub const OWN: &[&str] = &[MARKER, README, KUSTOMIZATION];

/// Compares the three files, by path. The inner error says why they cannot be made.
pub fn compare(
    reader: &Reader,
    (marker, branch): (&Marker, &str),
    rows: &BTreeMap<String, Row>,
    readme: &Readme,
    entries: &[TreeEntry],
) -> Result<Result<Vec<(String, How)>, String>, ReadError> {
    let marker = Marker { format: FORMAT, ..marker.clone() };
    let files = match root::files(&marker, branch, rows, readme) {
        Ok(files) => files,
        Err(error) => return Ok(Err(error.to_string())),
    };
    folder::of_files(reader, &files, &own(entries)).map(Ok)
}

/// Our files among the entries of a root.
pub fn own(entries: &[TreeEntry]) -> Footprint {
    let named = entries.iter().filter_map(|entry| Some((std::str::from_utf8(&entry.name).ok()?, entry)));
    let own = named.filter(|(name, _)| OWN.contains(name));
    own.map(|(name, entry)| (name.to_string(), Held::from(entry.clone()))).collect()
}
