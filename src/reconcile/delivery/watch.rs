//! What is waited for on behalf of one commit, and how far it is. Pure: the time comes in as an argument.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::drift::state::Drift;
use super::hooks::due::Due;
use super::hooks::failure::Failure;
use super::phase::{Applied, Described, Phase};
use super::progress::{Awaited, Progress, Standing};
use super::records::Pending;
use super::settled::Settled;
use crate::api::PrometheusClusterStatus;
use crate::api::conditions::{RECONCILING, Reason, STALLED};
use crate::cluster::apply::Version;
use crate::reconcile::undo::Undone;

/// What is waited for on behalf of one commit.
pub struct Watch<'a> {
    pub settled: &'a Settled,
    pub described: Arc<Described>,
    pub awaited: Vec<Awaited>,
    pub applied: Applied,
    pub is_external: bool,
    pub wait: Wait,
    /// The commit takes another one back, and when that is tried again.
    pub undone: Option<(Undone, Option<Instant>)>,
    /// It is taken back if it does not come up.
    pub may_undo: bool,
    /// It is being taken back.
    pub is_undoing: bool,
    /// The revision of Helm's history, while it is not known how it ends.
    pub record: Option<Pending>,
    /// Hooks that are still to be run when all is up.
    pub hooks: Option<Due>,
    /// The one that failed then.
    pub failed: Option<Failure>,
    /// What somebody else does to its objects.
    pub drift: Drift,
}

/// How long something was not ready, of the time that it has.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    /// None while it is ready: a cluster that is lost later has all of its time again.
    since: Option<Instant>,
    /// Waited before that, by an agent before this one.
    before: Duration,
    pub limit: Duration,
}

impl Wait {
    /// For something that begins now, or that was waited for before.
    pub fn new(since: Option<Instant>, before: Duration, limit: Duration) -> Self {
        Wait { since, before, limit }
    }

    /// Takes in whether it is ready now.
    pub fn look(&mut self, is_ready: bool, now: Instant) {
        if is_ready {
            (self.since, self.before) = (None, Duration::ZERO);
        } else {
            self.since.get_or_insert(now);
        }
    }

    /// When the time is up; none while it is ready, or where it is up already.
    pub fn ends(&self, now: Instant) -> Option<Instant> {
        let end = self.since? + self.limit.saturating_sub(self.before);
        (end > now).then_some(end)
    }

    pub fn is_over(&self, now: Instant) -> bool {
        self.since.is_some() && self.ends(now).is_none()
    }
}

/// Whether a status speaks of this commit.
pub fn is_of(status: &PrometheusClusterStatus, commit: &str) -> bool {
    status.commit.as_ref().is_some_and(|known| known.revision == commit)
}

/// How long an agent before this one has waited for this commit, as the status tells it.
pub fn waited(status: &PrometheusClusterStatus, generation: i64, commit: &str, now: Timestamp) -> Duration {
    if !is_of(status, commit) {
        return Duration::ZERO;
    }
    let since = |kind: &str, reason: Reason| {
        let mut all = status.conditions.iter();
        let found = all.find(|condition| condition.type_ == kind && condition.reason == reason.as_str())?;
        (found.observed_generation == Some(generation)).then_some(found.last_transition_time.0)
    };
    if since(STALLED, Reason::Stalled).is_some() {
        return Duration::MAX;
    }
    let waited = since(RECONCILING, Reason::Progressing).map(|since| now.duration_since(since));
    waited.and_then(|waited| Duration::try_from(waited).ok()).unwrap_or_default()
}

