//! Nanoseconds as Go's `time.Duration`: its methods, and the rounding behind two of them.

use super::error::CallError;
use super::fmt::print_value;
use super::value::types::{Method, Type};
use super::value::{IntKind, Value};

const SECOND: i64 = 1_000_000_000;

/// What a template can call on a duration.
pub static METHODS: [Method; 10] = [
    method("Abs", Type::Duration, |a| Ok(duration(of(a, 0)?.saturating_abs()))),
    method("Hours", Type::Float64, |a| in_units(a, 3_600 * SECOND)),
    method("Microseconds", Type::Int64, |a| Ok(Value::int64(of(a, 0)? / 1_000))),
    method("Milliseconds", Type::Int64, |a| Ok(Value::int64(of(a, 0)? / 1_000_000))),
    method("Minutes", Type::Float64, |a| in_units(a, 60 * SECOND)),
    method("Nanoseconds", Type::Int64, |a| Ok(Value::int64(of(a, 0)?))),
    to_multiple("Round", |a| Ok(duration(round(of(a, 0)?, of(a, 1)?)))),
    method("Seconds", Type::Float64, |a| in_units(a, SECOND)),
    method("String", Type::String, |a| Ok(Value::str(print_value(&duration(of(a, 0)?))))),
    to_multiple("Truncate", |a| Ok(duration(truncate(of(a, 0)?, of(a, 1)?)))),
];

type Call = fn(&[Value]) -> Result<Value, CallError>;

const fn method(name: &'static str, returns: Type, call: Call) -> Method {
    Method { name, params: &[], variadic: false, returns, call }
}

const fn to_multiple(name: &'static str, call: Call) -> Method {
    Method { name, params: &[Type::Duration], variadic: false, returns: Type::Duration, call }
}

fn duration(nanoseconds: i64) -> Value {
    Value::Int(IntKind::Duration, nanoseconds)
}

/// The executor checks types before the call, so a chart cannot reach the error.
fn of(args: &[Value], at: usize) -> Result<i64, CallError> {
    match args.get(at) {
        Some(Value::Int(_, nanoseconds)) => Ok(*nanoseconds),
        _ => Err(CallError::new("not a duration")),
    }
}

/// As Go does it: the whole units, and then the rest as a fraction.
fn in_units(args: &[Value], unit: i64) -> Result<Value, CallError> {
    let nanoseconds = of(args, 0)?;
    Ok(Value::Float((nanoseconds / unit) as f64 + (nanoseconds % unit) as f64 / unit as f64))
}

/// `Duration.Round`: to the nearest multiple, halves away from zero.
pub fn round(duration: i64, multiple: i64) -> i64 {
    if multiple <= 0 {
        return duration;
    }
    let rest = (duration % multiple).unsigned_abs() as i64;
    let down = rest.checked_add(rest).is_some_and(|twice| twice < multiple);
    match (duration < 0, down) {
        (true, true) => duration + rest,
        (true, false) => duration.saturating_sub(multiple - rest),
        (false, true) => duration - rest,
        (false, false) => duration.saturating_add(multiple - rest),
    }
}

/// `Duration.Truncate`: towards zero.
pub fn truncate(duration: i64, multiple: i64) -> i64 {
    if multiple <= 0 { duration } else { duration - duration % multiple }
}
