//! What a remote shows, or was last heard to have, turned into what it lacks of ours.

use std::collections::BTreeMap;

use super::tags;
use crate::git::notes::REFERENCE;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::tracking;
use crate::reconcile::inputs::Inputs;
use crate::reconcile::prune::{self, PruneError};

/// Branches, notes and tags that a remote has, the latter two under their full names.
pub type There = BTreeMap<String, Oid>;

/// What is to be pushed.
#[derive(Debug, Default)]
pub struct Lacking {
    /// Branches, and the notes.
    pub branches: Vec<String>,
    /// Tags in full, each with the branch that it follows.
    pub tags: Vec<(String, String)>,
}

/// What the remote does not have as it is here: as it told, or where it could not be asked, as it was last heard of.
pub fn lacking(reader: &Reader, inputs: &Inputs, there: Option<&There>) -> Result<Lacking, PruneError> {
    let known = |name: &str| match there {
        Some(there) => Ok(there.get(name).copied()),
        None => tracking::known(reader, name),
    };
    let mut found = Lacking::default();
    for (name, tip) in prune::managed(reader, inputs)? {
        if known(&name)? != Some(tip) {
            found.branches.push(name);
        }
    }
    // notes that nobody came to push: a remote that has others is gone on from, as with a branch
    let notes = reader.reference(REFERENCE)?;
    if notes.is_some() && notes != known(REFERENCE)? {
        found.branches.push(REFERENCE.to_owned());
    }
    for tag in tags::all(inputs, reader)? {
        let branch = inputs.branches.of(&tag.namespace).unwrap_or_default();
        if is_due(reader, there, &branch, &tag.name)? {
            found.tags.push((branch, tag.name));
        }
    }
    Ok(found)
}

/// A tag that was there once and is not is somebody's decision, unless all of its branch is gone with it.
fn is_due(reader: &Reader, there: Option<&There>, branch: &str, tag: &str) -> Result<bool, ReadError> {
    let was_there = tracking::known(reader, tag)?.is_some();
    Ok(match there {
        Some(there) => !there.contains_key(tag) && (!was_there || !there.contains_key(branch)),
        None => !was_there,
    })
}
