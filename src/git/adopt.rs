//! Turns commits that were fetched into the branches of a store: created, or moved forward; moved elsewhere only when asked to.

use super::ancestry::{Relation, relation};
use super::objects::ObjectError;
use super::oid::Oid;
use super::path::{BranchError, branch_ref};
use super::reader::{ReadError, Reader};
use super::ref_update::{self, RefChange, Refusal};
use super::store::Store;

/// What became of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adopted {
    /// There was none.
    Created,
    /// It stood at an ancestor.
    Forwarded { old: Oid },
    /// It has the commit already, and maybe more.
    Unchanged { found: Oid },
    /// It has commits that the other side does not have, and the reverse; it is left as it is.
    Diverged { found: Oid },
}

/// A branch that could not be looked at or moved.
#[derive(Debug, thiserror::Error)]
pub enum AdoptError {
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Refusal(#[from] Refusal),
}

/// Moves branches to commits whose objects are in the store; one answer each, in the same order, durable when this returns.
pub fn adopt(
    store: &mut Store,
    tips: &[(String, Oid)],
) -> Result<Vec<Result<Adopted, AdoptError>>, ObjectError> {
    // a fetch may have brought packs, and made the history a shallow one
    store.reopen()?;
    let reader = store.reader()?;
    let mut changes = Vec::new();
    let mut answers = Vec::new();
    for (branch, new) in tips {
        let answer = look(&reader, branch, *new);
        if let Ok((Adopted::Created | Adopted::Forwarded { .. }, change)) = &answer {
            changes.push((answers.len(), change.clone()));
        }
        answers.push(answer.map(|(adopted, _)| adopted));
    }
    let list: Vec<RefChange> = changes.iter().map(|(_, change)| change.clone()).collect();
    let mut moved = None;
    for ((index, change), result) in changes.into_iter().zip(ref_update::apply(store.root(), &list)) {
        match result {
            Ok(()) => moved = moved.or(Some(change.name).filter(|name| name.starts_with("refs/heads/"))),
            Err(refusal) => answers[index] = Err(refusal.into()),
        }
    }
    // branches stand whether or not HEAD names one of them
    let _ = moved.map_or(Ok(()), |name| store.settle_head(&name));
    Ok(answers)
}

/// Has a branch stand at another commit than the one found, or nowhere, durable when this returns. What it is taken off is for the
/// caller to keep.
pub fn reset(store: &Store, branch: &str, found: Oid, to: Option<Oid>) -> Result<(), AdoptError> {
    let change = RefChange { name: branch_ref(branch)?, expected: Some(found), new: to };
    Ok(ref_update::apply_all(store.root(), &[change])?)
}

fn look(reader: &Reader, branch: &str, new: Oid) -> Result<(Adopted, RefChange), AdoptError> {
    let name = branch_ref(branch)?;
    let found = reader.tip(branch)?;
    let change = RefChange { name, expected: found, new: Some(new) };
    reader.commit(new)?;
    let Some(old) = found else { return Ok((Adopted::Created, change)) };
    let adopted = match relation(reader, old, new)? {
        Relation::Forward => Adopted::Forwarded { old },
        Relation::Same | Relation::Backward => Adopted::Unchanged { found: old },
        Relation::Apart => Adopted::Diverged { found: old },
    };
    Ok((adopted, change))
}
