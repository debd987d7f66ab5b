//! Turns the place of an entry in one of many packs into its stored bytes. Maps nothing: what is mapped counts as memory.
#![allow(clippy::disallowed_methods)] // opens the pack files of the repository

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Files that are open at once: a repository of somebody else may have thousands of packs, a process often has 1,024 files.
const MOST_OPEN: usize = 64;

/// The packs of a merge, by number.
pub struct Sources {
    paths: Vec<PathBuf>,
    open: BTreeMap<u32, File>,
}

impl Sources {
    pub fn new(paths: Vec<PathBuf>) -> Sources {
        Sources { paths, open: BTreeMap::new() }
    }

    /// The packs with their numbers.
    pub fn numbered(&self) -> impl Iterator<Item = (u32, &Path)> {
        (0..).zip(self.paths.iter().map(PathBuf::as_path))
    }

    /// The bytes between two offsets of a pack.
    pub fn read(&mut self, pack: u32, from: u64, length: u32) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(length).map_err(io::Error::other)?];
        self.file(pack)?.read_exact_at(&mut bytes, from)?;
        Ok(bytes)
    }

    fn file(&mut self, pack: u32) -> io::Result<&File> {
        if self.open.len() >= MOST_OPEN && !self.open.contains_key(&pack) {
            self.open.clear();
        }
        let path = usize::try_from(pack).ok().and_then(|number| self.paths.get(number));
        let path = path.ok_or(io::ErrorKind::NotFound)?;
        match self.open.entry(pack) {
            std::collections::btree_map::Entry::Occupied(file) => Ok(file.into_mut()),
            std::collections::btree_map::Entry::Vacant(free) => Ok(free.insert(File::open(path)?)),
        }
    }
}
