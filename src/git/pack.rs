//! Turns a stream of objects into a pack and its index, durable and complete before either has its final name.
//!
//! Everything goes straight to a temporary file; memory holds one compressed object and 32 bytes per entry.
//! A pack without deltas is about an eighth bigger than git's own, and costs no search for bases.
#![allow(clippy::disallowed_methods)] // writes the pack files of the repository

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::{Compress, Compression, Crc, FlushCompress, Status};
use sha1::{Digest, Sha1};

use super::durable::{self, IoError};
use super::oid::{Kind, OID_BYTES, Oid};
use super::pack_index::{self, IndexEntry};

/// How the names of unfinished files of this writer start; git's own clean-up knows `tmp_`, too.
pub const TEMPORARY: &str = "tmp_pack_promgit_";
/// Bytes that are collected before they go to the file.
const BUFFER: usize = 256 * 1024;
/// Bytes before the first entry.
pub const HEADER: usize = 12;
/// Manifests are small and similar: level 3 is within 4 % of level 6 at half the time.
const LEVEL: Compression = Compression::new(3);

/// A pack that is being written. Dropping it removes what was written so far.
pub struct PackWriter {
    folder: PathBuf,
    temporary: PathBuf,
    file: BufWriter<File>,
    entries: Vec<IndexEntry>,
    offset: u64,
    encoder: EntryEncoder,
    entry: Vec<u8>,
}

/// A pack that is durable under its final name.
#[derive(Debug)]
pub struct Pack {
    /// The `.pack` file.
    pub path: PathBuf,
    pub objects: usize,
    pub bytes: u64,
}

impl PackWriter {
    /// Starts a pack in `objects/pack` of the repository.
    pub fn create(folder: &Path) -> Result<PackWriter, IoError> {
        PackWriter::with_room(folder, 0)
    }

    /// The same, for so many objects.
    pub fn with_room(folder: &Path, objects: usize) -> Result<PackWriter, IoError> {
        let temporary = folder.join(format!("{TEMPORARY}{}.pack", std::process::id()));
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(&temporary);
        let file = file.map_err(IoError::at("create", &temporary))?;
        let mut writer = PackWriter {
            folder: folder.to_owned(),
            temporary,
            file: BufWriter::with_capacity(BUFFER, file),
            entries: Vec::with_capacity(objects),
            offset: 0,
            encoder: EntryEncoder::default(),
            entry: Vec::new(),
        };
        writer.write(&header(0))?;
        Ok(writer)
    }

    /// Where it is written until it is finished.
    pub fn path(&self) -> &Path {
        &self.temporary
    }

    /// Objects so far.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// True before the first object.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes so far.
    pub fn bytes(&self) -> u64 {
        self.offset
    }

    /// Compresses and appends one object; the caller sees to it that none comes twice.
    pub fn add(&mut self, oid: Oid, kind: Kind, content: &[u8]) -> Result<(), IoError> {
        let mut entry = std::mem::take(&mut self.entry);
        entry.clear();
        let done = self.encoder.append(kind, content, &mut entry);
        let written = done.map_err(IoError::at("compress an object for", &self.temporary));
        let written = written.and_then(|()| self.add_raw(oid, &entry));
        self.entry = entry;
        written
    }

    /// Appends an entry as another pack stores it (header and compressed content, no delta).
    pub fn add_raw(&mut self, oid: Oid, entry: &[u8]) -> Result<(), IoError> {
        let mut crc = Crc::new();
        crc.update(entry);
        self.entries.push(IndexEntry { oid, offset: self.offset, crc: crc.sum() });
        self.write(entry)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), IoError> {
        self.offset += bytes.len() as u64;
        self.file.write_all(bytes).map_err(IoError::at("write", &self.temporary))
    }

    /// Makes pack, index and their names durable, in this order: whatever happens in between, the folder never holds
    /// an index whose pack is incomplete.
    pub fn finish(mut self) -> Result<Pack, IoError> {
        let checksum = self.seal()?;
        let name = format!("pack-{}", Oid::from_bytes(checksum));
        let index = unfinished_index(&self.temporary);
        durable::remove(&index)?;
        durable::create(&index, &pack_index::encode(&mut self.entries, &checksum))?;
        for file in [&self.temporary, &index] {
            // as git leaves them: nobody is to change a pack
            std::fs::set_permissions(file, Permissions::from_mode(0o444))
                .map_err(IoError::at("protect", file))?;
        }
        let path = self.folder.join(format!("{name}.pack"));
        durable::rename(&self.temporary, &path)?;
        durable::rename(&index, &path.with_extension("idx"))?;
        durable::sync_dir(&self.folder)?;
        Ok(Pack { path, objects: self.entries.len(), bytes: self.offset })
    }

