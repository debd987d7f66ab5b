//! Names of branches turned into those that promgit manages, with the mark that says so.

use super::finding::{Report, Unverified};
use super::made;
use crate::git::history;
use crate::git::object::TreeEntry;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::folder::RELEASE;
use crate::ledger::root::{MARKER, Marker};

/// A branch to verify.
pub struct Chosen {
    pub name: String,
    pub tip: Oid,
    /// What its mark says: that of the newest commit of the agent that it names.
    pub marker: Marker,
}

/// These branches, or all that promgit manages: those with a mark, and of those below `prefix` or with a cluster's folder, those
/// that ever had one. A named one that cannot be verified goes into the report.
pub fn branches(
    reader: &Reader,
    prefix: &str,
    named: &[String],
    report: &mut Report,
) -> Result<Vec<Chosen>, ReadError> {
    let mut chosen = Vec::new();
    let here = here(reader);
    if named.is_empty() {
        for (name, tip) in reader.branches("")? {
            let is_below = name.starts_with(prefix);
            let marker = match is_below || has_cluster(reader, tip)? {
                true => marker(reader, tip)?,
                false => at(reader, reader.commit(tip)?.tree)?,
            };
            match marker {
                Some(marker) => {
                    let marker = of_maker(reader, tip, marker)?;
                    chosen.push(Chosen { name, tip, marker });
                }
                None if is_below && !prefix.is_empty() => report.notes.push(format!(
                    "note: branch {name} is passed over: its name begins with {prefix}, and no commit of it{here} has a readable {MARKER}"
                )),
                None => {}
            }
        }
        return Ok(chosen);
    }
    for name in named {
        match one(reader, name)? {
            Ok(branch) => chosen.push(branch),
            Err(reason) => {
                report.unverified.push(Unverified { branch: name.clone(), cluster: None, reason });
            }
        }
    }
    chosen.sort_by(|a, b| a.name.cmp(&b.name));
    chosen.dedup_by(|a, b| a.name == b.name);
    Ok(chosen)
}

/// Whether a folder of the commit looks like a cluster's.
fn has_cluster(reader: &Reader, tip: Oid) -> Result<bool, ReadError> {
    for folder in reader.tree(reader.commit(tip)?.tree)?.iter().filter(|entry| entry.is_tree()) {
        if reader.entry_in_tree(folder.oid, RELEASE)?.is_some_and(|entry| entry.is_file()) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn one(reader: &Reader, name: &str) -> Result<Result<Chosen, String>, ReadError> {
    let Some(tip) = reader.tip(name)? else {
        return Ok(Err("there is no such branch; `git branch` in the repository lists them".into()));
    };
    let Some(marker) = marker(reader, tip)? else {
        let here = here(reader);
        return Ok(Err(format!("is not managed by promgit: no commit of it{here} has a readable {MARKER}")));
    };
    let marker = of_maker(reader, tip, marker)?;
    Ok(Ok(Chosen { name: name.to_string(), tip, marker }))
}

/// Where a history is not all here, nothing can be said of the rest.
fn here(reader: &Reader) -> &'static str {
    if reader.shallow().is_empty() { "" } else { " that is here" }
}

/// A mark that somebody edited is of nobody who made the commits before it. Where there is no other, it stands.
fn of_maker(reader: &Reader, tip: Oid, found: Marker) -> Result<Marker, ReadError> {
    Ok(made_mark(reader, tip, usize::MAX)?.unwrap_or(found))
}

/// The mark in the newest commit that the agent made which that mark names, of so many commits at most.
pub fn made_mark(reader: &Reader, tip: Oid, most: usize) -> Result<Option<Marker>, ReadError> {
    let (mut next, mut known, mut left) = (Some(tip), None, most);
    while let Some(oid) = next.filter(|_| left > 0) {
        left -= 1;
        let commit = reader.commit(oid)?;
        let file = reader.entry_in_tree(commit.tree, MARKER)?.map(|entry| entry.oid);
        if known.as_ref().is_none_or(|(known, _)| *known != file) {
            known = Some((file, at(reader, commit.tree)?));
        }
        if let Some((_, Some(marker))) = &known
            && made::by_promgit(&commit, marker).is_ok()
        {
            return Ok(Some(marker.clone()));
        }
        next = commit.parents.first().copied();
    }
    Ok(None)
}

/// The mark of a branch: that of its tip, or of the newest commit in which it can be read.
pub fn marker(reader: &Reader, tip: Oid) -> Result<Option<Marker>, ReadError> {
    match at(reader, reader.commit(tip)?.tree)? {
        None => past(reader, tip),
        marker => Ok(marker),
    }
}

/// The mark in a tree, if it can be read.
pub fn at(reader: &Reader, tree: Oid) -> Result<Option<Marker>, ReadError> {
    let Some(entry) = reader.entry_in_tree(tree, MARKER)?.filter(TreeEntry::is_file) else { return Ok(None) };
    Ok(serde_yaml::from_slice(&reader.blob(entry.oid)?).ok())
}

/// The newest mark of the history that can be read.
fn past(reader: &Reader, tip: Oid) -> Result<Option<Marker>, ReadError> {
    for commit in history::log(reader, Some(tip), MARKER) {
        let (_, commit) = commit?;
        for tree in [Some(commit.tree), parent_tree(reader, &commit.parents)?].into_iter().flatten() {
            if let Some(marker) = at(reader, tree)? {
                return Ok(Some(marker));
            }
        }
    }
    Ok(None)
}

fn parent_tree(reader: &Reader, parents: &[Oid]) -> Result<Option<Oid>, ReadError> {
    Ok(parents.first().map(|parent| reader.commit(*parent)).transpose()?.map(|commit| commit.tree))
}
