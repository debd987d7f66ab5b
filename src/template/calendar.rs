//! Numbers of Go's `time.Month` and `time.Weekday`: their names as text.

use super::error::CallError;
use super::fmt::print_value;
use super::value::Value;
use super::value::types::{Method, Named, Type};

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
    Ok(args.first().map_or(Value::str(""), |value| Value::str(print_value(value))))
}

/// `Month.String`
pub fn month(number: i64) -> String {
    named(&MONTHS, number.checked_sub(1)).unwrap_or_else(|| format!("%!Month({number})"))
}

/// `Weekday.String`
pub fn weekday(number: i64) -> String {
    named(&WEEKDAYS, Some(number)).unwrap_or_else(|| format!("%!Weekday({number})"))
}

fn named(names: &[&str], at: Option<i64>) -> Option<String> {
    let name = names.get(usize::try_from(at?).ok()?)?;
    Some((*name).to_owned())
}