    /// Writes the real header and the trailer. The count stands at the front of what the checksum covers and is known
    /// only now, so the file is read once more (from the page cache).
    fn seal(&mut self) -> Result<[u8; OID_BYTES], IoError> {
        let path = self.temporary.clone();
        let failed = || IoError::at("complete", &path);
        self.file.flush().map_err(failed())?;
        let count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let file = self.file.get_mut();
        file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&header(count))).map_err(failed())?;
        file.seek(SeekFrom::Start(0)).map_err(failed())?;
        let mut hash = Sha1::new();
        let length =
            io::copy(&mut BufReader::with_capacity(BUFFER, &mut *file), &mut hash).map_err(failed())?;
        let checksum: [u8; OID_BYTES] = hash.finalize().into();
        file.seek(SeekFrom::Start(length)).and_then(|_| file.write_all(&checksum)).map_err(failed())?;
        file.sync_all().map_err(IoError::at("make durable", &path))?;
        self.offset += OID_BYTES as u64;
        Ok(checksum)
    }
}

impl Drop for PackWriter {
    fn drop(&mut self) {
        // nothing there after `finish`; and what cannot be removed now is swept when the store is opened
        let _ = durable::remove(&self.temporary);
        let _ = durable::remove(&unfinished_index(&self.temporary));
    }
}

/// Where the index of an unfinished pack is written. git opens whatever ends in `.idx` there (packfile.c, `prepare_pack`), so
/// what a killed process left must not: `git fsck` would call it damaged, and whoever reads meanwhile would be told so.
pub fn unfinished_index(pack: &Path) -> PathBuf {
    pack.with_extension("index")
}

/// The beginning of a pack with so many entries.
pub fn header(count: u32) -> [u8; HEADER] {
    let mut header = *b"PACK\0\0\0\x02\0\0\0\0";
    header[8..].copy_from_slice(&count.to_be_bytes());
    header
}

/// Kind and size: 4 bits of the size in the first byte, then 7 bits a byte, lowest first.
fn entry_header(kind: Kind, size: usize, out: &mut Vec<u8>) {
    let code: u8 = match kind {
        Kind::Commit => 1,
        Kind::Tree => 2,
        Kind::Blob => 3,
        Kind::Tag => 4,
    };
    let mut byte = code << 4 | low_bits(size, 4);
    let mut rest = size >> 4;
    while rest > 0 {
        out.push(byte | 0x80);
        byte = low_bits(rest, 7);
        rest >>= 7;
    }
    out.push(byte);
}

fn low_bits(value: usize, bits: u32) -> u8 {
    u8::try_from(value & ((1 << bits) - 1)).unwrap_or_default()
}

/// True when the stored entry is a whole object, not a delta to another one.
pub fn is_whole(entry: &[u8]) -> bool {
    entry.first().is_some_and(|byte| matches!(byte >> 4 & 7, 1..=4))
}

/// Turns objects into the entries of a pack. One compressor for all: its tables are bigger than most manifests.
pub struct EntryEncoder {
    zlib: Compress,
}

impl Default for EntryEncoder {
    fn default() -> EntryEncoder {
        EntryEncoder { zlib: Compress::new(LEVEL, true) }
    }
}

impl EntryEncoder {
    /// Appends header and compressed content of one object.
    pub fn append(&mut self, kind: Kind, content: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
        entry_header(kind, content.len(), out);
        self.zlib.reset();
        loop {
            let done = usize::try_from(self.zlib.total_in()).unwrap_or(content.len());
            out.reserve((content.len() - done) / 2 + 64);
            match self.zlib.compress_vec(&content[done..], out, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => return Ok(()),
                Ok(_) => {}
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }
}

/// Reads the stored bytes of the entry between two offsets of a pack.
pub fn read_entry(file: &mut (impl Read + Seek), from: u64, to: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(from))?;
    let length = to.checked_sub(from).ok_or(io::ErrorKind::InvalidData)?;
    let mut entry = Vec::new();
    file.take(length).read_to_end(&mut entry)?;
    if entry.len() as u64 != length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(entry)
}
