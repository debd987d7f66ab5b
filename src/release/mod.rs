//! Helm's own history: a revision of a release turned into the record that Helm keeps of it, and back.
//!
//! [`chart`] and [`hook`] write the parts of a [`record`], [`draft`] and [`pack`] make the text of it that a Secret holds, [`secret`] the Secret. What
//! is found there is [`stored`]: read, or changed in its status alone. [`history`] decides over a release's records which revision is
//! next and what becomes of the others; [`marks`] tells those of promgit from those of people. [`manifest`] is the text of a release, to the byte by
//! [`layout`], what the files of a commit do not say of it.
//! The reference is Helm 4.3.1 (`pkg/release/v1`, `pkg/storage`), byte for byte but for the times of files; Helm 3 reads the same.

pub mod chart;
pub mod draft;
mod gzip;
pub mod history;
pub mod hook;
mod json;
pub mod layout;
mod lenient;
pub mod manifest;
pub mod marks;
pub mod pack;
pub mod record;
pub mod secret;
mod span;
pub mod status;
pub mod stored;
mod time;
