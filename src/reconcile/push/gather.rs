//! Branches that moved on a remote turned into commits that are here: one whose objects are no good costs no other.

use std::collections::BTreeMap;

use crate::git::ancestry::is_ancestor;
use crate::git::oid::Oid;
use crate::git::path::is_beside;
use crate::git::reader::Reader;
use crate::git::tracking;
use crate::remote::error::RemoteError;
use crate::remote::fetch::{Depth, fetch};
use crate::remote::settings::Remote;

/// What came, and what did not.
#[derive(Debug, Default)]
pub struct Gathered {
    pub found: BTreeMap<String, Oid>,
    /// Branches that came to nothing by what they hold.
    pub bad: Vec<(String, RemoteError)>,
}

/// Fetches branches together, and in halves where something among them is no good. An error is one of the remote as a whole.
pub fn gather(
    remote: &Remote,
    reader: &mut Reader,
    branches: &[String],
    depth: Depth,
) -> Result<Gathered, RemoteError> {
    let mut gathered = Gathered::default();
    let mut waiting = vec![branches];
    while let Some(some) = waiting.pop() {
        match fetch(remote, reader, some, depth) {
            Ok(found) => gathered.found.extend(found),
            Err(error) if !error.is_of_content() => return Err(error),
            Err(error) => match some {
                [] => {}
                [one] => gathered.bad.push((one.clone(), error)),
                _ => waiting.extend([&some[..some.len() / 2], &some[some.len() / 2..]]),
            },
        }
    }
    Ok(gathered)
}

/// What is to be said where somebody forced a branch, so that commits which it had are not behind what it has. For before that is
/// noted.
pub fn replaced(reader: &Reader, remote: &Remote, branch: &str, theirs: Oid) -> Option<String> {
    let before = tracking::known(reader, branch).ok().flatten().filter(|_| !is_beside(branch))?;
    // what cannot be told is no news
    if is_ancestor(reader, before, theirs).unwrap_or(true) {
        return None;
    }
    Some(format!(
        "somebody replaced the history of branch {branch} on {}: commit {} is not in it any more; what was committed here and is not \
         there is put on top, and the history as it was stays under refs/promgit/superseded/{branch}/ here",
        remote.address,
        before.short()
    ))
}
