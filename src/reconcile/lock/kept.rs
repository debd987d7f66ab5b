//! A lock turned into what is kept of it, and back.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use crate::render::policy::Lock;

/// A lock, and the wish that it was made for.
#[derive(Clone, PartialEq, Eq)]
pub struct Kept {
    pub lock: Lock,
    /// The annotation `promgit.dev/refresh-lock` when it was made; empty without one.
    pub refreshed: String,
}

/// Why something is no lock.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeptError {
    #[error("{0} is missing")]
    Missing(&'static str),
    #[error("{0} is not what it should be")]
    Wrong(&'static str),
}

/// Names of the fields, and their bytes.
pub type Fields = BTreeMap<String, Vec<u8>>;

const SEED: &str = "seed";
const MADE: &str = "made";
const REFRESHED: &str = "refreshed";

impl Kept {
    /// A new lock: a seed of the system's random source, and the time to the second.
    pub fn new(refreshed: String, now: Timestamp) -> Result<Self, String> {
        let mut random = rand_chacha::ChaCha20Rng::from_entropy();
        let mut seed = [0; 32];
        random.try_fill_bytes(&mut seed).map_err(|error| error.to_string())?;
        let at = Timestamp::from_second(now.as_second()).map_err(|error| error.to_string())?;
        Ok(Kept { lock: Lock { seed, at }, refreshed })
    }

    pub fn fields(&self) -> Fields {
        let Kept { lock: Lock { seed, at }, refreshed } = self;
        let fields = [
            (SEED, seed.to_vec()),
            (MADE, at.to_string().into_bytes()),
            (REFRESHED, refreshed.clone().into_bytes()),
        ];
        fields.into_iter().map(|(name, bytes)| (name.to_string(), bytes)).collect()
    }

    pub fn of(fields: &Fields) -> Result<Self, KeptError> {
        let field = |name| fields.get(name).ok_or(KeptError::Missing(name));
        let text = |name| std::str::from_utf8(field(name)?).map_err(|_| KeptError::Wrong(name));
        let seed = <[u8; 32]>::try_from(field(SEED)?.as_slice()).map_err(|_| KeptError::Wrong(SEED))?;
        let at = text(MADE)?.parse().map_err(|_| KeptError::Wrong(MADE))?;
        Ok(Kept { lock: Lock { seed, at }, refreshed: text(REFRESHED)?.to_string() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_read_as_it_was_written_and_no_two_are_the_same() {
        let now = "2026-11-28T01:02:03.456Z".parse().unwrap();
        let [one, other] = [(); 2].map(|()| Kept::new("x".into(), now).unwrap());
        assert!(Kept::of(&one.fields()).ok() == Some(one.clone()));
        assert!(one.lock.seed != other.lock.seed);
        assert_eq!(one.lock.at.to_string(), "2026-11-28T01:02:03Z");
    }

    #[test]
    fn what_is_no_lock_is_told_from_one() {
        let good = Kept::new(String::new(), Timestamp::UNIX_EPOCH).unwrap().fields();
        let without = |name: &str| {
            let mut fields = good.clone();
            fields.remove(name);
            fields
        };
        let with = |name: &str, bytes: &[u8]| {
            let mut fields = good.clone();
            fields.insert(name.into(), bytes.into());
            fields
        };
        for (fields, expected) in [
            (Fields::new(), KeptError::Missing(SEED)),
            (without(MADE), KeptError::Missing(MADE)),
            (with(SEED, b"short"), KeptError::Wrong(SEED)),
            (with(MADE, b"today"), KeptError::Wrong(MADE)),
            (with(REFRESHED, b"\xff"), KeptError::Wrong(REFRESHED)),
        ] {
            assert_eq!(Kept::of(&fields).err(), Some(expected));
        }
    }
}
