//! When something may be told or asked again: users are told of every turn at once, and not of every step.
#![allow(clippy::disallowed_methods)] // it is about time

use std::time::{Duration, Instant};

use super::phase::{Applied, Phase};
use super::watch::Watch;

/// A cluster that was ready and is not any more is told only if it stays so: a pod that moves is no news.
const BELIEVE: Duration = Duration::from_secs(2);

/// Words of progress are told at most this often; a phase at once.
const CHATTER: Duration = Duration::from_secs(5);

/// After this long without becoming ready, pods are asked why; then again at this pace.
const EXPLAIN: Duration = Duration::from_secs(5);

/// While another tool applies, objects without a watch are compared this often.
const COMPARE: Duration = Duration::from_secs(5);

/// And at most this often: each comparison reads every object.
const COMPARE_AGAIN: Duration = Duration::from_secs(1);

/// When something may be told or asked again.
pub struct Pace {
    /// What the pods said when they were asked last.
    pub reason: Option<String>,
    explained: Instant,
    compared: Option<Instant>,
    /// Something changed too soon after the last comparison.
    is_owed: bool,
    told: Option<(Instant, Phase)>,
    /// Since when a cluster that was ready is not.
    doubted: Option<Instant>,
}

impl Pace {
    pub fn new(began: Instant) -> Self {
        Pace { reason: None, explained: began, compared: None, is_owed: false, told: None, doubted: None }
    }

    pub fn compares(&mut self) -> bool {
        let due = self.compared.is_none_or(|at| at.elapsed() >= COMPARE_AGAIN);
        if due {
            self.compared = Some(Instant::now());
        }
        self.is_owed = !due;
        due
    }

    pub fn explains(&mut self, is_late: bool) -> bool {
        let never = self.reason.is_none() && is_late;
        let due = never || self.explained.elapsed() >= EXPLAIN;
        if due {
            self.explained = Instant::now();
        }
        due
    }

    /// `was_ready`: the status says that this commit is up.
    pub fn may_tell(&mut self, phase: &Phase, was_ready: bool) -> bool {
        let same_kind = self
            .told
            .as_ref()
            .is_some_and(|(_, told)| std::mem::discriminant(told) == std::mem::discriminant(phase));
        if matches!(phase, Phase::Ready { .. } | Phase::Late { .. }) {
            self.doubted = None;
            return true;
        }
        if was_ready {
            let since = *self.doubted.get_or_insert_with(Instant::now);
            return since.elapsed() >= BELIEVE;
        }
        !same_kind || self.told.as_ref().is_none_or(|(at, _)| at.elapsed() >= CHATTER)
    }

    pub fn told(&mut self, phase: &Phase) {
        if self.told.as_ref().is_none_or(|(_, told)| told != phase) {
            self.told = Some((Instant::now(), phase.clone()));
        }
    }

    /// The next moment at which something may have to be done without a change.
    pub fn due(&self, watch: &Watch<'_>, phase: &Phase) -> Instant {
        let now = Instant::now();
        let far = now + Duration::from_secs(3_600);
        if let Some(since) = self.doubted {
            return (since + BELIEVE).max(now);
        }
        let late = watch.began + watch.limit;
        let until_late = if late > now { late } else { far };
        match phase {
            Phase::Ready { .. } => far,
            _ if matches!(watch.applied, Applied::NotYet(_)) => {
                let pause = if self.is_owed { COMPARE_AGAIN } else { COMPARE };
                until_late.min(now + pause)
            }
            _ => until_late.min(now + EXPLAIN),
        }
    }
}
