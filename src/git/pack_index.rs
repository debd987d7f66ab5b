//! Turns the list of a pack's objects into its `.idx` file (version 2, gitformat-pack), and back, as a stream: the index of a big
//! repository is bigger than all else that a merge keeps.
#![allow(clippy::disallowed_methods)] // reads and writes the index files of the repository

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use sha1::{Digest, Sha1};

use super::durable::IoError;
use super::oid::{OID_BYTES, Oid};

const MAGIC: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
const FANOUT: usize = 256 * 4;
/// Where the table of ids starts.
const TABLES: u64 = (MAGIC.len() + FANOUT) as u64;
/// Bytes of an object in the tables: its id, its checksum, its offset.
const ENTRY: u64 = OID_BYTES as u64 + 4 + 4;
/// Checksums of the pack and of the index.
const TRAILER: u64 = 2 * OID_BYTES as u64;
/// Offsets from here on go into the 8-byte table.
const LARGE: u64 = 1 << 31;
/// Bytes that are read or written at once.
const BUFFER: usize = 64 << 10;

/// Where one object starts in its pack, and the checksum of its stored bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IndexEntry {
    pub oid: Oid,
    pub offset: u64,
    pub crc: u32,
}

/// An index that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error(transparent)]
    Io(#[from] IoError),
    #[error("{} is not a complete version 2 pack index; rebuild it with `git index-pack`", path.display())]
    Malformed { path: PathBuf },
}

/// Creates the index of a pack and makes its content durable. `entries` gives them sorted by id, as often as it is asked.
pub fn create<I: Iterator<Item = IndexEntry>>(
    path: &Path,
    pack_checksum: &[u8; OID_BYTES],
    entries: impl Fn() -> I,
) -> Result<(), IoError> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let file = file.map_err(IoError::at("create", path))?;
    let mut hashed = Hashed { file: BufWriter::with_capacity(BUFFER, file), hash: Sha1::new() };
    let written = write_tables(&mut hashed, entries).and_then(|()| hashed.write_all(pack_checksum));
    let checksum = hashed.hash.finalize_reset();
    let written = written.and_then(|()| hashed.file.write_all(&checksum)).and_then(|()| hashed.file.flush());
    written.map_err(IoError::at("write", path))?;
    hashed.file.get_ref().sync_all().map_err(IoError::at("make durable", path))
}

/// What is written, with the checksum of it.
struct Hashed {
    file: BufWriter<File>,
    hash: Sha1,
}

impl Hashed {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hash.update(bytes);
        self.file.write_all(bytes)
    }
}

fn write_tables<I: Iterator<Item = IndexEntry>>(out: &mut Hashed, entries: impl Fn() -> I) -> io::Result<()> {
    out.write_all(&MAGIC)?;
    let mut counts = [0u32; 256];
    entries().for_each(|entry| counts[usize::from(entry.oid.as_bytes()[0])] += 1);
    let mut below = 0;
    for count in counts {
        below += count;
        out.write_all(&below.to_be_bytes())?;
    }
    entries().try_for_each(|entry| out.write_all(entry.oid.as_bytes()))?;
    entries().try_for_each(|entry| out.write_all(&entry.crc.to_be_bytes()))?;
    let mut large = 0;
    for entry in entries() {
        let word = match u32::try_from(entry.offset) {
            Ok(small) if entry.offset < LARGE => small,
            _ => {
                large += 1;
                (large - 1) | 1 << 31
            }
        };
        out.write_all(&word.to_be_bytes())?;
    }
    let mut large = entries().filter(|entry| entry.offset >= LARGE);
    large.try_for_each(|entry| out.write_all(&entry.offset.to_be_bytes()))
}

/// An index file that is whole.
pub struct Index {
    path: PathBuf,
    count: usize,
}

impl Index {
    /// Opens an index and checks the whole of it against its own checksum.
    pub fn open(path: &Path) -> Result<Index, IndexError> {
        match counted(path) {
            Ok(Some(count)) => Ok(Index { path: path.to_owned(), count }),
            Ok(None) => Err(IndexError::Malformed { path: path.to_owned() }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                Err(IndexError::Malformed { path: path.to_owned() })
            }
            Err(error) => Err(IoError::at("read", path)(error).into()),
        }
    }

