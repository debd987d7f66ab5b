//! What a render may know of the world: nothing (the agent) or a clock and a random source (the command line).

use rand_chacha::ChaCha20Rng;

use crate::template::func::CallError;

/// Whether functions whose answer changes from run to run are allowed.
pub enum Policy {
    /// Same inputs, same bytes: `now`, `rand*`, `gen*`, `uuidv4`, … are errors that name the way out.
    Hermetic,
    /// As `helm template`: the clock was read and the generator seeded by the caller.
    Open(Box<World>),
}

/// The changing inputs of an open render.
pub struct World {
    pub now: jiff::Zoned,
    pub random: ChaCha20Rng,
}

impl Policy {
    /// The time of the render, for the function of this name.
    pub fn now(&self, function: &str) -> Result<&jiff::Zoned, CallError> {
        match self {
            Policy::Hermetic => Err(refused(function)),
            Policy::Open(world) => Ok(&world.now),
        }
    }

    /// The random source of the render, for the function of this name.
    pub fn random(&mut self, function: &str) -> Result<&mut ChaCha20Rng, CallError> {
        match self {
            Policy::Hermetic => Err(refused(function)),
            Policy::Open(world) => Ok(&mut world.random),
        }
    }
}

fn refused(function: &str) -> CallError {
    CallError::new(format!(
        "{function} gives another answer on every run, so the commit could not be reproduced; \
         set the value that the chart would generate"
    ))
}
