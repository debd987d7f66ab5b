//! Go's `time.Time` as a template sees it: an instant in a zone, with its methods.

use std::any::Any;
use std::cmp::Ordering;
use std::rc::Rc;

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

use super::layout_write::{self, Clock};
use super::{civil, duration};
use crate::template::func::{CallError, Method};
use crate::template::types::{Named, Type};
use crate::template::value::{IntKind, Object, Value};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The instant of Go's zero time, 0001-01-01 00:00:00 UTC.
const ZERO: i64 = -62_135_596_800;

/// An instant in a zone.
#[derive(Clone, Debug)]
pub struct Time {
    /// Since 1970-01-01 UTC.
    pub seconds: i64,
    /// 0 to 999,999,999.
    pub nanos: i64,
    pub zone: Zone,
}

/// Where a time is.
#[derive(Clone, Debug)]
pub enum Zone {
    Utc,
    /// A zone of the database, also the local one.
    Place(TimeZone),
    /// An offset read from text, with the name it had there (perhaps none).
    Fixed {
        name: String,
        offset: i64,
    },
}

impl Zone {
    /// `time.LoadLocation`; an unknown name is UTC, as Sprig wants it. Zones come from the database that is
    /// compiled in: a render must not depend on the files of the machine.
    pub fn load(name: &str, local: &TimeZone) -> Self {
        match name {
            "" | "UTC" => Zone::Utc,
            "Local" => Zone::local(local),
            _ => TimeZoneDatabase::bundled().get(name).map_or(Zone::Utc, Zone::Place),
        }
    }

    /// The local zone of the render.
    pub fn local(local: &TimeZone) -> Self {
        if *local == TimeZone::UTC { Zone::Utc } else { Zone::Place(local.clone()) }
    }

    /// Offset in seconds and abbreviation at an instant.
    pub fn at(&self, seconds: i64) -> (i64, String) {
        match self {
            Zone::Utc => (0, "UTC".to_owned()),
            Zone::Fixed { name, offset } => (*offset, name.clone()),
            Zone::Place(zone) => {
                let info = zone.to_offset_info(timestamp(seconds));
                (i64::from(info.offset().seconds()), info.abbreviation().to_owned())
            }
        }
    }

    /// The instant of a wall-clock time, by Go's rule for times that do not exist or exist twice.
    pub fn instant(&self, wall: i64) -> i64 {
        let (offset, _) = self.at(wall);
        // Go looks the offset up at the wall time read as UTC, then again at the edges of that zone's period.
        let guess = wall - offset;
        let (actual, _) = self.at(guess);
        if actual == offset { guess } else { wall - actual }
    }
}

/// Clamped to the years that jiff knows; the rules of a zone do not change beyond them.
fn timestamp(seconds: i64) -> Timestamp {
    let (least, most) = (Timestamp::MIN.as_second() + DAY, Timestamp::MAX.as_second() - DAY);
    Timestamp::from_second(seconds.clamp(least, most)).unwrap_or(Timestamp::UNIX_EPOCH)
}

impl Time {
    /// `time.Unix(seconds, 0)` in a zone.
    pub fn unix(seconds: i64, zone: Zone) -> Self {
        Time { seconds, nanos: 0, zone }
    }

    /// `time.Time{}`
    pub fn zero() -> Self {
        Time::unix(ZERO, Zone::Utc)
    }

    /// The time of a zoned instant.
    pub fn from_zoned(now: &jiff::Zoned) -> Self {
        let instant = now.timestamp();
        let nanos = i64::from(instant.subsec_nanosecond());
        let seconds = instant.as_second() - i64::from(nanos < 0);
        Time { seconds, nanos: nanos.rem_euclid(duration::SECOND), zone: Zone::local(now.time_zone()) }
    }

    /// The same instant elsewhere.
    pub fn within(&self, zone: Zone) -> Self {
        Time { zone, ..self.clone() }
    }

