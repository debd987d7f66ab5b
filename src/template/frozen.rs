//! A deep copy of a value tree that can travel between threads, and back.

use std::sync::Arc;

use super::value::types::Type;
use super::value::{IntKind, List, Map, Str, Value};

/// An immutable tree of plain data (no objects, no sharing). A chart keeps its default values so;
/// every render thaws its own copy and may change it freely.
#[derive(Clone, Debug, PartialEq)]
pub enum Frozen {
    Nil,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Str),
    List(Arc<[Frozen]>),
    /// In key order.
    Map(Arc<[(Str, Frozen)]>),
}

impl Frozen {
    /// An empty map.
    pub fn empty() -> Self {
        Frozen::Map(Arc::new([]))
    }

    /// A new value tree with these contents; maps are `map[string]interface {}`, lists `[]interface {}`.
    pub fn thaw(&self) -> Value {
        match self {
            Frozen::Nil => Value::Nil,
            Frozen::Bool(flag) => Value::Bool(*flag),
            Frozen::Int(number) => Value::Int(IntKind::Int64, *number),
            Frozen::Float(number) => Value::Float(*number),
            Frozen::Str(text) => Value::Str(text.clone()),
            Frozen::List(items) => {
                Value::List(List::new(Type::Any, items.iter().map(Frozen::thaw).collect()))
            }
            Frozen::Map(entries) => Value::Map(Map::new(
                Type::Any,
                entries.iter().map(|(key, value)| (key.clone(), value.thaw())).collect(),
            )),
        }
    }
}

impl From<&Value> for Frozen {
    /// Freezes plain data. An object becomes nil: values files cannot hold one.
    fn from(value: &Value) -> Self {
        match value {
            Value::Invalid | Value::Nil | Value::Object(_) => Frozen::Nil,
            Value::Bool(flag) => Frozen::Bool(*flag),
            Value::Int(_, number) => Frozen::Int(*number),
            Value::Uint(_, number) => Frozen::Float(*number as f64),
            Value::Float(number) => Frozen::Float(*number),
            Value::Str(text) | Value::Bytes(text) => Frozen::Str(text.clone()),
            Value::List(list) => Frozen::List(list.borrow().iter().map(Frozen::from).collect()),
            Value::Map(map) => Frozen::Map(
                map.borrow().iter().map(|(key, value)| (key.clone(), Frozen::from(value))).collect(),
            ),
        }
    }
}
