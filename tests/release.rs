//! Helm's records of a release: what promgit writes both helms read, and what they write promgit reads.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "support/agent.rs"]
mod agent;
#[path = "support/bed.rs"]
mod bed;
#[path = "support/random.rs"]
mod random;
mod support;

#[path = "release/rendered.rs"]
mod rendered;
#[path = "release/scene.rs"]
mod scene;

#[path = "release/decisions.rs"]
mod decisions;
#[path = "release/helms.rs"]
mod helms;
#[path = "release/identity.rs"]
mod identity;
#[path = "release/large.rs"]
mod large;
#[path = "release/same.rs"]
mod same;
#[path = "release/theirs.rs"]
mod theirs;
