//! The git room against the real git: every scenario ends with a clean `git fsck --full --strict` and a clone.
#![allow(clippy::disallowed_methods)]

mod support;

#[path = "git/batches.rs"]
mod batches;
#[path = "git/bed.rs"]
mod bed;
#[path = "git/consolidation.rs"]
mod consolidation;
#[path = "git/crash.rs"]
mod crash;
#[path = "git/damage.rs"]
mod damage;
#[path = "git/opening.rs"]
mod opening;
#[path = "git/properties.rs"]
mod properties;
#[path = "git/pushes.rs"]
mod pushes;
#[path = "git/reading.rs"]
mod reading;
#[path = "git/speed.rs"]
mod speed;
