//! Turns a branch into the commits that changed a path, newest first, and two trees into what differs below a path.

use std::collections::{BTreeMap, BTreeSet};

use super::object::{Commit, TreeEntry};
use super::oid::Oid;
use super::reader::{ReadError, Reader};

/// The commits of a branch that changed a path, newest first, along first parents.
pub struct Log<'r> {
    reader: &'r Reader,
    path: String,
    next: Option<Oid>,
    /// Commits that may still be looked at.
    left: usize,
    /// The commit at `next` and what it has at the path, where the step before looked at it.
    known: Option<(Commit, Entry)>,
}

/// Mode and id of what stands at a path.
type Entry = Option<(u32, Oid)>;

/// How a file differs between two trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    Added { path: String, new: Vec<u8> },
    Removed { path: String, old: Vec<u8> },
    Modified { path: String, old: Vec<u8>, new: Vec<u8> },
}

/// Starts at `from`; an empty path stands for everything.
pub fn log<'r>(reader: &'r Reader, from: Option<Oid>, path: &str) -> Log<'r> {
    recent(reader, from, path, usize::MAX)
}

/// The same, of so many commits at most, whether they changed the path or not.
pub fn recent<'r>(reader: &'r Reader, from: Option<Oid>, path: &str, most: usize) -> Log<'r> {
    Log { reader, path: path.to_owned(), next: from, left: most, known: None }
}

impl Iterator for Log<'_> {
    type Item = Result<(Oid, Commit), ReadError>;

    fn next(&mut self) -> Option<Self::Item> {
        while let Some(oid) = self.next.take().filter(|_| self.left > 0) {
            self.left -= 1;
            match self.step(oid) {
                Ok(Some(commit)) => return Some(Ok((oid, commit))),
                Ok(None) => {}
                Err(error) => {
                    self.next = None;
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

impl Log<'_> {
    /// The commit if it changed the path; goes on to its first parent. Every commit is read once, and a tree that the
    /// parent has too not again.
    fn step(&mut self, oid: Oid) -> Result<Option<Commit>, ReadError> {
        let (commit, here) = match self.known.take() {
            Some(known) => known,
            None => {
                let commit = self.reader.commit(oid)?;
                let here = self.value(commit.tree)?;
                (commit, here)
            }
        };
        self.next = commit.parents.first().copied();
        let Some(parent) = self.next else { return Ok(here.is_some().then_some(commit)) };
        let parent = self.reader.commit(parent)?;
        let before = if parent.tree == commit.tree { here } else { self.value(parent.tree)? };
        self.known = Some((parent, before));
        Ok((here != before).then_some(commit))
    }

    fn value(&self, tree: Oid) -> Result<Entry, ReadError> {
        if self.path.is_empty() {
            return Ok(Some((0, tree)));
        }
        let entry = self.reader.entry_in_tree(tree, &self.path)?;
        Ok(entry.map(|entry| (entry.mode, entry.oid)))
    }
}

/// Whether a commit is on a branch: its tip or a first parent of one that is. Reads no trees.
pub fn holds(reader: &Reader, tip: Oid, commit: Oid) -> Result<bool, ReadError> {
    let mut next = Some(tip);
    while let Some(oid) = next {
        if oid == commit {
            return Ok(true);
        }
        next = reader.first_parent(oid)?;
    }
    Ok(false)
}

/// What differs from one tree (nothing: an empty one) to another, at or below a path (empty: everywhere), by path.
/// Folders with the same id are not opened; submodules have no bytes and are left out.
pub fn diff(
    reader: &Reader,
    old: Option<Oid>,
    new: Option<Oid>,
    path: &str,
) -> Result<Vec<Change>, ReadError> {
    let (mut old_files, mut new_files) = (files(reader, old, path, new)?, files(reader, new, path, old)?);
    for files in [&mut old_files, &mut new_files] {
        files.retain(|_, entry| !entry.is_submodule());
    }
    let (old, new) = (old_files, new_files);
    let paths: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let bytes = |entry: &TreeEntry| reader.blob(entry.oid);
    let mut changes = Vec::new();
    for path in paths {
        let change = match (old.get(path), new.get(path)) {
            (Some(a), Some(b)) if (a.mode, a.oid) == (b.mode, b.oid) => continue,
            (Some(a), Some(b)) => Change::Modified { path: path.clone(), old: bytes(a)?, new: bytes(b)? },
            (Some(a), None) => Change::Removed { path: path.clone(), old: bytes(a)? },
            (None, Some(b)) => Change::Added { path: path.clone(), new: bytes(b)? },
            (None, None) => continue,
        };
        changes.push(change);
    }
    Ok(changes)
}

/// What stands at the paths that differ from one tree (nothing: an empty one) to another; nothing for what is gone.
pub fn moved(
    reader: &Reader,
    old: Option<Oid>,
    new: Oid,
) -> Result<BTreeMap<String, Option<TreeEntry>>, ReadError> {
    let (before, after) = (files(reader, old, "", Some(new))?, files(reader, Some(new), "", old)?);
    let gone = before.keys().filter(|path| !after.contains_key(*path)).map(|path| (path.clone(), None));
    let mut moved: BTreeMap<String, Option<TreeEntry>> = gone.collect();
    let put = after.into_iter().filter(|(path, entry)| before.get(path) != Some(entry));
    moved.extend(put.map(|(path, entry)| (path, Some(entry))));
    Ok(moved)
}

/// Files, links and submodules at or below a path of `tree`, without the folders that `other` holds unchanged at the same place.
fn files(
    reader: &Reader,
    tree: Option<Oid>,
    path: &str,
    other: Option<Oid>,
) -> Result<BTreeMap<String, TreeEntry>, ReadError> {
    let find = |tree: Option<Oid>| match tree {
        Some(tree) if !path.is_empty() => reader.entry_in_tree(tree, path),
        _ => Ok(tree.map(root_entry)),
    };
    let mut found = BTreeMap::new();
    let mut open = vec![(path.to_owned(), find(tree)?, find(other)?)];
    while let Some((path, entry, other)) = open.pop() {
        let Some(entry) = entry.filter(|entry| Some(entry) != other.as_ref()) else { continue };
        if !entry.is_tree() {
            found.insert(path, entry);
            continue;
        }
        let others = match other.filter(TreeEntry::is_tree) {
            Some(other) => reader.tree(other.oid)?,
            None => Vec::new(),
        };
        let prefix = if path.is_empty() { path } else { path + "/" };
        for entry in reader.tree(entry.oid)? {
            let other = others.iter().find(|other| other.name == entry.name).cloned();
            open.push((format!("{prefix}{}", String::from_utf8_lossy(&entry.name)), Some(entry), other));
        }
    }
    Ok(found)
}

fn root_entry(oid: Oid) -> TreeEntry {
    TreeEntry { mode: super::object::MODE_TREE, name: Vec::new(), oid }
}
