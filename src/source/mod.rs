//! Where resources come from: a folder that is watched; a cluster gives the same events.
//!
//! `event.rs` is the common language. `folder/` turns files into it.

pub mod event;
pub mod folder;
