//! Turns many packs and loose objects into one pack, with deltas between revisions of a file.
//!
//! What is a delta stays one: compressed bytes are copied, only the way to the base is written anew. What is whole becomes a delta to
//! its next revision ([`super::merge_bases`]) when that is smaller. Newest packs come first, and what is a base comes before its
//! deltas: so the newest revisions are whole and side by side, which is what the next commits read.
//!
//! Memory is 60 bytes an object, and a few MiB of contents: they are read from the files, and nothing is mapped.

use std::path::{Path, PathBuf};

use super::delta;
use super::durable::IoError;
use super::merge_bases;
use super::merge_content::Contents;
use super::merge_items::{Item, Items, LOOSE, LOST, Loader, NONE, Stored, UNWRITTEN};
use super::merge_sources::Sources;
use super::objects::{ObjectError, Objects};
use super::oid::{Kind, Oid, object_id};
use super::pack::{Pack, PackFile};
use super::pack_entry::{EntryEncoder, Form, delta_header, parse};

/// Objects below that size are left whole, as by git: what names the base takes what a delta would save.
const SMALLEST: usize = 50;
/// Objects above that size are left whole: a manifest has at most what etcd takes (1.5 MB), and both revisions are in memory.
const LARGEST: usize = 4 << 20;

/// A merge that was given up.
#[derive(Debug, thiserror::Error)]
pub enum MergeError {
    #[error(transparent)]
    Io(#[from] IoError),
    #[error(transparent)]
    Object(#[from] ObjectError),
}

/// What became of a merge.
#[derive(Debug, Default)]
pub struct Merged {
    /// The new pack, unless there was nothing to write.
    pub pack: Option<Pack>,
    /// Packs of which everything is in the new one.
    pub packs: Vec<PathBuf>,
    /// Loose objects that are in the new pack.
    pub loose: Vec<Oid>,
    /// Packs and loose objects that cannot be read.
    pub damaged_packs: Vec<PathBuf>,
    pub damaged_loose: Vec<Oid>,
}

/// Writes one pack of all of these into `folder`, durably; removes nothing. `packs` come newest first, with the number of their objects.
pub fn merge(
    objects: &Objects,
    folder: &Path,
    packs: Vec<(PathBuf, usize)>,
    loose: Vec<Oid>,
) -> Result<Merged, MergeError> {
    let mut merged = Merged::default();
    let room = packs.iter().map(|(_, objects)| objects).sum::<usize>() + loose.len();
    let mut loader = Loader::with_room(room);
    let sources = Sources::new(packs.into_iter().map(|(path, _)| path).collect());
    let mut damaged = Vec::new();
    for (number, path) in sources.numbered() {
        if !loader.add_pack(number, path).map_err(IoError::at("read", path))? {
            damaged.push(number);
        }
    }
    loose.iter().for_each(|oid| loader.add_loose(*oid));
    let mut items = loader.finish();
    let mut contents = Contents::new(sources, objects);
    merge_bases::find(&mut items, &mut contents);
    let file = PackFile::create(folder)?;
    let mut merge = Merge { items, contents, file, encoder: EntryEncoder::default(), damaged };
    for position in 0..merge.items.count() {
        merge.write(merge.items.nth(position))?;
    }
    let Merge { items, contents, file, damaged, .. } = merge;
    for (number, path) in contents.sources.numbered() {
        let list = if damaged.contains(&number) { &mut merged.damaged_packs } else { &mut merged.packs };
        list.push(path.to_owned());
    }
    let is_written = |oid: &Oid| items.find(*oid).is_some_and(|index| items[index].to < LOST);
    (merged.loose, merged.damaged_loose) = loose.into_iter().partition(is_written);
    if items.written().next().is_some() {
        merged.pack = Some(file.finish(|| items.written())?);
    }
    Ok(merged)
}

struct Merge<'a> {
    items: Items,
    contents: Contents<'a>,
    file: PackFile,
    encoder: EntryEncoder,
    /// Packs that hold something that cannot be read.
    damaged: Vec<u32>,
}

impl Merge<'_> {
    /// Writes an item, and before it the base that it needs.
    fn write(&mut self, index: usize) -> Result<(), MergeError> {
        let mut waiting = vec![index];
        while let Some(&index) = waiting.last() {
            let Item { to, base, .. } = self.items[index];
            if to != UNWRITTEN {
                waiting.pop();
            } else if base != NONE && self.items[base as usize].to == UNWRITTEN {
                waiting.push(base as usize);
            } else {
                self.write_one(index)?;
            }
        }
        Ok(())
    }

