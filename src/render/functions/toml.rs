//! Helm's TOML functions: text to values as `BurntSushi/toml` types them, and values to text.

use jiff::tz::TimeZone;
use toml::value::Datetime;

use super::define::{ANY, MAP, STRING, any, fail, func, text};
use super::documents::error_map;
use super::times::{Time, Zone};
use super::{civil, toml_write};
use crate::render::context::Context;
use crate::template::func::{CallError, Func};
use crate::template::types::Type;
use crate::template::value::{List, Map, Str, Value};

/// Bytes of a TOML text: its parser takes up to 75 times as much memory.
const MAX_SOURCE: usize = 1 << 20;

/// The encoder asks nil for its type, which Go does not have.
fn no_nil(value: &Value) -> Result<(), CallError> {
    match value {
        Value::Nil | Value::Invalid => fail("reflect: call of reflect.Value.Type on zero Value"),
        _ => Ok(()),
    }
}

pub static TABLE: &[Func<Context>] = &[
    func("toToml", &[ANY], STRING, |exec, a| {
        no_nil(any(a, 0))?;
        let written = match toml_write::to_vec(any(a, 0)) {
            Err(error @ toml_write::WriteError::TooLong) => return fail(error.to_string()),
            written => written.unwrap_or_else(|error| error.to_string().into_bytes()),
        };
        exec.budget.text(written.len())?;
        Ok(Value::str(written))
    }),
    func("mustToToml", &[ANY], STRING, |exec, a| {
        no_nil(any(a, 0))?;
        let written = toml_write::to_vec(any(a, 0)).or_else(|error| fail(error.to_string()))?;
        exec.budget.text(written.len())?;
        Ok(Value::str(written))
    }),
    func("fromToml", &[STRING], MAP, |exec, a| {
        let source = text(a, 0)?.to_text();
        if source.len() > MAX_SOURCE {
            return fail(format!("toml: text of more than {MAX_SOURCE} bytes"));
        }
        exec.budget.steps(source.len() as u64 / 2)?;
        let local = exec.host.policy.zone();
        Ok(Value::Map(match source.parse::<toml::Table>() {
            Ok(table) => map(table, &local),
            Err(error) => error_map(explain(&error, &source)),
        }))
    }),
];

/// The message with its line. Its words are those of the `toml` crate: BurntSushi's parser has its own.
fn explain(error: &toml::de::Error, source: &str) -> String {
    let start = error.span().map_or(0, |span| span.start.min(source.len()));
    let line = 1 + source.as_bytes()[..start].iter().filter(|byte| **byte == b'\n').count();
    format!("toml: line {line}: {}", error.message())
}

fn map(table: toml::Table, local: &TimeZone) -> Map {
    let entries = table.into_iter().map(|(key, item)| (Str::from(key), value(item, local)));
    Map::new(Type::Any, entries.collect())
}

/// Integers are int64. A list of tables is `[]map[string]interface {}`, any other `[]interface {}`.
fn value(item: toml::Value, local: &TimeZone) -> Value {
    match item {
        toml::Value::String(text) => Value::str(text),
        toml::Value::Integer(number) => Value::int64(number),
        toml::Value::Float(number) => Value::Float(number),
        toml::Value::Boolean(flag) => Value::Bool(flag),
        toml::Value::Datetime(datetime) => time(datetime, local).into_value(),
        toml::Value::Array(items) => {
            let tables = !items.is_empty() && items.iter().all(toml::Value::is_table);
            let items = items.into_iter().map(|item| value(item, local)).collect();
            Value::List(List::new(if tables { MAP } else { ANY }, items))
        }
        toml::Value::Table(table) => Value::Map(map(table, local)),
    }
}

/// A date or time without an offset is local; a time without a date is on day zero of year zero.
fn time(datetime: Datetime, local: &TimeZone) -> Time {
    let days = match datetime.date {
        Some(date) => civil::days_before(date.year.into(), date.month.into(), date.day.into()),
        None => civil::days_before(0, 1, 1),
    };
    let (clock, nanos) = datetime.time.map_or((0, 0), |time| {
        let seconds = i64::from(time.hour) * 3600 + i64::from(time.minute) * 60 + i64::from(time.second);
        (seconds, i64::from(time.nanosecond))
    });
    let wall = days * 86_400 + clock;
    let (seconds, zone) = match datetime.offset {
        Some(toml::value::Offset::Z) => (wall, Zone::Utc),
        Some(toml::value::Offset::Custom { minutes }) => {
            let offset = i64::from(minutes) * 60;
            (wall - offset, Zone::Fixed { name: String::new(), offset })
        }
        None => {
            let zone = Zone::Local(local.clone());
            (zone.instant(wall), zone)
        }
    };
    Time { seconds, nanos, zone, here: local.clone() }
}
