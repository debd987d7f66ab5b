//! Branches that moved on a remote turned into commits that are here: one whose objects are no good costs no other.

use std::collections::BTreeMap;

use crate::git::ancestry::{Relation, relation};
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

/// The commit that a branch was last heard to have and that is not behind what it has: somebody forced it, or took commits off.
pub fn left(reader: &Reader, branch: &str, theirs: Oid) -> Option<Oid> {
    let before = tracking::known(reader, branch).ok().flatten().filter(|_| !is_beside(branch))?;
    // what cannot be told is no news
    let related = relation(reader, before, theirs).unwrap_or(Relation::Same);
    matches!(related, Relation::Backward | Relation::Apart).then_some(before)
}

/// What is to be said of that.
pub fn replaced(remote: &Remote, branch: &str, before: Oid) -> String {
    format!(
        "somebody replaced the history of branch {branch} on {}: commit {} is not in it any more; what promgit committed and is not \
         there is put on top, what others committed and is not there stays off, and the history as it was stays under \
         refs/promgit/superseded/{branch}/ here",
        remote.address,
        before.short()
    )
}
