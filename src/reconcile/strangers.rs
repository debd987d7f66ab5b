//! Changes by hand of a cluster's files turned into who made them: what is overwritten is named.

use super::branch;
use super::footprint::{self, Footprint};
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

/// What is ours at the root of a branch.
const ROOTS: [&str; 3] = [MARKER, KUSTOMIZATION, README];

/// Commits that a message names at most; the history has all of them.
const MOST_NAMED: usize = 10;
/// Commits that are looked at with every new cluster: a removal is put right as soon as it is seen.
const MOST_RECENT: usize = 16;
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

/// A folder of ours that somebody took away since promgit last wrote the branch.
pub struct Lost {
    /// What was in it.
    pub was: Footprint,
    /// Who took it away, newest first.
    pub by: Vec<String>,
    /// The last generation that was committed.
    pub generation: Option<i64>,
}

/// What stood in the place of a cluster that the tip has no folder of, if it was not promgit who removed it, lately.
pub fn lost(reader: &Reader, tip: Oid, cluster: &str) -> Result<Option<Lost>, ReadError> {
    let Some(marker) = select::marker(reader, tip)? else { return Ok(None) };
    let Some(removal) = removal(reader, tip, cluster)? else { return Ok(None) };
    let (strangers, last) = on_top(reader, removal, &marker)?;
    let Some((last, commit)) = last.filter(|_| !strangers.is_empty()) else { return Ok(None) };
    let was = footprint::at_tree(reader, commit.tree, cluster)?;
    if was.is_empty() {
        return Ok(None);
    }
    let by = who(reader, &strangers, cluster)?;
    let generation = branch::last_generation(reader, last, cluster)?;
    Ok(Some(Lost { was, by, generation }))
}

/// The newest commit that left nothing in the place of a folder.
fn removal(reader: &Reader, tip: Oid, cluster: &str) -> Result<Option<Oid>, ReadError> {
    let (mut oid, mut commit) = (tip, reader.commit(tip)?);
    for _ in 0..MOST_RECENT {
        let Some(parent) = commit.parents.first().filter(|_| !reader.shallow().contains(&oid)) else { break };
        let before = reader.commit(*parent)?;
        if before.tree != commit.tree && reader.entry_in_tree(before.tree, cluster)?.is_some() {
            return Ok(Some(oid));
        }
        (oid, commit) = (*parent, before);
    }
    Ok(None)
}

/// Who changed our files of a cluster after promgit last wrote the branch, newest first.
pub fn since(reader: &Reader, tip: Oid, cluster: &str) -> Result<Vec<String>, ReadError> {
    let Some(marker) = select::marker(reader, tip)? else { return Ok(Vec::new()) };
    let (strangers, _) = on_top(reader, tip, &marker)?;
    who(reader, &strangers, cluster)
}

fn who(reader: &Reader, strangers: &[(Oid, Commit)], cluster: &str) -> Result<Vec<String>, ReadError> {
    let mut found = Vec::new();
    for (oid, commit) in strangers {
        if found.len() < MOST_NAMED && changes(reader, commit, cluster)? {
            found.push(named(*oid, commit));
        }
    }
    Ok(found)
}

/// The commits on top of the last one that promgit made, newest first, and that one.
type OnTop = (Vec<(Oid, Commit)>, Option<(Oid, Commit)>);

fn on_top(reader: &Reader, tip: Oid, marker: &Marker) -> Result<OnTop, ReadError> {
    let (mut strangers, mut next) = (Vec::new(), Some(tip));
    while let Some(oid) = next.filter(|_| strangers.len() < MOST_COMMITS) {
        let commit = reader.commit(oid)?;
        if made::by_promgit(&commit, marker).is_ok() {
            return Ok((strangers, Some((oid, commit))));
        }
        // the first of a history that was not fetched whole: what it changed nobody can tell
        if reader.shallow().contains(&oid) {
            break;
        }
        next = commit.parents.first().copied();
        strangers.push((oid, commit));
    }
    Ok((strangers, None))
}

/// Files at the root that are not as promgit left them: what each of them is now. Nothing where nobody else has committed since, and all
/// where the history does not go back to a commit of promgit's.
pub fn touched_roots(
    reader: &Reader,
    tip: Oid,
    marker: &Marker,
) -> Result<Vec<(&'static str, Option<TreeEntry>)>, ReadError> {
    let newest = reader.commit(tip)?;
    if made::by_promgit(&newest, marker).is_ok() {
        return Ok(Vec::new());
    }
    let (_, last) = on_top(reader, tip, marker)?;
    let now = ROOTS.into_iter().zip(roots(reader, newest.tree)?);
    let Some((_, last)) = last else { return Ok(now.collect()) };
    let then = roots(reader, last.tree)?;
    Ok(now.zip(then).filter(|((_, now), then)| now != then).map(|(found, _)| found).collect())
}

/// Who changed files at the root that are not as promgit left them. They are written again by the next commit whatever it is about, so
/// those that nobody wrote again stand on top of the branch.
pub fn of_roots(reader: &Reader, tip: Oid, marker: &Marker) -> Result<Vec<String>, ReadError> {
    let touched = touched_roots(reader, tip, marker)?;
    let of = |tree| -> Result<Vec<Option<TreeEntry>>, ReadError> {
        touched.iter().map(|(path, _)| reader.entry_in_tree(tree, path)).collect()
    };
    let (strangers, _) = on_top(reader, tip, marker)?;
    let mut found = Vec::new();
    for (oid, commit) in strangers {
        let Some(parent) = commit.parents.first().filter(|_| found.len() < MOST_NAMED) else { break };
        if of(commit.tree)? != of(reader.commit(*parent)?.tree)? {
            found.push(named(oid, &commit));
        }
    }
    Ok(found)
}

fn roots(reader: &Reader, tree: Oid) -> Result<Vec<Option<TreeEntry>>, ReadError> {
    ROOTS.iter().map(|path| reader.entry_in_tree(tree, path)).collect()
}

fn named(oid: Oid, commit: &Commit) -> String {
    one_line(&format!("{} {} <{}>", oid.short(), commit.author.name, commit.author.email))
}

/// Whether a commit changed files of ours, not only some of its author's beside them.
fn changes(reader: &Reader, commit: &Commit, cluster: &str) -> Result<bool, ReadError> {
    let Some(parent) = commit.parents.first() else { return Ok(true) };
    Ok(footprint::at(reader, *parent, cluster)? != footprint::at_tree(reader, commit.tree, cluster)?)
}
