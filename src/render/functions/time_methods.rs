//! Go's `time.Time` and `*time.Location` as values, with the methods that a template can call.

use std::any::Any;
use std::cmp::Ordering;
use std::rc::Rc;

use super::layout_quote::quote;
use super::times::{Time, ZERO, Zone};
use super::{duration, time_bytes};
use crate::template::calendar::{self, MONTH, WEEKDAY};
use crate::template::func::{CallError, Method};
use crate::template::types::{Named, Type};
use crate::template::value::{IntKind, Object, Value};

type Answer = Result<Value, CallError>;

/// `time.Time` as the type of a parameter or result.
pub const TYPE: Type = Type::Named(&TIME);

/// `time.Time`
pub static TIME: Named = Named { name: "time.Time", underlying: Type::Any, methods: METHODS };

impl Time {
    pub fn into_value(self) -> Value {
        Value::Object(Rc::new(self))
    }

    /// The time behind a value, if it is one.
    pub fn of(value: &Value) -> Option<&Time> {
        match value {
            Value::Object(object) => object.as_any().downcast_ref(),
            _ => None,
        }
    }

    /// The order of the instants of this time and of the first argument.
    pub fn order(&self, args: &[Value]) -> Ordering {
        args.first()
            .and_then(Time::of)
            .map_or(Ordering::Equal, |other| (self.seconds, self.nanos).cmp(&(other.seconds, other.nanos)))
    }
}

impl Object for Time {
    fn named(&self) -> &'static Named {
        &TIME
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    fn hides(&self, name: &str) -> bool {
        matches!(name, "wall" | "ext" | "loc")
    }

    fn display(&self) -> Option<String> {
        Some(text(self.format(b"2006-01-02 15:04:05.999999999 -0700 MST")))
    }

    fn json(&self) -> Option<Value> {
        Some(Value::str(self.format(b"2006-01-02T15:04:05.999999999Z07:00")))
    }

