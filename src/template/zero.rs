//! The value of a type before anything was assigned to it.

use super::types::Type;
use super::value::{IntKind, List, Map, UintKind, Value};

/// Go's zero value: what a missing key of a typed map evaluates to. The zero of an interface or pointer is nil.
pub(super) fn zero(ty: Type) -> Value {
    match ty {
        Type::Any | Type::Error => Value::Nil,
        Type::Bool => Value::Bool(false),
        Type::Int => Value::Int(IntKind::Int, 0),
        Type::Int8 => Value::Int(IntKind::Int8, 0),
        Type::Int16 => Value::Int(IntKind::Int16, 0),
        Type::Int32 => Value::Int(IntKind::Int32, 0),
        Type::Int64 => Value::Int(IntKind::Int64, 0),
        Type::Duration => Value::Int(IntKind::Duration, 0),
        Type::Uint => Value::Uint(UintKind::Uint, 0),
        Type::Uint8 => Value::Uint(UintKind::Uint8, 0),
        Type::Uint16 => Value::Uint(UintKind::Uint16, 0),
        Type::Uint32 => Value::Uint(UintKind::Uint32, 0),
        Type::Uint64 => Value::Uint(UintKind::Uint64, 0),
        Type::Float32 | Type::Float64 => Value::Float(0.0),
        Type::String => Value::str(""),
        Type::Bytes => Value::Bytes("".into()),
        Type::List(element) => Value::List(List::nil(*element)),
        Type::Map(element) => Value::Map(Map::nil(*element)),
        Type::Named(named) => match named.underlying {
            Type::List(_) => Value::List(List::named(named, Vec::new())),
            Type::Map(_) => Value::Map(Map::named(named, Default::default())),
            underlying => zero(underlying),
        },
    }
}
