//! What a render may know of the world: nothing, a clock and a random source (the command line), or what its release was
//! given once (the agent).

use std::collections::BTreeMap;

use jiff::Zoned;
use jiff::tz::TimeZone;
use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng;
use sha2::{Digest, Sha256};

use crate::template::func::CallError;
use crate::template::value::Str;

/// Where the answers of `now`, `rand*`, `gen*`, `uuidv4` and their like come from.
pub enum Policy {
    /// Nowhere: a chart that asks is refused.
    Hermetic(Hermetic),
    /// As `helm template`: the clock was read and the generator seeded by the caller.
    Open(Box<World>),
    /// Same inputs, same bytes, today and after a restart.
    Locked(Box<Locked>),
}

/// A render without a world.
#[derive(Debug, Default)]
pub struct Hermetic {
    /// The chart asked for what a lock would give it.
    was_asked: bool,
}

/// The changing inputs of an open render.
pub struct World {
    pub now: Zoned,
    pub random: ChaCha20Rng,
}

/// What a release was given when it asked first, and keeps.
#[derive(Clone, PartialEq, Eq)]
pub struct Lock {
    /// Secret: who has it has every password that the chart drew.
    pub seed: [u8; 32],
    /// What `now` is.
    pub at: jiff::Timestamp,
}

impl Lock {
    /// Nobody's: what is drawn from it is known to all, and stands for what a lock would give.
    pub const PLACEHOLDER: Lock = Lock { seed: [0; 32], at: jiff::Timestamp::UNIX_EPOCH };
}

/// A lock in use. Every call has a stream of its own, named by the file that is printed, the function and how often that
/// file called it before: a draw that a chart adds in one place changes none in another.
pub struct Locked {
    seed: [u8; 32],
    now: Zoned,
    file: Str,
    draws: BTreeMap<(Str, String), u64>,
    random: ChaCha20Rng,
    was_asked: bool,
}

impl Policy {
    /// Without a world.
    pub fn hermetic() -> Self {
        Policy::Hermetic(Hermetic::default())
    }

    /// With what the release was given.
    pub fn locked(lock: &Lock) -> Self {
        Policy::Locked(Box::new(Locked {
            seed: lock.seed,
            now: lock.at.to_zoned(TimeZone::UTC),
            file: Str::from(""),
            draws: BTreeMap::new(),
            random: ChaCha20Rng::from_seed(lock.seed),
            was_asked: false,
        }))
    }

    /// From now on this file is printed.
    pub fn enter(&mut self, file: &Str) {
        if let Policy::Locked(locked) = self {
            locked.file = file.clone();
        }
    }

    /// The time of the render, for the function of this name.
    pub fn now(&mut self, function: &str) -> Result<&Zoned, CallError> {
        match self {
            Policy::Hermetic(hermetic) => Err(hermetic.refuse(function)),
            Policy::Open(world) => Ok(&world.now),
            Policy::Locked(locked) => {
                locked.was_asked = true;
                Ok(&locked.now)
            }
        }
    }

    /// The random source of one call of the function of this name.
    pub fn random(&mut self, function: &str) -> Result<&mut ChaCha20Rng, CallError> {
        match self {
            Policy::Hermetic(hermetic) => Err(hermetic.refuse(function)),
            Policy::Open(world) => Ok(&mut world.random),
            Policy::Locked(locked) => Ok(locked.draw(function)),
        }
    }

    /// The zone that "local" means: that of the clock if there is one.
    pub fn zone(&self) -> TimeZone {
        match self {
            Policy::Hermetic(_) | Policy::Locked(_) => TimeZone::UTC,
            Policy::Open(world) => world.now.time_zone().clone(),
        }
    }

    /// Whether two renders have to give the same bytes.
    pub fn is_fixed(&self) -> bool {
        !matches!(self, Policy::Open(_))
    }

    /// Whether the chart asked for something that only a lock holds still.
    pub fn was_asked(&self) -> bool {
        match self {
            Policy::Hermetic(hermetic) => hermetic.was_asked,
            Policy::Open(_) => false,
            Policy::Locked(locked) => locked.was_asked,
        }
    }
}

impl Hermetic {
    fn refuse(&mut self, function: &str) -> CallError {
        self.was_asked = true;
        CallError::new(format!(
            "{function} gives another answer on every run, so the commit could not be reproduced; \
             set the value that the chart would generate"
        ))
    }
}

impl Locked {
    fn draw(&mut self, function: &str) -> &mut ChaCha20Rng {
        self.was_asked = true;
        let call = self.draws.entry((self.file.clone(), function.to_string())).or_default();
        *call += 1;
        let mut hash = Sha256::new();
        hash.update(self.seed);
        // Lengths in front, so that no two names run into each other.
        for part in [&self.file[..], function.as_bytes()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(call.to_be_bytes());
        self.random = ChaCha20Rng::from_seed(hash.finalize().into());
        &mut self.random
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_core::RngCore;

    fn lock(byte: u8) -> Lock {
        Lock { seed: [byte; 32], at: jiff::Timestamp::UNIX_EPOCH }
    }

    /// What a render draws that calls these functions in these files.
    fn drawn(byte: u8, calls: &[(&str, &str)]) -> Vec<u64> {
        let mut policy = Policy::locked(&lock(byte));
        let draw = |(file, function): &(&str, &str)| {
            policy.enter(&Str::from(*file));
            policy.random(function).unwrap().next_u64()
        };
        calls.iter().map(draw).collect()
    }

    #[test]
    fn each_call_draws_for_itself() {
        let calls = [("a", "uuidv4"), ("a", "uuidv4"), ("a", "genCA"), ("b", "uuidv4")];
        let before = drawn(1, &calls);
        assert_eq!(before, drawn(1, &calls), "the same lock");
        assert_ne!(before, drawn(2, &calls), "another lock");
        let more = drawn(1, &[("0", "uuidv4"), calls[0], ("a", "randInt"), calls[1], calls[2], calls[3]]);
        assert_eq!(before, [more[1], more[3], more[4], more[5]], "a draw more in other places");
        let mut all = before.clone();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), before.len());
        // Names that run into each other when they are put together.
        assert_ne!(drawn(1, &[("ab", "c")]), drawn(1, &[("a", "bc")]));
    }

    #[test]
    fn a_chart_that_asks_is_noticed() {
        for mut policy in [Policy::hermetic(), Policy::locked(&lock(1))] {
            assert!(!policy.was_asked());
            let _ = policy.now("now");
            assert!(policy.was_asked());
        }
    }
}
