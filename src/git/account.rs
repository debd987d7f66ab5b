//! What the writer did turned into numbers for who counts them. Knows no metrics.
#![allow(clippy::disallowed_methods)] // asks files for their size

use std::path::Path;
use std::time::Duration;

use super::durable::{self, IoError};

/// Something that was done to the repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// Commits became durable together.
    Flushed {
        commits: usize,
        /// Of the pack that they are in.
        bytes: u64,
        /// From the last commit taken in until all of them are durable.
        took: Duration,
    },
    /// What objects are kept in now; loose ones are not counted.
    Kept { packs: usize, bytes: u64 },
}

/// Who is told. It is called by the thread that writes, and must be quick.
pub type Listener = Box<dyn Fn(Account) + Send>;

/// The number of packs of the repository at `root`, and the bytes of them and their indexes.
pub fn packed(root: &Path) -> Result<(usize, u64), IoError> {
    let folder = root.join("objects/pack");
    let names = durable::names(&folder)?;
    let packs = names.iter().filter(|name| name.ends_with(".pack")).count();
    Ok((packs, names.iter().map(|name| size_of(&folder.join(name))).sum()))
}

/// Bytes of a file; none of one that went meanwhile.
pub fn size_of(path: &Path) -> u64 {
    path.metadata().map_or(0, |found| found.len())
}
