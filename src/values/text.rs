//! Values into what other rooms take: the renderer's value, the text of `values.yaml`, and its digest.

use std::fmt::Write;

use serde_json::{Number, Value as Json};
use sha2::{Digest, Sha256};

use crate::template::value::{IntKind, UintKind, Value};

/// Values as a chart sees them: every number is a float64, because Helm reads values through JSON into
/// `map[string]interface{}`.
pub fn to_template(values: &Json) -> Value {
    convert(values, float)
}

/// `sha256:<hex>` of the text of a values file.
pub fn digest(text: &[u8]) -> String {
    let mut digest = String::from("sha256:");
    for byte in Sha256::digest(text) {
        // Writing to a string cannot fail.
        let _ = write!(digest, "{byte:02x}");
    }
    digest
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
