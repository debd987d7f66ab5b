//! The commits of a cluster turned into the objects that earlier ones brought and the newest does not name: what is to be pruned.
//!
//! The branch is the inventory. It is there after a restart, after a crash between two objects, and where the status was lost.

use std::collections::BTreeSet;

use super::folder::{Folder, ReleaseError};
use super::release::{self, Part};
use crate::cluster::object::Object;
use crate::git::history;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::record::Item;
use crate::source::event::Key;

/// Commits that are looked at where nobody knows which one the cluster holds.
const MOST_COMMITS: usize = 1_000;

/// Objects of commits before `commit` that its `inventory` does not have, back to `held`, the one that the cluster was brought to last, or to the
/// first of this cluster. Newest first, each as the newest commit that had it says.
pub fn leftovers(
    reader: &Reader,
    commit: Oid,
    inventory: &[Item],
    key: &Key,
    held: Option<Oid>,
    part: Part,
) -> Result<Vec<Object>, ReleaseError> {
    let Key { namespace, name: cluster } = key;
    // a folder that somebody removed from the branch, and that is put back, went from the branch alone
    let is_over = |tree: Oid| -> Result<bool, ReadError> {
        Ok(held.is_none() && !reader.entry_in_tree(tree, cluster)?.is_some_and(|entry| entry.is_tree()))
    };
    // the history of a new cluster is that of the whole branch
    match reader.commit(commit)?.parents.first() {
        Some(parent) if !is_over(reader.commit(*parent)?.tree)? => {}
        _ => return Ok(Vec::new()),
    }
    let mut named: BTreeSet<_> = inventory.iter().map(|item| item.object(namespace)).collect();
    let mut found = Vec::new();
    for before in history::log(reader, Some(commit), cluster).skip(1).take(MOST_COMMITS) {
        let (before, about) = before?;
        // it was deleted then, and everything with it
        if is_over(about.tree)? {
            break;
        }
        // what somebody broke by hand says nothing, and the commit before it says it all
        let mut gone = release::inventory(reader, before, cluster).unwrap_or_default();
        gone.retain(|item| part.holds(&item.file) && named.insert(item.object(namespace)));
        if let (false, Ok(folder)) = (gone.is_empty(), Folder::open(reader, before, cluster)) {
            found.extend(gone.iter().filter_map(|item| release::named(&folder, item).ok()));
        }
        if held == Some(before) {
            break;
        }
    }
    Ok(found)
}