    /// How many objects the pack has.
    pub fn len(&self) -> usize {
        self.count
    }

    /// True for the index of a pack without objects.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Gives every entry, sorted by id.
    pub fn each(&self, take: impl FnMut(IndexEntry)) -> Result<(), IoError> {
        self.read_tables(take).map_err(IoError::at("read", &self.path))
    }

    /// True when the pack should hold this object.
    pub fn holds(&self, oid: Oid) -> Result<bool, IoError> {
        let mut held = false;
        self.each(|entry| held |= entry.oid == oid)?;
        Ok(held)
    }

    fn read_tables(&self, mut take: impl FnMut(IndexEntry)) -> io::Result<()> {
        let count = self.count as u64;
        let mut oids = self.from(TABLES)?;
        let mut crcs = self.from(TABLES + count * OID_BYTES as u64)?;
        let mut offsets = self.from(TABLES + count * (OID_BYTES as u64 + 4))?;
        let large_table = TABLES + count * ENTRY;
        for _ in 0..self.count {
            let oid = Oid::from_bytes(array(&mut oids)?);
            let crc = u32::from_be_bytes(array(&mut crcs)?);
            let offset = match u32::from_be_bytes(array(&mut offsets)?) {
                small if u64::from(small) < LARGE => u64::from(small),
                word => {
                    let mut large = self.from(large_table + 8 * u64::from(word & 0x7fff_ffff))?;
                    u64::from_be_bytes(array(&mut large)?)
                }
            };
            take(IndexEntry { oid, offset, crc });
        }
        Ok(())
    }

    fn from(&self, position: u64) -> io::Result<BufReader<File>> {
        let mut file = File::open(&self.path)?;
        file.seek(SeekFrom::Start(position))?;
        Ok(BufReader::with_capacity(BUFFER, file))
    }
}

/// The number of entries, when length and checksum are right.
fn counted(path: &Path) -> io::Result<Option<usize>> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut file = BufReader::with_capacity(BUFFER, file);
    if length < TABLES + TRAILER {
        return Ok(None);
    }
    let mut start = [0; TABLES as usize];
    file.read_exact(&mut start)?;
    let mut hash = Sha1::new();
    hash.update(start);
    io::copy(&mut (&mut file).take(length - TABLES - OID_BYTES as u64), &mut hash)?;
    let checksum: [u8; OID_BYTES] = array(&mut file)?;
    let [.., a, b, c, d] = start;
    let count = u32::from_be_bytes([a, b, c, d]);
    let tables = TABLES + u64::from(count) * ENTRY + TRAILER;
    let fits = length >= tables && (length - tables).is_multiple_of(8);
    let whole = fits && start.starts_with(&MAGIC) && hash.finalize().as_slice() == checksum;
    Ok(usize::try_from(count).ok().filter(|_| whole))
}

fn array<const N: usize>(from: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::oid::blob_id;

    fn is_malformed(path: &Path) -> bool {
        matches!(Index::open(path), Err(IndexError::Malformed { .. }))
    }

    #[test]
    fn large_offsets_read_back() {
        let mut entries: Vec<IndexEntry> = (0u32..300)
            .map(|i| IndexEntry { oid: blob_id(&i.to_be_bytes()), offset: u64::from(i) << 24, crc: i })
            .collect();
        entries.sort_by_key(|entry| entry.oid);
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.idx");
        create(&path, &[7; OID_BYTES], || entries.iter().copied()).unwrap();
        let index = Index::open(&path).unwrap();
        let mut read = Vec::new();
        index.each(|entry| read.push(entry)).unwrap();
        assert_eq!((index.len(), &read), (300, &entries));
        assert!(index.holds(entries[7].oid).unwrap() && !index.holds(blob_id(b"")).unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        assert!(is_malformed(&path));
        bytes[2000] ^= 1;
        std::fs::write(&path, &bytes).unwrap();
        assert!(is_malformed(&path));
        std::fs::write(&path, b"").unwrap();
        assert!(is_malformed(&path) && is_malformed(folder.path().join("none").as_path()));
    }
}