    fn write_one(&mut self, index: usize) -> Result<(), MergeError> {
        let item = self.items[index];
        let entry = match item.stored {
            Stored::Otherwise => None,
            Stored::Whole(kind) => self.whole(index, kind),
            Stored::Delta => self.moved_delta(&item),
        };
        let entry = match entry {
            Some(entry) => Some(entry),
            None => self.anew(item.oid)?,
        };
        match entry {
            Some(entry) => {
                let (to, crc) = self.file.append(&entry)?;
                let item = &mut self.items[index];
                (item.to, item.crc) = (to, crc);
            }
            None => self.lose(index),
        }
        Ok(())
    }

    /// Cannot be written: the pack that should hold it stays.
    fn lose(&mut self, index: usize) {
        let item = &mut self.items[index];
        item.to = LOST;
        if item.pack != LOOSE && !self.damaged.contains(&item.pack) {
            self.damaged.push(item.pack);
        }
    }

    /// The entry of an object that is whole: a delta, where that is smaller.
    fn whole(&mut self, index: usize, kind: Kind) -> Option<Vec<u8>> {
        let item = self.items[index];
        let entry = self.stored(&item)?;
        let size = parse(&entry)?.size;
        if item.base != NONE && (SMALLEST..=LARGEST).contains(&size) {
            let delta = self.delta(index, kind, entry.len());
            return delta.or(Some(entry));
        }
        Some(entry)
    }

    /// The entry of an item that is not written yet, as its pack has it.
    fn stored(&mut self, item: &Item) -> Option<Vec<u8>> {
        let entry = self.contents.sources.read(item.pack, item.from, item.length).ok()?;
        let mut crc = flate2::Crc::new();
        crc.update(&entry);
        (crc.sum() == item.crc).then_some(entry)
    }

    /// The entry of a delta to its base, when it has less than `limit` bytes. Both contents are compared with their ids, and what the
    /// delta makes with what it should: a wrong one would be found when it is too late.
    fn delta(&mut self, index: usize, kind: Kind, limit: usize) -> Option<Vec<u8>> {
        let item = self.items[index];
        let base = self.items[item.base as usize];
        let distance = self.distance(base.to)?;
        let old = self.contents.of(&self.items, index)?;
        let new = self.contents.of(&self.items, item.base as usize).filter(|new| new.len() <= LARGEST)?;
        let delta = delta::encode(&new, &old, limit)?;
        let right = object_id(kind, &old) == item.oid && object_id(kind, &new) == base.oid;
        if !right || delta::apply(&new, &delta, old.len()).as_deref() != Some(old.as_ref()) {
            return None;
        }
        let mut entry = Vec::with_capacity(limit);
        delta_header(distance, delta.len(), &mut entry);
        self.encoder.compress(&delta, &mut entry).ok()?;
        (entry.len() < limit).then_some(entry)
    }

    /// The entry of what is stored as a delta, with the new way to its base.
    fn moved_delta(&mut self, item: &Item) -> Option<Vec<u8>> {
        let distance = self.distance(self.items[item.base as usize].to)?;
        let stored = self.stored(item)?;
        let header = parse(&stored).filter(|header| matches!(header.form, Form::Near(_)))?;
        let mut entry = Vec::with_capacity(stored.len() + 8);
        delta_header(distance, header.size, &mut entry);
        entry.extend_from_slice(&stored[header.length..]);
        Some(entry)
    }

    /// From the next entry back to one that is written.
    fn distance(&self, to: u64) -> Option<u64> {
        if to < LOST { self.file.offset().checked_sub(to) } else { None }
    }

    /// The entry of an object that is read as anybody reads it; nothing when that cannot be done.
    fn anew(&mut self, oid: Oid) -> Result<Option<Vec<u8>>, MergeError> {
        let (kind, content) = match self.contents.objects.read(oid) {
            Ok(object) => object,
            Err(ObjectError::Damaged { .. } | ObjectError::Missing { .. } | ObjectError::TooLarge { .. }) => {
                return Ok(None);
            }
            Err(error) => return Err(error.into()),
        };
        let mut entry = Vec::new();
        let done = self.encoder.append(kind, &content, &mut entry);
        Ok(done.ok().map(|()| entry))
    }
}
