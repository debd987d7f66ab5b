//! Bytes to gzip in parts, so that one that many have is deflated once (RFC 1951, RFC 1952).

use std::cell::RefCell;
use std::sync::Arc;

use flate2::{Compress, Compression, Crc, FlushCompress, Status};

/// gzip's own default. Helm takes 9, which makes records of the charts of the tests less than 0.1 % smaller.
const LEVEL: Compression = Compression::new(6);

/// gzip's first bytes: its mark, and the method.
pub(super) const GZIP: &[u8] = &[0x1F, 0x8B, 0x08];
/// Where gzip names the system that a file comes from.
const UNKNOWN_SYSTEM: u8 = 255;
/// A block with nothing in it that says it is the last one.
const LAST: &[u8] = &[0x03, 0x00];

thread_local! {
    /// Its tables are bigger than most records, and holes of their size would be filled with what lives longer.
    static DEFLATE: RefCell<Compress> = RefCell::new(Compress::new(LEVEL, false));
}

/// Some bytes of a text, deflated. It ends with a whole byte and refers to nothing outside, so that anything may stand before and
/// after it.
#[derive(Clone)]
pub(super) struct Part(Arc<Deflated>);

struct Deflated {
    bytes: Vec<u8>,
    /// Of what they stand for.
    sum: Crc,
}

impl Part {
    pub fn of(bytes: &[u8]) -> Self {
        let mut sum = Crc::new();
        sum.update(bytes);
        let bytes = DEFLATE.with_borrow_mut(|deflate| deflated(deflate, bytes));
        Part(Arc::new(Deflated { bytes, sum }))
    }
}

impl std::fmt::Debug for Part {
    /// It may hold Secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Part({} bytes)", self.0.bytes.len())
    }
}

/// One member: method and flags, no time, no system, then the parts, and its end.
pub(super) fn member(parts: &[&Part]) -> Vec<u8> {
    let mut out = [GZIP, &[0, 0, 0, 0, 0, 0, UNKNOWN_SYSTEM]].concat();
    let mut sum = Crc::new();
    for Part(part) in parts {
        out.extend(&part.bytes);
        sum.combine(&part.sum);
    }
    out.extend(LAST);
    out.extend(sum.sum().to_le_bytes());
    out.extend(sum.amount().to_le_bytes());
    out
}

fn deflated(deflate: &mut Compress, bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    deflate.reset();
    loop {
        let done = usize::try_from(deflate.total_in()).unwrap_or(bytes.len());
        out.reserve((bytes.len() - done) / 4 + 64);
        let status = deflate.compress_vec(&bytes[done..], &mut out, FlushCompress::Full);
        let is_flushed = out.len() < out.capacity();
        // What would be missing after an error would be found by whoever reads it.
        if !matches!(status, Ok(Status::Ok | Status::BufError)) || is_flushed {
            out.shrink_to_fit();
            return out;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use flate2::read::GzDecoder;

    use super::*;

    #[test]
    fn parts_are_one_text() {
        let noise: Vec<u8> =
            (0..100_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
        let texts: [&[u8]; 5] = [b"{\"a\":", &noise, b"", &noise[..1], b"}"];
        let parts = texts.map(Part::of);
        for parts in [parts.iter().collect::<Vec<_>>(), vec![&parts[1], &parts[1]], Vec::new()] {
            let mut text = Vec::new();
            GzDecoder::new(&member(&parts)[..]).read_to_end(&mut text).unwrap();
            let lengths: Vec<u32> = parts.iter().map(|part| part.0.sum.amount()).collect();
            assert_eq!(text.len(), lengths.iter().sum::<u32>() as usize);
        }
        let mut text = Vec::new();
        GzDecoder::new(&member(&parts.iter().collect::<Vec<_>>())[..]).read_to_end(&mut text).unwrap();
        assert_eq!(text, texts.concat());
    }
}
