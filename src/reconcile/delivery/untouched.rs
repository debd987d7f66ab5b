//! Two commits of a cluster turned into the files that no commit between them changed: what they describe is as it was applied.

use std::collections::BTreeSet;

use super::release::{self, ReleaseError};
use crate::git::history;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::names::ObjectId;
use crate::reconcile::footprint::{self, Footprint};
use crate::source::event::Key;

/// Commits that are looked at; more of them than this have come while nothing could be applied.
const MOST_COMMITS: usize = 1_000;

/// Our files of the cluster at `commit` that are the same in all its commits back to `held`, the one that it was brought to last. Any
/// commit between may have been applied in part.
pub fn since(reader: &Reader, commit: Oid, held: Oid, cluster: &str) -> Result<Footprint, ReleaseError> {
    let mut same = footprint::at(reader, commit, cluster)?;
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
    let inventory = release::head(reader, good, &key.name).map(|head| head.inventory).unwrap_or_default();
    inventory.iter().map(|item| item.object(&key.namespace)).collect()
}
