//! Numbers of Go's `time.Month` and `time.Weekday`: their names as text.

use super::error::CallError;
use super::value::types::{Method, Named, Type};
use super::value::{IntKind, Value};

/// By number, January is 1.
pub const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// By number, Sunday is 0.
pub const WEEKDAYS: [&str; 7] =
    ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// `time.Month`
pub static MONTH: Named = Named { name: "time.Month", underlying: Type::Int, methods: &METHODS };

/// `time.Weekday`
pub static WEEKDAY: Named = Named { name: "time.Weekday", underlying: Type::Int, methods: &METHODS };

static METHODS: [Method; 1] =
    [Method { name: "String", params: &[], variadic: false, returns: Type::String, call: string }];

fn string(args: &[Value]) -> Result<Value, CallError> {
    let text = match args.first() {
        Some(Value::Int(IntKind::Named(named), number)) => text(named, *number),
        _ => None,
    };
    Ok(Value::str(text.unwrap_or_default()))
}

/// What the `String` method of such a number says; nothing for a type that has none.
pub fn text(of: &Named, number: i64) -> Option<String> {
    let (names, first) = match of.name {
        "time.Month" => (&MONTHS[..], 1),
        "time.Weekday" => (&WEEKDAYS[..], 0),
        _ => return None,
    };
    let at = number.checked_sub(first).and_then(|at| usize::try_from(at).ok());
    let name = at.and_then(|at| names.get(at)).map(|name| (*name).to_owned());
    // Go's %!Month(13)
    Some(name.unwrap_or_else(|| format!("%!{}({number})", of.name.trim_start_matches("time."))))
}
