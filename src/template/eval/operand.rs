//! A value on its way through a pipeline, with what Go's static types still know of it.

use crate::template::types::{Named, Type};
use crate::template::value::Value;

/// A value and whether it stands in an `interface {}` slot (a map or list element, a function result).
///
/// Go looks inside only at the end of a pipeline. Until then errors name the type `interface {}`, and a nil
/// is one that has no fields, while the nil at the end of a pipeline is no value at all ([`Value::Invalid`]).
#[derive(Clone, Debug)]
pub(super) struct Operand {
    pub value: Value,
    pub boxed: bool,
}

impl Operand {
    pub const INVALID: Operand = Operand { value: Value::Invalid, boxed: false };

    /// A value of its own type; a nil is no value.
    pub fn concrete(value: Value) -> Self {
        match value {
            Value::Nil => Operand::INVALID,
            value => Operand { value, boxed: false },
        }
    }

    /// A value from a slot of this type.
    pub fn from_slot(value: Value, slot: Type) -> Self {
        match value {
            Value::Invalid => Operand::INVALID,
            Value::Nil => Operand { value, boxed: true },
            value => Operand { value, boxed: matches!(slot, Type::Any | Type::Error) },
        }
    }

    /// The value at the end of a pipeline.
    pub fn unboxed(self) -> Self {
        Operand::concrete(self.value)
    }

    /// The type as error messages name it.
    pub fn static_type(&self) -> Type {
        if self.boxed { Type::Any } else { self.value.type_of() }
    }

    pub fn is_invalid(&self) -> bool {
        matches!(self.value, Value::Invalid)
    }
}

/// Whether Go lets a value of type `from` be assigned to `to`: identical types, any to an interface, and
/// a defined type and its plain form to each other.
pub(super) fn assignable(from: Type, to: Type) -> bool {
    match (from, to) {
        (_, Type::Any) => true,
        (Type::Named(a), Type::Named(b)) => a.name == b.name || pointee(a) == b.name,
        (Type::Named(named), plain) | (plain, Type::Named(named)) => {
            !matches!(named.underlying, Type::Any) && named.underlying == plain
        }
        (Type::Bytes, Type::List(Type::Uint8)) | (Type::List(Type::Uint8), Type::Bytes) => true,
        _ => from == to,
    }
}

/// A pointer is dereferenced where the value itself is wanted.
fn pointee(named: &Named) -> &str {
    named.name.trim_start_matches('*')
}

/// Whether nil can be assigned to the type (`canBeNil` in Go's exec.go).
pub(super) fn can_be_nil(ty: Type) -> bool {
    match ty {
        Type::Any | Type::Error | Type::Map(_) | Type::List(_) | Type::Bytes => true,
        Type::Named(named) => match named.underlying {
            Type::Any => named.name.starts_with('*'),
            underlying => can_be_nil(underlying),
        },
        _ => false,
    }
}
