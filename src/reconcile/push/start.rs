//! What a remote has at the start, turned into local branches that go on from there.

use std::time::Duration;

use super::gather::{gather, left, replaced};
use super::heads::{self, Goal, HeadError, Ours};
use super::lacking::There;
use crate::git::adopt::{AdoptError, adopt, reset};
use crate::git::objects::ObjectError;
use crate::git::oid::Oid;
use crate::git::path::is_beside;
use crate::git::reader::{ReadError, Reader};
use crate::git::store::Store;
use crate::git::tracking::{self, TrackingError};
use crate::reconcile::strangers::{self, MOST_COMMITS, MOST_RECENT};
use crate::reconcile::verify::select;
use crate::remote::error::RemoteError;
use crate::remote::fetch::{Depth, deepen, tips};
use crate::remote::settings::Remote;

/// A server that says nothing for so long is not waited for: the agent starts with what it has.
const PATIENCE: Duration = Duration::from_secs(10);

/// So many of the newest commits of a branch are fetched at first, and at last, where somebody else made the newest one: who changed
/// what is asked of them (`strangers`).
const DEEPER: [u32; 2] = [MOST_RECENT as u32 + 1, MOST_COMMITS as u32 + 1];

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
    #[error(transparent)]
    Adopt(#[from] AdoptError),
    #[error(transparent)]
    Head(#[from] HeadError),
}

/// Fetches the branches of ours that moved, the newest commits only into an empty repository (down to one of promgit's), and has the
/// local ones go on from there. Those that have commits of their own, or commits that the remote had and has no more, are left as
/// they are: the first push of each finds that out. Returns all that the remote has.
pub fn look(remote: &Remote, store: &mut Store, ours: &Ours<'_>) -> Result<There, StartError> {
    let asked = Remote {
        connect_timeout: remote.connect_timeout.min(PATIENCE),
        silence_timeout: remote.silence_timeout.min(PATIENCE),
        ..remote.clone()
    };
    let mut reader = store.reader()?;
    heads::step_back(store, &reader, ours)?;
    let mut there = tips(&asked)?;
    heads::forget(store, &reader, ours, &there, &remote.address)?;
    let (mut moved, mut now) = (Vec::new(), Vec::new());
    for (branch, tip) in there.iter().filter(|(branch, _)| !is_beside(branch)) {
        match ours.could_be(branch) {
            true if reader.tip(branch)? != Some(*tip) => moved.push(branch.clone()),
            true => now.push((branch.clone(), *tip)),
            false => {}
        }
    }
    if !moved.is_empty() {
        let gathered = gather(remote, &mut reader, &moved, Depth::Tip)?;
        for (branch, error) in gathered.bad {
            tracing::warn!(branch, %error, "what the remote has is not taken");
        }
        let fetched: Vec<(String, Oid)> = gathered.found.into_iter().collect();
        look_back(remote, &mut reader, &fetched);
        now.extend(take(remote, store, ours, &fetched)?);
        there.extend(fetched);
    }
    tracking::note(&store.reader()?, &now)?;
    Ok(there)
}

/// Has local branches go on from what was fetched. Returns those of which it is known by that what the remote has.
fn take(
    remote: &Remote,
    store: &mut Store,
    ours: &Ours<'_>,
    fetched: &[(String, Oid)],
) -> Result<Vec<(String, Oid)>, StartError> {
    let reader = store.reader()?;
    let (mut goals, mut now) = (Vec::new(), Vec::new());
    for (branch, theirs) in fetched {
        match heads::goal(&reader, ours, branch, *theirs)? {
            // a push is to find it as it was last heard of
            Goal::Land | Goal::Stay => continue,
            Goal::At(goal) => goals.push((branch.clone(), goal)),
            Goal::Follow { from } => reset(store, branch, from, Some(*theirs))?,
        }
        if let Some(before) = left(&reader, branch, *theirs) {
            tracing::warn!("{}", replaced(remote, branch, before));
        }
        now.push((branch.clone(), *theirs));
    }
    for ((branch, _), answer) in goals.iter().zip(adopt(store, &goals)?) {
        if let Err(error) = answer {
            tracing::warn!(branch, %error, "what the remote has cannot be gone on from");
        }
    }
    Ok(now)
}

/// Fetches more of branches whose newest commits are all of others: an agent that began with an empty volume has the tip only. Without
/// them it is not said who changed what is overwritten, which is no reason not to start.
fn look_back(remote: &Remote, reader: &mut Reader, fetched: &[(String, Oid)]) {
    for (step, commits) in DEEPER.into_iter().enumerate() {
        // one without a mark in the first of them was never of an agent, and one that cannot be read is said elsewhere
        let is_of_agent = |tip: Oid| step == 0 || matches!(select::marker(reader, tip), Ok(Some(_)));
        let is_cut = |tip: Oid| is_of_agent(tip) && strangers::is_cut(reader, tip).unwrap_or(false);
        let cut: Vec<String> =
            fetched.iter().filter(|(_, tip)| is_cut(*tip)).map(|(branch, _)| branch.clone()).collect();
        if cut.is_empty() {
            return;
        }
        if let Err(error) = deepen(remote, reader, &cut, commits) {
            tracing::warn!(%error, branches = cut.len(), "who changed branches before their newest commit is not known");
            return;
        }
    }
}
