//! Plain data between the template's values and `serde_json`, numbers meant as they are written.

use serde_json::{Number, Value as Json};

use crate::template::types::Type;
use crate::template::value::{IntKind, List, Map, Value};

/// Deeper trees are cut to `null`: YAML input is bounded well below, so only a cyclic value gets here.
const DEEPEST: usize = 1_000;

/// What encoding/json calls a value in `cannot unmarshal …`.
pub fn kind(json: &Json) -> &'static str {
    match json {
        Json::Null => "null",
        Json::Bool(_) => "bool",
        Json::Number(_) => "number",
        Json::String(_) => "string",
        Json::Array(_) => "array",
        Json::Object(_) => "object",
    }
}

/// A JSON tree as a value; integers stay integers (Helm's own values are float64: see [`super::read`]).
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => from_number(number),
        Json::String(text) => Value::str(text.as_str()),
        Json::Array(items) => Value::List(List::new(Type::Any, items.iter().map(from_json).collect())),
        Json::Object(entries) => Value::Map(Map::new(
            Type::Any,
            entries.iter().map(|(key, value)| (key.as_str().into(), from_json(value))).collect(),
        )),
    }
}

fn from_number(number: &Number) -> Value {
    match number.as_i64() {
        Some(integer) => Value::Int(IntKind::Int64, integer),
        None => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
    }
}

/// A value as a JSON tree; whole floats become integers, bytes that are not UTF-8 become U+FFFD.
pub fn to_json(value: &Value) -> Json {
    convert(value, 0)
}

fn convert(value: &Value, depth: usize) -> Json {
    if depth > DEEPEST {
        return Json::Null;
    }
    match value {
        Value::Invalid | Value::Nil | Value::Object(_) => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(_, number) => Json::from(*number),
        Value::Uint(_, number) => Json::from(*number),
        Value::Float(number) => from_float(*number),
        Value::Str(text) | Value::Bytes(text) => Json::from(text.to_text().into_owned()),
        Value::List(list) => list.borrow().iter().map(|item| convert(item, depth + 1)).collect(),
        Value::Map(map) => {
            let entries = map.borrow();
            let entries = entries.iter();
            let pairs = entries.map(|(key, value)| (key.to_text().into_owned(), convert(value, depth + 1)));
            Json::Object(pairs.collect())
        }
    }
}

/// Every integer below 2^53 is exact in a float64 and was most likely written as one.
fn from_float(number: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        return Json::from(number as i64);
    }
    Number::from_f64(number).map_or(Json::Null, Json::Number)
}
