//! How the tables of this folder are written: a name, Go's signature and a closure become a `Func`.

use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::types::Type;
use crate::template::value::{List, Map, Str, Value};

/// What every function answers.
pub type Answer = Result<Value, CallError>;

/// The code behind a function.
pub type Call = fn(&mut Exec<'_, Context>, &[Value]) -> Answer;

pub const ANY: Type = Type::Any;
pub const BOOL: Type = Type::Bool;
pub const INT: Type = Type::Int;
pub const INT64: Type = Type::Int64;
pub const FLOAT: Type = Type::Float64;
pub const STRING: Type = Type::String;
pub const LIST: Type = Type::List(&Type::Any);
pub const STRINGS: Type = Type::List(&Type::String);
pub const MAP: Type = Type::Map(&Type::Any);

/// A function with a fixed number of parameters.
pub const fn func(name: &'static str, params: &'static [Type], returns: Type, call: Call) -> Func<Context> {
    Func { name, params, variadic: false, returns, call }
}

/// A function whose last parameter may occur any number of times.
pub const fn variadic(
    name: &'static str,
    params: &'static [Type],
    returns: Type,
    call: Call,
) -> Func<Context> {
    Func { name, params, variadic: true, returns, call }
}

/// An error with this text, as an answer.
pub fn fail<T>(text: impl Into<String>) -> Result<T, CallError> {
    Err(CallError::new(text))
}

/// The string argument at this place.
pub fn text(args: &[Value], at: usize) -> Result<&Str, CallError> {
    match args.get(at) {
        Some(Value::Str(text)) => Ok(text),
        _ => Err(unexpected(args, at, "string")),
    }
}

/// The whole-number argument at this place.
pub fn int(args: &[Value], at: usize) -> Result<i64, CallError> {
    match args.get(at) {
        Some(Value::Int(_, number)) => Ok(*number),
        _ => Err(unexpected(args, at, "int")),
    }
}

/// The float64 argument at this place.
pub fn float(args: &[Value], at: usize) -> Result<f64, CallError> {
    match args.get(at) {
        Some(Value::Float(number)) => Ok(*number),
        _ => Err(unexpected(args, at, "float64")),
    }
}

/// The truth-value argument at this place.
pub fn flag(args: &[Value], at: usize) -> Result<bool, CallError> {
    match args.get(at) {
        Some(Value::Bool(flag)) => Ok(*flag),
        _ => Err(unexpected(args, at, "bool")),
    }
}

/// The map argument at this place; a nil literal is Go's nil map.
pub fn map(args: &[Value], at: usize) -> Result<Map, CallError> {
    match args.get(at) {
        Some(Value::Map(map)) => Ok(map.clone()),
        Some(Value::Nil | Value::Invalid) => Ok(Map::nil(ANY)),
        _ => Err(unexpected(args, at, "map[string]interface {}")),
    }
}

/// The argument at this place, whatever it is; nil where there is none.
pub fn any(args: &[Value], at: usize) -> &Value {
    args.get(at).unwrap_or(&Value::Nil)
}

/// The arguments from this place on.
pub fn rest(args: &[Value], from: usize) -> &[Value] {
    args.get(from..).unwrap_or(&[])
}

/// The executor checks types before the call, so a chart cannot reach this text.
fn unexpected(args: &[Value], at: usize, wanted: &str) -> CallError {
    let found = args.get(at).map_or_else(|| "nothing".to_owned(), |value| value.type_of().to_string());
    CallError::new(format!("wrong type for value; expected {wanted}; got {found}"))
}

/// A nil `[]interface {}`.
pub fn nil_list() -> Value {
    Value::List(List::nil(ANY))
}
