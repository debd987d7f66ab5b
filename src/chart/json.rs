//! Parsed JSON to the values of templates and back.

use serde_json::{Map as Object, Number, Value as Json};

use crate::template::value::Value;

/// Numbers become float64, as `encoding/json` decodes into `interface {}`.
pub fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(flag) => Value::Bool(*flag),
        Json::Number(number) => Value::Float(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::str(text.as_str()),
        Json::Array(items) => Value::list(items.iter().map(from_json).collect()),
        Json::Object(map) => Value::map(map.iter().map(|(key, value)| (key.as_str(), from_json(value)))),
    }
}

/// Plain data as JSON. Bytes that are not UTF-8 become U+FFFD; a float64 without a fraction stays a whole number.
pub fn to_json(value: &Value) -> Json {
    match value {
        Value::Invalid | Value::Nil | Value::Object(_) => Json::Null,
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(_, number) => Json::from(*number),
        Value::Uint(_, number) => Json::from(*number),
        Value::Float(number) => float(*number),
        Value::Str(text) | Value::Bytes(text) => Json::from(text.to_text()),
        Value::List(list) => Json::Array(list.borrow().iter().map(to_json).collect()),
        Value::Map(map) => {
            let entries = map.borrow();
            let entries = entries.iter().map(|(key, value)| (key.to_text().into_owned(), to_json(value)));
            Json::Object(entries.collect::<Object<_, _>>())
        }
    }
}

fn float(number: f64) -> Json {
    let whole = number as i64;
    if whole as f64 == number && whole.unsigned_abs() < 1 << 53 {
        return Json::from(whole);
    }
    Number::from_f64(number).map_or(Json::Null, Json::Number)
}
