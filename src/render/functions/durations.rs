//! Helm's functions on durations (`pkg/engine/funcs.go`): anything that reads as one, to numbers and back.

use super::define::{ANY, Answer, FLOAT, INT64, any, func};
use super::duration::{self, HOUR, MINUTE, SECOND};
use super::parse_number::float_literal;
use super::runes::trim_space;
use crate::render::context::Context;
use crate::template::duration::{round, truncate};
use crate::template::func::{CallError, Func};
use crate::template::number::format_float_g;
use crate::template::quote::quote;
use crate::template::types::Type;
use crate::template::value::{IntKind, Value};

pub static TABLE: &[Func<Context>] = &[
    func("mustToDuration", &[ANY], Type::Duration, |_, a| {
        Ok(duration_value(read(any(a, 0)).map_err(|error| CallError::new(error.to_string()))?))
    }),
    func("durationSeconds", &[ANY], FLOAT, |_, a| in_floats(any(a, 0), SECOND, 1.0)),
    func("durationMinutes", &[ANY], FLOAT, |_, a| in_floats(any(a, 0), MINUTE, 1.0)),
    func("durationHours", &[ANY], FLOAT, |_, a| in_floats(any(a, 0), HOUR, 1.0)),
    func("durationDays", &[ANY], FLOAT, |_, a| in_floats(any(a, 0), HOUR, 24.0)),
    func("durationWeeks", &[ANY], FLOAT, |_, a| Ok(Value::Float(floats(any(a, 0), HOUR) / 24.0 / 7.0))),
    func("durationMilliseconds", &[ANY], INT64, |_, a| in_whole(any(a, 0), 1_000_000)),
    func("durationMicroseconds", &[ANY], INT64, |_, a| in_whole(any(a, 0), 1_000)),
    func("durationNanoseconds", &[ANY], INT64, |_, a| in_whole(any(a, 0), 1)),
    func("durationRoundTo", &[ANY, ANY], Type::Duration, |_, a| to_multiple(a, round)),
    func("durationTruncateTo", &[ANY, ANY], Type::Duration, |_, a| to_multiple(a, truncate)),
];

/// Why a value is no duration, in Helm's words.
#[derive(Debug, thiserror::Error)]
enum ReadError {
    #[error("empty duration")]
    Empty,
    #[error("could not parse duration {0}")]
    Text(String),
    #[error("invalid duration")]
    Nil,
    #[error("unsupported duration type {0}")]
    Type(Type),
    #[error("duration seconds overflow: {0}")]
    Seconds(String),
    #[error("duration nanoseconds overflow: {0}")]
    Nanoseconds(String),
    #[error("invalid duration seconds: {0}")]
    NotFinite(String),
}

/// Helm's `asDuration`: durations, text (`1h2m`, or seconds), and numbers as seconds.
fn read(value: &Value) -> Result<i64, ReadError> {
    match value {
        Value::Int(IntKind::Duration, nanos) => Ok(*nanos),
        Value::Str(whole) => {
            let text = trim_space(whole);
            match (text.is_empty(), duration::parse(text), float_literal(text)) {
                (true, ..) => Err(ReadError::Empty),
                (_, Ok(nanos), _) => Ok(nanos),
                (_, _, Some(seconds)) => from_float(seconds),
                _ => Err(ReadError::Text(quote(whole))),
            }
        }
        Value::Nil | Value::Invalid => Err(ReadError::Nil),
        Value::Int(_, seconds) => {
            seconds.checked_mul(SECOND).ok_or_else(|| ReadError::Seconds(seconds.to_string()))
        }
        Value::Uint(_, seconds) => {
            let whole = i64::try_from(*seconds).ok().and_then(|seconds| seconds.checked_mul(SECOND));
            whole.ok_or_else(|| ReadError::Seconds(seconds.to_string()))
        }
        Value::Float(seconds) => from_float(*seconds),
        other => Err(ReadError::Type(other.type_of())),
    }
}

fn from_float(seconds: f64) -> Result<i64, ReadError> {
    const MOST: f64 = i64::MAX as f64;
    if !seconds.is_finite() {
        return Err(ReadError::NotFinite(format_float_g(seconds)));
    }
    if seconds.abs() > MOST / SECOND as f64 {
        return Err(ReadError::Seconds(format_float_g(seconds)));
    }
    let nanos = seconds * SECOND as f64;
    if nanos.abs() > MOST {
        return Err(ReadError::Nanoseconds(format_float_g(nanos)));
    }
    Ok(super::cast::float_to_int64(nanos))
}

fn duration_value(nanos: i64) -> Value {
    Value::Int(IntKind::Duration, nanos)
}

/// Whole units and the rest, added as Go's `Duration.Hours` does; 0 for what is no duration.
fn floats(value: &Value, unit: i64) -> f64 {
    let nanos = read(value).unwrap_or(0);
    (nanos / unit) as f64 + (nanos % unit) as f64 / unit as f64
}

fn in_floats(value: &Value, unit: i64, per: f64) -> Answer {
    Ok(Value::Float(floats(value, unit) / per))
}

fn in_whole(value: &Value, unit: i64) -> Answer {
    Ok(Value::int64(read(value).unwrap_or(0) / unit))
}

/// Rounds the first to multiples of the second; unchanged if that is no duration.
fn to_multiple(args: &[Value], operation: fn(i64, i64) -> i64) -> Answer {
    let Ok(nanos) = read(any(args, 0)) else { return Ok(duration_value(0)) };
    Ok(duration_value(read(any(args, 1)).map_or(nanos, |multiple| operation(nanos, multiple))))
}
