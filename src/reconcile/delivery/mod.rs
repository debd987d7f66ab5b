//! From a durable commit to a cluster that runs it, and back to the user: apply, wait, status.
//!
//! ```text
//!  report ──► engine ──► actor (one a cluster) ──► status, events
//!  (writer)               │ release: what the commit holds (git)
//!                         │ apply, remove, hooks     (API server)
//!                         │ progress: live objects ─► phase ─► status (pure)
//!                         └ drift: what somebody else did ─► put back, or said
//! ```
//!
//! Nothing here runs before the commit is durable: a report is made only then. A newer report for a cluster ends what
//! is being done for an older one. What is done is recorded in the resource's status alone, so a restart goes on there.

pub mod actor;
pub mod attempt;
pub mod backoff;
pub mod bring;
pub mod charts;
pub mod deliver;
pub mod departure;
pub mod drift;
pub mod engine;
pub mod folder;
pub mod follow;
pub mod gauges;
pub mod hooks;
pub mod leftovers;
pub mod onward;
pub mod pace;
pub mod phase;
pub mod progress;
pub mod recorded;
pub mod records;
pub mod release;
pub mod restore;
pub mod settled;
pub mod shared;
pub mod status;
pub mod takedown;
pub mod tell;
pub mod turn;
pub mod undo;
pub mod untouched;
pub mod watch;
