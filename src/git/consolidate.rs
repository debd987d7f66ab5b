//! Turns many packs and loose objects into few packs, without git.
//!
//! The new pack is durable before anything it replaces goes, so a crash leaves objects twice, never nowhere. Every object is
//! kept, also those that no branch reaches: a push may be about to name them.
#![allow(clippy::disallowed_methods)] // reads and removes the pack files of the repository

use std::cmp::Reverse;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::account::{packed, size_of};
use super::durable::{self, IoError};
use super::merge::{self, MergeError};
use super::objects::ObjectError;
use super::oid::{OID_HEX, Oid};
use super::pack_index::{Index, IndexError};
use super::store::Store;

/// Packs from which on they are merged: a lookup asks every pack, and with 1,100 of them takes 5 ms.
pub const MAX_PACKS: usize = 40;
/// Loose objects from which on they are packed.
pub const MAX_LOOSE: usize = 2_000;
/// A pack stays out of a merge when it holds at least this many times the objects of all smaller ones together: every object is
/// copied a logarithmic number of times (the rule of `git repack --geometric=2`).
const FACTOR: usize = 2;

/// What a consolidation did.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Packs that were merged and removed.
    pub packs: usize,
    /// Loose objects that were packed and removed.
    pub loose: usize,
    /// Packs and loose objects that were left alone because they are damaged: for a warning.
    pub damaged: Vec<PathBuf>,
}

