//! Reads numbers from byte strings with `strconv`'s rules, where Sprig drops the error.

use crate::template::number::{NumberError, parse_float, parse_int};

/// `strconv.ParseInt(text, base, 64)` where it has no error.
pub fn int_literal(text: &[u8], base: u32) -> Option<i64> {
    parse_int(std::str::from_utf8(text).ok()?, base).ok()
}

/// The number that Go returns beside an error: 0, or the nearest one where the text is out of range.
pub fn int_or_nearest(text: &[u8], base: u32) -> i64 {
    let Ok(text) = std::str::from_utf8(text) else { return 0 };
    match parse_int(text, base) {
        Ok(number) => number,
        Err(NumberError::Syntax) => 0,
        Err(NumberError::Range) if text.starts_with('-') => i64::MIN,
        Err(NumberError::Range) => i64::MAX,
    }
}

/// `strconv.ParseFloat(text, 64)` where it has no error.
pub fn float_literal(text: &[u8]) -> Option<f64> {
    parse_float(std::str::from_utf8(text).ok()?).ok()
}
