//! Local branches that this agent cannot go on from turned into ones that it can, as the remote has them.
//!
//! Whoever takes the mark of a branch away stops it, on the remote. Here it stays at the newest commit with the mark, so that it goes
//! on as soon as the remote does: by a commit that brings the mark back, or by a branch that was reset or deleted there.

use crate::git::adopt::{AdoptError, reset};
use crate::git::ancestry::{Relation, relation};
use crate::git::oid::Oid;
use crate::git::path::is_beside;
use crate::git::reader::{ReadError, Reader};
use crate::git::store::Store;
use crate::git::tracking::{self, TrackingError};
use crate::ledger::branch::Branches;
use crate::ledger::root::MARKER;
use crate::reconcile::branch;
use crate::reconcile::prune::MOST_COMMITS;
use crate::reconcile::verify::select;
use crate::remote::address::RemoteAddress;

use super::gather::left;
use super::lacking::There;

/// Whose branches are looked at.
pub struct Ours<'a> {
    pub agent: &'a str,
    pub branches: &'a Branches,
}

/// Why a branch could not be put where it is gone on from.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Adopt(#[from] AdoptError),
    #[error(transparent)]
    Tracking(#[from] TrackingError),
}

impl Ours<'_> {
    /// Whether the mark in a commit says that the branch is this agent's. One of a newer promgit does: it is not for us to pass over.
    pub fn has_mark(&self, reader: &Reader, branch: &str, commit: Oid) -> Result<bool, ReadError> {
        let marker = select::at(reader, reader.commit(commit)?.tree)?;
        Ok(marker.is_some_and(|marker| {
            marker.agent == self.agent && self.branches.is_of(branch, &marker.namespace)
        }))
    }

    /// The newest commit with our mark, from this one back along first parents, as far as they are here.
    pub fn newest(&self, reader: &Reader, branch: &str, tip: Oid) -> Result<Option<Oid>, ReadError> {
        let (mut next, mut looked) = (Some(tip), 0);
        let mut without: Option<Option<Oid>> = None;
        while let Some(oid) = next.filter(|_| looked < MOST_COMMITS) {
            looked += 1;
            let file = reader.entry(oid, MARKER)?.map(|entry| entry.oid);
            if without != Some(file) {
                if self.has_mark(reader, branch, oid)? {
                    return Ok(Some(oid));
                }
                without = Some(file);
            }
            next = reader.first_parent(oid)?;
        }
        Ok(None)
    }

    /// Whether the branch could be one of a namespace's.
    pub fn could_be(&self, branch: &str) -> bool {
        self.branches.could_give(branch)
    }
}

/// Takes each branch whose mark somebody took away back to its newest commit that has it. What it is taken off stays beside it.
pub fn step_back(store: &Store, reader: &Reader, ours: &Ours<'_>) -> Result<(), HeadError> {
    for (branch, tip) in reader.branches_if_readable(ours.branches.prefix())?.found {
        if !ours.could_be(&branch) {
            continue;
        }
        if let Some(with) = ours.newest(reader, &branch, tip)?.filter(|with| *with != tip) {
            tracking::keep(reader, &branch, tip)?;
            reset(store, &branch, tip, Some(with))?;
        }
    }
    Ok(())
}

/// Whether a local branch is but what the remote had, with no commit of ours: it goes where that goes.
pub fn is_borrowed(reader: &Reader, ours: &Ours<'_>, branch: &str, tip: Oid) -> Result<bool, ReadError> {
    Ok(tracking::known(reader, branch)? == Some(tip) && ours.newest(reader, branch, tip)?.is_none())
}

/// What a local branch is to be where the remote has another commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Forward to this commit, if it is forward.
    At(Oid),
    /// Off this commit, to what the remote has.
    Follow { from: Oid },
    /// What it is: the remote has nothing that can be gone on from.
    Stay,
    /// What it is, until a push has found that the remote lacks commits which it had.
    Land,
}

/// Compares a local branch with the commit that the remote has for it.
pub fn goal(reader: &Reader, ours: &Ours<'_>, branch: &str, theirs: Oid) -> Result<Goal, HeadError> {
    let Some(tip) = reader.tip(branch)? else {
        // nobody's, and the plan of its namespace says so
        return Ok(Goal::At(ours.newest(reader, branch, theirs)?.unwrap_or(theirs)));
    };
    if is_borrowed(reader, ours, branch, tip)? {
        if relation(reader, tip, theirs)? == Relation::Forward {
            return Ok(Goal::At(theirs));
        }
        keep(reader, branch, tip)?;
        return Ok(Goal::Follow { from: tip });
    }
    if !ours.has_mark(reader, branch, theirs)? {
        return Ok(Goal::Stay);
    }
    let is_forward = relation(reader, tip, theirs)? == Relation::Forward;
    Ok(if is_forward || left(reader, branch, theirs).is_none() { Goal::At(theirs) } else { Goal::Land })
}

/// Keeps what an agent ever wrote; what others did is theirs to keep.
fn keep(reader: &Reader, branch: &str, tip: Oid) -> Result<bool, HeadError> {
    let is_of_agent = select::made_mark(reader, tip, MOST_COMMITS)?.is_some();
    if is_of_agent {
        tracking::keep(reader, branch, tip)?;
    }
    Ok(is_of_agent)
}

/// Forgets what the remote has no more: borrowed branches, those without a cluster, and news of those that are not here.
pub fn forget(
    store: &Store,
    reader: &Reader,
    ours: &Ours<'_>,
    there: &There,
    remote: &RemoteAddress,
) -> Result<(), HeadError> {
    let mut gone = Vec::new();
    for branch in tracking::all(reader)?.into_keys().filter(|name| !is_beside(name)) {
        let Some(tip) = reader.tip(&branch)? else {
            if !there.contains_key(&branch) || !ours.could_be(&branch) {
                gone.push(branch);
            }
            continue;
        };
        if there.contains_key(&branch) || !ours.could_be(&branch) {
            continue;
        }
        // the next push says of others that they were deleted there
        if is_borrowed(reader, ours, &branch, tip)? || branch::clusters_at(reader, tip)?.is_empty() {
            let kept = match keep(reader, &branch, tip)? {
                true => format!("; its history stays under refs/promgit/superseded/{branch}/ here"),
                false => String::new(),
            };
            tracing::warn!(
                "branch {branch} was deleted on {remote} and has no cluster of this agent: it goes here as well{kept}"
            );
            reset(store, &branch, tip, None)?;
            gone.push(branch);
        }
    }
    Ok(tracking::forget(reader, &gone)?)
}
