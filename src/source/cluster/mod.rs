//! The PrometheusClusters of an API server turned into the events of a source.
//!
//! ```text
//!  watch ──────► read ────────────► memory ─────► events
//! (list, watch) (object, resource) (what was told)
//! ```

pub mod memory;
pub mod pause;
pub mod read;
pub mod stream;
pub mod watch;
pub mod words;
