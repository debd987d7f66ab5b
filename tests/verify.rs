//! `promgit verify` on repositories that the real program made and that people with git then changed.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

#[path = "verify/bed.rs"]
mod bed;
#[path = "verify/charts.rs"]
mod charts;
#[path = "verify/commits.rs"]
mod commits;
#[path = "verify/files.rs"]
mod files;
#[path = "verify/random.rs"]
mod random;
#[path = "verify/shallow.rs"]
mod shallow;
#[path = "verify/signed.rs"]
mod signed;
