//! Failed pushes turned into the pause before the next one: growing, and each a little different, so that many agents do not come
//! back at once.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_secs(1);
/// How much later than the remote itself everything is well again, at most.
const LONGEST: Duration = Duration::from_secs(60);

/// The pause after so many failures in a row (from 1): twice the one before, within the bounds, less up to a quarter.
pub fn after(failures: u32) -> Duration {
    let full = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16)).min(LONGEST);
    // Each state of the hasher is seeded by chance.
    let chance = RandomState::new().hash_one(failures) % 1_000;
    full.mul_f64(1.0 - 0.25 * chance as f64 / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_bound_and_differ() {
        for (failures, full) in [(1, 1), (2, 2), (6, 32), (7, 60), (u32::MAX, 60)] {
            let (pause, full) = (after(failures), Duration::from_secs(full));
            assert!(pause <= full && pause >= full.mul_f64(0.74), "{failures}: {pause:?}");
        }
        let pauses: Vec<Duration> = (0..20).map(|_| after(3)).collect();
        assert!(pauses.iter().any(|pause| *pause != pauses[0]));
    }
}
