//! Attempts turned into growing pauses, each a little different, so that many clusters do not come back at once.

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, Instant};

/// Growing pauses between two bounds.
#[derive(Clone, Copy, Debug)]
struct Backoff {
    first: Duration,
    longest: Duration,
}

/// The API server or the way to it has a problem, which passes.
const PASSING: Backoff = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(60) };

/// Someone has to change something first (a quota, an object of another owner), and the agent is to notice.
const FINAL: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(300) };

/// Failures that pass are told to users from this attempt on.
const TOLD_FROM: u32 = 2;

impl Backoff {
    /// The pause after attempt `attempt` (from 0): twice the one before, within the bounds, less up to a quarter.
    fn pause(self, attempt: u32) -> Duration {
        let full = self.first.saturating_mul(1 << attempt.min(16)).min(self.longest);
        // Each state of the hasher is seeded by chance.
        let chance = RandomState::new().hash_one(attempt) % 1_000;
        full.mul_f64(1.0 - 0.25 * chance as f64 / 1_000.0)
    }
}

/// Attempts at one thing, until it works.
#[derive(Debug, Default)]
pub struct Attempts {
    failed: u32,
    /// How often it failed for a reason of this kind since it last failed for one of the other.
    alike: u32,
    was_final: bool,
}

impl Attempts {
    /// Whether users are to be told of the failure of this attempt; what passes with the next one is no news.
    /// `is_final`: trying again helps only when somebody changed something.
    pub fn is_news(&self, is_final: bool) -> bool {
        is_final || self.failed >= TOLD_FROM
    }

    /// This attempt failed: the pause before the next one. It grows while the reason stays of one kind: an API server that
    /// comes back refuses everybody for a moment, and the pauses of its absence do not count for that.
    pub fn failed(&mut self, is_final: bool) -> Duration {
        if is_final != self.was_final {
            (self.alike, self.was_final) = (0, is_final);
        }
        let pause = if is_final { FINAL } else { PASSING }.pause(self.alike);
        (self.failed, self.alike) = (self.failed + 1, self.alike + 1);
        pause
    }
}

/// Something that failed, and is tried again by whoever comes by after its pause.
#[derive(Debug, Default)]
pub struct Owed {
    attempts: Attempts,
    again: Option<Instant>,
    is_told: bool,
}

impl Owed {
    /// An attempt failed; true if users are to be told, which is so once.
    pub fn fail(&mut self, is_final: bool, now: Instant) -> bool {
        let is_news = self.attempts.is_news(is_final) && !self.is_told;
        self.again = Some(now + self.attempts.failed(is_final));
        self.is_told |= is_news;
        is_news
    }

    /// When to try again.
    pub fn again(&self) -> Option<Instant> {
        self.again
    }

    /// Users were told that it failed: nobody waits for it any more.
    pub fn is_told(&self) -> bool {
        self.is_told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_differ() {
        for attempt in 0..40 {
            let full = PASSING.first.saturating_mul(1 << attempt.min(16)).min(PASSING.longest);
            let pause = PASSING.pause(attempt);
            assert!(pause <= full && pause >= full.mul_f64(0.74), "{attempt}: {pause:?}");
        }
        let pauses: Vec<Duration> = (0..20).map(|_| FINAL.pause(3)).collect();
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }

    #[test]
    fn what_lasts_is_news_and_what_passes_is_not() {
        let mut attempts = Attempts::default();
        assert!(!attempts.is_news(false) && attempts.is_news(true));
        for _ in 0..TOLD_FROM {
            attempts.failed(false);
        }
        assert!(attempts.is_news(false));
    }

    #[test]
    fn the_pauses_of_an_outage_do_not_count_for_what_comes_after_it() {
        let mut attempts = Attempts::default();
        let outage: Vec<Duration> = (0..8).map(|_| attempts.failed(false)).collect();
        assert!(outage[7] > 10 * outage[0]);
        assert!(attempts.failed(true) <= FINAL.first);
        assert!(attempts.failed(true) > FINAL.first, "of one kind they grow");
        assert!(attempts.failed(false) <= PASSING.first);
    }
}
