//! Positions in lists: `[3]` to a number, and a value to its place.

use crate::template::quote::{quote, quote_rune};
use crate::template::value::Value;

/// No list grows beyond this index by an override (Helm `strvals.MaxIndex`).
const MAX_INDEX: i64 = 65_536;

/// The number between brackets, with the errors of Go's `strconv.Atoi`.
pub fn parse(text: &str) -> Result<i64, String> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    text.parse().map_err(|_| {
        let number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let why = if number { "value out of range" } else { "invalid syntax" };
        format!("error parsing index: strconv.Atoi: parsing {}: {why}", quote(text.as_bytes()))
    })
}

/// Refuses what lies before the list.
pub fn check_sign(index: i64) -> Result<(), String> {
    if index < 0 { Err(format!("negative {index} index not allowed")) } else { Ok(()) }
}

/// Puts a value at its place; a list that is too short is filled with nulls.
pub fn put(list: &mut Vec<Value>, index: i64, value: Value) -> Result<(), String> {
    if index > MAX_INDEX {
        return Err(format!("index of {index} is greater than maximum supported index of {MAX_INDEX}"));
    }
    let index = usize::try_from(index).map_err(|_| format!("negative {index} index not allowed"))?;
    if list.len() <= index {
        list.resize(index + 1, Value::Nil);
    }
    list[index] = value;
    Ok(())
}

/// What stands behind a bracket and should not, as Go prints a slice of runes with `%q`.
pub fn unexpected(text: &str) -> String {
    let runes: Vec<String> = text.chars().map(|char| quote_rune(char, false)).collect();
    format!("unexpected data at end of array index: [{}]", runes.join(" "))
}
