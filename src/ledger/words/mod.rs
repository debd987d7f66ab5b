//! Two states of a cluster turned into what a reviewer reads: a subject and a list of changes.
//!
//! `subject.rs` says what was asked for (from the resource), `objects.rs` what follows for the objects, `effects.rs` what that does to what runs,
//! `config.rs` reads inside a Prometheus configuration, `phrase.rs` words a single difference.

pub mod config;
pub mod effects;
pub mod objects;
pub mod phrase;
pub mod subject;
