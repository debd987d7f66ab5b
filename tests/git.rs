//! The git room against the real git: every scenario ends with a clean `git fsck --full --strict` and a clone.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

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
#[path = "git/deltas.rs"]
mod deltas;
#[path = "git/notes.rs"]
mod notes;
#[path = "git/opening.rs"]
mod opening;
#[path = "git/properties.rs"]
mod properties;
#[path = "git/pushes.rs"]
mod pushes;
#[path = "git/reading.rs"]
mod reading;
#[path = "git/received.rs"]
mod received;
#[path = "git/signing.rs"]
mod signing;
#[path = "git/tracking.rs"]
mod tracking;
