//! Checksums of strings, in hexadecimal (Adler-32 in decimal).

use sha1::{Digest, Sha1};
use sha2::{Sha256, Sha512};

use super::define::{STRING, func, text};
use crate::render::context::Context;
use crate::template::func::Func;
use crate::template::value::Value;

pub static TABLE: &[Func<Context>] = &[
    func("sha1sum", &[STRING], STRING, |_, a| Ok(Value::str(hex(&Sha1::digest(&**text(a, 0)?))))),
    func("sha256sum", &[STRING], STRING, |_, a| Ok(Value::str(hex(&Sha256::digest(&**text(a, 0)?))))),
    func("sha512sum", &[STRING], STRING, |_, a| Ok(Value::str(hex(&Sha512::digest(&**text(a, 0)?))))),
    func("adler32sum", &[STRING], STRING, |_, a| Ok(Value::str(adler32(text(a, 0)?).to_string()))),
];

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// RFC 1950.
fn adler32(bytes: &[u8]) -> u32 {
    const MODULUS: u32 = 65_521;
    let (low, high) = bytes.iter().fold((1, 0), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % MODULUS;
        (low, (high + low) % MODULUS)
    });
    high << 16 | low
}
