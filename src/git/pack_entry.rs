//! Turns objects and deltas into the entries of a pack (gitformat-pack), and back.

use std::io;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::oid::Kind;

/// Manifests are small and similar: level 3 is within 4 % of level 6 at half the time.
const LEVEL: Compression = Compression::new(3);
/// The code of a delta whose base is named by its distance in the pack.
const OFFSET_DELTA: u8 = 6;
/// The code of a delta whose base is named by its id.
const REFERENCE_DELTA: u8 = 7;

/// What an entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Whole(Kind),
    /// A delta to the entry that starts so many bytes before this one.
    Near(u64),
    /// A delta to an object by its id, which follows.
    Reference,
}

/// The beginning of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    pub form: Form,
    /// Bytes of what is compressed: the object, or the delta.
    pub size: usize,
    /// Where the compressed bytes start.
    pub length: usize,
}

/// Reads the beginning of an entry; nothing where it is none.
pub fn parse(entry: &[u8]) -> Option<Header> {
    let (&first, mut rest) = entry.split_first()?;
    let (mut size, mut shift, mut byte) = (u64::from(first & 0x0f), 4, first);
    while byte & 0x80 != 0 {
        (byte, rest) = rest.split_first().map(|(&byte, rest)| (byte, rest))?;
        size |= u64::from(byte & 0x7f).checked_shl(shift).filter(|_| shift < 57)?;
        shift += 7;
    }
    let form = match first >> 4 & 7 {
        1 => Form::Whole(Kind::Commit),
        2 => Form::Whole(Kind::Tree),
        3 => Form::Whole(Kind::Blob),
        4 => Form::Whole(Kind::Tag),
        OFFSET_DELTA => {
            let (distance, after) = parse_distance(rest)?;
            rest = after;
            Form::Near(distance)
        }
        REFERENCE_DELTA => Form::Reference,
        _ => return None,
    };
    Some(Header { form, size: usize::try_from(size).ok()?, length: entry.len() - rest.len() })
}

/// 7 bits a byte, highest first; each further byte adds one, so that no distance has two spellings.
fn parse_distance(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (&first, mut rest) = bytes.split_first()?;
    let (mut distance, mut byte) = (u64::from(first & 0x7f), first);
    while byte & 0x80 != 0 {
        (byte, rest) = rest.split_first().map(|(&byte, rest)| (byte, rest))?;
        distance = (distance + 1).checked_mul(128).filter(|distance| *distance < 1 << 62)?;
        distance |= u64::from(byte & 0x7f);
    }
    Some((distance, rest))
}

/// Appends the beginning of a delta entry.
pub fn delta_header(distance: u64, size: usize, out: &mut Vec<u8>) {
    header(OFFSET_DELTA, size, out);
    let mut reversed = vec![low_bits(distance, 7)];
    let mut rest = distance >> 7;
    while rest > 0 {
        rest -= 1;
        reversed.push(0x80 | low_bits(rest, 7));
        rest >>= 7;
    }
    out.extend(reversed.iter().rev());
}

/// Kind and size: 4 bits of the size in the first byte, then 7 bits a byte, lowest first.
fn header(code: u8, size: usize, out: &mut Vec<u8>) {
    let size = size as u64;
    let mut byte = code << 4 | low_bits(size, 4);
    let mut rest = size >> 4;
    while rest > 0 {
        out.push(byte | 0x80);
        byte = low_bits(rest, 7);
        rest >>= 7;
    }
    out.push(byte);
}

fn low_bits(value: u64, bits: u32) -> u8 {
    u8::try_from(value & ((1 << bits) - 1)).unwrap_or_default()
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
        let code = match kind {
            Kind::Commit => 1,
            Kind::Tree => 2,
            Kind::Blob => 3,
            Kind::Tag => 4,
        };
        header(code, content.len(), out);
        self.compress(content, out)
    }

    /// Appends bytes as an entry has them behind its header.
    pub fn compress(&mut self, content: &[u8], out: &mut Vec<u8>) -> io::Result<()> {
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

/// Turns what an entry has behind its header into bytes. One decompressor for all.
pub struct Inflater {
    zlib: Decompress,
}

impl Default for Inflater {
    fn default() -> Inflater {
        Inflater { zlib: Decompress::new(true) }
    }
}

impl Inflater {
    /// The bytes, when they are exactly so many.
    pub fn inflate(&mut self, compressed: &[u8], size: usize) -> Option<Vec<u8>> {
        self.zlib.reset(true);
        // one more, so that the end is seen
        let mut out = Vec::with_capacity(size.checked_add(1)?);
        let status = self.zlib.decompress_vec(compressed, &mut out, FlushDecompress::Finish).ok()?;
        (status == Status::StreamEnd && out.len() == size).then_some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_read_back() {
        for size in [0, 15, 16, 2047, 2048, 32 << 20] {
            for distance in [1, 127, 128, 16_511, 16_512, 1 << 40] {
                let mut entry = Vec::new();
                delta_header(distance, size, &mut entry);
                let length = entry.len();
                entry.push(9);
                assert_eq!(parse(&entry), Some(Header { form: Form::Near(distance), size, length }));
                assert_eq!(parse(&entry[..length - 1]), None);
            }
        }
        assert_eq!(parse(&[0x00]), None);
        assert_eq!(parse(&[0xff; 40]), None);
    }

    #[test]
    fn content_reads_back() {
        let content = b"line\n".repeat(1000);
        let mut entry = Vec::new();
        EntryEncoder::default().append(Kind::Blob, &content, &mut entry).unwrap();
        let found = parse(&entry).unwrap();
        assert_eq!((found.form, found.size), (Form::Whole(Kind::Blob), content.len()));
        let mut inflater = Inflater::default();
        let compressed = &entry[found.length..];
        for _ in 0..2 {
            assert_eq!(inflater.inflate(compressed, content.len()).as_ref(), Some(&content));
        }
        assert_eq!(inflater.inflate(compressed, content.len() - 1), None);
        assert_eq!(inflater.inflate(compressed, content.len() + 1), None);
        assert_eq!(inflater.inflate(&compressed[..compressed.len() - 5], content.len()), None);
        assert_eq!(inflater.inflate(b"", 0), None);
    }
}
