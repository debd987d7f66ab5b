//! A live object turned into its health, and into the sentence that tells a person why it is not well.
//!
//! `compute.rs` orders the rules: `generic.rs` for all objects, `workloads.rs` and `kinds.rs` for built-in kinds.
//! `ended.rs` tells how what runs once ended. `reasons/` reads pods and events, `matches/` compares a manifest with the live object, `replicas.rs` and
//! `watched.rs` answer what the scale subresource and the watcher ask.
//!
//! Every object is a [`serde_json::Value`] as the API server gives it. Nothing here reads a clock: times come in.

mod compute;
mod ended;
mod fields;
mod generic;
mod kinds;
pub mod matches;
pub mod reasons;
mod replicas;
mod selector;
mod state;
mod text;
mod watched;
mod workloads;

pub use compute::{of, of_pod};
pub use ended::{Ended, ended};
pub use replicas::{Replicas, replicas};
pub use state::Health;
pub use watched::is_watched;
