//! What somebody did to the objects of a cluster, or to its release, turned into a correction, a report, or nothing.
//!
//! ```text
//!  watches ─► owned: what may have changed (pure) ─► look: one GET, compared with the commit
//!          ─► foreign: whose the newest revision is (pure)        │
//!                                     contest: when to (pure) ─► mind: put back or say it
//! ```
//!
//! What somebody's helm did is [`helm`]'s: delivered over, said, or by [`takeover`] asked for in the resource.
//!
//! Nothing is asked while nothing changes: the watch tells which fields promgit owns of each object, and as long as those are the same,
//! so is all that the commit set.

pub mod contest;
pub mod foreign;
pub mod helm;
pub mod look;
pub mod mind;
pub mod owned;
pub mod policy;
pub mod said;
pub mod state;
pub mod takeover;
