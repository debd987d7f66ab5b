//! Branches and moments turned into those whose turn it is. What an outbox holds, without its locks.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::trouble::Trouble;
use crate::git::oid::Oid;
use crate::reconcile::report::Report;
use crate::source::event::Key;

/// All that waits for one remote.
#[derive(Default)]
pub struct State {
    pub(super) waiting: BTreeMap<String, Waiting>,
    /// Being pushed.
    pub(super) flying: BTreeMap<String, Waiting>,
    /// Failed when there was no later any more.
    pub(super) given_up: BTreeMap<String, Trouble>,
    /// Deleted there, as was said already.
    pub(super) gone: BTreeSet<String>,
    /// What the remote has is not known any more, or is being asked.
    pub(super) unasked: bool,
    pub(super) asking: bool,
    /// The remote failed as a whole: not before this moment, and how often in a row.
    pub(super) pause: Option<Instant>,
    pub(super) failures: u32,
    /// Counts the entries, so that what was told first is told first.
    pub(super) count: u64,
    /// The queue was told to wait for us.
    pub(super) holds: bool,
    /// There is no later: what fails is given up.
    pub(super) draining: bool,
    pub(super) finished: bool,
}

/// What the pusher is to do next.
#[derive(Debug, PartialEq, Eq)]
pub struct Turn {
    /// To be pushed.
    pub branches: Vec<String>,
    /// The remote is to be asked before what it has.
    pub ask: bool,
}

/// A branch that waits.
#[derive(Default)]
pub struct Waiting {
    pub(super) clusters: BTreeMap<Key, (u64, Entry)>,
    /// Tags of its commits: their turn comes when the remote has the branch.
    pub(super) tags: BTreeSet<String>,
    /// Failed by itself: not before this moment, and how often in a row.
    pub(super) pause: Option<Instant>,
    pub(super) failures: u32,
    /// Commits that were told of without waiting for the remote, and whether some of them are not kept here.
    pub(super) told: BTreeSet<Oid>,
    pub(super) has_forgotten: bool,
}

impl Waiting {
    pub(super) fn tell(&mut self, commits: impl IntoIterator<Item = Oid>) {
        for commit in commits {
            match self.told.len() < MOST_KEPT {
                true => drop(self.told.insert(commit)),
                false => self.has_forgotten |= !self.told.contains(&commit),
            }
        }
    }
}

/// Commits of a branch that are known to have been told of: of a thousand branches, a few megabytes. With more of them that wait,
/// those of an earlier run are not told of.
const MOST_KEPT: usize = 100;

/// The newest report of a cluster on a branch that waits.
pub enum Entry {
    /// Told when the remote has it.
    Held(Box<Report>),
    /// Told already.
    Told,
}

impl Entry {
    /// The commit that is told of when the remote has it.
    pub(super) fn commit(&self) -> Option<Oid> {
        match self {
            Entry::Held(report) => commit(report),
            Entry::Told => None,
        }
    }
}

/// The commit that a report tells of.
pub(super) fn commit(report: &Report) -> Option<Oid> {
    match report {
        Report::Committed { commit, .. } => Some(*commit),
        _ => None,
    }
}

impl State {
    pub(super) fn lacks(&self, branch: &str) -> bool {
        self.waiting.contains_key(branch)
            || self.flying.contains_key(branch)
            || self.given_up.contains_key(branch)
    }

    /// There is newer news of the cluster: what is held of it is not told any more.
    pub(super) fn forget(&mut self, key: &Key) {
        for branch in self.waiting.values_mut().chain(self.flying.values_mut()) {
            branch.clusters.remove(key);
        }
    }

    pub(super) fn due(&self, now: Instant) -> Turn {
        let is_over = |pause: Option<Instant>| self.draining || pause.is_none_or(|pause| pause <= now);
        if !is_over(self.pause) {
            return Turn { branches: Vec::new(), ask: false };
        }
        let due = self.waiting.iter().filter(|(_, waiting)| is_over(waiting.pause));
        Turn { branches: due.map(|(branch, _)| branch.clone()).collect(), ask: self.unasked }
    }

    pub(super) fn begin(&mut self, turn: &Turn) {
        for branch in &turn.branches {
            if let Some(waiting) = self.waiting.remove(branch) {
                self.flying.insert(branch.clone(), waiting);
            }
        }
        if turn.ask {
            (self.unasked, self.asking) = (false, true);
        }
    }

    /// How long nothing is due.
    pub(super) fn next(&self, now: Instant) -> Option<Duration> {
        let asking = self.unasked.then_some(None);
        let first = self.waiting.values().map(|waiting| waiting.pause).chain(asking).min()?;
        let next = self.pause.max(first)?;
        Some(next.saturating_duration_since(now))
    }

    /// What has flown waits again; what came meanwhile is newer.
    pub(super) fn put_back(&mut self, branch: &str, flown: Waiting) {
        let waiting = self.waiting.entry(branch.to_owned()).or_default();
        waiting.failures = flown.failures;
        waiting.has_forgotten |= flown.has_forgotten;
        waiting.tell(flown.told);
        waiting.tags.extend(flown.tags);
        for (key, (count, entry)) in flown.clusters {
            match waiting.clusters.remove(&key) {
                None => drop(waiting.clusters.insert(key, (count, entry))),
                Some((newer, Entry::Held(report))) if let Entry::Held(before) = entry => {
                    waiting.clusters.insert(key, (newer, Entry::Held(Box::new(before.followed_by(*report)))));
                }
                Some(newer) => drop(waiting.clusters.insert(key, newer)),
            }
        }
    }
}
