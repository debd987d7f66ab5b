//! Sprig's random strings and numbers, from the random source of the render.

use rand_chacha::ChaCha20Rng;
use rand_core::RngCore;

use super::base::encode64;
use super::define::{Answer, INT, STRING, fail, func, int, text};
use super::runes;
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::value::Value;

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS: &[u8] = b"0123456789";
const LETTERS_AND_DIGITS: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

pub static TABLE: &[Func<Context>] = &[
    func("randAlphaNum", &[INT], STRING, |exec, a| {
        letters(exec, "randAlphaNum", int(a, 0)?, LETTERS_AND_DIGITS)
    }),
    func("randAlpha", &[INT], STRING, |exec, a| letters(exec, "randAlpha", int(a, 0)?, LETTERS)),
    func("randNumeric", &[INT], STRING, |exec, a| letters(exec, "randNumeric", int(a, 0)?, DIGITS)),
    func("randAscii", &[INT], STRING, |exec, a| {
        let ascii: Vec<u8> = (b' '..=b'~').collect();
        letters(exec, "randAscii", int(a, 0)?, &ascii)
    }),
    func("randBytes", &[INT], STRING, |exec, a| {
        let Ok(count) = usize::try_from(int(a, 0)?) else {
            return fail("runtime error: makeslice: len out of range");
        };
        exec.budget.text(count.saturating_mul(2))?;
        Ok(Value::str(encode64(&bytes(exec, "randBytes", count)?)))
    }),
    func("randInt", &[INT, INT], INT, |exec, a| {
        let (least, end) = (int(a, 0)?, int(a, 1)?);
        match u64::try_from(end.wrapping_sub(least)) {
            Ok(size @ 1..) => Ok(Value::int(least + below(exec.host.policy.random("randInt")?, size) as i64)),
            _ => fail("invalid argument to Intn"),
        }
    }),
    func("uuidv4", &[], STRING, |exec, _| uuid(&bytes(exec, "uuidv4", 16)?)),
    func("shuffle", &[STRING], STRING, shuffle),
];

/// So many bytes of the random source, for the function of this name.
pub fn bytes(exec: &mut Exec<'_, Context>, function: &str, count: usize) -> Result<Vec<u8>, CallError> {
    let source = exec.host.policy.random(function)?;
    let mut bytes = vec![0; count];
    source.fill_bytes(&mut bytes);
    Ok(bytes)
}

/// A number below `size`, each with the same chance.
fn below(source: &mut ChaCha20Rng, size: u64) -> u64 {
    // Numbers above the last whole multiple of `size` would favour the small ones.
    let fair = u64::MAX - u64::MAX % size;
    loop {
        let number = source.next_u64();
        if number < fair {
            return number % size;
        }
    }
}

/// A string of so many letters; none for a negative count, as goutils' error is dropped by Sprig.
fn letters(exec: &mut Exec<'_, Context>, function: &str, count: i64, alphabet: &[u8]) -> Answer {
    let count = usize::try_from(count).unwrap_or(0);
    exec.budget.text(count)?;
    exec.budget.steps(count as u64)?;
    let source = exec.host.policy.random(function)?;
    let letter = |_| alphabet[below(source, alphabet.len() as u64) as usize];
    Ok(Value::str((0..count).map(letter).collect::<Vec<u8>>()))
}

/// Sixteen random bytes with version 4 and the RFC variant.
fn uuid(bytes: &[u8]) -> Answer {
    let hex: String = bytes
        .iter()
        .enumerate()
        .map(|(at, byte)| match at {
            6 => format!("{:02x}", byte & 0x0f | 0x40),
            8 => format!("{:02x}", byte & 0x3f | 0x80),
            _ => format!("{byte:02x}"),
        })
        .collect();
    Ok(Value::str([&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-")))
}

/// The letters in another order.
fn shuffle(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let mut letters: Vec<char> = runes::runes(text(args, 0)?).collect();
    let source = exec.host.policy.random("shuffle")?;
    for at in (1..letters.len()).rev() {
        letters.swap(at, below(source, at as u64 + 1) as usize);
    }
    Ok(Value::str(letters.into_iter().collect::<String>()))
}