impl Watch<'_> {
    /// How far it is. `reason`: what the pods say.
    pub fn phase(&self, progress: &Progress, reason: Option<&str>, now: Instant) -> Phase {
        let (release, applied) = (self.described.clone(), self.applied.clone());
        let (is_late, limit) = (self.wait.is_over(now), self.wait.limit);
        let full = |message: &String| match reason {
            Some(reason) => format!("{message}: {reason}"),
            None => message.clone(),
        };
        if let Applied::NotYet(why) = &self.applied {
            let message = why.clone();
            return match is_late {
                true => Phase::Late { message: late(limit, &message), release, applied },
                false => Phase::Progressing { message, release, applied },
            };
        }
        match &progress.standing {
            Standing::Up { .. } if let Some(failure) = &self.failed => {
                Phase::Late { message: failure.to_string(), release, applied }
            }
            Standing::Up { .. } if let Some((undone, again)) = &self.undone => Phase::RolledBack {
                release,
                bad: undone.bad.to_string(),
                message: undone.words.clone(),
                is_removed: false,
                again: again.is_some(),
            },
            Standing::Up { message } => Phase::Ready { release, applied, message: message.clone() },
            Standing::Broken { message, .. } => Phase::Late { release, applied, message: full(message) },
            Standing::OnItsWay { message, .. } if is_late => {
                Phase::Late { release, applied, message: late(limit, &full(message)) }
            }
            Standing::OnItsWay { message, .. } => {
                Phase::Progressing { release, applied, message: full(message) }
            }
        }
    }

    /// Helm's history does not say yet how the revision ended, which is known.
    pub fn owes_record(&self, phase: &Phase) -> bool {
        let is_up = matches!(phase, Phase::Ready { .. } | Phase::RolledBack { .. });
        let is_late = matches!(phase, Phase::Late { .. });
        self.record.as_ref().is_some_and(|pending| is_up || is_late && !pending.is_failed)
    }

    /// An object was put back: from now on this version of it counts.
    pub fn corrected(&mut self, place: usize, version: Version, words: &str, now: Instant) {
        let owned = &mut self.drift.owned[place];
        owned.correct(version.mark, words, now);
        self.drift.since = now;
        let target = &owned.target;
        let awaited = self.awaited.iter_mut().find(|awaited| awaited.target == *target);
        awaited.into_iter().for_each(|awaited| awaited.applied = Some(version.clone()));
    }

    /// Whether nothing is left to wait for.
    pub fn is_up(&self, progress: &Progress) -> bool {
        !matches!(self.applied, Applied::NotYet(_)) && matches!(progress.standing, Standing::Up { .. })
    }
}

fn late(limit: Duration, message: &str) -> String {
    let limit = SignedDuration::try_from(limit).unwrap_or(SignedDuration::MAX);
    format!("not ready within {limit:#}: {message}")
}

#[cfg(test)]
#[allow(clippy::disallowed_methods)] // some moment has to be the first
mod tests {
    use super::super::status::{Facts, compose};
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn what_was_up_has_all_of_its_time_again() {
        let start = Instant::now();
        let mut wait = Wait::new(Some(start), Duration::ZERO, 10 * SECOND);
        assert!(!wait.is_over(start + 9 * SECOND) && wait.is_over(start + 10 * SECOND));
        wait.look(true, start + 11 * SECOND);
        assert!(!wait.is_over(start + 99 * SECOND));
        for second in [100, 105] {
            wait.look(false, start + second * SECOND);
        }
        assert_eq!(wait.ends(start + 106 * SECOND), Some(start + 110 * SECOND));
        assert!(wait.is_over(start + 110 * SECOND) && wait.ends(start + 110 * SECOND).is_none());
    }

    #[test]
    fn an_agent_goes_on_waiting_where_the_one_before_it_ended() {
        let start = Instant::now();
        let wait = Wait::new(Some(start), 7 * SECOND, 10 * SECOND);
        assert_eq!(wait.ends(start), Some(start + 3 * SECOND));
        assert!(Wait::new(Some(start), Duration::MAX, 10 * SECOND).is_over(start));
        assert_eq!(wait.limit, 10 * SECOND, "what users are told");
    }

    #[test]
    fn the_status_tells_how_long_was_waited() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let release = Arc::new(Described {
            branch: "b".into(),
            commit: "c".repeat(40),
            short: "c".repeat(10),
            chart: "x-1".into(),
        });
        let commit = release.commit.clone();
        let facts = |generation| Facts { generation, ..Facts::default() };
        let [progressing, late] = [false, true].map(|late| {
            let (release, applied, message) = (release.clone(), Applied::ByUs, "m".to_string());
            match late {
                false => Phase::Progressing { release, applied, message },
                true => Phase::Late { release, applied, message },
            }
        });
        let first = compose(&PrometheusClusterStatus::default(), &progressing, &facts(1), at(10));
        assert_eq!(waited(&first, 1, &commit, at(14)), 4 * SECOND);
        assert_eq!(waited(&first, 2, &commit, at(14)), Duration::ZERO, "a newer generation");
        assert_eq!(waited(&first, 1, &"d".repeat(40), at(14)), Duration::ZERO, "another commit");
        let second = compose(&first, &progressing, &facts(2), at(20));
        assert_eq!(waited(&second, 2, &commit, at(21)), SECOND, "each generation has its own time");
        let third = compose(&second, &late, &facts(2), at(30));
        assert_eq!(waited(&third, 2, &commit, at(31)), Duration::MAX);
    }
}
