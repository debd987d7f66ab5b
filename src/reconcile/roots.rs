//! Files at the root of a branch that somebody changed turned into a commit that puts them right.
//!
//! Every commit writes them, so only a branch on which somebody else has committed since is looked at.

use super::branch::{self, BranchError};
use super::footprint;
use super::inputs::Inputs;
use super::plan::{Change, Generation, Kind};
use super::stage;
use super::strangers::{self, OVERWRITES_TRAILER};
use crate::git::object::{MODE_FILE, TreeEntry};
use crate::git::oid::{Oid, blob_id};
use crate::git::reader::Reader;
use crate::git::tree_edit::Edit;
use crate::ledger::message::Words;
use crate::ledger::root::{Marker, RootError};
use crate::ledger::stub::Secrets;
use crate::ledger::words::subject;
use crate::source::event::Observed;

/// Why nobody can say whether they are as they should be.
#[derive(Debug, thiserror::Error)]
pub enum RootsError {
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Root(#[from] RootError),
}

/// Plans the commit, in the name of a cluster of the branch that is as it should be. None where there is nothing to put right.
pub fn plan(
    reader: &Reader,
    inputs: &Inputs,
    (name, tip): (&str, Oid),
    observed: &Observed,
    secrets: &Secrets,
) -> Result<Option<Change>, RootsError> {
    let key = observed.key.clone();
    let marker = inputs.marker(&key.namespace);
    let wrong = wrong(reader, inputs, (name, tip), &marker)?;
    if wrong.is_empty() {
        return Ok(None);
    }
    let unknown = strangers::unknown_of_roots(reader, tip, &marker).map_err(BranchError::from)?;
    let changes = vec![subject::restored(&wrong)];
    let words = Words {
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        subject: subject::subject(&key.to_string(), &changes),
        changes,
        ..Words::default()
    };
    Ok(Some(Change {
        branch: name.to_string(),
        base: footprint::at(reader, tip, &key.name).map_err(BranchError::from)?,
        kind: Kind::Root,
        secrets: secrets.clone(),
        words,
        sets: Vec::new(),
        trailers: unknown.into_iter().map(|who| (OVERWRITES_TRAILER, who)).collect(),
        requested_by: None,
        at: observed.changed_at,
        generation: observed.generation.map_or(Generation::Same, Generation::Given),
        key,
    }))
}

/// Files that somebody changed since promgit wrote them, and that it would write otherwise.
pub fn wrong(
    reader: &Reader,
    inputs: &Inputs,
    (name, tip): (&str, Oid),
    marker: &Marker,
) -> Result<Vec<String>, RootsError> {
    let touched = strangers::touched_roots(reader, tip, marker).map_err(BranchError::from)?;
    if touched.is_empty() {
        return Ok(Vec::new());
    }
    let branch = branch::load_at(reader, name, tip, marker)?;
    let mut wrong = Vec::new();
    for edit in stage::roots(inputs, marker, name, &branch)? {
        let Edit::Put { path, bytes } = edit else { continue };
        let is_right = |found: &TreeEntry| found.mode == MODE_FILE && found.oid == blob_id(&bytes);
        let found = touched.iter().find(|(touched, _)| *touched == path);
        if found.is_some_and(|(_, found)| !found.as_ref().is_some_and(is_right)) {
            wrong.push(path);
        }
    }
    Ok(wrong)
}
