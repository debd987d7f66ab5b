//! Turns two similar contents into a delta, as packs hold it (gitformat-pack, «Deltified representation»), and back.
//!
//! A delta is the sizes of both, then copies of pieces of the base and insertions of new bytes. It is found as git's
//! `diff-delta.c` does it, by an index of short blocks of the base; and first on the diagonal, where a file goes on that had one
//! word changed.

/// Bytes that are looked up together; git's block, too.
const BLOCK: usize = 16;
/// So far apart are the blocks of the base that are indexed: the index has two to three bytes for each of the base.
const STEP: usize = 4;
/// The shortest piece worth a copy, which takes up to seven bytes, and one to go on behind it.
const SHORTEST: usize = 10;
/// Blocks of one hash that are tried: content that repeats itself must not cost more than other content.
const TRIES: usize = 16;
/// A piece of that length is taken without a look at others.
const LONG: usize = 1 << 10;
/// Bytes of one copy: three bytes of length are read by git, it writes two of them.
const MOST_COPIED: usize = 0xffff;
/// Bytes of one insertion.
const MOST_INSERTED: usize = 0x7f;
/// No block.
const NONE: u32 = u32::MAX;

/// The delta that makes `target` of `base`; nothing when it takes `limit` bytes or more, or makes nothing: git refuses such a
/// short one (`DELTA_SIZE_MIN` in delta.h). Each content has less than 4 GiB.
pub fn encode(base: &[u8], target: &[u8], limit: usize) -> Option<Vec<u8>> {
    if target.is_empty() {
        return None;
    }
    let blocks = Blocks::of(base);
    let mut out = Vec::with_capacity(limit.min(1 << 10));
    put_size(base.len(), &mut out);
    put_size(target.len(), &mut out);
    // what comes behind `literal` is not written yet; the base would go on at `ahead`
    let (mut at, mut literal, mut ahead) = (0, 0, 0);
    while at < target.len() {
        match blocks.longest(&target[at..], ahead + (at - literal)) {
            Some((from, length)) => {
                let back = same(base[..from].iter().rev(), target[literal..at].iter().rev());
                insert(&target[literal..at - back], &mut out);
                copy(from - back, length + back, &mut out)?;
                at += length;
                (literal, ahead) = (at, from + length);
            }
            None => at += 1,
        }
        if out.len() + (at - literal) >= limit {
            return None;
        }
    }
    insert(&target[literal..], &mut out);
    (out.len() < limit).then_some(out)
}

/// What a delta makes of its base; nothing where it is no delta to it, or makes more than `limit` bytes.
pub fn apply(base: &[u8], delta: &[u8], limit: usize) -> Option<Vec<u8>> {
    let (from, rest) = take_size(delta)?;
    let (size, mut rest) = take_size(rest)?;
    if from != base.len() || size > limit {
        return None;
    }
    let mut out = Vec::with_capacity(size);
    while let Some((&code, after)) = rest.split_first() {
        rest = after;
        if code & 0x80 == 0 {
            let (new, after) = rest.split_at_checked(usize::from(code)).filter(|_| code > 0)?;
            out.extend_from_slice(new);
            rest = after;
        } else {
            let offset = take_number(code, 4, &mut rest)?;
            let length = match take_number(code >> 4, 3, &mut rest)? {
                0 => 0x10000,
                length => length,
            };
            out.extend_from_slice(base.get(offset..offset.checked_add(length)?)?);
        }
        if out.len() > size {
            return None;
        }
    }
    (out.len() == size).then_some(out)
}

/// The blocks of a base by their hash.
struct Blocks<'b> {
    base: &'b [u8],
    /// The first block of each hash.
    first: Vec<u32>,
    /// Of each block the next one with its hash.
    next: Vec<u32>,
    shift: u32,
}

impl Blocks<'_> {
    fn of(base: &[u8]) -> Blocks<'_> {
        let count = if base.len() < BLOCK { 0 } else { (base.len() - BLOCK) / STEP + 1 };
        let bits = count.next_power_of_two().trailing_zeros().max(1);
        let mut blocks =
            Blocks { base, first: vec![NONE; 1 << bits], next: vec![NONE; count], shift: u64::BITS - bits };
        // from the end, so that the first one is found first
        for block in (0..count).rev() {
            if let Some(slot) = blocks.slot(&base[block * STEP..]) {
                blocks.next[block] = blocks.first[slot];
                blocks.first[slot] = u32::try_from(block).unwrap_or(NONE);
            }
        }
        blocks
    }

    /// Where the hash of the first block of these bytes is kept; nothing of less than a block.
    fn slot(&self, bytes: &[u8]) -> Option<usize> {
        let (low, rest) = bytes.split_first_chunk::<8>()?;
        let high = rest.first_chunk::<8>()?;
        // odd numbers with bits all over: the golden ratio, and one of SplitMix64's
        let hash = u64::from_le_bytes(*low).wrapping_mul(0x9e37_79b9_7f4a_7c15)
            ^ u64::from_le_bytes(*high).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        usize::try_from(hash.wrapping_mul(0x94d0_49bb_1331_11eb) >> self.shift).ok()
    }

    /// The longest piece of the base with which these bytes start, and where it is; `ahead` is where the base would go on.
    fn longest(&self, bytes: &[u8], ahead: usize) -> Option<(usize, usize)> {
        let mut found = (ahead, self.shared(ahead, bytes));
        if found.1 < LONG
            && let Some(slot) = self.slot(bytes)
        {
            let mut block = self.first[slot];
            for _ in 0..TRIES {
                let Some(next) = self.next.get(block as usize) else { break };
                let from = block as usize * STEP;
                let length = self.shared(from, bytes);
                if length > found.1 {
                    found = (from, length);
                }
                block = *next;
            }
        }
        (found.1 >= SHORTEST).then_some(found)
    }

    fn shared(&self, from: usize, bytes: &[u8]) -> usize {
        self.base.get(from..).map_or(0, |rest| same(rest.iter(), bytes.iter()))
    }
}

