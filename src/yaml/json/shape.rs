//! A template value to what encoding/json would write for it, one level at a time.

use std::collections::HashSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::template::budgets::MAX_TEXT;
use crate::template::types::Type;
use crate::template::value::{List, Map, Str, Value};

use crate::yaml::number::format_g;

/// At this nesting encoding/json starts to look for cycles (`startDetectingCyclesAfter`).
const CYCLES_FROM: usize = 1000;

/// The deepest value that is written. Go has no limit here, but go-yaml and encoding/json both refuse to
/// read what nests deeper.
const MAX_DEPTH: usize = 10_000;

/// Why a value is not JSON, in encoding/json's words.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum EncodeError {
    #[error("json: unsupported value: {0}")]
    Float(String),
    #[error("json: unsupported value: encountered a cycle via {0}")]
    Cycle(Type),
    #[error("json: exceeded max depth")]
    TooDeep,
    /// Go has no limit; it would run out of memory.
    #[error("json: text of more than {MAX_TEXT} bytes")]
    TooLong,
}

/// One level of a value.
pub(in crate::yaml) enum Shape {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    /// Finite.
    Float(f64),
    Text(Str),
    List(List),
    Map(Map),
    /// A struct: its fields in the order of declaration.
    Fields(Vec<(&'static str, Value)>),
}

/// What encoding/json makes of a value: nil maps and lists are null, bytes are base64, an object is what
/// its `MarshalJSON` says or its fields.
pub(in crate::yaml) fn of(value: &Value) -> Result<Shape, EncodeError> {
    Ok(match value {
        Value::Invalid | Value::Nil => Shape::Null,
        Value::Bool(flag) => Shape::Bool(*flag),
        Value::Int(_, number) => Shape::Int(*number),
        Value::Uint(_, number) => Shape::Uint(*number),
        Value::Float(number) if !number.is_finite() => return Err(EncodeError::Float(format_g(*number))),
        Value::Float(number) => Shape::Float(*number),
        Value::Str(text) => Shape::Text(text.clone()),
        Value::Bytes(bytes) => Shape::Text(STANDARD.encode(&**bytes).into()),
        Value::List(list) if list.is_nil() => Shape::Null,
        Value::List(list) => Shape::List(list.clone()),
        Value::Map(map) if map.is_nil() => Shape::Null,
        Value::Map(map) => Shape::Map(map.clone()),
        Value::Object(object) => match object.json() {
            Some(Value::Object(_)) => Shape::Null,
            Some(json) => return of(&json),
            None => Shape::Fields(object.json_fields()),
        },
    })
}

/// The collections around the place that is being written, by their addresses; a struct has none.
#[derive(Default)]
pub(in crate::yaml) struct Path {
    around: Vec<Option<usize>>,
    deep: HashSet<usize>,
}

impl Path {
    /// Steps into a collection; an error if it is one of those around it, or too deep.
    pub fn enter(&mut self, collection: Option<&Value>) -> Result<(), EncodeError> {
        let address = collection.and_then(address);
        if self.around.len() >= CYCLES_FROM
            && let (Some(collection), Some(address)) = (collection, address)
            && !self.deep.insert(address)
        {
            return Err(EncodeError::Cycle(collection.type_of()));
        }
        if self.around.len() >= MAX_DEPTH {
            return Err(EncodeError::TooDeep);
        }
        self.around.push(address);
        Ok(())
    }

    pub fn leave(&mut self) {
        let address = self.around.pop().flatten();
        if let Some(address) = address.filter(|_| self.around.len() >= CYCLES_FROM) {
            self.deep.remove(&address);
        }
    }

    pub fn depth(&self) -> usize {
        self.around.len()
    }
}

fn address(collection: &Value) -> Option<usize> {
    match collection {
        Value::List(list) => Some(list.address()),
        Value::Map(map) => Some(map.address()),
        _ => None,
    }
}
