//! Turns the commits of a merge into pairs that are alike: what stands at the same path in a commit and in its parent. The older
//! of both shall become a delta to the newer, so that what is read most is whole.
//!
//! git looks for pairs among all objects of a name, in windows; here the commits say which they are, and each is tried once.

use super::merge_content::Contents;
use super::merge_items::{DEEP, Items, NONE, Stored};
use super::object::{TreeEntry, decode_tree, first_parent, order, tree_of};
use super::oid::{Kind, Oid};

/// Deltas that are stacked at most, as in git (`pack.depth`): what is old takes so many steps to be read.
pub const MAX_DEPTH: u8 = 50;
/// The depth of an item that is not known yet.
const UNKNOWN: u8 = u8::MAX;
/// The depth of an item that is being asked for.
const ASKED: u8 = u8::MAX - 1;

/// Gives whole objects a base. Packs that hold deltas were searched when they were made: of them only those commits count whose
/// parent is in another pack.
pub fn find(items: &mut Items, contents: &mut Contents) {
    for pack in items.packs() {
        let first = items[items.nth(pack.start)].pack;
        let merged = items.was_searched(first);
        for step in 0..pack.len() {
            // a flush writes a commit behind its parent, a merge before it
            let position = if merged { pack.start + step } else { pack.end - 1 - step };
            look(items, contents, items.nth(position));
        }
    }
    settle(items);
}

/// Pairs a commit with its parent.
fn look(items: &mut Items, contents: &mut Contents, commit: usize) {
    if let Some((parent, newer)) = parent_and_tree(items, contents, commit)
        && let Some((_, older)) = parent_and_tree_of(items, contents, parent)
    {
        pair(items, contents, older, newer);
    }
}

/// The number of the parent, if it is worth a look, and the tree.
fn parent_and_tree(items: &Items, contents: &mut Contents, index: usize) -> Option<(usize, Oid)> {
    let (parent, tree) = parent_and_tree_of(items, contents, index)?;
    let parent = items.find(parent?)?;
    let together = items[parent].pack == items[index].pack;
    (!together || !items.was_searched(items[index].pack)).then_some((parent, tree))
}

fn parent_and_tree_of(items: &Items, contents: &mut Contents, index: usize) -> Option<(Option<Oid>, Oid)> {
    if items[index].stored != Stored::Whole(Kind::Commit) {
        return None;
    }
    let commit = contents.of(items, index)?;
    Some((first_parent(&commit), tree_of(&commit)?))
}

fn pair(items: &mut Items, contents: &mut Contents, older: Oid, newer: Oid) {
    let mut pairs = vec![(Kind::Tree, older, newer)];
    while let Some((kind, older, newer)) = pairs.pop() {
        let (Some(old), Some(new)) = (items.find(older), items.find(newer)) else { continue };
        let free = items[old].stored == Stored::Whole(kind) && items[old].base == NONE;
        if !free || leads_to(items, new, old) {
            continue;
        }
        items[old].base = u32::try_from(new).unwrap_or(NONE);
        if kind == Kind::Tree {
            let mut entries = |index| decode_tree(&contents.of(items, index)?).ok();
            if let (Some(old), Some(new)) = (entries(old), entries(new)) {
                changed(&old, &new, &mut pairs);
            }
        }
    }
}

/// True when the second is a base of the first, or of its bases: a change that was taken back. What is newest was asked about first, and
/// stays whole.
fn leads_to(items: &Items, from: usize, to: usize) -> bool {
    let mut at = from;
    for _ in 0..=MAX_DEPTH {
        if at == to {
            return true;
        }
        if items[at].base == NONE {
            return false;
        }
        at = items[at].base as usize;
    }
    false
}

/// The entries of one name that differ.
fn changed(old: &[TreeEntry], new: &[TreeEntry], pairs: &mut Vec<(Kind, Oid, Oid)>) {
    let mut new = new.iter().peekable();
    for old in old {
        while new.next_if(|new| order(new, old).is_lt()).is_some() {}
        let Some(new) = new.next_if(|new| new.name == old.name && new.oid != old.oid) else { continue };
        if old.is_tree() && new.is_tree() {
            pairs.push((Kind::Tree, old.oid, new.oid));
        } else if old.is_file() && new.is_file() {
            pairs.push((Kind::Blob, old.oid, new.oid));
        }
    }
}

/// Takes bases away again where they would make a circle (a long one), or too long a way.
fn settle(items: &mut Items) {
    (0..items.count()).for_each(|index| items[index].depth = UNKNOWN);
    let mut path = Vec::new();
    for index in 0..items.count() {
        while items[index].depth == UNKNOWN {
            path.clear();
            let top = climb(items, index, &mut path);
            if items[top].depth == ASKED {
                open_circle(items, &path);
            } else {
                descend(items, &path);
            }
        }
    }
}

/// From an item to the first of which the depth is known, or that was on the way already.
fn climb(items: &mut Items, index: usize, path: &mut Vec<usize>) -> usize {
    let mut at = index;
    while items[at].depth == UNKNOWN {
        if items[at].base == NONE {
            items[at].depth = 0;
            break;
        }
        items[at].depth = ASKED;
        path.push(at);
        at = items[at].base as usize;
    }
    at
}

/// What is stored as a delta stays one, and makes no circle alone, as its base stands before it: so one is there to shrink.
fn open_circle(items: &mut Items, path: &[usize]) {
    if let Some(&last) = path.iter().rev().find(|index| items[**index].is_to_shrink()) {
        items[last].base = NONE;
    }
    path.iter().for_each(|index| items[*index].depth = UNKNOWN);
}

fn descend(items: &mut Items, path: &[usize]) {
    for &index in path.iter().rev() {
        let depth = (items[items[index].base as usize].depth + 1).min(DEEP);
        items[index].depth = depth;
        if items[index].is_to_shrink() && depth.saturating_add(items[index].height) > MAX_DEPTH {
            (items[index].base, items[index].depth) = (NONE, 0);
        }
    }
}
