//! After a listing: which clusters the branches hold and the source does not.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::branch::{self, BranchError};
use super::inputs::Inputs;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::branch::BranchError as NameError;
use crate::ledger::root::{MARKER, Marker};
use crate::source::event::{Deleted, Key};

/// Why the branches could not be looked through.
#[derive(Debug, thiserror::Error)]
pub enum PruneError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Name(#[from] NameError),
}

/// Clusters on this agent's branches that are not in `present`. Branches of others are passed over.
pub fn absent(
    reader: &Reader,
    inputs: &Inputs,
    present: &BTreeSet<Key>,
    now: Timestamp,
) -> Result<Vec<Deleted>, PruneError> {
    let mut found = Vec::new();
    for (name, tip) in reader.branches(&inputs.branches.prefix()?)? {
        let Some(text) = reader.file(tip, MARKER)? else { continue };
        let Ok(marker) = serde_yaml::from_slice::<Marker>(&text) else { continue };
        let own = Marker::new(&inputs.agent.name, &marker.namespace);
        if inputs.branches.of(&marker.namespace)? != name {
            continue;
        }
        let clusters = match branch::clusters(reader, &name, &own) {
            Ok(clusters) => clusters,
            Err(BranchError::Marker(error)) => {
                tracing::debug!(branch = name, %error, "not looked through");
                continue;
            }
            Err(BranchError::Read(error)) => return Err(error.into()),
        };
        let keys = clusters.into_iter().map(|name| Key { namespace: marker.namespace.clone(), name });
        let gone = keys.filter(|key| !present.contains(key));
        found.extend(gone.map(|key| Deleted { key, changed_at: now }));
    }
    Ok(found)
}
