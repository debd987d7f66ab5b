//! The loop: observe → plan → commit → report.
//!
//! ```text
//! source ─► queue ─► worker: prepare ─► plan ─┐
//!             ▲      worker: prepare ─► plan ─┼─► writer ─► report
//!             └────────── done, retry ────────┘  (one thread, one repository)
//! ```
//!
//! `inputs.rs` holds everything but the resource that fixes the bytes; `prepare.rs` turns a resource into
//! the files of its folder; `plan.rs` says what a commit would change; `writer.rs` commits.

pub mod branch;
pub mod class;
pub mod delivery;
pub mod inputs;
pub mod plan;
pub mod prepare;
pub mod prune;
pub mod queue;
pub mod report;
pub mod shipped;
pub mod worker;
pub mod writer;
