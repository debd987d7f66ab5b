//! The clock and the random source of this machine, for charts that ask for them.
#![allow(clippy::disallowed_methods)] // the one place of the command that reads the clock

use rand_chacha::ChaCha20Rng;
use rand_core::SeedableRng as _;

use crate::render::policy::{Policy, World};

/// The clock and the system's random source, as Helm uses them.
pub fn open_policy() -> Policy {
    let now = jiff::Zoned::now();
    Policy::Open(Box::new(World { now, random: ChaCha20Rng::from_entropy() }))
}
