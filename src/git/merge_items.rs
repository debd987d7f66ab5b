//! Turns the indexes of packs into one table of what a merge writes: each object once, 56 bytes of it.
#![allow(clippy::disallowed_methods)] // reads the pack files of the repository

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::ops::{Index, IndexMut, Range};
use std::path::Path;

use super::oid::{Kind, OID_BYTES, Oid};
use super::pack_entry::{self, Form};
use super::pack_index::{self, IndexEntry};

/// No item.
pub const NONE: u32 = u32::MAX;
/// The number of no pack: an object that has a file of its own.
pub const LOOSE: u32 = u32::MAX;
/// An item that is not written yet.
pub const UNWRITTEN: u64 = u64::MAX;
/// An item that cannot be written.
pub const LOST: u64 = u64::MAX - 1;
/// Depths and heights that are not told apart.
pub const DEEP: u8 = 250;
/// How many beginnings of two bytes there are.
const STARTS: usize = 1 << 16;
/// Bytes that are read at once.
const BUFFER: usize = 256 << 10;

/// How an object is stored where it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    Whole(Kind),
    /// As a delta to the item that is its base, in the same pack.
    Delta,
    /// In a way that is not copied: it is read, and written anew.
    Otherwise,
}

/// An object of the merge.
#[derive(Clone, Copy)]
pub struct Item {
    pub oid: Oid,
    /// Of the stored bytes, first in its pack, then in the new one.
    pub crc: u32,
    /// Where it starts in its pack.
    pub from: u64,
    /// Where it starts in the new pack.
    pub to: u64,
    /// Stored bytes in its pack.
    pub length: u32,
    pub pack: u32,
    /// The item that it is a delta to, or shall become one.
    pub base: u32,
    pub stored: Stored,
    /// Deltas from it to a whole object.
    pub depth: u8,
    /// Deltas that are stacked on it as it is stored.
    pub height: u8,
}

impl Item {
    /// True when it is whole, and shall become a delta.
    pub fn is_to_shrink(&self) -> bool {
        self.base != NONE && matches!(self.stored, Stored::Whole(_))
    }
}

/// The objects of a merge, sorted by id.
pub struct Items {
    items: Vec<Item>,
    /// Of each two first bytes of an id, where the items begin that start so.
    starts: Vec<u32>,
    /// Their numbers in the order of the packs, and of offsets in each.
    order: Vec<u32>,
    /// Packs with deltas, ascending.
    with_deltas: Vec<u32>,
}

/// Collects the objects of a merge.
#[derive(Default)]
pub struct Loader {
    items: Vec<Item>,
    with_deltas: Vec<u32>,
}

impl Loader {
    pub fn with_room(objects: usize) -> Loader {
        Loader { items: Vec::with_capacity(objects), with_deltas: Vec::new() }
    }

    /// Takes the objects of a pack with a higher number than those before; false when it is damaged, and nothing of it was taken.
    pub fn add_pack(&mut self, number: u32, pack: &Path) -> io::Result<bool> {
        let Ok(index) = pack_index::Index::open(&pack.with_extension("idx")) else { return Ok(false) };
        let start = self.items.len();
        let read = index.each(|entry| self.items.push(item(number, entry)));
        read.map_err(|error| error.source)?;
        self.items[start..].sort_unstable_by_key(|item| item.from);
        let whole = scan(pack, &mut self.items[start..])?;
        if !whole {
            self.items.truncate(start);
        } else if self.items[start..].iter().any(|item| item.stored == Stored::Delta) {
            self.with_deltas.push(number);
        }
        Ok(whole)
    }

    /// Takes an object that has a file of its own.
    pub fn add_loose(&mut self, oid: Oid) {
        let item = item(LOOSE, IndexEntry { oid, offset: 0, crc: 0 });
        self.items.push(Item { to: UNWRITTEN, ..item });
    }

    /// The table. Of an object that is in more than one pack the first counts.
    pub fn finish(self) -> Items {
        let Loader { mut items, with_deltas } = self;
        items.sort_unstable_by_key(|item| (item.oid, item.pack));
        items.dedup_by_key(|item| item.oid);
        let mut order: Vec<u32> = (0..number(items.len())).collect();
        order.sort_unstable_by_key(|&index| place(&items[index as usize]));
        let starts = starts(&items);
        let mut items = Items { items, starts, order, with_deltas };
        items.find_bases();
        items.measure_heights();
        items
    }
}

fn start_of(oid: Oid) -> usize {
    let [a, b, ..] = *oid.as_bytes();
    usize::from(u16::from_be_bytes([a, b]))
}

fn starts(items: &[Item]) -> Vec<u32> {
    let mut starts = Vec::with_capacity(STARTS + 1);
    for (index, item) in items.iter().enumerate() {
        let start = start_of(item.oid);
        while starts.len() <= start {
            starts.push(number(index));
        }
    }
    starts.resize(STARTS + 1, number(items.len()));
    starts
}