/// A consolidation that was given up; the repository is as it was.
#[derive(Debug, thiserror::Error)]
pub enum ConsolidateError {
    #[error("cannot consolidate packs: {0}")]
    Io(#[from] IoError),
    #[error("cannot consolidate packs: {0}")]
    Object(#[from] ObjectError),
    #[error("cannot consolidate packs: {0}")]
    Merge(#[from] MergeError),
}

/// A pack that may be merged.
struct Source {
    path: PathBuf,
    objects: usize,
    /// What is newer comes first in the new pack.
    written: Option<SystemTime>,
}

/// True when [`run`] would do something. Costs two folder listings.
pub fn is_due(store: &Store) -> Result<bool, IoError> {
    let objects = store.root().join("objects");
    // ids are evenly spread: one of 256 folders tells, as in `git gc --auto`
    let sample = durable::names(&objects.join("17"))?.len() * 256;
    Ok(sample > MAX_LOOSE || packs(&objects)?.len() > MAX_PACKS)
}

/// Merges small packs when there are more than [`MAX_PACKS`], and packs loose objects when there are more than [`MAX_LOOSE`].
pub fn run(store: &mut Store) -> Result<Summary, ConsolidateError> {
    let objects = store.root().join("objects");
    let mut summary = Summary::default();
    let all_packs = packs(&objects)?;
    let mut sources = Vec::new();
    if all_packs.len() > MAX_PACKS {
        sources = choose(count(all_packs, &mut summary.damaged)?);
    }
    let mut loose = loose_objects(&objects)?;
    if loose.len() <= MAX_LOOSE {
        loose.clear();
    }
    merge(store, sources, loose, summary)
}

/// Merges all packs and loose objects into one pack, whatever their number.
pub fn all(store: &mut Store) -> Result<Summary, ConsolidateError> {
    let objects = store.root().join("objects");
    let mut summary = Summary::default();
    let sources = count(packs(&objects)?, &mut summary.damaged)?;
    let loose = loose_objects(&objects)?;
    merge(store, sources, loose, summary)
}

/// What the objects of a repository are stored in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stored {
    pub packs: usize,
    pub loose: usize,
    /// Of packs, their indexes and loose objects.
    pub bytes: u64,
}

/// Counts packs, loose objects and bytes.
pub fn stored(store: &Store) -> Result<Stored, IoError> {
    let objects = store.root().join("objects");
    let (packs, bytes) = packed(store.root())?;
    let loose = loose_objects(&objects)?;
    let single: u64 = loose.iter().map(|oid| size_of(&path_of(&objects, *oid))).sum();
    Ok(Stored { packs, loose: loose.len(), bytes: bytes + single })
}

fn merge(
    store: &mut Store,
    mut sources: Vec<Source>,
    loose: Vec<Oid>,
    mut summary: Summary,
) -> Result<Summary, ConsolidateError> {
    let objects = store.root().join("objects");
    if sources.len() < 2 && loose.is_empty() {
        return Ok(summary);
    }
    // packs that were read stay mapped, and would count beside what the merge itself takes
    store.reopen()?;
    sources.sort_by_key(|source| Reverse(source.written));
    let sources = sources.into_iter().map(|source| (source.path, source.objects)).collect();
    let folder = objects.join("pack");
    let mut merged = merge::merge(store.objects(), &folder, sources, loose)?;
    summary.damaged.append(&mut merged.damaged_packs);
    summary.damaged.extend(merged.damaged_loose.iter().map(|oid| path_of(&objects, *oid)));
    let Some(new) = merged.pack else { return Ok(summary) };
    merged.packs.retain(|path| *path != new.path);
    remove_packs(&folder, &merged.packs)?;
    merged.loose.iter().try_for_each(|oid| durable::remove(&path_of(&objects, *oid)))?;
    (summary.packs, summary.loose) = (merged.packs.len(), merged.loose.len());
    store.reopen()?;
    store.account_for_packs();
    Ok(summary)
}

/// Complete packs that nobody keeps: `git index-pack` marks one that is being received by a `.keep` file.
fn packs(objects: &Path) -> Result<Vec<PathBuf>, IoError> {
    let folder = objects.join("pack");
    let names: BTreeSet<String> = durable::names(&folder)?.into_iter().collect();
    let stems = names.iter().filter_map(|name| name.strip_suffix(".idx"));
    let whole = |stem: &&str| {
        stem.starts_with("pack-")
            && names.contains(&format!("{stem}.pack"))
            && !names.contains(&format!("{stem}.keep"))
            && !names.contains(&format!("{stem}.promisor"))
    };
    Ok(stems.filter(whole).map(|stem| folder.join(format!("{stem}.pack"))).collect())
}

/// How many objects the packs have.
fn count(packs: Vec<PathBuf>, damaged: &mut Vec<PathBuf>) -> Result<Vec<Source>, IoError> {
    let mut sources = Vec::new();
    for path in packs {
        match Index::open(&path.with_extension("idx")) {
            Ok(index) => {
                let written = path.metadata().and_then(|found| found.modified()).ok();
                sources.push(Source { path, objects: index.len(), written });
            }
            Err(IndexError::Malformed { .. }) => damaged.push(path),
            Err(IndexError::Io(error)) => return Err(error),
        }
    }
    Ok(sources)
}

/// The small packs, up to the first that is big against all before it.
fn choose(mut sources: Vec<Source>) -> Vec<Source> {
    sources.sort_by_key(|source| source.objects);
    let (mut sum, mut keep_from) = (0, 0);
    for (index, source) in sources.iter().enumerate() {
        if source.objects < FACTOR * sum || index == 1 {
            keep_from = index + 1;
        }
        sum += source.objects;
    }
    sources.truncate(keep_from);
    sources
}

/// The objects that have a file of their own.
fn loose_objects(objects: &Path) -> Result<Vec<Oid>, IoError> {
    let mut found = Vec::new();
    for folder in 0..=u8::MAX {
        let folder = format!("{folder:02x}");
        for name in durable::names(&objects.join(&folder))? {
            if name.len() == OID_HEX - 2 {
                found.extend(format!("{folder}{name}").parse::<Oid>().ok());
            }
        }
    }
    Ok(found)
}

fn path_of(objects: &Path, oid: Oid) -> PathBuf {
    let hex = oid.to_string();
    objects.join(&hex[..2]).join(&hex[2..])
}

/// Index first, so that nobody looks for a pack that is gone; what git derived from packs (a multi-pack index, reverse indexes,
/// bitmaps) goes with them.
fn remove_packs(folder: &Path, packs: &[PathBuf]) -> Result<(), IoError> {
    if packs.is_empty() {
        return Ok(());
    }
    for name in durable::names(folder)? {
        if name.starts_with("multi-pack-index") {
            durable::remove(&folder.join(name))?;
        }
    }
    for pack in packs {
        for extension in ["idx", "rev", "bitmap", "mtimes", "pack"] {
            durable::remove(&pack.with_extension(extension))?;
        }
    }
    durable::sync_dir(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sources(sizes: &[usize]) -> Vec<Source> {
        sizes.iter().map(|&objects| Source { path: PathBuf::new(), objects, written: None }).collect()
    }

    fn chosen(sizes: &[usize]) -> Vec<usize> {
        choose(sources(sizes)).iter().map(|source| source.objects).collect()
    }

    #[test]
    fn big_packs_stay_out() {
        assert_eq!(chosen(&[1, 1000, 1, 1]), [1, 1, 1]);
        assert_eq!(chosen(&[10, 10, 10, 10]), [10, 10, 10, 10]);
        assert_eq!(chosen(&[1, 10, 100, 1000]), [1, 10]);
        assert_eq!(chosen(&[]), [0; 0]);
    }
}
