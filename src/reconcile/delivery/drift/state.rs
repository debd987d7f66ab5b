//! What is known of the drift of one commit, between two looks. Pure.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::owned::{Glimpse, Owned};
use super::said::Said;
use crate::api::spec::delivery::Drift as Policy;
use crate::cluster::ignore::Rule;
use crate::cluster::live::{Sight, Target};
use crate::cluster::mark::together;
use crate::reconcile::delivery::backoff::Attempts;

/// A watch tells of what was applied within this time.
const LAG: Duration = Duration::from_secs(2);

/// The objects of a commit, and what is done about changes of them.
#[derive(Debug)]
pub struct Drift {
    pub policy: Policy,
    pub ignored: Arc<[Rule]>,
    pub owned: Vec<Owned>,
    /// What an agent before this one knew of all of them, until it is compared.
    before: Option<String>,
    /// When something was applied last.
    pub since: Instant,
    /// The newest revision of the release that the watch has shown.
    pub passed: u32,
    pub attempts: Attempts,
    /// Where a look failed, nobody looks before.
    pub again: Option<Instant>,
    /// Where the API server could not be asked for a correction, none is made before.
    pub retry: Option<Instant>,
    /// What cannot be looked at, and why.
    pub failed: Option<Said>,
    /// What somebody's helm did, where it is left.
    pub release: Option<Said>,
    /// What somebody's helm did, where it is taken over.
    pub takeover: Option<Takeover>,
}

/// How far somebody's revision is taken over.
#[derive(Debug)]
pub struct Takeover {
    pub revision: u32,
    pub state: State,
}

#[derive(Debug)]
pub enum State {
    /// The resource asks for it: what is committed next is the next news.
    Asked,
    /// It cannot be asked for, and why.
    Refused(String),
    /// To be tried then.
    Later(Instant),
}

impl Drift {
    /// Nobody looks.
    pub fn none(now: Instant) -> Self {
        Drift::new(Policy::Ignore, Arc::default(), now)
    }

    pub fn new(policy: Policy, ignored: Arc<[Rule]>, now: Instant) -> Self {
        Drift {
            policy,
            ignored,
            owned: Vec::new(),
            before: None,
            since: now,
            passed: 0,
            attempts: Attempts::default(),
            again: None,
            retry: None,
            failed: None,
            release: None,
            takeover: None,
        }
    }

    /// Takes in the objects, and what the status says of them where an agent before this one applied them.
    pub fn of(mut self, owned: Vec<Owned>, before: Option<String>) -> Self {
        self.owned = owned;
        self.before = before;
        self
    }

    pub fn is_off(&self) -> bool {
        self.policy == Policy::Ignore
    }

    /// Whether the first listings are there. What promgit owns is what it was when the last agent looked: then nobody has to look.
    pub fn begin(&mut self, sight: impl Fn(&Target) -> Sight) -> bool {
        let Some(before) = &self.before else { return true };
        let sights: Vec<Sight> = self.owned.iter().map(|owned| sight(&owned.target)).collect();
        if sights.iter().any(|sight| matches!(sight, Sight::Unknown(None))) {
            return false;
        }
        let marks = sights.into_iter().map(|sight| match Glimpse::from(sight) {
            Glimpse::Seen(mark) => Some(mark),
            Glimpse::Absent | Glimpse::Unknown => None,
        });
        let marks: Option<Vec<_>> = marks.collect();
        if let Some(marks) = marks.filter(|marks| together(marks.iter().map(|mark| mark.owned)) == *before) {
            self.owned.iter_mut().zip(marks).for_each(|(owned, mark)| owned.accept(mark));
        }
        self.before = None;
        true
    }

    /// All could be looked at: what failed before is told no more.
    pub fn looked(&mut self) {
        self.failed = None;
        if self.owned.iter().all(|owned| owned.wrong().is_none()) {
            (self.retry, self.attempts) = (None, Attempts::default());
        }
    }

    /// What cannot be looked at or put back.
    pub fn trouble(&self) -> Option<&Said> {
        let refused = self.owned.iter().filter_map(|owned| owned.wrong()?.refused.as_ref());
        self.failed.as_ref().or_else(|| refused.map(|(_, said)| said).next())
    }

    /// Whether it is not known yet what somebody did.
    pub fn is_pending(&self) -> bool {
        self.before.is_some()
    }

    /// What an agent after this one is to know; none as long as something is not as the commit says.
    pub fn ownership(&self) -> Option<String> {
        let fields: Option<Vec<u64>> = self.owned.iter().map(Owned::fields).collect();
        fields.filter(|_| self.before.is_none()).map(together)
    }

    /// When the watch has had the time to tell of everything.
    pub fn settles(&self) -> Instant {
        self.since + LAG
    }
}
