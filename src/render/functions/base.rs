//! Base 64 and base 32 as Go's `encoding/base64` and `encoding/base32` read and write them.

use super::define::{STRING, func, text};
use crate::render::context::Context;
use crate::template::func::Func;
use crate::template::value::Value;

pub static TABLE: &[Func<Context>] = &[
    func("b64enc", &[STRING], STRING, |exec, a| {
        exec.budget.text(text(a, 0)?.len() / 3 * 4 + 4)?;
        Ok(Value::str(encode64(text(a, 0)?)))
    }),
    func("b64dec", &[STRING], STRING, |_, a| {
        Ok(decode64(text(a, 0)?).map_or_else(|error| Value::str(error.to_string()), Value::str))
    }),
    func("b32enc", &[STRING], STRING, |exec, a| {
        exec.budget.text(text(a, 0)?.len() / 5 * 8 + 8)?;
        Ok(Value::str(BASE32.encode(text(a, 0)?)))
    }),
    func("b32dec", &[STRING], STRING, |_, a| {
        Ok(decode32(text(a, 0)?).map_or_else(|error| Value::str(error.to_string()), Value::str))
    }),
];

/// Go's `CorruptInputError`: where the text stops being what it should.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("illegal {name} data at input byte {at}")]
pub struct Corrupt {
    name: &'static str,
    at: usize,
}

/// An alphabet whose characters stand for `bits` bits each; `group` characters make whole bytes.
struct Base {
    name: &'static str,
    alphabet: &'static [u8],
    bits: u32,
    group: usize,
}

const BASE64: Base = Base {
    name: "base64",
    alphabet: b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    bits: 6,
    group: 4,
};

const BASE32: Base =
    Base { name: "base32", alphabet: b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", bits: 5, group: 8 };

/// `base64.StdEncoding.EncodeToString`.
pub fn encode64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// `base64.StdEncoding.DecodeString`: line ends are skipped, padding is demanded.
pub fn decode64(text: &[u8]) -> Result<Vec<u8>, Corrupt> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let mut group = Vec::with_capacity(4);
    let mut letters = text.iter().enumerate().filter(|(_, byte)| !matches!(byte, b'\r' | b'\n'));
    while let Some((at, byte)) = letters.next() {
        if *byte == b'=' {
            padding64(group.len(), at, text, &mut letters)?;
            BASE64.put(&mut out, &group);
            return Ok(out);
        }
        group.push(BASE64.digit(*byte).ok_or(BASE64.corrupt(at))?);
        if group.len() == 4 {
            BASE64.put(&mut out, &group);
            group.clear();
        }
    }
    if group.is_empty() { Ok(out) } else { Err(BASE64.corrupt(text.len() - group.len())) }
}

/// Checks the padding behind `have` characters, whose first one is at `at`.
fn padding64<'t>(
    have: usize,
    at: usize,
    text: &[u8],
    left: &mut impl Iterator<Item = (usize, &'t u8)>,
) -> Result<(), Corrupt> {
    if have < 2 {
        return Err(BASE64.corrupt(at));
    }
    if have == 2 {
        match left.next() {
            Some((_, b'=')) => {}
            Some((at, _)) => return Err(BASE64.corrupt(at - 1)),
            None => return Err(BASE64.corrupt(text.len())),
        }
    }
    left.next().map_or(Ok(()), |(at, _)| Err(BASE64.corrupt(at)))
}

/// `base32.StdEncoding.DecodeString`: as base 64, but positions do not count line ends, and what follows
/// the padding of a last group is ignored.
fn decode32(text: &[u8]) -> Result<Vec<u8>, Corrupt> {
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let mut out = Vec::with_capacity(text.len() / 8 * 5);
    let mut group = Vec::with_capacity(8);
    for (at, byte) in text.iter().enumerate() {
        let after = &text[at + 1..];
        if *byte == b'=' && group.len() >= 2 && after.len() < 8 {
            padding32(group.len(), at, after)?;
            BASE32.put(&mut out, &group);
            return Ok(out);
        }
        group.push(BASE32.digit(*byte).ok_or(BASE32.corrupt(at))?);
        if group.len() == 8 {
            BASE32.put(&mut out, &group);
            group.clear();
        }
    }
    if group.is_empty() { Ok(out) } else { Err(BASE32.corrupt(text.len() - group.len())) }
}

/// Checks the padding behind `have` characters, whose first one is at `at` and whose others begin `after`.
fn padding32(have: usize, at: usize, after: &[u8]) -> Result<(), Corrupt> {
    if after.len() + have < 7 {
        return Err(BASE32.corrupt(at + 1 + after.len()));
    }
    if let Some(wrong) = after.iter().take(7 - have).position(|byte| *byte != b'=') {
        return Err(BASE32.corrupt(at + wrong));
    }
    if matches!(have, 3 | 6) { Err(BASE32.corrupt(at)) } else { Ok(()) }
}

impl Base {
    fn encode(&self, bytes: &[u8]) -> String {
        let mut out = String::with_capacity(bytes.len() * 8 / self.bits as usize + self.group);
        let (mut pool, mut held) = (0_u32, 0);
        for byte in bytes {
            pool = pool << 8 | u32::from(*byte);
            held += 8;
            while held >= self.bits {
                held -= self.bits;
                out.push(self.letter(pool >> held));
            }
        }
        if held > 0 {
            out.push(self.letter(pool << (self.bits - held)));
        }
        while !out.len().is_multiple_of(self.group) {
            out.push('=');
        }
        out
    }

    fn letter(&self, pool: u32) -> char {
        char::from(self.alphabet[(pool & ((1 << self.bits) - 1)) as usize])
    }

    fn digit(&self, letter: u8) -> Option<u64> {
        self.alphabet.iter().position(|known| *known == letter).map(|at| at as u64)
    }

    fn corrupt(&self, at: usize) -> Corrupt {
        Corrupt { name: self.name, at }
    }

    fn put(&self, out: &mut Vec<u8>, group: &[u64]) {
        let bits = group.len() as u32 * self.bits;
        let pool = group.iter().fold(0_u64, |pool, digit| pool << self.bits | digit);
        let whole = bits / 8;
        out.extend((1..=whole).map(|byte| (pool >> (bits - byte * 8)) as u8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes() {
        assert_eq!(encode64(b"hello"), "aGVsbG8=");
        assert_eq!(BASE32.encode(b"hello"), "NBSWY3DP");
        assert_eq!(BASE32.encode(b"hi"), "NBUQ====");
    }

    #[test]
    fn decodes() {
        assert_eq!(decode64(b"aGVs\nbG8=").unwrap(), b"hello");
        assert_eq!(decode64(b"aGVsbG8").unwrap_err().to_string(), "illegal base64 data at input byte 4");
        assert_eq!(decode64(b"a!Vs").unwrap_err().to_string(), "illegal base64 data at input byte 1");
        assert_eq!(decode32(b"NBUQ====").unwrap(), b"hi");
    }
}
