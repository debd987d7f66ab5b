//! The remote room against real git servers: by path, over HTTP and over SSH; and against servers that are none.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

#[path = "git/bed.rs"]
mod bed;
#[path = "remote/broken.rs"]
mod broken;
#[path = "remote/fetches.rs"]
mod fetches;
#[path = "support/git_http.rs"]
mod git_http;
#[path = "remote/hooks.rs"]
mod hooks;
#[path = "remote/origin.rs"]
mod origin;
#[path = "remote/pushes.rs"]
mod pushes;
#[path = "remote/ssh.rs"]
mod ssh;
#[path = "remote/sshd.rs"]
mod sshd;
#[path = "remote/web.rs"]
mod web;
#[path = "remote/wire.rs"]
mod wire;
