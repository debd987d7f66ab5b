//! Turns many packs and loose objects into few packs, without git, deltas or pauses: entries are copied as they are stored.
//!
//! The new pack is durable before anything it replaces goes, so a crash leaves objects twice, never nowhere. Every object is
//! kept, also those that no branch reaches: a push may be about to name them.
#![allow(clippy::disallowed_methods)] // reads and removes the pack files of the repository

use std::collections::BTreeSet;
use std::fs::File;
use std::path::{Path, PathBuf};

use super::account::{packed, size_of};
use super::durable::{self, IoError};
use super::objects::ObjectError;
use super::oid::{OID_BYTES, OID_HEX, Oid};
use super::pack::{PackWriter, is_whole, read_entry};
use super::pack_index::{self, IndexError};
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
}

/// A pack that may be merged.
struct Source {
    path: PathBuf,
    objects: usize,
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
    sources: Vec<Source>,
    loose: Vec<Oid>,
    mut summary: Summary,
) -> Result<Summary, ConsolidateError> {
    let objects = store.root().join("objects");
    if sources.len() < 2 && loose.is_empty() {
        return Ok(summary);
    }
    // packs that were read stay mapped, and would count beside what the merge itself takes
    store.reopen()?;
    let objects_of_packs = sources.iter().map(|source| source.objects).sum();
    let pack = PackWriter::with_room(&objects.join("pack"), objects_of_packs)?;
    let mut merge = Merge { store, pack, seen: Vec::with_capacity(objects_of_packs), sorted: 0 };
    let mut replaced = Vec::new();
    for source in sources {
        match merge.copy_pack(&source.path)? {
            true => replaced.push(source.path),
            false => summary.damaged.push(source.path),
        }
    }
    merge.all_sorted();
    let mut packed = Vec::new();
    for oid in loose {
        match merge.copy_loose(oid)? {
            true => packed.push(path_of(&objects, oid)),
            false => summary.damaged.push(path_of(&objects, oid)),
        }
    }
    if merge.pack.is_empty() {
        return Ok(summary);
    }
    let new = merge.pack.finish()?.path;
    replaced.retain(|path| *path != new);
    remove_packs(&objects.join("pack"), &replaced)?;
    packed.iter().try_for_each(|path| durable::remove(path))?;
    (summary.packs, summary.loose) = (replaced.len(), packed.len());
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

/// How many objects the packs have. The list of one pack's objects is in memory at a time.
fn count(packs: Vec<PathBuf>, damaged: &mut Vec<PathBuf>) -> Result<Vec<Source>, IoError> {
    let mut sources = Vec::new();
    for path in packs {
        match pack_index::read(&path.with_extension("idx")) {
            Ok(entries) => sources.push(Source { path, objects: entries.len() }),
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

struct Merge<'a> {
    store: &'a Store,
    pack: PackWriter,
    /// What was copied: 20 bytes an object, where a set takes twice that.
    seen: Vec<Oid>,
    /// So many of them, from the front, are sorted: those of the packs before this one.
    sorted: usize,
}

impl Merge<'_> {
    /// Copies what is not there yet; false when the pack is damaged (what was copied until then is whole and does no harm).
    fn copy_pack(&mut self, pack: &Path) -> Result<bool, ConsolidateError> {
        self.all_sorted();
        let Ok(entries) = pack_index::read(&pack.with_extension("idx")) else { return Ok(false) };
        let opened = File::open(pack).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (length, mut file) = opened.map_err(IoError::at("open", pack))?;
        let ends = entries.iter().skip(1).map(|next| next.offset);
        let ends = ends.chain([length.saturating_sub(OID_BYTES as u64)]);
        for (entry, end) in entries.iter().zip(ends) {
            let Ok(bytes) = read_entry(&mut file, entry.offset, end) else { return Ok(false) };
            let mut crc = flate2::Crc::new();
            crc.update(&bytes);
            if crc.sum() != entry.crc {
                return Ok(false);
            }
            let copied = match is_whole(&bytes) {
                _ if self.has(entry.oid) => true,
                true => {
                    self.seen.push(entry.oid);
                    self.pack.add_raw(entry.oid, &bytes).map(|()| true)?
                }
                false => self.copy_whole(entry.oid)?,
            };
            if !copied {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn all_sorted(&mut self) {
        self.seen.sort_unstable();
        self.sorted = self.seen.len();
    }

    /// Copied from an earlier pack: an object is in a pack once, and has one file of its own.
    fn has(&self, oid: Oid) -> bool {
        self.seen[..self.sorted].binary_search(&oid).is_ok()
    }

    /// Copies a loose object, unless it was in a pack.
    fn copy_loose(&mut self, oid: Oid) -> Result<bool, ConsolidateError> {
        if self.has(oid) { Ok(true) } else { self.copy_whole(oid) }
    }

    /// Writes an object anew: a loose one, or one that a pushed pack holds as a delta. False when it is damaged.
    fn copy_whole(&mut self, oid: Oid) -> Result<bool, ConsolidateError> {
        let (kind, content) = match self.store.objects().read(oid) {
            Ok(object) => object,
            Err(ObjectError::Damaged { .. } | ObjectError::Missing { .. } | ObjectError::TooLarge { .. }) => {
                return Ok(false);
            }
            Err(error) => return Err(error.into()),
        };
        self.seen.push(oid);
        self.pack.add(oid, kind, &content)?;
        Ok(true)
    }
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
        sizes.iter().map(|&objects| Source { path: PathBuf::new(), objects }).collect()
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
