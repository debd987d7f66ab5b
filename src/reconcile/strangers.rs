//! Changes by hand of a cluster's files turned into who made them: what is overwritten is named.

use super::footprint;
use super::verify::made;
use super::verify::select;
use crate::git::history;
use crate::git::object::{Commit, TreeEntry};
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::trailers::one_line;
use crate::ledger::folder::KUSTOMIZATION;
use crate::ledger::root::{MARKER, Marker, README};

/// Names a commit whose change to our files was overwritten, and its author.
pub const OVERWRITES_TRAILER: &str = "Overwrites";

/// Commits that a message names at most; the history has all of them.
const MOST_NAMED: usize = 10;
/// Commits that are looked at for them.
const MOST_COMMITS: usize = 1_000;

/// The commits below `tip` that changed our files of a cluster since promgit last did, newest first:
/// `1a2b3c4d5e Jane Doe <jane@example.com>`.
pub fn of(reader: &Reader, tip: Oid, cluster: &str) -> Result<Vec<String>, ReadError> {
    let Some(marker) = select::marker(reader, tip)? else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    for entry in history::log(reader, Some(tip), cluster).take(MOST_COMMITS) {
        let (oid, commit) = entry?;
        // the first of a history that was not fetched whole: what it changed nobody can tell
        let is_cut = reader.shallow().contains(&oid);
        if is_cut || made::by_promgit(&commit, &marker).is_ok() || found.len() == MOST_NAMED {
            break;
        }
        if changes(reader, &commit, cluster)? {
            found.push(named(oid, &commit));
        }
    }
    Ok(found)
}

/// The same of the files at the root. They are written again by the next commit whatever it is about, so those that nobody wrote
/// again stand on top of the branch.
pub fn of_roots(reader: &Reader, tip: Oid, marker: &Marker) -> Result<Vec<String>, ReadError> {
    let mut found = Vec::new();
    let mut next = Some(tip);
    while let Some(oid) = next.filter(|oid| !reader.shallow().contains(oid)) {
        let commit = reader.commit(oid)?;
        if made::by_promgit(&commit, marker).is_ok() || found.len() == MOST_NAMED {
            break;
        }
        next = commit.parents.first().copied();
        let Some(parent) = next else { break };
        if roots(reader, commit.tree)? != roots(reader, reader.commit(parent)?.tree)? {
            found.push(named(oid, &commit));
        }
    }
    Ok(found)
}

fn roots(reader: &Reader, tree: Oid) -> Result<Vec<Option<TreeEntry>>, ReadError> {
    [MARKER, KUSTOMIZATION, README].iter().map(|path| reader.entry_in_tree(tree, path)).collect()
}

fn named(oid: Oid, commit: &Commit) -> String {
    one_line(&format!("{} {} <{}>", oid.short(), commit.author.name, commit.author.email))
}

/// Whether a commit changed files of ours, not only some of its author's beside them.
fn changes(reader: &Reader, commit: &Commit, cluster: &str) -> Result<bool, ReadError> {
    let Some(parent) = commit.parents.first() else { return Ok(true) };
    Ok(footprint::at(reader, *parent, cluster)? != footprint::at_tree(reader, commit.tree, cluster)?)
}
