//! Reads an IP address with the error texts of Go's `net/netip`, which `urlParse` lets through.

use crate::template::quote::quote;

/// What was read: only whether it is an IPv4 address matters to a URL.
#[derive(Debug)]
pub struct Address {
    pub is_v4: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("ParseAddr({whole}): {text}{place}")]
pub struct AddressError {
    whole: String,
    text: &'static str,
    place: String,
}

/// `netip.ParseAddr`
pub fn parse(whole: &[u8]) -> Result<Address, AddressError> {
    match whole.iter().find(|byte| matches!(byte, b'.' | b':' | b'%')) {
        Some(b'.') => v4(whole, whole).map(|()| Address { is_v4: true }),
        Some(b':') => v6(whole).map(|()| Address { is_v4: false }),
        Some(_) => Err(error(whole, "missing IPv6 address")),
        None => Err(error(whole, "unable to parse IP")),
    }
}

fn error(whole: &[u8], text: &'static str) -> AddressError {
    AddressError { whole: quote(whole), text, place: String::new() }
}

fn error_at(whole: &[u8], text: &'static str, at: &[u8]) -> AddressError {
    AddressError { place: format!(" (at {})", quote(at)), ..error(whole, text) }
}

/// Four decimal fields (`parseIPv4Fields`).
fn v4(whole: &[u8], text: &[u8]) -> Result<(), AddressError> {
    if text.is_empty() {
        return Err(error(whole, "IPv4 address is empty"));
    }
    let (mut value, mut digits, mut fields) = (0_u32, 0, 0);
    for (at, byte) in text.iter().enumerate() {
        match byte {
            b'0'..=b'9' if digits == 1 && value == 0 => {
                return Err(error(whole, "IPv4 field has octet with leading zero"));
            }
            b'0'..=b'9' => {
                value = value * 10 + u32::from(byte - b'0');
                digits += 1;
                if value > 255 {
                    return Err(error(whole, "IPv4 field has value >255"));
                }
            }
            b'.' if at == 0 || at + 1 == text.len() || text[at - 1] == b'.' => {
                return Err(error_at(whole, "IPv4 field must have at least one digit", &text[at..]));
            }
            b'.' if fields == 3 => return Err(error(whole, "IPv4 address too long")),
            b'.' => {
                fields += 1;
                (value, digits) = (0, 0);
            }
            _ => return Err(error_at(whole, "unexpected character", &text[at..])),
        }
    }
    if fields < 3 { Err(error(whole, "IPv4 address too short")) } else { Ok(()) }
}

/// Eight groups of hexadecimal digits, a zone perhaps (`parseIPv6`).
fn v6(whole: &[u8]) -> Result<(), AddressError> {
    let percent = whole.iter().position(|byte| *byte == b'%');
    if percent.is_some_and(|at| at + 1 == whole.len()) {
        return Err(error(whole, "zone must be a non-empty string"));
    }
    let mut left = &whole[..percent.unwrap_or(whole.len())];
    let mut ellipsis = left.starts_with(b"::");
    if ellipsis {
        left = &left[2..];
        if left.is_empty() {
            return Ok(());
        }
    }
    let mut bytes = 0;
    while bytes < 16 {
        let digits = group(whole, left)?;
        if left.get(digits) == Some(&b'.') {
            if !ellipsis && bytes != 12 {
                let text = "embedded IPv4 address must replace the final 2 fields of the address";
                return Err(error_at(whole, text, left));
            }
            if bytes > 12 {
                let text = "too many hex fields to fit an embedded IPv4 at the end of the address";
                return Err(error_at(whole, text, left));
            }
            v4(whole, left)?;
            (left, bytes) = (b"", bytes + 4);
            break;
        }
        bytes += 2;
        left = &left[digits..];
        match left {
            [] => break,
            [b':'] => return Err(error_at(whole, "colon must be followed by more characters", left)),
            [b':', b':', ..] if ellipsis => {
                return Err(error_at(whole, "multiple :: in address", &left[1..]));
            }
            [b':', b':', tail @ ..] => (ellipsis, left) = (true, tail),
            [b':', tail @ ..] => left = tail,
            _ => return Err(error_at(whole, "unexpected character, want colon", left)),
        }
        if left.is_empty() {
            break;
        }
    }
    match () {
        () if !left.is_empty() => Err(error_at(whole, "trailing garbage after address", left)),
        () if bytes < 16 && !ellipsis => Err(error(whole, "address string too short")),
        () if bytes == 16 && ellipsis => {
            Err(error(whole, "the :: must expand to at least one field of zeros"))
        }
        () => Ok(()),
    }
}

/// How many hexadecimal digits stand at the front: one to four.
fn group(whole: &[u8], left: &[u8]) -> Result<usize, AddressError> {
    match left.iter().take_while(|byte| byte.is_ascii_hexdigit()).count() {
        0 => Err(error_at(whole, "each colon-separated field must have at least one digit", left)),
        5.. => Err(error_at(whole, "each group must have 4 or less digits", left)),
        digits => Ok(digits),
    }
}
