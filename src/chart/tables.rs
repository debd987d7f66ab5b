//! Tables inside tables: looking up a dotted path, copying, merging (Helm's `common.Values` and `loader.MergeMaps`).

use crate::template::types::Type;
use crate::template::value::{List, Map, Value};

/// A new, empty `map[string]interface {}`.
pub fn empty() -> Map {
    Map::new(Type::Any, Default::default())
}

/// The table at a dotted path; the error is the part of the path that is none.
pub fn table(values: &Map, path: &str) -> Result<Map, String> {
    let mut table = values.clone();
    for part in path.split('.') {
        let Some(Value::Map(next)) = table.get(part) else { return Err(part.to_owned()) };
        table = next;
    }
    Ok(table)
}

/// The value at a dotted path, if there is one and it is no table.
pub fn scalar(values: &Map, path: &str) -> Option<Value> {
    let (table, key) = match path.rsplit_once('.') {
        Some((parents, key)) => (table(values, parents).ok()?, key),
        None => (values.clone(), path),
    };
    table.get(key).filter(|value| value.as_map().is_none())
}

/// A deep copy: changes to one are not seen by the other.
pub fn copy(value: &Value) -> Value {
    match value {
        Value::Map(map) => Value::Map(copy_map(map)),
        Value::List(list) if !list.is_nil() => {
            Value::List(List::new(list.element(), list.borrow().iter().map(copy).collect()))
        }
        other => other.clone(),
    }
}

/// A deep copy of a table.
pub fn copy_map(map: &Map) -> Map {
    Map::new(map.element(), map.borrow().iter().map(|(key, value)| (key.clone(), copy(value))).collect())
}

/// `over` laid on `base`: tables are merged, anything else (null too) replaces. Neither is changed.
///
/// This is how several values files, or several documents in one, become one.
pub fn merge(base: &Map, over: &Map) -> Map {
    let merged = Map::new(Type::Any, base.borrow().clone());
    for (key, value) in over.snapshot() {
        let value = match (&value, merged.get(&key)) {
            (Value::Map(over), Some(Value::Map(base))) => Value::Map(merge(&base, over)),
            _ => value,
        };
        merged.insert(key, value);
    }
    merged
}