/// How many are the same from the start.
fn same<'a>(a: impl Iterator<Item = &'a u8>, b: impl Iterator<Item = &'a u8>) -> usize {
    a.zip(b).take_while(|(a, b)| a == b).count()
}

fn insert(bytes: &[u8], out: &mut Vec<u8>) {
    for piece in bytes.chunks(MOST_INSERTED) {
        out.push(u8::try_from(piece.len()).unwrap_or_default());
        out.extend_from_slice(piece);
    }
}

/// A byte whose bits say which bytes of offset and length follow; those that are zero do not.
fn copy(mut offset: usize, mut length: usize, out: &mut Vec<u8>) -> Option<()> {
    while length > 0 {
        let piece = length.min(MOST_COPIED);
        let [a, b, c, d] = u32::try_from(offset).ok()?.to_le_bytes();
        let [e, f] = u16::try_from(piece).ok()?.to_le_bytes();
        let code = out.len();
        out.push(0x80);
        for (bit, byte) in [a, b, c, d, e, f].into_iter().enumerate() {
            if byte != 0 {
                out[code] |= 1 << bit;
                out.push(byte);
            }
        }
        (offset, length) = (offset + piece, length - piece);
    }
    Some(())
}

/// The little-endian number of the bytes that the lowest `bits` of a code say are there.
fn take_number(code: u8, bits: u32, rest: &mut &[u8]) -> Option<usize> {
    let mut number = 0;
    for bit in 0..bits {
        if code >> bit & 1 == 1 {
            let (&byte, after) = rest.split_first()?;
            number |= usize::from(byte) << (8 * bit);
            *rest = after;
        }
    }
    Some(number)
}

/// 7 bits a byte, lowest first.
fn put_size(mut size: usize, out: &mut Vec<u8>) {
    while size > 0x7f {
        out.push(0x80 | u8::try_from(size & 0x7f).unwrap_or_default());
        size >>= 7;
    }
    out.push(u8::try_from(size).unwrap_or_default());
}

fn take_size(mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (mut size, mut shift) = (0, 0);
    loop {
        let (&byte, rest) = bytes.split_first()?;
        size |= usize::from(byte & 0x7f).checked_shl(shift).filter(|_| shift < 57)?;
        if byte & 0x80 == 0 {
            return Some((size, rest));
        }
        (bytes, shift) = (rest, shift + 7);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delta(base: &[u8], target: &[u8]) -> Vec<u8> {
        let delta = encode(base, target, usize::MAX).unwrap();
        assert_eq!(apply(base, &delta, target.len()).as_deref(), Some(target));
        delta
    }

    #[test]
    fn a_changed_word_costs_a_few_bytes() {
        let lines = |word: &str| {
            let line = |n: usize| format!("line {n}: {}\n", if n == 50 { word } else { "the same" });
            (0..100).map(line).collect::<String>().into_bytes()
        };
        // two sizes of two bytes, a copy of 3 and one of 5 bytes, 1 and 5 bytes of a word
        assert!(delta(&lines("other"), &lines("words")).len() <= 20);
        assert!(delta(&lines(""), &lines("longer")).len() <= 24);
    }

    #[test]
    fn sizes_at_their_limits() {
        for base in [0, 1, 15, 16, 17, 0xffff, 0x10000, 0x10001, 200_000] {
            let base: Vec<u8> =
                (0..base).map(|n: u32| n.wrapping_mul(0x9e37_79b9).to_le_bytes()[3]).collect();
            for new in [1, 126, 127, 128, 0x10000] {
                let mut target = vec![7; new];
                target.extend_from_slice(&base);
                assert!(delta(&base, &target).len() <= new + new / 100 + 48);
                if !base.is_empty() {
                    delta(&target, &base);
                    delta(&base, &base);
                }
            }
        }
    }

    #[test]
    fn a_limit_holds() {
        let length = delta(b"0123456789abcdef0123", b"0123456789abcdef and more").len();
        assert_eq!(encode(b"base", b"", usize::MAX), None);
        for limit in 0..=length {
            assert_eq!(encode(b"0123456789abcdef0123", b"0123456789abcdef and more", limit), None);
        }
    }

    #[test]
    fn what_is_no_delta_makes_nothing() {
        let whole = delta(b"0123456789abcdef0123", b"0123456789abcdef and more");
        assert_eq!(apply(b"0123456789abcdef012", &whole, 100), None);
        assert_eq!(apply(b"0123456789abcdef0123", &whole, 24), None);
        for end in 0..whole.len() {
            assert_eq!(apply(b"0123456789abcdef0123", &whole[..end], 100), None);
        }
        for bad in [
            &b"\x01\x01\x00"[..],
            b"\x01\x01\x91\x02\x01",
            b"\x01\x01\x91\x00\x02",
            b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
        ] {
            assert_eq!(apply(b"x", bad, 100), None, "{bad:?}");
        }
        // no length means 64 KiB
        assert_eq!(apply(&[1; 0x10000], b"\x80\x80\x04\x80\x80\x04\x80", 0x10000), Some(vec![1; 0x10000]));
    }
}
