//! Turns the list of a pack's objects into its `.idx` file (version 2, gitformat-pack), and back.

use std::path::{Path, PathBuf};

use sha1::{Digest, Sha1};

use super::durable::{self, IoError};
use super::oid::{OID_BYTES, Oid};

const MAGIC: [u8; 8] = [0xff, b't', b'O', b'c', 0, 0, 0, 2];
const FANOUT: usize = 256 * 4;
/// Offsets from here on go into the 8-byte table.
const LARGE: u64 = 1 << 31;

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

/// The bytes of the index of a pack; sorts the entries by id.
pub fn encode(entries: &mut [IndexEntry], pack_checksum: &[u8; OID_BYTES]) -> Vec<u8> {
    entries.sort_unstable_by_key(|entry| entry.oid);
    let mut out = Vec::with_capacity(MAGIC.len() + FANOUT + entries.len() * 28 + 2 * OID_BYTES);
    out.extend_from_slice(&MAGIC);
    let mut below = 0;
    for first in 0..=u8::MAX {
        below += entries[below..].iter().take_while(|e| e.oid.as_bytes()[0] == first).count();
        out.extend_from_slice(&u32_of(below).to_be_bytes());
    }
    entries.iter().for_each(|e| out.extend_from_slice(e.oid.as_bytes()));
    entries.iter().for_each(|e| out.extend_from_slice(&e.crc.to_be_bytes()));
    let mut large = Vec::new();
    for entry in entries.iter() {
        let word = match u32::try_from(entry.offset) {
            Ok(small) if entry.offset < LARGE => small,
            _ => {
                large.push(entry.offset);
                u32_of(large.len() - 1) | 1 << 31
            }
        };
        out.extend_from_slice(&word.to_be_bytes());
    }
    large.iter().for_each(|offset| out.extend_from_slice(&offset.to_be_bytes()));
    out.extend_from_slice(pack_checksum);
    let checksum = Sha1::digest(&out);
    out.extend_from_slice(&checksum);
    out
}

/// A pack holds at most 2^32 - 1 objects; the writers here stop far below.
fn u32_of(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// The entries of an index file, in the order of their offsets.
pub fn read(path: &Path) -> Result<Vec<IndexEntry>, IndexError> {
    let bytes = durable::read(path)?.unwrap_or_default();
    let mut entries = decode(&bytes).ok_or_else(|| IndexError::Malformed { path: path.to_owned() })?;
    entries.sort_unstable_by_key(|entry| entry.offset);
    Ok(entries)
}

fn decode(bytes: &[u8]) -> Option<Vec<IndexEntry>> {
    let (body, checksum) = bytes.split_at_checked(bytes.len().checked_sub(OID_BYTES)?)?;
    if Sha1::digest(body).as_slice() != checksum || !body.starts_with(&MAGIC) {
        return None;
    }
    let tables = body.get(MAGIC.len()..)?;
    let count = usize::try_from(be32(tables, FANOUT / 4 - 1)?).ok()?;
    let oids = tables.get(FANOUT..)?;
    let crcs = oids.get(count.checked_mul(OID_BYTES)?..)?;
    let offsets = crcs.get(count.checked_mul(4)?..)?;
    let large = offsets.get(count * 4..)?;
    let entry = |i: usize| {
        let word = be32(offsets, i)?;
        let offset = if u64::from(word) < LARGE {
            u64::from(word)
        } else {
            let at = 8 * usize::try_from(word & 0x7fff_ffff).ok()?;
            u64::from_be_bytes(large.get(at..at + 8)?.try_into().ok()?)
        };
        Some(IndexEntry { oid: Oid::from_slice(oids.get(i * OID_BYTES..)?)?, offset, crc: be32(crcs, i)? })
    };
    (0..count).map(entry).collect()
}

fn be32(bytes: &[u8], index: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(4 * index..4 * index + 4)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::oid::blob_id;

    #[test]
    fn large_offsets_read_back() {
        let mut entries: Vec<IndexEntry> = (0u32..300)
            .map(|i| IndexEntry { oid: blob_id(&i.to_be_bytes()), offset: u64::from(i) << 24, crc: i })
            .collect();
        let bytes = encode(&mut entries, &[7; OID_BYTES]);
        assert_eq!(decode(&bytes).unwrap(), entries);
        assert_eq!(decode(&bytes[..bytes.len() - 1]), None);
        assert_eq!(decode(b""), None);
    }
}