fn item(pack: u32, entry: IndexEntry) -> Item {
    let IndexEntry { oid, offset: from, crc } = entry;
    let stored = Stored::Otherwise;
    Item { oid, crc, from, to: 0, length: 0, pack, base: NONE, stored, depth: 0, height: 0 }
}

fn place(item: &Item) -> (u32, u64) {
    (item.pack, item.from)
}

fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(NONE)
}

/// Reads the whole pack once, checks it, and says of each entry (sorted by offset) how long it is, how it is stored, and where its
/// base starts. False when the pack is damaged.
fn scan(pack: &Path, items: &mut [Item]) -> io::Result<bool> {
    let file = File::open(pack)?;
    let end = file.metadata()?.len().saturating_sub(OID_BYTES as u64);
    let mut file = BufReader::with_capacity(BUFFER, file);
    let mut at = 0;
    let mut entry = Vec::new();
    for index in 0..items.len() {
        let (before, rest) = items.split_at_mut(index);
        let (Some(item), next) = (rest.first().copied(), rest.get(1).map_or(end, |next| next.from)) else {
            continue;
        };
        let Some(length) = next.checked_sub(item.from).and_then(|length| u32::try_from(length).ok()) else {
            return Ok(false);
        };
        if item.from != at {
            file.seek(SeekFrom::Start(item.from))?;
        }
        entry.clear();
        (&mut file).take(u64::from(length)).read_to_end(&mut entry)?;
        at = next;
        let Some((stored, base)) = stored(&item, &entry, length) else { return Ok(false) };
        if stored == Stored::Delta && before.binary_search_by_key(&base, |other| other.from).is_err() {
            return Ok(false);
        }
        rest[0] = Item { length, stored, to: base, ..item };
    }
    Ok(true)
}

/// How an entry is stored, and where its base starts; nothing when it is damaged.
fn stored(item: &Item, entry: &[u8], length: u32) -> Option<(Stored, u64)> {
    let mut crc = flate2::Crc::new();
    crc.update(entry);
    if entry.len() != length as usize || crc.sum() != item.crc {
        return None;
    }
    match pack_entry::parse(entry)?.form {
        Form::Whole(kind) => Some((Stored::Whole(kind), 0)),
        Form::Near(distance) => Some((Stored::Delta, item.from.checked_sub(distance)?)),
        Form::Reference => Some((Stored::Otherwise, 0)),
    }
}

impl Items {
    pub fn count(&self) -> usize {
        self.items.len()
    }

    /// The number of an object.
    pub fn find(&self, oid: Oid) -> Option<usize> {
        let [from, to] = [0, 1].map(|next| self.starts[start_of(oid) + next] as usize);
        self.items[from..to].binary_search_by_key(&oid, |item| item.oid).ok().map(|at| from + at)
    }

    /// The number of the item in this place of [`Items::order`].
    pub fn nth(&self, position: usize) -> usize {
        self.order[position] as usize
    }

    /// Of each pack the places of its items in [`Items::order`].
    pub fn packs(&self) -> Vec<Range<usize>> {
        let pack = |index: &u32| self.items[*index as usize].pack;
        let groups = self.order.chunk_by(|one, other| pack(one) == pack(other));
        let end = |end: &mut usize, group: &[u32]| {
            let start = *end;
            *end += group.len();
            Some(start..*end)
        };
        groups.scan(0, end).collect()
    }

    /// True when somebody has looked for deltas in this pack before.
    pub fn was_searched(&self, pack: u32) -> bool {
        self.with_deltas.binary_search(&pack).is_ok()
    }

    /// What was written, sorted by id.
    pub fn written(&self) -> impl Iterator<Item = IndexEntry> {
        let written = self.items.iter().filter(|item| item.to < LOST);
        written.map(|item| IndexEntry { oid: item.oid, offset: item.to, crc: item.crc })
    }

    /// An offset becomes the number of an item. One whose base counts in another pack is not copied as it is.
    fn find_bases(&mut self) {
        for index in 0..self.items.len() {
            let Item { stored, to: base, pack, .. } = self.items[index];
            self.items[index].to = UNWRITTEN;
            if stored != Stored::Delta {
                continue;
            }
            let wanted = (pack, base);
            let found = self.order.binary_search_by_key(&wanted, |&other| place(&self.items[other as usize]));
            let item = &mut self.items[index];
            match found {
                Ok(position) => item.base = self.order[position],
                Err(_) => item.stored = Stored::Otherwise,
            }
        }
    }

    fn measure_heights(&mut self) {
        for index in 0..self.items.len() {
            let (mut at, mut height) = (index, 0);
            while self.items[at].stored == Stored::Delta && height < DEEP {
                at = self.items[at].base as usize;
                height += 1;
                if self.items[at].height >= height {
                    break;
                }
                self.items[at].height = height;
            }
        }
    }
}

impl Index<usize> for Items {
    type Output = Item;

    fn index(&self, index: usize) -> &Item {
        &self.items[index]
    }
}

impl IndexMut<usize> for Items {
    fn index_mut(&mut self, index: usize) -> &mut Item {
        &mut self.items[index]
    }
}
