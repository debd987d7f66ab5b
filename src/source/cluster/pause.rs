//! Failed attempts to watch turned into pauses.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use kube::runtime::utils::Backoff;

/// Before the second attempt; each pause after that is twice as long.
const FIRST: Duration = Duration::from_millis(500);

/// An API server that comes back is noticed within this time: shorter than a user's patience, longer than what a few watches
/// could harm. (client-go's reflector waits up to 30 s, `k8s.io/client-go/tools/cache/reflector.go`.)
const LONGEST: Duration = Duration::from_secs(8);

/// Growing pauses that begin anew after a success, each less up to a quarter, so that watches do not come back together.
#[derive(Debug)]
pub struct Pauses {
    next: Duration,
}

impl Default for Pauses {
    fn default() -> Self {
        Pauses { next: FIRST }
    }
}

impl Iterator for Pauses {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let full = self.next;
        self.next = full.saturating_mul(2).min(LONGEST);
        // Each state of the hasher is seeded by chance.
        let chance = RandomState::new().hash_one(0) % 1_000;
        Some(full.mul_f64(1.0 - 0.25 * chance as f64 / 1_000.0))
    }
}

impl Backoff for Pauses {
    fn reset(&mut self) {
        *self = Pauses::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_begin_anew() {
        let mut pauses = Pauses::default();
        for attempt in 0..40 {
            let full = FIRST.saturating_mul(1 << attempt.min(10)).min(LONGEST);
            let pause = pauses.next().unwrap();
            assert!(pause <= full && pause >= full.mul_f64(0.74), "{attempt}: {pause:?}");
        }
        pauses.reset();
        assert!(pauses.next().unwrap() <= FIRST);
    }
}
