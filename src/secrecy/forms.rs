//! A secret turned into the forms in which it may stand in a text, and a place in a text into whether one of them begins there.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// Bytes of a secret from which on it is looked for: shorter ones stand in any text by chance.
pub const SHORTEST: usize = 4;
/// Letters of base 64 or hexadecimal digits from which on they are nobody's word.
const SHORTEST_ENCODED: usize = 6;

/// One form of a secret.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Form {
    bytes: Vec<u8>,
    /// Base 64 or hexadecimal: what stands beside it without a gap belongs to the same text, which holds the secret.
    pub is_encoded: bool,
}

/// As it is, in hexadecimal digits, and in base 64, alone or as a part of something longer. Nothing for what is too short.
pub fn of(secret: &[u8]) -> Vec<Form> {
    if secret.len() < SHORTEST {
        return Vec::new();
    }
    let encoded = (0..3).map(|before| in_base_64(secret, before)).chain([in_digits(secret)]);
    let encoded = encoded.filter(|bytes| bytes.len() >= SHORTEST_ENCODED);
    let encoded = encoded.map(|bytes| Form { bytes, is_encoded: true });
    [Form { bytes: secret.to_vec(), is_encoded: false }].into_iter().chain(encoded).collect()
}

/// The letters that depend on the secret alone when so many bytes (modulo 3) stand before it.
fn in_base_64(secret: &[u8], before: usize) -> Vec<u8> {
    let whole = [&vec![0; before], secret].concat();
    let letters = STANDARD_NO_PAD.encode(&whole).into_bytes();
    let (start, end) = ((8 * before).div_ceil(6), 8 * whole.len() / 6);
    letters[start..end].to_vec()
}

fn in_digits(secret: &[u8]) -> Vec<u8> {
    secret.iter().flat_map(|byte| format!("{byte:02x}").into_bytes()).collect()
}

impl Form {
    /// Where it ends, if it begins at this place, in letters of any case and with any of them escaped as in URLs, JSON or HTML.
    /// `is_cut`: the text was cut off at its end, so that a part counts there.
    pub fn end(&self, text: &[u8], at: usize, is_cut: bool) -> Option<usize> {
        let plain = text[at..].get(..self.bytes.len()).is_some_and(|is| is.eq_ignore_ascii_case(&self.bytes));
        if plain { Some(at + self.bytes.len()) } else { end(&self.bytes, text, at, is_cut) }
    }

    /// The same where the text was cut off before this place: the rest of the form counts.
    pub fn rest(&self, text: &[u8], at: usize) -> Option<usize> {
        let most = self.bytes.len().checked_sub(SHORTEST)?;
        (1..=most).find_map(|from| end(&self.bytes[from..], text, at, false))
    }
}

fn end(form: &[u8], text: &[u8], mut at: usize, is_cut: bool) -> Option<usize> {
    for (index, byte) in form.iter().enumerate() {
        let left = &text[at..];
        if is_cut && index >= SHORTEST && left.trim_ascii().is_empty() {
            return Some(text.len());
        }
        // a long text that is broken into lines
        let broken = usize::from(index > 0 && left.first() == Some(&b'\n'));
        at += broken + letter(&left[broken..], *byte)?;
    }
    Some(at)
}

/// How many bytes stand for this one at the start of a text.
fn letter(text: &[u8], byte: u8) -> Option<usize> {
    let first = *text.first()?;
    let is = |code: Option<u32>| code == Some(u32::from(byte));
    let digits = |from: usize, to: usize| number(text.get(from..to)?, 16);
    match (first, text.get(1)) {
        (b'%', _) if is(digits(1, 3)) => return Some(3),
        (b'%', _) if text.starts_with(b"%25") && is(digits(3, 5)) => return Some(5),
        (b'\\', Some(b'x')) if is(digits(2, 4)) => return Some(4),
        (b'\\', Some(b'u')) if is(digits(2, 6)) => return Some(6),
        (b'&', _) => {
            if let Some(length) = entity(text, byte) {
                return Some(length);
            }
        }
        _ => {}
    }
    match (first, byte) {
        // base 64 for URLs, and a space in a form
        (b'-' | b' ', b'+') | (b'_', b'/') | (b'+', b' ') => Some(1),
        (b'\\', _) if byte != b'\\' && text.get(1) == Some(&byte) => Some(2),
        _ => first.eq_ignore_ascii_case(&byte).then_some(1),
    }
}

/// `&#34;`, `&#x22;`, `&quot;`
fn entity(text: &[u8], byte: u8) -> Option<usize> {
    const LONGEST: usize = 8;
    let end = text.iter().take(LONGEST).position(|is| *is == b';')?;
    let code = match &text[1..end] {
        [b'#', b'x' | b'X', digits @ ..] => number(digits, 16)?,
        [b'#', digits @ ..] => number(digits, 10)?,
        b"amp" => u32::from(b'&'),
        b"lt" => u32::from(b'<'),
        b"gt" => u32::from(b'>'),
        b"quot" => u32::from(b'"'),
        b"apos" => u32::from(b'\''),
        _ => return None,
    };
    (code == u32::from(byte)).then_some(end + 1)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()
}
