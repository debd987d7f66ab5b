//! Percent-encoding of URL parts as Go's `net/url` does it, with its rules per part.

use crate::template::quote::quote;

/// The part of a URL that is escaped or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Path,
    Host,
    Zone,
    UserPassword,
    Fragment,
}

/// Why a part cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EscapeError {
    #[error("invalid URL escape {0}")]
    Escape(String),
    #[error("invalid character {0} in host name")]
    Host(String),
}

/// Whether the byte has to be written as `%XX` in this part (`shouldEscape`).
pub fn should_escape(byte: u8, part: Part) -> bool {
    let host = matches!(part, Part::Host | Part::Zone);
    match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => false,
        b'!' | b'\'' | b'(' | b')' | b'*' | b'[' | b']' | b'<' | b'>' | b'"' if host => false,
        b'$' | b'&' | b'+' | b',' | b';' | b'=' | b':' if host => false,
        b'$' | b'&' | b'+' | b',' | b'/' | b':' | b';' | b'=' | b'?' | b'@' => match part {
            Part::Path => byte == b'?',
            Part::UserPassword => matches!(byte, b'@' | b'/' | b'?' | b':'),
            Part::Fragment => false,
            Part::Host | Part::Zone => true,
        },
        b'!' | b'(' | b')' | b'*' => part != Part::Fragment,
        _ => true,
    }
}

/// The part as it is written in a URL.
pub fn escape(text: &[u8], part: Part) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match should_escape(*byte, part) {
            true => out.extend_from_slice(format!("%{byte:02X}").as_bytes()),
            false => out.push(*byte),
        }
    }
    out
}

/// The part as it is meant.
pub fn unescape(text: &[u8], part: Part) -> Result<Vec<u8>, EscapeError> {
    let mut out = Vec::with_capacity(text.len());
    let mut left = text;
    while let Some((&byte, tail)) = left.split_first() {
        if byte == b'%' {
            out.push(unescape_one(left, part)?);
            left = &left[3..];
            continue;
        }
        if matches!(part, Part::Host | Part::Zone) && byte < 0x80 && should_escape(byte, part) {
            return Err(EscapeError::Host(quote(&[byte])));
        }
        out.push(byte);
        left = tail;
    }
    Ok(out)
}

/// The byte behind the `%XX` at the front.
fn unescape_one(left: &[u8], part: Part) -> Result<u8, EscapeError> {
    let bad = || EscapeError::Escape(quote(&left[..left.len().min(3)]));
    let digit = |at: usize| left.get(at).and_then(|byte| char::from(*byte).to_digit(16));
    let (high, low) = digit(1).zip(digit(2)).ok_or_else(bad)?;
    let byte = (high * 16 + low) as u8;
    let percent = left.starts_with(b"%25");
    // A host takes no escaped ASCII but `%25`; a zone also what a host could hold plainly.
    if part == Part::Host && high < 8 && !percent {
        return Err(bad());
    }
    if part == Part::Zone && !percent && byte != b' ' && should_escape(byte, Part::Host) {
        return Err(bad());
    }
    Ok(byte)
}
