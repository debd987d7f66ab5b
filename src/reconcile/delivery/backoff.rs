//! Attempts turned into growing pauses, each a little different, so that many clusters do not come back at once.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// Growing pauses between two bounds.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    first: Duration,
    longest: Duration,
}

/// The API server or the way to it has a problem, which passes.
pub const PASSING: Backoff = Backoff { first: Duration::from_millis(500), longest: Duration::from_secs(60) };

/// Someone has to change something first (a quota, an object of another owner), and the agent is to notice.
pub const FINAL: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_secs(300) };

/// Failures that pass are told to users from this attempt on.
pub const TOLD_FROM: u32 = 2;

impl Backoff {
    /// The pause after attempt `attempt` (from 0): twice the one before, within the bounds, less up to a quarter.
    pub fn pause(self, attempt: u32) -> Duration {
        let full = self.first.saturating_mul(1 << attempt.min(16)).min(self.longest);
        // Each state of the hasher is seeded by chance.
        let chance = RandomState::new().hash_one(attempt) % 1_000;
        full.mul_f64(1.0 - 0.25 * chance as f64 / 1_000.0)
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
}
