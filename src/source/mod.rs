//! Where resources come from: a folder that is watched, or an API server. Both give the same events.
//!
//! `event.rs` is the common language. `folder/` turns files into it, `cluster/` the objects of a watch.

pub mod cluster;
pub mod event;
pub mod folder;
