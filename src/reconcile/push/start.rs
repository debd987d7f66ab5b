//! What a remote has at the start, turned into local branches that go on from there.

use std::collections::BTreeSet;
use std::time::Duration;

use super::gather::{gather, replaced};
use super::lacking::There;
use crate::git::adopt::adopt;
use crate::git::objects::ObjectError;
use crate::git::oid::Oid;
use crate::git::path::is_beside;
use crate::git::reader::ReadError;
use crate::git::store::Store;
use crate::git::tracking::{self, TrackingError};
use crate::remote::error::RemoteError;
use crate::remote::fetch::{Depth, tips};
use crate::remote::settings::Remote;

/// A server that says nothing for so long is not waited for: the agent starts with what it has.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why the start could not be made with what the remote has.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Remote(#[from] RemoteError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Tracking(#[from] TrackingError),
}

/// Fetches the branches below `prefix` that moved, the newest commits only into an empty repository, and moves the local ones
/// forward. Those that have commits of their own are left as they are: the first push of each finds that out. Returns all that the
/// remote has.
pub fn look(remote: &Remote, store: &mut Store, prefix: &str) -> Result<There, StartError> {
    let asked = Remote {
        connect_timeout: remote.connect_timeout.min(PATIENCE),
        silence_timeout: remote.silence_timeout.min(PATIENCE),
        ..remote.clone()
    };
    let mut reader = store.reader()?;
    let mut found = tips(&asked)?;
    let mut moved = Vec::new();
    let is_of_us = |branch: &str| branch.starts_with(prefix) && !is_beside(branch);
    for (branch, tip) in &found {
        if is_of_us(branch) && reader.tip(branch)? != Some(*tip) {
            moved.push(branch.clone());
        }
    }
    let mut not_taken = BTreeSet::new();
    if !moved.is_empty() {
        let gathered = gather(remote, &mut reader, &moved, Depth::Tip)?;
        for (branch, error) in gathered.bad {
            tracing::warn!(branch, %error, "what the remote has is not taken");
            not_taken.insert(branch);
        }
        let fetched: Vec<(String, Oid)> = gathered.found.into_iter().collect();
        for (branch, tip) in &fetched {
            if let Some(words) = replaced(&reader, remote, branch, *tip) {
                tracing::warn!("{words}");
            }
        }
        for ((branch, _), answer) in fetched.iter().zip(adopt(store, &fetched)?) {
            if let Err(error) = answer {
                tracing::warn!(branch, %error, "what the remote has cannot be gone on from");
            }
        }
        found.extend(fetched);
    }
    // what was not taken is not here, and a reference to nothing would be damage
    let ours = found.iter().filter(|(branch, _)| is_of_us(branch) && !not_taken.contains(*branch));
    let now: Vec<(String, Oid)> = ours.map(|(branch, tip)| (branch.clone(), *tip)).collect();
    tracking::note(&store.reader()?, &now)?;
    Ok(found)
}
