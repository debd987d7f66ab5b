//! Values into what other rooms take: the renderer's value, the text of `values.yaml`, and its digest.

use std::fmt::Write;

use serde_json::{Number, Value as Json};
use sha2::{Digest, Sha256};

use crate::chart::digest;
use crate::template::value::{IntKind, UintKind, Value};
use crate::yaml::write::{self, WriteError};

/// Values as a chart sees them: every number is a float64, because Helm reads values through JSON into
/// `map[string]interface{}`.
pub fn to_template(values: &Json) -> Value {
    convert(values, float)
}

/// The text of `values.yaml`, as Helm would print it: keys in order, go-yaml's style, every digit of an integer.
///
/// go-yaml folds or refuses some characters (a NEL becomes a space, a DEL is an error). Values that hold one are written
/// as JSON with these characters escaped, which is YAML too and reads back as it was.
pub fn to_yaml(values: &Json) -> Result<Vec<u8>, WriteError> {
    if has_fragile(values) {
        return Ok(escaped_json(values).into_bytes());
    }
    write::to_vec(&convert(values, exact))
}

/// A character that YAML text does not keep unless it is escaped. Source: `is_printable` and the reader's check in
/// go-yaml v2 (`yamlprivateh.go`, `readerc.go`), and its line breaks NEL, LS and PS.
fn is_fragile(character: char) -> bool {
    let control = character.is_control() && !matches!(character, '\n' | '\t');
    control || matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

fn has_fragile(value: &Json) -> bool {
    match value {
        Json::String(text) => text.contains(is_fragile),
        Json::Array(items) => items.iter().any(has_fragile),
        Json::Object(entries) => {
            entries.iter().any(|(key, value)| key.contains(is_fragile) || has_fragile(value))
        }
        _ => false,
    }
}

fn escaped_json(values: &Json) -> String {
    let mut text = String::new();
    for character in format!("{values:#}\n").chars() {
        if is_fragile(character) {
            // All of them have four hex digits; writing to a string cannot fail.
            let _ = write!(text, "\\u{:04x}", u32::from(character));
        } else {
            text.push(character);
        }
    }
    text
}

/// `sha256:<hex>` of the text of a values file.
pub fn digest(text: &[u8]) -> String {
    digest::written(&Sha256::digest(text))
}

/// Values as they are written to a file: integers keep all their digits.
fn exact(number: &Number) -> Value {
    match (number.as_i64(), number.as_u64()) {
        (Some(number), _) => Value::Int(IntKind::Int64, number),
        (None, Some(number)) => Value::Uint(UintKind::Uint64, number),
        (None, None) => float(number),
    }
}

fn float(number: &Number) -> Value {
    Value::Float(number.as_f64().unwrap_or_default())
}

/// Values come out of `compose`, which bounds their depth.
fn convert(value: &Json, number: fn(&Number) -> Value) -> Value {
    match value {
        Json::Null => Value::Nil,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(digits) => number(digits),
        Json::String(text) => Value::str(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(|item| convert(item, number)).collect()),
        Json::Object(entries) => {
            Value::map(entries.iter().map(|(key, value)| (key.as_str(), convert(value, number))))
        }
    }
}
