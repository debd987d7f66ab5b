//! Sprig's functions on time; what asks for now asks the policy of the render.

use jiff::tz::TimeZone;

use super::define::{ANY, Answer, STRING, any, func, text};
use super::duration::{self, HOUR, MINUTE, SECOND};
use super::layout_read::{self, ReadError};
use super::parse_number::int_or_nearest;
use super::time_methods::TYPE;
use super::times::{Time, Zone};
use crate::render::context::Context;
use crate::template::duration::round;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::value::{IntKind, Value};

const HTML: &[u8] = b"2006-01-02";

pub static TABLE: &[Func<Context>] = &[
    func("now", &[], TYPE, |exec, _| Ok(now(exec, "now")?.into_value())),
    func("date", &[STRING, ANY], STRING, |exec, a| in_zone(exec, "date", text(a, 0)?, any(a, 1), "Local")),
    func("dateInZone", &[STRING, ANY, STRING], STRING, date_in_zone),
    func("date_in_zone", &[STRING, ANY, STRING], STRING, date_in_zone),
    func("htmlDate", &[ANY], STRING, |exec, a| in_zone(exec, "htmlDate", HTML, any(a, 0), "Local")),
    func("htmlDateInZone", &[ANY, STRING], STRING, |exec, a| {
        in_zone(exec, "htmlDateInZone", HTML, any(a, 0), &text(a, 1)?.to_text())
    }),
    func("dateModify", &[STRING, TYPE], TYPE, date_modify),
    func("date_modify", &[STRING, TYPE], TYPE, date_modify),
    func("mustDateModify", &[STRING, TYPE], TYPE, must_date_modify),
    func("must_date_modify", &[STRING, TYPE], TYPE, must_date_modify),
    func("ago", &[ANY], STRING, ago),
    func("duration", &[ANY], STRING, |_, a| {
        let seconds = match any(a, 0) {
            Value::Str(text) => int_or_nearest(text, 10),
            Value::Int(IntKind::Int64, seconds) => *seconds,
            _ => 0,
        };
        Ok(Value::str(duration::format(seconds.wrapping_mul(SECOND))))
    }),
    func("durationRound", &[ANY], STRING, duration_round),
    func("toDate", &[STRING, STRING], TYPE, |exec, a| {
        let read = read(exec, a)?;
        Ok(read.unwrap_or_else(|_| Time::zero()).into_value())
    }),
    func("mustToDate", &[STRING, STRING], TYPE, |exec, a| {
        let read = read(exec, a)?;
        Ok(read.map_err(|error| CallError::new(error.to_string()))?.into_value())
    }),
    func("unixEpoch", &[TYPE], STRING, |_, a| Ok(Value::str(time(a, 0)?.seconds.to_string()))),
];

/// Bytes of a layout that are read in a step.
const LAYOUT_PER_STEP: usize = 4;

/// A text by a layout.
fn read(exec: &mut Exec<'_, Context>, args: &[Value]) -> Result<Result<Time, ReadError>, CallError> {
    let layout = text(args, 0)?;
    exec.budget.steps((layout.len() / LAYOUT_PER_STEP) as u64)?;
    Ok(layout_read::parse(layout, text(args, 1)?, &local(exec)))
}

fn now(exec: &mut Exec<'_, Context>, function: &str) -> Result<Time, CallError> {
    Ok(Time::from_zoned(exec.host.policy.now(function)?))
}

fn local(exec: &Exec<'_, Context>) -> TimeZone {
    exec.host.policy.zone()
}

fn time(args: &[Value], at: usize) -> Result<&Time, CallError> {
    let found = any(args, at);
    Time::of(found).ok_or_else(|| {
        CallError::new(format!("wrong type for value; expected time.Time; got {}", found.type_of()))
    })
}

fn date_in_zone(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    in_zone(exec, "dateInZone", text(args, 0)?, any(args, 1), &text(args, 2)?.to_text())
}

/// Formats a time, or seconds since 1970 as int, int32 or int64. Anything else, floats from values
/// included, is now.
fn in_zone(exec: &mut Exec<'_, Context>, function: &str, layout: &[u8], date: &Value, zone: &str) -> Answer {
    let zone = Zone::load(zone, &local(exec));
    let time = match date {
        Value::Int(IntKind::Int | IntKind::Int32 | IntKind::Int64, seconds) => {
            Time::unix(*seconds, Zone::Utc)
        }
        other => match Time::of(other) {
            Some(time) => time.clone(),
            None => now(exec, function)?,
        },
    };
    Ok(Value::str(time.within(zone).format(layout)))
}

fn date_modify(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let time = time(args, 1)?;
    Ok(match duration::parse(text(args, 0)?) {
        Ok(nanos) => time.add(nanos).into_value(),
        Err(_) => time.clone().into_value(),
    })
}

fn must_date_modify(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let nanos = duration::parse(text(args, 0)?).map_err(|error| CallError::new(error.to_string()))?;
    Ok(time(args, 1)?.add(nanos).into_value())
}

/// The time since then, in whole seconds.
fn ago(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let now = now(exec, "ago")?;
    let then = match any(args, 0) {
        Value::Int(IntKind::Int | IntKind::Int64, seconds) => Time::unix(*seconds, Zone::Utc),
        other => Time::of(other).cloned().unwrap_or_else(|| now.clone()),
    };
    Ok(Value::str(duration::format(round(now.since(&then), SECOND))))
}

/// The largest unit only: `3y`, `2mo`, `5d`, `7h`, `9m`, `4s`.
fn duration_round(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    const DAY: i64 = 24 * HOUR;
    const UNITS: [(i64, &str); 6] =
        [(365 * DAY, "y"), (30 * DAY, "mo"), (DAY, "d"), (HOUR, "h"), (MINUTE, "m"), (SECOND, "s")];
    let nanos = match any(args, 0) {
        Value::Str(text) => duration::parse(text).unwrap_or(0),
        Value::Int(IntKind::Int64, nanos) => *nanos,
        other => match Time::of(other) {
            Some(then) => now(exec, "durationRound")?.since(then),
            None => 0,
        },
    };
    let size = nanos.unsigned_abs();
    let unit = UNITS.iter().find(|(unit, _)| size > *unit as u64);
    Ok(Value::str(unit.map_or("0s".to_owned(), |(unit, name)| format!("{}{name}", size / *unit as u64))))
}
