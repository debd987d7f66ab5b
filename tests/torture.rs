//! The ledger under torture: the real agent is killed, its disk loses power, fills up or turns read-only, its repository is
//! damaged by hand. Nothing acknowledged is lost, nothing is done twice, and the next change lands. `make torture`: at length.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

#[path = "torture/aim.rs"]
mod aim;
#[path = "ledger/bed.rs"]
#[allow(dead_code)]
mod bed;
#[path = "torture/damage.rs"]
mod damage;
#[path = "torture/disk.rs"]
mod disk;
#[path = "torture/extent.rs"]
mod extent;
#[path = "torture/full.rs"]
mod full;
#[path = "torture/kills.rs"]
mod kills;
#[path = "torture/life.rs"]
mod life;
#[path = "torture/power.rs"]
mod power;
#[path = "support/random.rs"]
mod random;
