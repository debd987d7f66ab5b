//! The chart `charts/promgit`: rendered by helm and by promgit, and held to the rights that its README lists.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

#[path = "agent_chart/harness.rs"]
mod harness;
#[path = "agent_chart/install.rs"]
mod install;
#[path = "support/restricted.rs"]
mod restricted;
#[path = "agent_chart/rights.rs"]
mod rights;
