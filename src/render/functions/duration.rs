//! Go's `time.Duration`: nanoseconds to text (`1h2m3s`) and back, rounding.

use super::layout_quote::quote;
use crate::template::fmt::print_value;
use crate::template::value::{IntKind, Value};

pub const SECOND: i64 = 1_000_000_000;
pub const MINUTE: i64 = 60 * SECOND;
pub const HOUR: i64 = 60 * MINUTE;

/// Why a text is no duration.
#[derive(Debug, thiserror::Error)]
pub enum DurationError {
    #[error("time: invalid duration {0}")]
    Invalid(String),
    #[error("time: missing unit in duration {0}")]
    MissingUnit(String),
    #[error("time: unknown unit {unit} in duration {text}")]
    UnknownUnit { unit: String, text: String },
}

/// `Duration.String`
pub fn format(duration: i64) -> String {
    let printed = print_value(&Value::Int(IntKind::Duration, duration));
    String::from_utf8_lossy(&printed).into_owned()
}

/// `time.ParseDuration`
pub fn parse(text: &[u8]) -> Result<i64, DurationError> {
    let invalid = || DurationError::Invalid(quote(text));
    let (negative, mut left) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        _ => (false, text),
    };
    if left == b"0" {
        return Ok(0);
    }
    if left.is_empty() {
        return Err(invalid());
    }
    let mut total: u64 = 0;
    while !left.is_empty() {
        let (nanos, rest) = term(text, left)?;
        total = total.checked_add(nanos).filter(|total| *total <= 1 << 63).ok_or_else(invalid)?;
        left = rest;
    }
    match negative {
        true => Ok((total as i64).wrapping_neg()),
        false => i64::try_from(total).map_err(|_| invalid()),
    }
}

/// One number with its unit, in nanoseconds, and what follows it.
fn term<'t>(text: &[u8], left: &'t [u8]) -> Result<(u64, &'t [u8]), DurationError> {
    let invalid = || DurationError::Invalid(quote(text));
    let (whole, after) = digits(left);
    let (fraction, after) = match after {
        [b'.', rest @ ..] => digits(rest),
        _ => (&b""[..], after),
    };
    if whole.is_empty() && fraction.is_empty() {
        return Err(invalid());
    }
    let end = after.iter().position(|byte| *byte == b'.' || byte.is_ascii_digit()).unwrap_or(after.len());
    let (unit, rest) = after.split_at(end);
    if unit.is_empty() {
        return Err(DurationError::MissingUnit(quote(text)));
    }
    let size =
        unit_size(unit).ok_or_else(|| DurationError::UnknownUnit { unit: quote(unit), text: quote(text) })?;
    let whole = whole.iter().try_fold(0_u64, |number, digit| {
        number.checked_mul(10)?.checked_add(u64::from(digit - b'0')).filter(|number| *number <= 1 << 63)
    });
    let nanos = whole.and_then(|whole| whole.checked_mul(size)).ok_or_else(invalid)?;
    let (part, scale) = leading_fraction(fraction);
    let nanos = nanos.checked_add((part as f64 * (size as f64 / scale)) as u64);
    nanos.filter(|nanos| *nanos <= 1 << 63).map(|nanos| (nanos, rest)).ok_or_else(invalid)
}

/// The digits after the point as a number and its power of ten; digits beyond 64 bits do not count.
fn leading_fraction(digits: &[u8]) -> (u64, f64) {
    let (mut number, mut scale) = (0_u64, 1.0);
    for digit in digits {
        if number > (i64::MAX as u64) / 10 {
            break;
        }
        number = number * 10 + u64::from(digit - b'0');
        scale *= 10.0;
    }
    (number, scale)
}

fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

fn unit_size(unit: &[u8]) -> Option<u64> {
    Some(match std::str::from_utf8(unit).ok()? {
        "ns" => 1,
        "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
        "ms" => 1_000_000,
        "s" => SECOND as u64,
        "m" => MINUTE as u64,
        "h" => HOUR as u64,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_and_parses() {
        let cases = [
            ("0s", 0),
            ("1ns", 1),
            ("1.5µs", 1_500),
            ("2.5ms", 2_500_000),
            ("1m0s", MINUTE),
            ("1h15m30.918s", HOUR + 15 * MINUTE + 30 * SECOND + 918_000_000),
            ("-1.5s", -1_500_000_000),
            ("2562047h47m16.854775807s", i64::MAX),
        ];
        for (text, nanos) in cases {
            assert_eq!(format(nanos), text);
            assert_eq!(parse(text.as_bytes()).unwrap(), nanos, "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        let error = |text: &str| parse(text.as_bytes()).unwrap_err().to_string();
        assert_eq!(error(""), "time: invalid duration \"\"");
        assert_eq!(error("3"), "time: missing unit in duration \"3\"");
        assert_eq!(error("3d"), "time: unknown unit \"d\" in duration \"3d\"");
    }
}
