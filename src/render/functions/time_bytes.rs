//! A time as the bytes that Go's `encoding` interfaces give (`time/format_rfc3339.go`, `time.go`).

use super::times::{Time, ZERO, Zone};
use crate::template::func::CallError;
use crate::template::value::Value;

type Answer = Result<Value, CallError>;

/// These bytes behind those of the first argument, if there is one.
pub fn after(args: &[Value], bytes: Vec<u8>) -> Value {
    let mut all = match args.first() {
        Some(Value::Bytes(before) | Value::Str(before)) => before.to_vec(),
        _ => Vec::new(),
    };
    all.extend(bytes);
    Value::Bytes(all.into())
}

/// `MarshalJSON`
pub fn json(time: &Time) -> Answer {
    let text = rfc3339(time, "MarshalJSON")?;
    Ok(after(&[], [b"\"", &*text, b"\""].concat()))
}

/// `AppendText`, `MarshalText`
pub fn text(time: &Time, args: &[Value], method: &str) -> Answer {
    Ok(after(args, rfc3339(time, method)?))
}

/// RFC 3339 with nanoseconds, where the time can be said in it.
fn rfc3339(time: &Time, method: &str) -> Result<Vec<u8>, CallError> {
    let clock = time.clock();
    let refuse = |why: &str| Err(CallError::new(format!("Time.{method}: {why}")));
    if !(0..=9_999).contains(&clock.date.year) {
        return refuse("year outside of range [0,9999]");
    }
    if (clock.offset / 3_600).abs() > 23 {
        return refuse("timezone hour outside of range [0,23]");
    }
    Ok(time.format(b"2006-01-02T15:04:05.999999999Z07:00"))
}

/// `AppendBinary`, `MarshalBinary`: a version, seconds since Go's zero time, nanoseconds, minutes east (-1 for UTC),
/// and seconds where an offset has them.
pub fn binary(time: &Time, args: &[Value], method: &str) -> Answer {
    let offset = if matches!(time.zone, Zone::Utc) { None } else { Some(time.clock().offset) };
    let minutes = offset.map_or(-1, |offset| offset / 60);
    let odd = offset.map_or(0, |offset| offset % 60);
    let Some(minutes) = i16::try_from(minutes).ok().filter(|minutes| *minutes != -1 || offset.is_none())
    else {
        return Err(CallError::new(format!("Time.{method}: unexpected zone offset")));
    };
    let mut bytes = vec![if odd == 0 { 1 } else { 2 }];
    bytes.extend(time.seconds.wrapping_sub(ZERO).to_be_bytes());
    bytes.extend((time.nanos as i32).to_be_bytes());
    bytes.extend(minutes.to_be_bytes());
    if odd != 0 {
        bytes.push(odd as u8);
    }
    Ok(after(args, bytes))
}
