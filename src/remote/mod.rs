//! Commits of local branches turned into branches of a git server, and back. Knows no Kubernetes, no Helm, no reconcile.
//!
//! ```text
//!   branches, what the server is believed to hold ─► push ─► advertisement ─► new objects ─► pack ─► report, a branch at a time
//!   names ─► fetch ─► advertisement ─► pack ─► objects of the store (git::adopt moves the branches)
//! ```
//!
//! It speaks git's own protocol (gitprotocol-pack, gitprotocol-http): which objects are new is known here, so a push costs what
//! changed, not what the server has. Version 0, which every server speaks.

pub mod address;
pub mod same;
pub mod settings;
pub mod error;
pub mod words;
pub mod pkt_line;
pub mod advertisement;
pub mod side_band;
pub mod report;
mod silence;
mod credentials;
pub mod known_hosts;
mod transport;
mod new_objects;
mod pack_stream;
mod body;
mod run;
pub mod push;
pub mod fetch;