    /// `Time.Add`
    pub fn add(&self, nanos: i64) -> Self {
        let total = self.nanos + nanos.rem_euclid(duration::SECOND);
        let seconds = self.seconds + nanos.div_euclid(duration::SECOND) + total.div_euclid(duration::SECOND);
        Time { seconds, nanos: total.rem_euclid(duration::SECOND), zone: self.zone.clone() }
    }

    /// `Time.Sub`: nanoseconds, at most what 64 bits hold.
    pub fn since(&self, earlier: &Time) -> i64 {
        let seconds = i128::from(self.seconds) - i128::from(earlier.seconds);
        let nanos = seconds * i128::from(duration::SECOND) + i128::from(self.nanos - earlier.nanos);
        nanos.clamp(i128::from(i64::MIN), i128::from(i64::MAX)) as i64
    }

    /// Day and clock in the time's zone.
    pub fn clock(&self) -> Clock {
        let (offset, zone_name) = self.zone.at(self.seconds);
        let wall = self.seconds.saturating_add(offset);
        let second = wall.rem_euclid(DAY);
        Clock {
            date: civil::date(wall.div_euclid(DAY)),
            hour: second / 3600,
            minute: second / 60 % 60,
            second: second % 60,
            nanos: self.nanos,
            offset,
            zone_name,
        }
    }

    /// `Time.Format`
    pub fn format(&self, layout: &[u8]) -> Vec<u8> {
        layout_write::format(&self.clock(), layout)
    }

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

    fn display(&self) -> Option<String> {
        Some(text(self.format(b"2006-01-02 15:04:05.999999999 -0700 MST")))
    }

    fn json(&self) -> Option<Value> {
        Some(Value::str(self.format(b"2006-01-02T15:04:05.999999999Z07:00")))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8_lossy(&bytes).into_owned()
}

/// `time.Time` as the type of a parameter or result.
pub const TYPE: Type = Type::Named(&TIME);

/// `time.Time`
pub static TIME: Named = Named { name: "time.Time", underlying: Type::Any, methods: METHODS };

/// A method by its code: the executor hands the receiver in as the first argument.
macro_rules! method {
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
                let body: fn(&Time, &[Value]) -> Value = $body;
                Ok(body(time, &args[1..]))
            },
        }
    };
}

static METHODS: &[Method] = &[
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
    method!("IsZero", [], Type::Bool, |time, _| Value::Bool(time.seconds == ZERO && time.nanos == 0)),
    method!("UTC", [], Type::Named(&TIME), |time, _| time.within(Zone::Utc).into_value()),
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

impl Time {
    /// Since 1970 in units of which a second has `per_second`; overflows wrap, as in Go.
    fn scaled(&self, per_second: i64) -> i64 {
        self.seconds.wrapping_mul(per_second).wrapping_add(self.nanos / (duration::SECOND / per_second))
    }

    /// The order of the instants of this time and of the first argument.
    fn order(&self, args: &[Value]) -> Ordering {
        args.first()
            .and_then(Time::of)
            .map_or(Ordering::Equal, |other| (self.seconds, self.nanos).cmp(&(other.seconds, other.nanos)))
    }

    /// `Time.AddDate`: a day that the month does not have runs over into the next.
    fn add_date(&self, years: i64, months: i64, days: i64) -> Time {
        /// Years beyond this would overflow the count of seconds.
        const FAR: i64 = 1_000_000;
        let clock = self.clock();
        let year = clock.date.year + years.clamp(-FAR, FAR);
        let month = clock.date.month + months.clamp(-FAR, FAR);
        let day = civil::days_before(year, month, clock.date.day + days.clamp(-FAR, FAR));
        let wall = day * DAY + clock.hour * 3600 + clock.minute * 60 + clock.second;
        Time { seconds: self.zone.instant(wall), nanos: self.nanos, zone: self.zone.clone() }
    }
}
