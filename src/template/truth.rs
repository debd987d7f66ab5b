//! Which values count as true.

use super::value::Value;

/// Go's `template.IsTrue`: false are both nils, false, zero, and empty strings, lists and maps.
pub fn truth(value: &Value) -> bool {
    match value {
        Value::Invalid | Value::Nil => false,
        Value::Bool(flag) => *flag,
        Value::Int(_, number) => *number != 0,
        Value::Uint(_, number) => *number != 0,
        Value::Float(number) => *number != 0.0,
        Value::Str(text) | Value::Bytes(text) => !text.is_empty(),
        Value::List(list) => !list.is_empty(),
        Value::Map(map) => !map.is_empty(),
        Value::Object(_) => true,
    }
}
