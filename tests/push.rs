//! The agent and its remote: the real binary, real git servers, and people who push there too.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

#[path = "ledger/bed.rs"]
#[allow(dead_code)]
mod bed;
#[path = "push/forge.rs"]
mod forge;
#[path = "support/git_http.rs"]
mod git_http;
#[path = "push/gitea.rs"]
mod gitea;
#[path = "push/kills.rs"]
mod kills;
#[path = "push/moved.rs"]
mod moved;
#[path = "push/origin.rs"]
mod origin;
#[path = "push/outage.rs"]
mod outage;
#[path = "push/refusals.rs"]
mod refusals;
#[path = "remote/sshd.rs"]
#[allow(dead_code)]
mod sshd;
#[path = "push/start.rs"]
mod start;
#[path = "push/submodules.rs"]
mod submodules;
#[path = "push/tags.rs"]
mod tags;
#[path = "push/taken_off.rs"]
mod taken_off;
#[path = "push/targets.rs"]
mod targets;
#[path = "push/ways.rs"]
mod ways;
