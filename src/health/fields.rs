//! An object turned into the fields that the rules ask for, as lenient and as strict as kstatus reads them.
//!
//! Source: fluxcd/cli-utils `pkg/kstatus/status/util.go`, apimachinery `unstructured.NestedInt64` and its kin.

use serde_json::{Map, Value};

/// A field that the rules cannot do without is not of the type it should be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0} has an unexpected type")]
pub struct Unreadable(pub String);

/// What a condition says; a field that is left out is empty.
#[derive(Clone, Copy, Debug, Default)]
pub struct Condition<'a> {
    pub kind: &'a str,
    pub status: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
}

impl Condition<'_> {
    pub fn is(&self, kind: &str, status: &str) -> bool {
        self.kind == kind && self.status == status
    }
}

/// The whole number at `path`; anything else counts as left out.
pub fn int(object: &Value, path: &[&str]) -> Option<i64> {
    at(object, path)?.as_i64()
}

/// The text at `path`; anything else counts as left out.
pub fn text<'a>(object: &'a Value, path: &[&str]) -> Option<&'a str> {
    at(object, path)?.as_str()
}

/// The items at `path`; anything but a list is empty.
pub fn items<'a>(object: &'a Value, path: &[&str]) -> &'a [Value] {
    at(object, path).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

fn at<'a>(object: &'a Value, path: &[&str]) -> Option<&'a Value> {
    path.iter().try_fold(object, |value, key| value.as_object()?.get(*key))
}

/// The whole number at `path`, or nothing; another type is an error.
pub fn strict_int(object: &Value, path: &[&str]) -> Result<Option<i64>, Unreadable> {
    let Some(value) = strict(object, path)? else { return Ok(None) };
    value.as_i64().map(Some).ok_or_else(|| unreadable(path))
}

/// The text at `path`, or nothing; another type is an error.
pub fn strict_text<'a>(object: &'a Value, path: &[&str]) -> Result<Option<&'a str>, Unreadable> {
    let Some(value) = strict(object, path)? else { return Ok(None) };
    value.as_str().map(Some).ok_or_else(|| unreadable(path))
}

fn strict<'a>(object: &'a Value, path: &[&str]) -> Result<Option<&'a Value>, Unreadable> {
    let mut value = object;
    for (depth, key) in path.iter().enumerate() {
        let held = match value {
            Value::Object(map) => map.get(*key),
            Value::Null => None,
            _ => return Err(unreadable(&path[..depth])),
        };
        let Some(held) = held else { return Ok(None) };
        value = held;
    }
    Ok(Some(value))
}

/// The conditions of the status, in their order.
pub fn conditions(object: &Value) -> Result<Vec<Condition<'_>>, Unreadable> {
    let status = match object.get("status") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Object(status)) => status,
        Some(_) => return Err(unreadable(&["status"])),
    };
    match status.get("conditions") {
        None | Some(Value::Null) => Ok(Vec::new()),
        Some(Value::Array(items)) => items.iter().map(condition).collect(),
        Some(_) => Err(unreadable(&["status", "conditions"])),
    }
}

fn condition(item: &Value) -> Result<Condition<'_>, Unreadable> {
    let item = match item {
        Value::Object(item) => item,
        Value::Null => return Ok(Condition::default()),
        _ => return Err(unreadable(&["status", "conditions"])),
    };
    Ok(Condition {
        kind: part(item, "type")?,
        status: part(item, "status")?,
        reason: part(item, "reason")?,
        message: part(item, "message")?,
    })
}

fn part<'a>(item: &'a Map<String, Value>, key: &str) -> Result<&'a str, Unreadable> {
    match item.get(key) {
        None | Some(Value::Null) => Ok(""),
        Some(value) => value.as_str().ok_or_else(|| unreadable(&["status", "conditions", key])),
    }
}

fn unreadable(path: &[&str]) -> Unreadable {
    Unreadable(path.join("."))
}
