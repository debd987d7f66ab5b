//! `eq`, `ne`, `lt`, `le`, `gt`, `ge`: Go's comparison with its refusal to mix types.

use std::cmp::Ordering;
use std::rc::Rc;

use super::{Kind, kind};
use crate::template::fmt::sprintf;
use crate::template::func::CallError;
use crate::template::value::Value;

/// `eq a b c`: whether a equals any of the others.
pub(super) fn eq(args: &[Value]) -> Result<Value, CallError> {
    let (first, others) = args.split_first().unwrap_or((&Value::Invalid, &[]));
    if others.is_empty() {
        return Err(CallError::new("missing argument for comparison"));
    }
    for other in others {
        if equal(first, other)? {
            return Ok(Value::Bool(true));
        }
    }
    Ok(Value::Bool(false))
}

pub(super) fn ne(args: &[Value]) -> Result<Value, CallError> {
    pair(args, |a, b| Ok(!equal(a, b)?))
}

pub(super) fn lt(args: &[Value]) -> Result<Value, CallError> {
    pair(args, less)
}

pub(super) fn le(args: &[Value]) -> Result<Value, CallError> {
    pair(args, less_or_equal)
}

pub(super) fn gt(args: &[Value]) -> Result<Value, CallError> {
    pair(args, |a, b| Ok(!less_or_equal(a, b)?))
}

pub(super) fn ge(args: &[Value]) -> Result<Value, CallError> {
    pair(args, |a, b| Ok(!less(a, b)?))
}

fn pair(
    args: &[Value],
    test: impl Fn(&Value, &Value) -> Result<bool, CallError>,
) -> Result<Value, CallError> {
    match args {
        [a, b] => test(a, b).map(Value::Bool),
        _ => Err(CallError::new("missing argument for comparison")),
    }
}

fn equal(a: &Value, b: &Value) -> Result<bool, CallError> {
    Ok(match (a, b) {
        (Value::Bool(a), Value::Bool(b)) => a == b,
        (Value::Float(a), Value::Float(b)) => a == b,
        (Value::Str(a), Value::Str(b)) => a == b,
        (Value::Int(..) | Value::Uint(..), Value::Int(..) | Value::Uint(..)) => {
            compare_integers(a, b) == Ordering::Equal
        }
        _ if basic(a) == Kind::Invalid && basic(b) == Kind::Invalid => return equal_by_reference(a, b),
        _ if kind(a) == Kind::Invalid || kind(b) == Kind::Invalid => false,
        _ => return Err(incompatible(a, b)),
    })
}

/// Values without an order: only nil equals nil, and pointers themselves.
fn equal_by_reference(a: &Value, b: &Value) -> Result<bool, CallError> {
    let (kind_a, kind_b) = (kind(a), kind(b));
    if kind_a != kind_b && kind_a != Kind::Invalid && kind_b != Kind::Invalid {
        let text = |value| String::from_utf8_lossy(&sprintf("%s", std::slice::from_ref(value))).into_owned();
        let (type_a, type_b) = (a.type_of(), b.type_of());
        return Err(CallError::new(format!(
            "non-comparable types {}: {type_a}, {type_b}: {}",
            text(a),
            String::from_utf8_lossy(&sprintf("%v", std::slice::from_ref(b))),
        )));
    }
    if is_nil(a) || is_nil(b) {
        return Ok(is_nil(a) == is_nil(b));
    }
    match (a, b) {
        (Value::Object(a), Value::Object(b)) if kind_a == Kind::Pointer => Ok(Rc::ptr_eq(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            if a.named().name != b.named().name {
                return Ok(false);
            }
            for ((_, a), (_, b)) in a.fields().iter().zip(b.fields().iter()) {
                if !equal(a, b)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        _ => {
            let text = sprintf("%s", std::slice::from_ref(b));
            let text = String::from_utf8_lossy(&text);
            Err(CallError::new(format!("non-comparable type {text}: {}", b.type_of())))
        }
    }
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::Invalid | Value::Nil => true,
        Value::List(list) => list.is_nil(),
        Value::Map(map) => map.is_nil(),
        _ => false,
    }
}

/// The kind where values of the kind have an order or at least an equality, else invalid.
fn basic(value: &Value) -> Kind {
    match kind(value) {
        kind @ (Kind::Bool | Kind::Int | Kind::Uint | Kind::Float | Kind::String) => kind,
        _ => Kind::Invalid,
    }
}

fn incompatible(a: &Value, b: &Value) -> CallError {
    CallError::new(format!("incompatible types for comparison: {} and {}", a.type_of(), b.type_of()))
}

fn less(a: &Value, b: &Value) -> Result<bool, CallError> {
    let invalid = || CallError::new("invalid type for comparison");
    if basic(a) == Kind::Invalid || basic(b) == Kind::Invalid {
        return Err(invalid());
    }
    match (a, b) {
        (Value::Float(a), Value::Float(b)) => Ok(a < b),
        (Value::Str(a), Value::Str(b)) => Ok(a < b),
        (Value::Int(..) | Value::Uint(..), Value::Int(..) | Value::Uint(..)) => {
            Ok(compare_integers(a, b) == Ordering::Less)
        }
        (Value::Bool(_), Value::Bool(_)) => Err(invalid()),
        _ => Err(incompatible(a, b)),
    }
}

fn less_or_equal(a: &Value, b: &Value) -> Result<bool, CallError> {
    Ok(less(a, b)? || equal(a, b)?)
}

/// Integers compare by value, whatever their types.
fn compare_integers(a: &Value, b: &Value) -> Ordering {
    let wide = |value: &Value| match value {
        Value::Int(_, number) => i128::from(*number),
        Value::Uint(_, number) => i128::from(*number),
        _ => 0,
    };
    wide(a).cmp(&wide(b))
}
