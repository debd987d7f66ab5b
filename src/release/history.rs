//! The revisions of a release to decisions: which is next, which are superseded, repaired, trimmed, and whose the newest is.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::marks;
use super::secret;
use super::status::Status;

/// Revisions that are kept (Helm's default for `--history-max`).
pub const HISTORY_MAX: usize = 10;

/// Somebody's own helm may be at work on a pending revision for so long: its time-out is 5 minutes by default, and each hook has as
/// much.
pub const PATIENCE: SignedDuration = SignedDuration::from_mins(30);

/// How much of that is left for what was written then. Nobody believes a time that lies in the future by more than clocks differ.
pub fn patience_left(written: Timestamp, now: Timestamp) -> SignedDuration {
    match now.duration_since(written) {
        since if since.abs() < PATIENCE => PATIENCE - since,
        _ => SignedDuration::ZERO,
    }
}

/// What a crash leaves is said to be this.
pub const ABANDONED: &str = "abandoned: whoever was at it ended before it did; repaired by promgit";

/// One revision, as the name and the labels of its Secret tell it: the record need not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub revision: u32,
    pub status: Status,
    /// The commit that it deploys; none where somebody else wrote it.
    pub commit: Option<String>,
    /// When its record was written last; none where nothing says it.
    pub written: Option<Timestamp>,
    /// All labels of the Secret.
    pub labels: BTreeMap<String, String>,
}

impl Entry {
    /// Reads the name and labels of a Secret; none if it holds no record of this release.
    pub fn of(release: &str, secret: &str, labels: BTreeMap<String, String>) -> Option<Self> {
        let revision = secret::revision(release, secret)?;
        let (status, written) = secret::state(&labels);
        let commit = marks::commit(&labels, revision).map(str::to_owned);
        Some(Entry { revision, status, commit, written, labels })
    }

    /// Whether promgit wrote it.
    pub fn is_ours(&self) -> bool {
        self.commit.is_some()
    }
}

/// All revisions that there are of one release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(Vec<Entry>);

impl FromIterator<Entry> for History {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        let mut entries: Vec<Entry> = entries.into_iter().collect();
        entries.sort_by_key(|entry| entry.revision);
        History(entries)
    }
}

impl History {
    /// Oldest first.
    pub fn entries(&self) -> &[Entry] {
        &self.0
    }

    pub fn newest(&self) -> Option<&Entry> {
        self.0.last()
    }

    /// What runs, as far as records tell: the newest of those that say so.
    pub fn deployed(&self) -> Option<&Entry> {
        self.0.iter().rfind(|entry| entry.status == Status::Deployed)
    }

    /// The number of the revision to come.
    pub fn next(&self) -> u32 {
        self.newest().map_or(1, |newest| newest.revision.saturating_add(1))
    }

    /// What is superseded once this revision is deployed: all others that say they are, so that exactly one does.
    pub fn superseded_by(&self, revision: u32) -> Vec<u32> {
        let others = self.0.iter().filter(|entry| entry.revision != revision);
        others.filter(|entry| entry.status == Status::Deployed).map(|entry| entry.revision).collect()
    }

    /// Left-overs of a crash, which become failed ([`ABANDONED`]): each pending revision of ours but the one under way, and those of
    /// others that nobody can be at any more, because a newer one is there or because they are too old.
    pub fn abandoned(&self, under_way: Option<u32>, now: Timestamp) -> Vec<u32> {
        let pending = self.0.iter().filter(|entry| entry.status.is_pending());
        let is_left = |entry: &&Entry| Some(entry.revision) != under_way && self.is_left(entry, now);
        pending.filter(is_left).map(|entry| entry.revision).collect()
    }

    fn is_left(&self, entry: &Entry, now: Timestamp) -> bool {
        let is_newest = self.newest().is_some_and(|newest| newest.revision == entry.revision);
        let is_fresh = entry.written.is_some_and(|at| patience_left(at, now).is_positive());
        entry.is_ours() || !is_newest || !is_fresh
    }

    /// The newest revision where it deploys this commit, and did not fail: a delivery that was interrupted goes on with it.
    pub fn of_commit(&self, commit: &str) -> Option<&Entry> {
        let is_good = |entry: &Entry| entry.status.is_pending() || entry.status == Status::Deployed;
        self.newest().filter(|newest| newest.commit.as_deref() == Some(commit) && is_good(newest))
    }

    /// Somebody's helm that may be at work right now: nothing is to be done until it is through.
    pub fn others_at_work(&self, now: Timestamp) -> Option<&Entry> {
        self.newest().filter(|entry| entry.status.is_pending() && !self.is_left(entry, now))
    }

    /// What goes to make room for one more revision, so that at most `most` stay: the oldest first, never the deployed one. 0: no
    /// limit. (Helm `pkg/storage/storage.go`, `Create` and `removeLeastRecent`.)
    pub fn trimmed_for_next(&self, most: usize) -> Vec<u32> {
        match most.checked_sub(1) {
            Some(left) => self.trimmed(left),
            None => Vec::new(),
        }
    }

    /// What goes so that at most so many stay.
    fn trimmed(&self, most: usize) -> Vec<u32> {
        let deployed = self.deployed().map(|entry| entry.revision);
        let revisions = self.0.iter().map(|entry| entry.revision);
        let may_go = revisions.filter(|revision| Some(*revision) != deployed);
        may_go.take(self.0.len().saturating_sub(most)).collect()
    }

    /// Labels that somebody gave the newest revision: the next one takes them over, as with Helm.
    pub fn inherited(&self) -> BTreeMap<String, String> {
        self.newest().map(|newest| secret::inherited(&newest.labels)).unwrap_or_default()
    }

    /// The newest revision where somebody else made it: a `helm upgrade`, `rollback` or `install` by hand.
    pub fn taken_by_others(&self) -> Option<&Entry> {
        self.newest().filter(|entry| !entry.is_ours())
    }
}
