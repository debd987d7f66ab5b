//! The hooks of a commit: run at their stage, waited for, cleared as they ask, and told.
//!
//! `commit.rs` reads them, `runs.rs` remembers what ran, `failure.rs` says what went wrong, `ask.rs` decides which are to be run for
//! a commit and looks what an agent before this one did, `due.rs` is what it found, `run.rs` runs those of one stage, `record.rs` tells Helm's record. Who calls
//! them: `stage.rs` for a delivery, `farewell.rs` for what is taken down, `trial.rs` for `helm test` on request.

pub mod ask;
pub mod commit;
pub mod due;
pub mod failure;
pub mod farewell;
pub mod record;
pub mod run;
pub mod runs;
pub mod stage;
pub mod trial;
