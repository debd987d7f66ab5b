//! A folder of YAML and JSON files turned into the events of a source.
//!
//! ```text
//! watch ─► walk ─► read ─► snapshot ─► events
//! (notify)  (stat)  (changed files)  (pure difference)
//! ```

pub mod read;
pub mod snapshot;
pub mod walk;
pub mod watch;
