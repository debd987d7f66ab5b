//! Turns what a remote is known to have, and what its history replaced here, into references beside the branches.
//!
//! `refs/remotes/origin/NAME` says where the remote had a branch when it was last heard of, as in any clone (gitrepository-layout).
//! `refs/promgit/superseded/NAME/ID` keeps a tip that a branch was taken off: its commits may be named by a status or a record.

use std::collections::BTreeMap;

use super::oid::Oid;
use super::path::{BranchError, branch_ref};
use super::reader::{ReadError, Reader};
use super::ref_update::{self, RefChange, Refusal};

const REMOTE: &str = "refs/remotes/origin/";
const SUPERSEDED: &str = "refs/promgit/superseded/";

/// A reference that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum TrackingError {
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Refusal(#[from] Refusal),
}

/// Where the remote had the branch; nothing where that is not known.
pub fn known(reader: &Reader, branch: &str) -> Result<Option<Oid>, ReadError> {
    branch_ref(branch)?;
    reader.reference(&format!("{REMOTE}{branch}"))
}

/// Notes where the remote has these branches. They may stand anywhere: this is news, not history.
pub fn note(reader: &Reader, branches: &[(String, Oid)]) -> Result<(), TrackingError> {
    put(reader, branches.iter().map(|(branch, new)| (branch.as_str(), Some(*new))))
}

/// Notes that the remote has none of these branches any more.
pub fn forget(reader: &Reader, branches: &[String]) -> Result<(), TrackingError> {
    put(reader, branches.iter().map(|branch| (branch.as_str(), None)))
}

fn put<'a>(
    reader: &Reader,
    branches: impl Iterator<Item = (&'a str, Option<Oid>)>,
) -> Result<(), TrackingError> {
    let mut changes = Vec::new();
    for (branch, new) in branches {
        let expected = known(reader, branch)?;
        if expected != new {
            changes.push(RefChange { name: format!("{REMOTE}{branch}"), expected, new });
        }
    }
    Ok(ref_update::apply_all(reader.root(), &changes)?)
}

/// All that was noted, by branch.
pub fn all(reader: &Reader) -> Result<BTreeMap<String, Oid>, ReadError> {
    let found = reader.references(REMOTE)?.into_iter();
    Ok(found.filter_map(|(name, oid)| Some((name.strip_prefix(REMOTE)?.to_owned(), oid))).collect())
}

/// Keeps a commit that a branch is about to be taken off, durable when this returns.
pub fn keep(reader: &Reader, branch: &str, tip: Oid) -> Result<(), TrackingError> {
    branch_ref(branch)?;
    let name = format!("{SUPERSEDED}{branch}/{tip}");
    if reader.reference(&name)?.is_some() {
        return Ok(());
    }
    let change = RefChange { name, expected: None, new: Some(tip) };
    Ok(ref_update::apply_all(reader.root(), &[change])?)
}

/// Whether the branch was ever taken off a commit.
pub fn is_superseded(reader: &Reader, branch: &str) -> Result<bool, ReadError> {
    branch_ref(branch)?;
    reader.has_references(&format!("{SUPERSEDED}{branch}/"))
}
