//! Two leaves turned into the answer whether they mean the same.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::quantity::is_same_amount;

/// What the place of a leaf says about its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    Plain,
    Quantity,
    IntOrString,
    /// Base64, with or without line breaks.
    Bytes,
}

/// Whether both leaves mean the same; numbers are compared as numbers, everywhere.
pub fn is_same(manifest: &Value, live: &Value, meaning: Meaning) -> bool {
    if manifest == live || numbers(manifest, live) {
        return true;
    }
    let (Some(one), Some(other)) = (word(manifest), word(live)) else { return false };
    match meaning {
        Meaning::Plain => false,
        Meaning::Quantity => is_same_amount(&one, &other),
        Meaning::IntOrString => one == other,
        Meaning::Bytes => bytes(&one).is_some_and(|bytes_of_one| bytes(&other) == Some(bytes_of_one)),
    }
}

fn numbers(one: &Value, other: &Value) -> bool {
    match (one.as_i64(), other.as_i64()) {
        (Some(one), Some(other)) => one == other,
        _ => one.as_f64().is_some_and(|number| other.as_f64() == Some(number)),
    }
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Go's decoder skips line breaks.
fn bytes(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text.replace(['\r', '\n'], "")).ok()
}
