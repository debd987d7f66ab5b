//! The loop: observe → plan → commit → report.
//!
//! ```text
//! source ─► queue ─► worker: prepare ─► plan ─┐
//!             ▲      worker: prepare ─► plan ─┼─► writer ─► report
//!             └────────── done, retry ────────┘  (one thread, one repository)
//! ```
//!
//! `inputs.rs` holds everything but the resource that fixes the bytes; `pins.rs` says which chart was rendered before;
//! `prepare.rs` turns a resource into the files of its folder; `lock/` keeps the random values of charts that draw
//! some, `attached.rs` knows the data that a new cluster finds again; `before.rs` what was there, and by `signs.rs` and `strangers.rs` whether somebody else
//! changed it; `plan.rs` says what a commit would change; `writer.rs` gathers and flushes,
//! `stage.rs` makes each commit; `branch.rs` and `owners.rs` are what they know of a branch, `footprint.rs` what
//! it holds of one cluster; `idle.rs` looks at branches that no cluster looks at. `verify/` renders again what branches record, and says what on them is not so.

pub mod attached;
pub mod before;
pub mod branch;
pub mod class;
pub mod delivery;
pub mod footprint;
pub mod idle;
pub mod inputs;
pub mod lock;
pub mod notes;
pub mod objects;
pub mod owners;
pub mod pins;
pub mod plan;
pub mod prepare;
pub mod prune;
pub mod push;
pub mod queue;
pub mod report;
pub mod roots;
pub mod shipped;
pub mod signs;
pub mod stage;
pub mod strangers;
pub mod unwritable;
pub mod verify;
pub mod undo;
pub mod worker;
pub mod writer;
