//! After a listing: which clusters the branches hold and the source does not.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::branch::{self, BranchError};
use super::inputs::Inputs;
use super::verify::select;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::root::Marker;
use crate::source::event::{Deleted, Key, Scope};

/// Commits of a branch without our mark that are looked at for one of this agent: whoever takes the mark away seldom goes on for long,
/// and the branches of others are looked at with every start.
pub const MOST_COMMITS: usize = 1_000;

/// What a look through the branches found.
#[derive(Debug, Default)]
pub struct Absent {
    pub clusters: Vec<Deleted>,
    /// Branches that could not be looked through, and why. Nothing of theirs is deleted.
    pub unread: Vec<String>,
}

/// Why the branches could not be looked through.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Clusters on this agent's branches that are not in `present`. Branches of others are passed over, whatever
/// they hold, and so are those of namespaces outside of `scope`: nobody looked there.
pub fn absent(
    reader: &Reader,
    inputs: &Inputs,
    present: &BTreeSet<Key>,
    scope: &Scope,
    now: Timestamp,
) -> Result<Absent, PruneError> {
    let listing = reader.branches_if_readable(inputs.branches.prefix())?;
    let unread = listing.unread.into_iter().map(|(name, error)| format!("branch {name}: {error}"));
    let mut found = Absent { unread: unread.collect(), ..Absent::default() };
    for (name, tip) in listing.found {
        match clusters(reader, inputs, scope, &name, tip) {
            Ok(keys) => {
                let gone = keys.into_iter().filter(|key| !present.contains(key));
                found.clusters.extend(gone.map(|key| Deleted::gone(key, now)));
            }
            Err(BranchError::Marker(error)) => {
                tracing::debug!(branch = name, %error, "not looked through");
            }
            Err(BranchError::Read(error)) => found.unread.push(format!("branch {name}: {error}")),
        }
    }
    Ok(found)
}

/// The branches that are this agent's, by the marks at their tips, with these.
pub fn managed(reader: &Reader, inputs: &Inputs) -> Result<Vec<(String, Oid)>, PruneError> {
    let mut found = Vec::new();
    for (name, tip) in reader.branches(inputs.branches.prefix())? {
        let marker = marker(reader, inputs, &name, tip)?;
        if marker.is_some_and(|marker| marker.agent == inputs.agent.name) {
            found.push((name, tip));
        }
    }
    Ok(found)
}

/// What the branch says whom it is for, if this agent would give it that name.
pub fn marker(reader: &Reader, inputs: &Inputs, name: &str, tip: Oid) -> Result<Option<Marker>, ReadError> {
    let is_for = |marker: &Marker| inputs.branches.is_of(name, &marker.namespace);
    let marker = select::at(reader, reader.commit(tip)?.tree)?.filter(is_for);
    Ok(marker.filter(|marker| inputs.serves(&marker.namespace)))
}

/// The clusters of a branch, if this agent would write it for the namespace that it says it is for. One that lost its mark has them
/// still: that they cannot be deleted is not to pass in silence.
fn clusters(
    reader: &Reader,
    inputs: &Inputs,
    scope: &Scope,
    name: &str,
    tip: Oid,
) -> Result<Vec<Key>, BranchError> {
    let is_in = |marker: &Marker| scope.holds(&marker.namespace);
    let is_own = |marker: &Marker| marker.agent == inputs.agent.name;
    let (namespace, names) = match marker(reader, inputs, name, tip)?.filter(is_own).filter(is_in) {
        Some(marker) => {
            let own = inputs.marker(&marker.namespace);
            (marker.namespace, branch::clusters(reader, name, &own)?)
        }
        None => match robbed(reader, inputs, name, tip)?.filter(is_in) {
            Some(marker) => (marker.namespace, branch::clusters_at(reader, tip)?),
            None => return Ok(Vec::new()),
        },
    };
    Ok(names.into_iter().map(|name| Key { namespace: namespace.clone(), name }).collect())
}

/// The mark that a branch of this agent had until somebody removed or edited it; none where another agent went on from there.
pub fn robbed(reader: &Reader, inputs: &Inputs, name: &str, tip: Oid) -> Result<Option<Marker>, ReadError> {
    let made = select::made_mark(reader, tip, MOST_COMMITS)?;
    let is_ours = |marker: &Marker| {
        marker.agent == inputs.agent.name
            && inputs.branches.is_of(name, &marker.namespace)
            && inputs.serves(&marker.namespace)
    };
    Ok(made.filter(is_ours))
}
