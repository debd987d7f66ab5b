//! After a listing: which clusters the branches hold and the source does not.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::branch::{self, BranchError};
use super::inputs::Inputs;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::branch::BranchError as NameError;
use crate::ledger::root::{MARKER, Marker};
use crate::source::event::{Deleted, Key, Scope};

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
    #[error(transparent)]
    Name(#[from] NameError),
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
    let mut found = Absent::default();
    for (name, tip) in reader.branches(&inputs.branches.prefix()?)? {
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

/// The clusters of a branch, if this agent would write it for the namespace that it says it is for.
fn clusters(
    reader: &Reader,
    inputs: &Inputs,
    scope: &Scope,
    name: &str,
    tip: Oid,
) -> Result<Vec<Key>, BranchError> {
    let entry = reader.entry(tip, MARKER)?.filter(|entry| entry.is_file());
    let Some(entry) = entry else { return Ok(Vec::new()) };
    let Ok(marker) = serde_yaml::from_slice::<Marker>(&reader.blob(entry.oid)?) else {
        return Ok(Vec::new());
    };
    let is_ours = inputs.branches.of(&marker.namespace).ok().as_deref() == Some(name);
    if !is_ours || !scope.holds(&marker.namespace) {
        return Ok(Vec::new());
    }
    let own = inputs.marker(&marker.namespace);
    let names = branch::clusters(reader, name, &own)?.into_iter();
    Ok(names.map(|name| Key { namespace: marker.namespace.clone(), name }).collect())
}
