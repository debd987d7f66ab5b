//! Turns text into numbers as Go's `strconv` does: `ParseInt` with its bases, `ParseFloat` with its spellings.

/// Why a text is no number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NumberError {
    /// Not a number at all.
    Syntax,
    /// A number beyond the type; Go returns the nearest one beside the error.
    Range { nearest: i64 },
}

/// `strconv.ParseInt(text, base, 64)`; base 0 reads the prefixes `0x`, `0o`, `0b`, `0` and underscores.
pub fn int_literal(text: &[u8], base: u32) -> Result<i64, NumberError> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    let (radix, body) = match base {
        0 => prefix(digits),
        _ => (base, digits),
    };
    if base == 0 && digits.contains(&b'_') && !underscores_ok(digits) {
        return Err(NumberError::Syntax);
    }
    let mut seen = false;
    let mut magnitude: Option<u64> = Some(0);
    for byte in body {
        if base == 0 && *byte == b'_' {
            continue;
        }
        let digit = char::from(*byte).to_digit(radix).ok_or(NumberError::Syntax)?;
        seen = true;
        let scaled = magnitude.and_then(|number| number.checked_mul(u64::from(radix)));
        magnitude = scaled.and_then(|number| number.checked_add(u64::from(digit)));
    }
    if !seen {
        return Err(NumberError::Syntax);
    }
    let range = NumberError::Range { nearest: if negative { i64::MIN } else { i64::MAX } };
    match (magnitude, negative) {
        (Some(number), false) => i64::try_from(number).map_err(|_| range),
        (Some(number), true) if number <= 1 << 63 => Ok((number as i64).wrapping_neg()),
        _ => Err(range),
    }
}

/// The number, or what Go returns beside the error.
pub fn int_or_nearest(text: &[u8], base: u32) -> i64 {
    match int_literal(text, base) {
        Ok(number) => number,
        Err(NumberError::Syntax) => 0,
        Err(NumberError::Range { nearest }) => nearest,
    }
}

/// The base that a prefix stands for, and the digits. A lone `0` is a digit; after it a letter is a prefix.
fn prefix(digits: &[u8]) -> (u32, &[u8]) {
    match digits {
        [b'0', b'x' | b'X', rest @ ..] if !rest.is_empty() => (16, rest),
        [b'0', b'b' | b'B', rest @ ..] if !rest.is_empty() => (2, rest),
        [b'0', b'o' | b'O', rest @ ..] if !rest.is_empty() => (8, rest),
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, digits),
    }
}

/// Underscores stand between digits, or between the base prefix and a digit (`strconv.underscoreOK`).
fn underscores_ok(text: &[u8]) -> bool {
    let body = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    let (hex, mut before, body) = match body {
        [b'0', b'x' | b'X', rest @ ..] => (true, b'0', rest),
        [b'0', b'b' | b'B' | b'o' | b'O', rest @ ..] => (false, b'0', rest),
        _ => (false, b'^', body),
    };
    for byte in body {
        let class = match byte {
            b'0'..=b'9' => b'0',
            b'a'..=b'f' | b'A'..=b'F' if hex => b'0',
            b'_' if before != b'0' => return false,
            b'_' => b'_',
            _ if before == b'_' => return false,
            _ => b'!',
        };
        before = class;
    }
    before != b'_'
}

/// `strconv.ParseFloat(text, 64)` where it has no error: decimal, hexadecimal (`0x1p-2`), `inf`, `nan`.
pub fn float_literal(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1.0 } else { 1.0 };
    match unsigned.to_ascii_lowercase().as_str() {
        "inf" | "infinity" => return Some(sign * f64::INFINITY),
        "nan" => return (unsigned.len() == text.len()).then_some(f64::NAN),
        _ => {}
    }
    if unsigned.contains('_') && !underscores_ok(text.as_bytes()) {
        return None;
    }
    let plain = unsigned.replace('_', "");
    if let Some(hex) = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        return hex_float(hex).map(|number| sign * number);
    }
    if !plain.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let number: f64 = plain.parse().ok()?;
    number.is_finite().then_some(sign * number)
}

/// The part of a hexadecimal float after `0x`; Go demands the exponent.
fn hex_float(text: &str) -> Option<f64> {
    let (mantissa, exponent) = text.split_once(['p', 'P'])?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    if whole.len() + fraction.len() == 0 {
        return None;
    }
    let mut bits: u128 = 0;
    let mut exponent: i64 = exponent.parse().ok()?;
    for (place, digit) in whole.chars().chain(fraction.chars()).enumerate() {
        let digit = digit.to_digit(16)?;
        let after_point = place >= whole.len();
        if bits >> 120 == 0 {
            bits = bits << 4 | u128::from(digit);
            exponent -= if after_point { 4 } else { 0 };
        } else {
            // Beyond 120 bits only "is there something" matters for rounding.
            bits |= u128::from(digit != 0);
            exponent += if after_point { 0 } else { 4 };
        }
    }
    let number = scale(bits as f64, exponent);
    number.is_finite().then_some(number)
}

/// `number * 2^exponent` in steps that stay inside the type.
fn scale(number: f64, exponent: i64) -> f64 {
    let mut left = exponent.clamp(-4000, 4000);
    let mut result = number;
    while left != 0 {
        let step = left.clamp(-1000, 1000);
        result *= 2_f64.powi(step as i32);
        left -= step;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_integers_like_strconv() {
        let cases: &[(&str, u32, Result<i64, NumberError>)] = &[
            ("12", 0, Ok(12)),
            ("-0x1f", 0, Ok(-31)),
            ("0b101", 0, Ok(5)),
            ("0o17", 0, Ok(15)),
            ("1_000", 0, Ok(1000)),
            ("1_000", 10, Err(NumberError::Syntax)),
            ("08", 0, Err(NumberError::Syntax)),
            ("", 10, Err(NumberError::Syntax)),
            ("-9223372036854775808", 10, Ok(i64::MIN)),
            ("9223372036854775808", 10, Err(NumberError::Range { nearest: i64::MAX })),
        ];
        for (text, base, wanted) in cases {
            assert_eq!(int_literal(text.as_bytes(), *base), *wanted, "{text}");
        }
    }

    #[test]
    fn reads_floats_like_strconv() {
        assert_eq!(float_literal(b"0x1p-2"), Some(0.25));
        assert_eq!(float_literal(b"1_2.5"), Some(12.5));
        assert_eq!(float_literal(b".5e1"), Some(5.0));
        assert_eq!(float_literal(b"-inf"), Some(f64::NEG_INFINITY));
        assert_eq!(float_literal(b"1e999"), None);
        assert_eq!(float_literal(b" 1"), None);
        assert_eq!(float_literal(b"e5"), None);
    }
}
