//! Two commits of a cluster turned into the files that no commit between them changed: what they describe is as it was applied.

use std::collections::BTreeSet;

use super::folder::ReleaseError;
use super::release;
use crate::git::history;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::names::ObjectId;
use crate::reconcile::footprint::{self, Footprint};
use crate::source::event::Key;

/// Commits that are looked at; more of them than this have come while nothing could be applied.
const MOST_COMMITS: usize = 1_000;

/// The files of the cluster at `commit` that are the same in all its commits back to `held`, the one that it was brought to last. Any
/// commit between may have been applied in part.
pub fn since(
    reader: &Reader,
    commit: Oid,
    files: &Footprint,
    held: Oid,
    cluster: &str,
) -> Result<Footprint, ReleaseError> {
    let mut same = files.clone();
    for before in history::log(reader, Some(commit), cluster).skip(1).take(MOST_COMMITS) {
        let (before, about) = before?;
        let then = footprint::at_tree(reader, about.tree, cluster)?;
        same.retain(|path, file| then.get(path) == Some(file));
        if before == held {
            return Ok(same);
        }
    }
    Ok(Footprint::new())
}

/// The objects of a commit that was up. One that cannot be read any more (it was made anew) names none.
pub fn known(reader: &Reader, good: Oid, key: &Key) -> BTreeSet<ObjectId> {
    let inventory = release::inventory(reader, good, &key.name).unwrap_or_default();
    inventory.iter().map(|item| item.object(&key.namespace)).collect()
}
