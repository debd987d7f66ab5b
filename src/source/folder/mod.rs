//! A folder of YAML and JSON files turned into the events of a source.
//!
//! ```text
//!  ear ─► watch ─► walk ─► read ─► view ─► snapshot ─► events
//! (notify)        (stat)  (changed files)  (pure difference)
//! ```

pub mod ear;
pub mod read;
pub mod snapshot;
pub mod view;
pub mod walk;
pub mod watch;
