//! `index`, `slice` and `len`.

use crate::template::func::CallError;
use crate::template::types::Type;
use crate::template::value::{List, UintKind, Value};
use crate::template::zero::zero;

/// `index x 1 "a"` is `x[1]["a"]`.
pub(super) fn index(args: &[Value]) -> Result<Value, CallError> {
    let (item, indexes) = args.split_first().unwrap_or((&Value::Invalid, &[]));
    if !item.is_some() {
        return Err(CallError::new("index of untyped nil"));
    }
    let mut item = item.clone();
    for index in indexes {
        item = step(&item, index)?;
    }
    Ok(item)
}

fn step(item: &Value, index: &Value) -> Result<Value, CallError> {
    match item {
        // The second index of a value that was absent.
        Value::Invalid | Value::Nil => Err(CallError::new("index of nil pointer")),
        Value::Str(text) => {
            let at = index_of(index, text.len())?;
            let byte = text.get(at).ok_or_else(|| out_of_range("string"))?;
            Ok(Value::Uint(UintKind::Uint8, u64::from(*byte)))
        }
        Value::Bytes(bytes) => {
            let at = index_of(index, bytes.len())?;
            let byte = bytes.get(at).ok_or_else(|| out_of_range("slice"))?;
            Ok(Value::Uint(UintKind::Uint8, u64::from(*byte)))
        }
        Value::List(list) => {
            let at = index_of(index, list.len())?;
            list.get(at).ok_or_else(|| out_of_range("slice"))
        }
        Value::Map(map) => match index {
            Value::Str(key) => Ok(map.get(key).unwrap_or_else(|| zero(map.element()))),
            Value::Invalid | Value::Nil => Err(CallError::new("value is nil; should be of type string")),
            _ => Err(CallError::new(format!("value has type {}; should be string", index.type_of()))),
        },
        _ => Err(CallError::new(format!("can't index item of type {}", pointee(item)))),
    }
}

/// An index equal to the length passes Go's own check and panics in `reflect`.
fn out_of_range(what: &str) -> CallError {
    CallError::new(format!("reflect: {what} index out of range"))
}

fn index_of(index: &Value, most: usize) -> Result<usize, CallError> {
    let number = match index {
        Value::Int(_, number) => *number,
        Value::Uint(_, number) => number.cast_signed(),
        Value::Invalid | Value::Nil => return Err(CallError::new("cannot index slice/array with nil")),
        _ => {
            let text = format!("cannot index slice/array with type {}", index.type_of());
            return Err(CallError::new(text));
        }
    };
    match usize::try_from(number) {
        Ok(at) if at <= most => Ok(at),
        _ => Err(CallError::new(format!("index out of range: {number}"))),
    }
}

/// `slice x 1 2` is `x[1:2]`. The result of slicing a list is a copy; Go's would share its elements.
pub(super) fn slice(args: &[Value]) -> Result<Value, CallError> {
    let (item, indexes) = args.split_first().unwrap_or((&Value::Invalid, &[]));
    if !item.is_some() {
        return Err(CallError::new("slice of untyped nil"));
    }
    if indexes.len() > 3 {
        return Err(CallError::new(format!("too many slice indexes: {}", indexes.len())));
    }
    let length = match item {
        Value::Str(_) if indexes.len() == 3 => return Err(CallError::new("cannot 3-index slice a string")),
        Value::Str(text) | Value::Bytes(text) => text.len(),
        Value::List(list) => list.len(),
        _ => return Err(CallError::new(format!("can't slice item of type {}", pointee(item)))),
    };
    let mut bounds = [0, length, length];
    for (bound, index) in bounds.iter_mut().zip(indexes) {
        *bound = index_of(index, length)?;
    }
    let [from, to, end] = bounds;
    if from > to {
        return Err(CallError::new(format!("invalid slice index: {from} > {to}")));
    }
    if to > end {
        return Err(CallError::new(format!("invalid slice index: {to} > {end}")));
    }
    Ok(match item {
        Value::Str(text) => Value::str(&text[from..to]),
        Value::Bytes(bytes) => Value::Bytes(bytes[from..to].into()),
        Value::List(list) => Value::List(List::new(list.element(), list.borrow()[from..to].to_vec())),
        _ => Value::Invalid,
    })
}

pub(super) fn len(args: &[Value]) -> Result<Value, CallError> {
    let length = match args.first() {
        Some(Value::Str(text) | Value::Bytes(text)) => text.len(),
        Some(Value::List(list)) => list.len(),
        Some(Value::Map(map)) => map.len(),
        Some(Value::Nil) => return Err(CallError::new("len of nil pointer")),
        None | Some(Value::Invalid) => {
            return Err(CallError::new("reflect: call of reflect.Value.Type on zero Value"));
        }
        Some(value) => return Err(CallError::new(format!("len of type {}", pointee(value)))),
    };
    Ok(Value::int(i64::try_from(length).unwrap_or(i64::MAX)))
}

/// The type behind a pointer, as these errors name it.
fn pointee(value: &Value) -> String {
    match value.type_of() {
        Type::Named(named) => named.name.trim_start_matches('*').into(),
        ty => ty.to_string(),
    }
}