    fn go_string(&self) -> Option<String> {
        let clock = self.clock();
        let date = clock.date;
        let place = match &self.zone {
            Zone::Utc => "time.UTC".to_owned(),
            Zone::Local(_) => "time.Local".to_owned(),
            other => format!("time.Location({})", quote(other.name().as_bytes())),
        };
        let month = calendar::MONTHS[(date.month - 1) as usize];
        let (day, hour, minute, second) = (date.day, clock.hour, clock.minute, clock.second);
        Some(format!(
            "time.Date({}, time.{month}, {day}, {hour}, {minute}, {second}, {}, {place})",
            date.year, self.nanos
        ))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A method by its code: the executor hands the receiver in as the first argument.
macro_rules! tried {
    ($name:literal, [$($param:expr),*], $returns:expr, $body:expr) => {
        Method {
            name: $name,
            params: &[$($param),*],
            variadic: false,
            returns: $returns,
            call: |args| {
                let Some(time) = args.first().and_then(Time::of) else {
                    return Err(CallError::new("receiver is no time.Time"));
                };
                let body: fn(&Time, &[Value]) -> Answer = $body;
                body(time, &args[1..])
            },
        }
    };
}

/// One that cannot fail.
macro_rules! method {
    ($name:literal, [$($param:expr),*], $returns:expr, $body:expr) => {
        tried!($name, [$($param),*], $returns, |time, args| {
            let body: fn(&Time, &[Value]) -> Value = $body;
            Ok(body(time, args))
        })
    };
}

/// One that gives more values than a template takes.
macro_rules! unfit {
    ($name:literal, $why:literal) => {
        Method {
            name: $name,
            params: &[],
            variadic: false,
            returns: Type::Any,
            call: |_| Err(CallError::Unfit($why)),
        }
    };
}

pub static METHODS: &[Method] = &[
    method!("Format", [Type::String], Type::String, |time, args| {
        let layout = args.first().and_then(Value::as_str);
        Value::str(time.format(layout.map_or(b"", |layout| layout)))
    }),
    method!("String", [], Type::String, |time, _| Value::str(time.display().unwrap_or_default())),
    method!("Unix", [], Type::Int64, |time, _| Value::int64(time.seconds)),
    method!("UnixMilli", [], Type::Int64, |time, _| Value::int64(time.scaled(1_000))),
    method!("UnixMicro", [], Type::Int64, |time, _| Value::int64(time.scaled(1_000_000))),
    method!("UnixNano", [], Type::Int64, |time, _| Value::int64(time.scaled(duration::SECOND))),
    method!("Year", [], Type::Int, |time, _| Value::int(time.clock().date.year)),
    method!("Day", [], Type::Int, |time, _| Value::int(time.clock().date.day)),
    method!("YearDay", [], Type::Int, |time, _| Value::int(time.clock().date.year_day)),
    method!("Hour", [], Type::Int, |time, _| Value::int(time.clock().hour)),
    method!("Minute", [], Type::Int, |time, _| Value::int(time.clock().minute)),
    method!("Second", [], Type::Int, |time, _| Value::int(time.clock().second)),
    method!("Nanosecond", [], Type::Int, |time, _| Value::int(time.nanos)),
    method!("Month", [], Type::Named(&MONTH), |time, _| {
        Value::Int(IntKind::Named(&MONTH), time.clock().date.month)
    }),
    method!("Weekday", [], Type::Named(&WEEKDAY), |time, _| {
        Value::Int(IntKind::Named(&WEEKDAY), time.clock().date.weekday as i64)
    }),
    method!("IsDST", [], Type::Bool, |time, _| Value::Bool(time.zone.is_summer(time.seconds))),
    method!("IsZero", [], Type::Bool, |time, _| Value::Bool(time.seconds == ZERO && time.nanos == 0)),
    method!("UTC", [], Type::Named(&TIME), |time, _| time.within(Zone::Utc).into_value()),
    method!("Local", [], Type::Named(&TIME), |time, _| time
        .within(Zone::Local(time.here.clone()))
        .into_value()),
    method!("Location", [], Type::Named(&LOCATION), |time, _| Value::Object(Rc::new(time.zone.clone()))),
    tried!("In", [Type::Named(&LOCATION)], Type::Named(&TIME), |time, args| {
        match args.first().and_then(zone) {
            Some(zone) => Ok(time.within(zone.clone()).into_value()),
            None => Err(CallError::new("time: missing Location in call to Time.In")),
        }
    }),
    method!("GoString", [], Type::String, |time, _| Value::str(time.go_string().unwrap_or_default())),
    method!("Compare", [Type::Named(&TIME)], Type::Int, |time, args| Value::int(time.order(args) as i64)),
    method!("Round", [Type::Duration], Type::Named(&TIME), |time, args| time
        .to_multiple(args, true)
        .into_value()),
    method!("Truncate", [Type::Duration], Type::Named(&TIME), |time, args| time
        .to_multiple(args, false)
        .into_value()),
    tried!("MarshalJSON", [], Type::Bytes, |time, _| time_bytes::json(time)),
    tried!("MarshalText", [], Type::Bytes, |time, _| time_bytes::text(time, &[], "MarshalText")),
    tried!("MarshalBinary", [], Type::Bytes, |time, _| time_bytes::binary(time, &[], "MarshalBinary")),
    // Go's GobEncode is its MarshalBinary.
    tried!("GobEncode", [], Type::Bytes, |time, _| time_bytes::binary(time, &[], "MarshalBinary")),
    tried!("AppendFormat", [Type::Bytes, Type::String], Type::Bytes, |time, args| {
        let layout = args.get(1).and_then(Value::as_str);
        Ok(time_bytes::after(args, time.format(layout.map_or(b"", |layout| layout))))
    }),
    tried!("AppendText", [Type::Bytes], Type::Bytes, |time, args| time_bytes::text(time, args, "AppendText")),
    tried!("AppendBinary", [Type::Bytes], Type::Bytes, |time, args| {
        time_bytes::binary(time, args, "AppendBinary")
    }),
    unfit!("Clock", "function Clock has 3 return values; should be 1 or 2"),
    unfit!("Date", "function Date has 3 return values; should be 1 or 2"),
    unfit!("ISOWeek", "invalid function signature for ISOWeek: second return value should be error; is int"),
    unfit!("Zone", "invalid function signature for Zone: second return value should be error; is int"),
    unfit!(
        "ZoneBounds",
        "invalid function signature for ZoneBounds: second return value should be error; is time.Time"
    ),
    method!("Add", [Type::Duration], Type::Named(&TIME), |time, args| match args {
        [Value::Int(_, nanos), ..] => time.add(*nanos).into_value(),
        _ => time.clone().into_value(),
    }),
    method!("AddDate", [Type::Int, Type::Int, Type::Int], Type::Named(&TIME), |time, args| match args {
        [Value::Int(_, years), Value::Int(_, months), Value::Int(_, days)] => {
            time.add_date(*years, *months, *days).into_value()
        }
        _ => time.clone().into_value(),
    }),
    method!("Sub", [Type::Named(&TIME)], Type::Duration, |time, args| {
        let nanos = args.first().and_then(Time::of).map_or(0, |other| time.since(other));
        Value::Int(IntKind::Duration, nanos)
    }),
    method!("Before", [Type::Named(&TIME)], Type::Bool, |time, args| Value::Bool(time.order(args).is_lt())),
    method!("After", [Type::Named(&TIME)], Type::Bool, |time, args| Value::Bool(time.order(args).is_gt())),
    method!("Equal", [Type::Named(&TIME)], Type::Bool, |time, args| Value::Bool(time.order(args).is_eq())),
];

/// `*time.Location`
static LOCATION: Named = Named { name: "*time.Location", underlying: Type::Any, methods: &LOCATION_METHODS };

static LOCATION_METHODS: [Method; 1] = [Method {
    name: "String",
    params: &[],
    variadic: false,
    returns: Type::String,
    call: |args| Ok(Value::str(args.first().and_then(zone).map_or(String::new(), Zone::name))),
}];

impl Object for Zone {
    fn named(&self) -> &'static Named {
        &LOCATION
    }

    fn field(&self, _name: &str) -> Option<Value> {
        None
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }

    fn display(&self) -> Option<String> {
        Some(self.name())
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

/// The location behind a value.
fn zone(value: &Value) -> Option<&Zone> {
    match value {
        Value::Object(object) => object.as_any().downcast_ref(),
        _ => None,
    }
}
