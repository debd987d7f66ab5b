//! The ledger as the real binary writes it, looked at by the real git.
// A test may panic, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

#[path = "ledger/agents.rs"]
mod agents;
#[path = "ledger/bed.rs"]
mod bed;
#[path = "ledger/branches.rs"]
mod branches;
#[path = "ledger/layout.rs"]
mod layout;
#[path = "ledger/locks.rs"]
mod locks;
#[path = "ledger/owners.rs"]
mod owners;
#[path = "ledger/overwritten.rs"]
mod overwritten;
#[path = "ledger/refusals.rs"]
mod refusals;
#[path = "ledger/restored.rs"]
mod restored;
#[path = "ledger/sameness.rs"]
mod sameness;
#[path = "ledger/saves.rs"]
mod saves;
#[path = "ledger/stubs.rs"]
mod stubs;
#[path = "ledger/words.rs"]
mod words;
