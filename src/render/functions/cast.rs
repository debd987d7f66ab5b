//! Turns any value into a number, a string or a truth value by the lax rules of Sprig (`spf13/cast`, `strval`, `empty`).

use super::define::ANY;
use super::parse_number::{float_literal, int_literal};
use crate::template::budgets::{Budget, BudgetError};
use crate::template::fmt::print_value;
use crate::template::types::Type;
use crate::template::value::{List, Str, Value};

/// `cast.ToInt64` (and `ToInt`, which is the same on 64 bits): what is no number is 0.
pub fn to_int64(value: &Value) -> i64 {
    match value {
        // `time.Duration` is a type of its own that cast does not know.
        Value::Int(crate::template::value::IntKind::Duration, _) => 0,
        Value::Int(_, number) => *number,
        Value::Uint(_, number) => *number as i64,
        Value::Float(number) => float_to_int64(*number),
        Value::Str(text) => int_literal(trim_zero_decimal(text), 0).unwrap_or(0),
        Value::Bool(flag) => i64::from(*flag),
        _ => 0,
    }
}

/// `cast.ToFloat64`: what is no number is 0.
pub fn to_float64(value: &Value) -> f64 {
    match value {
        Value::Int(crate::template::value::IntKind::Duration, _) => 0.0,
        Value::Int(_, number) => *number as f64,
        Value::Uint(_, number) => *number as f64,
        Value::Float(number) => *number,
        Value::Str(text) => float_literal(text).unwrap_or(0.0),
        Value::Bool(flag) => f64::from(u8::from(*flag)),
        _ => 0.0,
    }
}

/// Go's `int64(f)` on amd64: what does not fit is the smallest number.
pub fn float_to_int64(number: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&number) { number as i64 } else { i64::MIN }
}

/// `8.00` reads as `8`; `8.01` does not.
fn trim_zero_decimal(text: &[u8]) -> &[u8] {
    let zeros = text.iter().rev().take_while(|byte| **byte == b'0').count();
    match text[..text.len() - zeros].split_last() {
        Some((b'.', head)) if zeros > 0 => head,
        _ => text,
    }
}

/// Sprig's `strval`: strings and bytes as they are, the rest as `%v`.
pub fn strval(value: &Value) -> Str {
    match value {
        Value::Str(text) | Value::Bytes(text) => text.clone(),
        other => print_value(other).into(),
    }
}

/// Elements of a list that are looked at in a step.
const ITEMS_PER_STEP: usize = 4;

/// Sprig's `strslice`: a list's elements as strings without the nils; anything else as a list of one.
pub fn strslice(budget: &mut Budget, value: &Value) -> Result<Vec<Str>, BudgetError> {
    Ok(match value {
        Value::List(list) => {
            budget.steps((list.len() / ITEMS_PER_STEP) as u64)?;
            let items = list.snapshot().into_iter().filter(Value::is_some);
            items.map(|item| charged_strval(budget, &item)).collect::<Result<_, _>>()?
        }
        Value::Bytes(bytes) => bytes.iter().map(|byte| Str::from(byte.to_string())).collect(),
        Value::Nil | Value::Invalid => Vec::new(),
        other => vec![strval(other)],
    })
}

/// The same as [`strval`], for who makes many: a text that is made for it is charged.
pub fn charged_strval(budget: &mut Budget, value: &Value) -> Result<Str, BudgetError> {
    let text = strval(value);
    if !matches!(value, Value::Str(_) | Value::Bytes(_)) {
        budget.step()?;
        budget.text(text.len())?;
    }
    Ok(text)
}

/// Sprig's `empty`: nil, false, zero, and empty strings, lists and maps; an object never.
pub fn empty(value: &Value) -> bool {
    !crate::template::truth(value)
}

/// The elements of a list as Go sees them through reflection; nothing for what is no list.
pub fn elements(value: &Value) -> Option<Vec<Value>> {
    use crate::template::value::UintKind;
    match value {
        Value::List(list) => Some(list.snapshot()),
        Value::Bytes(bytes) => {
            Some(bytes.iter().map(|byte| Value::Uint(UintKind::Uint8, u64::from(*byte))).collect())
        }
        _ => None,
    }
}

/// `reflect.Kind` as text: `string`, `map`, `slice`, `ptr`, `invalid`, …
pub fn kind(value: &Value) -> &'static str {
    match value {
        Value::Nil | Value::Invalid => "invalid",
        Value::Object(object) if object.named().name.starts_with('*') => "ptr",
        Value::Object(_) => "struct",
        other => kind_of_type(other.type_of()),
    }
}

fn kind_of_type(ty: Type) -> &'static str {
    match ty {
        Type::Any | Type::Error => "interface",
        Type::Duration => "int64",
        Type::Bytes | Type::List(_) => "slice",
        Type::Map(_) => "map",
        Type::Named(named) => kind_of_type(named.underlying),
        // The others are called by their kind.
        simple => simple.simple_name().unwrap_or_default(),
    }
}

/// The type as `%T` prints it: `<nil>` for nil.
pub fn type_name(value: &Value) -> String {
    match value {
        Value::Nil | Value::Invalid => "<nil>".to_owned(),
        other => other.type_of().to_string(),
    }
}

/// A new `[]interface {}`.
pub fn list(items: Vec<Value>) -> Value {
    Value::List(List::new(ANY, items))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn casts_like_spf13() {
        assert_eq!(to_int64(&Value::str("0x1F")), 31);
        assert_eq!(to_int64(&Value::str("010")), 8);
        assert_eq!(to_int64(&Value::str("8.00")), 8);
        assert_eq!(to_int64(&Value::str("8.5")), 0);
        assert_eq!(to_int64(&Value::Float(-2.9)), -2);
        assert_eq!(to_int64(&Value::Float(1e300)), i64::MIN);
        assert_eq!(to_float64(&Value::str("1_0.5")), 10.5);
    }
}
