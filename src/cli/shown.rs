//! A cluster turned into what the agent would commit, for commands that run without the agent.

use std::path::Path;

use crate::reconcile::inputs::Inputs;
use crate::reconcile::lock::file::Files;
use crate::reconcile::lock::{Keeper, Owner};
use crate::reconcile::prepare::{self, PrepareError, Prepared};
use crate::render::policy::Lock;
use crate::source::event::Observed;

/// What is shown, and what has to be said of it.
pub struct Shown {
    pub prepared: Prepared,
    pub note: Option<String>,
}

/// Renders; must run on a deep stack. Random values come from the lock that an agent on a folder keeps in its `repository`;
/// without one they are placeholders, the same every time: an agent on a cluster keeps its locks in Secrets.
pub fn prepare(
    observed: &Observed,
    inputs: &Inputs,
    repository: Option<&Path>,
) -> Result<Shown, PrepareError> {
    let Observed { key, cluster, .. } = observed;
    let prepare = |lock: Option<&Lock>, note| {
        let prepared = prepare::prepare(key, cluster, inputs, lock)?;
        Ok(Shown { prepared, note })
    };
    let first = prepare(None, None);
    if !first.as_ref().is_err_and(PrepareError::wants_lock) {
        return first;
    }
    let owner = Owner { key, uid: None };
    let kept = repository.and_then(|repository| Files::new(repository).read(&owner).ok().flatten());
    if let Some(kept) = kept {
        return prepare(Some(&kept.lock), None);
    }
    let note = format!("note: {key}: the chart draws random values, and those shown are placeholders");
    prepare(Some(&Lock::PLACEHOLDER), Some(note))
}
