//! Turns a stream of objects into a pack and its index, durable and complete before either has its final name.
//!
//! Everything goes straight to a temporary file; memory holds one compressed object and 32 bytes per entry.
//! A flush writes no deltas, as nobody shall wait for a search for bases: [`super::merge`] makes them later.
#![allow(clippy::disallowed_methods)] // writes the pack files of the repository

use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, BufReader, BufWriter, Seek, SeekFrom, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use flate2::Crc;
use sha1::{Digest, Sha1};

use super::durable::{self, IoError};
use super::oid::{Kind, OID_BYTES, Oid};
use super::pack_entry::EntryEncoder;
use super::pack_index::{self, IndexEntry};

/// How the names of unfinished files of this writer start; git's own clean-up knows `tmp_`, too.
pub const TEMPORARY: &str = "tmp_pack_promgit_";
/// Bytes that are collected before they go to the file.
const BUFFER: usize = 256 * 1024;
/// Bytes before the first entry.
pub const HEADER: usize = 12;

/// The file of a pack that is being written. Dropping it removes what was written so far.
pub struct PackFile {
    folder: PathBuf,
    temporary: PathBuf,
    file: BufWriter<File>,
    offset: u64,
}

/// A pack that is being written from objects.
pub struct PackWriter {
    file: PackFile,
    entries: Vec<IndexEntry>,
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
        let file = PackFile::create(folder)?;
        Ok(PackWriter { file, entries: Vec::new(), encoder: EntryEncoder::default(), entry: Vec::new() })
    }

    /// Where it is written until it is finished.
    pub fn path(&self) -> &Path {
        &self.file.temporary
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
        self.file.offset
    }

    /// Compresses and appends one object; the caller sees to it that none comes twice.
    pub fn add(&mut self, oid: Oid, kind: Kind, content: &[u8]) -> Result<(), IoError> {
        self.entry.clear();
        let done = self.encoder.append(kind, content, &mut self.entry);
        done.map_err(IoError::at("compress an object for", &self.file.temporary))?;
        let (offset, crc) = self.file.append(&self.entry)?;
        self.entries.push(IndexEntry { oid, offset, crc });
        Ok(())
    }

    /// Makes pack, index and their names durable.
    pub fn finish(mut self) -> Result<Pack, IoError> {
        self.entries.sort_unstable_by_key(|entry| entry.oid);
        let entries = &self.entries;
        self.file.finish(|| entries.iter().copied())
    }
}

impl PackFile {
    /// Starts a pack in `objects/pack` of the repository.
    pub fn create(folder: &Path) -> Result<PackFile, IoError> {
        let temporary = folder.join(format!("{TEMPORARY}{}.pack", std::process::id()));
        let mut options = OpenOptions::new();
        let file = options.read(true).write(true).create(true).truncate(true).open(&temporary);
        let file = file.map_err(IoError::at("create", &temporary))?;
        let file = BufWriter::with_capacity(BUFFER, file);
        let mut pack = PackFile { folder: folder.to_owned(), temporary, file, offset: 0 };
        pack.write(&header(0))?;
        Ok(pack)
    }

    /// Where the next entry will start.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Appends an entry; says where it starts, and its checksum.
    pub fn append(&mut self, entry: &[u8]) -> Result<(u64, u32), IoError> {
        let (offset, mut crc) = (self.offset, Crc::new());
        crc.update(entry);
        self.write(entry)?;
        Ok((offset, crc.sum()))
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), IoError> {
        self.offset += bytes.len() as u64;
        self.file.write_all(bytes).map_err(IoError::at("write", &self.temporary))
    }

    /// Makes pack, index and their names durable, in this order: whatever happens in between, the folder never holds
    /// an index whose pack is incomplete. `entries` gives what was appended, sorted by id, as often as it is asked.
    pub fn finish<I: Iterator<Item = IndexEntry>>(
        mut self,
        entries: impl Fn() -> I,
    ) -> Result<Pack, IoError> {
        let objects = entries().count();
        let checksum = self.seal(objects)?;
        let name = format!("pack-{}", Oid::from_bytes(checksum));
        let index = unfinished_index(&self.temporary);
        durable::remove(&index)?;
        pack_index::create(&index, &checksum, entries)?;
        for file in [&self.temporary, &index] {
            // as git leaves them: nobody is to change a pack
            std::fs::set_permissions(file, Permissions::from_mode(0o444))
                .map_err(IoError::at("protect", file))?;
        }
        let path = self.folder.join(format!("{name}.pack"));
        durable::rename(&self.temporary, &path)?;
        durable::rename(&index, &path.with_extension("idx"))?;
        durable::sync_dir(&self.folder)?;
        Ok(Pack { path, objects, bytes: self.offset })
    }

    /// Writes the real header and the trailer. The count stands at the front of what the checksum covers and is known
    /// only now, so the file is read once more (from the page cache).
    fn seal(&mut self, objects: usize) -> Result<[u8; OID_BYTES], IoError> {
        let path = self.temporary.clone();
        let failed = || IoError::at("complete", &path);
        self.file.flush().map_err(failed())?;
        let count = u32::try_from(objects).unwrap_or(u32::MAX);
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

impl Drop for PackFile {
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
