//! Go's types as a template can see them: what a parameter accepts, what `typeOf` and `%T` print.

use std::fmt;

use super::Value;
use crate::template::error::CallError;

/// A Go type. Displayed as `reflect.Type.String` prints it (`map[string]interface {}`).
#[derive(Clone, Copy, Debug)]
pub enum Type {
    /// `interface {}`: accepts everything, nil included.
    Any,
    Bool,
    Int,
    Int8,
    Int16,
    Int32,
    Int64,
    Uint,
    Uint8,
    Uint16,
    Uint32,
    Uint64,
    Float32,
    Float64,
    String,
    /// `[]uint8`
    Bytes,
    /// `error`
    Error,
    /// `time.Duration` (kind int64)
    Duration,
    /// A slice of the element type.
    List(&'static Type),
    /// A map from string to the element type.
    Map(&'static Type),
    /// A defined type with methods, such as `common.Values` or `*semver.Version`.
    Named(&'static Named),
}

/// A defined Go type: its name, the kind below it and its methods.
#[derive(Debug)]
pub struct Named {
    /// As `%T` prints it, package and pointer included: `common.Values`, `*common.Capabilities`.
    pub name: &'static str,
    /// What it is made of: `Type::Map(..)`, `Type::List(..)`, or `Type::Any` for a struct.
    pub underlying: Type,
    /// Methods that a template can call; the receiver is the first argument of `call`.
    pub methods: &'static [Method],
}

impl PartialEq for Named {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Named {}

impl PartialEq for Type {
    /// Types are equal when Go would call them identical; defined types are compared by name.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Type::List(a), Type::List(b)) | (Type::Map(a), Type::Map(b)) => a == b,
            (Type::Named(a), Type::Named(b)) => a == b,
            _ => std::mem::discriminant(self) == std::mem::discriminant(other),
        }
    }
}

impl Eq for Type {}

impl Type {
    /// The name of a type that needs no other to be said; `None` for lists, maps and defined types.
    pub fn simple_name(self) -> Option<&'static str> {
        Some(match self {
            Type::Any => "interface {}",
            Type::Bool => "bool",
            Type::Int => "int",
            Type::Int8 => "int8",
            Type::Int16 => "int16",
            Type::Int32 => "int32",
            Type::Int64 => "int64",
            Type::Uint => "uint",
            Type::Uint8 => "uint8",
            Type::Uint16 => "uint16",
            Type::Uint32 => "uint32",
            Type::Uint64 => "uint64",
            Type::Float32 => "float32",
            Type::Float64 => "float64",
            Type::String => "string",
            Type::Bytes => "[]uint8",
            Type::Error => "error",
            Type::Duration => "time.Duration",
            Type::Named(_) | Type::List(_) | Type::Map(_) => return None,
        })
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Named(named) => f.write_str(named.name),
            Type::List(element) => write!(f, "[]{element}"),
            Type::Map(element) => write!(f, "map[string]{element}"),
            simple => f.write_str(simple.simple_name().unwrap_or_default()),
        }
    }
}

/// A method of a defined type. `args[0]` is the receiver; `params` leaves it out.
pub struct Method {
    pub name: &'static str,
    pub params: &'static [Type],
    pub variadic: bool,
    pub returns: Type,
    pub call: fn(&[Value]) -> Result<Value, CallError>,
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}
