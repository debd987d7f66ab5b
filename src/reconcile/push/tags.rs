//! A commit of the agent turned into the tag that names it.

use crate::git::object::Commit;
use crate::git::oid::Oid;
use crate::git::path::branch_ref;
use crate::git::reader::{ReadError, Reader};
use crate::git::tracking;
use crate::git::trailers;
use crate::reconcile::branch::{CLUSTER_TRAILER, generation};
use crate::reconcile::inputs::Inputs;
use crate::source::event::Key;

const TAGS: &str = "refs/tags/";

/// A tag of this agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tag {
    /// In full: `refs/tags/…`.
    pub name: String,
    /// Of the branch that has the commit.
    pub namespace: String,
}

/// The tag of a commit, if there are tags and it is one of this agent.
pub fn of(inputs: &Inputs, commit: &Commit) -> Option<Tag> {
    let all = trailers::parse(&commit.message);
    let (namespace, name) = trailers::find(&all, CLUSTER_TRAILER)?.split_once('/')?;
    let generation = generation(&all)?;
    let key = Key { namespace: namespace.to_owned(), name: name.to_owned() };
    let tag = inputs.tag(&key, generation).filter(|_| commit.committer.name == inputs.agent.name)?;
    Some(Tag { name: format!("{TAGS}{tag}"), namespace: key.namespace })
}

/// The tag of a commit where it names that one, and the remote is not known to have it.
pub fn unpushed(
    inputs: &Inputs,
    reader: &Reader,
    oid: Oid,
    commit: &Commit,
) -> Result<Option<Tag>, ReadError> {
    let Some(tag) = of(inputs, commit) else { return Ok(None) };
    let is_here = reader.reference(&tag.name)? == Some(oid);
    Ok((is_here && tracking::known(reader, &tag.name)?.is_none()).then_some(tag))
}

/// All of this agent.
pub fn all(inputs: &Inputs, reader: &Reader) -> Result<Vec<Tag>, ReadError> {
    let mut found = Vec::new();
    for (name, oid) in reader.references(TAGS)? {
        // a name that no tag may have, or a tag with words of its own, is somebody's
        let (Ok(_), Ok(commit)) = (branch_ref(&name), reader.commit(oid)) else { continue };
        found.extend(of(inputs, &commit).filter(|tag| tag.name == name));
    }
    Ok(found)
}
