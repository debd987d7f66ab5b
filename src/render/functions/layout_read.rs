//! Reads a time written in a Go layout (`time.ParseInLocation`), with Go's messages.

use jiff::tz::TimeZone;

use super::civil::{days_before, days_in, is_leap};
use super::layout::{self, Element, Precision};
use super::layout_quote::quote;
use super::times::{Time, Zone};
use crate::template::calendar::{MONTHS, WEEKDAYS};

/// Go's `time.ParseError`.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("parsing time {value} as {layout}: cannot parse {rest} as {element}")]
    Element { value: String, layout: String, rest: String, element: String },
    #[error("parsing time {value}: {text}")]
    Text { value: String, text: String },
}

/// An element that does not match, or a value out of its range.
enum Bad {
    Element,
    Range(&'static str),
}

/// What has been read so far.
#[derive(Default)]
struct Fields {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanos: i64,
    /// PM or AM, where the layout has it.
    afternoon: Option<bool>,
    utc: bool,
    offset: Option<i64>,
    zone_name: Vec<u8>,
}

/// Reads `value`; without a zone in it the time is in `local`.
pub fn parse(layout: &[u8], value: &[u8], local: &TimeZone) -> Result<Time, ReadError> {
    let mut fields = Fields::default();
    let (mut pattern, mut left) = (layout, value);
    let text = |text: String| ReadError::Text { value: quote(value), text };
    let mismatch = |element: &[u8], rest: &[u8]| ReadError::Element {
        value: quote(value),
        layout: quote(layout),
        rest: quote(rest),
        element: quote(element),
    };
    loop {
        let (literal, element, rest) = layout::next(pattern);
        let element_text = &pattern[literal.len()..pattern.len() - rest.len()];
        left = skip(left, literal).map_err(|at| mismatch(literal, at))?;
        let Some(element) = element else {
            if left.is_empty() {
                break;
            }
            return Err(text(format!("extra text: {}", quote(left))));
        };
        pattern = rest;
        left = match fields.read(element, left, pattern) {
            Ok(after) => after,
            Err(Bad::Element) => return Err(mismatch(element_text, left)),
            Err(Bad::Range(what)) => return Err(text(format!("{what} out of range"))),
        };
    }
    fields.resolve(local).map_err(|what| text(what.to_owned()))
}

/// Skips the literal; a run of spaces in it matches any run of spaces, also none at the end.
fn skip<'t>(value: &'t [u8], literal: &[u8]) -> Result<&'t [u8], &'t [u8]> {
    let (mut value, mut literal) = (value, literal);
    while let Some(first) = literal.first() {
        if *first == b' ' {
            if value.first().is_some_and(|byte| *byte != b' ') {
                return Err(value);
            }
            (value, literal) = (cut_space(value), cut_space(literal));
        } else if value.first() == Some(first) {
            (value, literal) = (&value[1..], &literal[1..]);
        } else {
            return Err(value);
        }
    }
    Ok(value)
}

fn cut_space(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|byte| **byte == b' ').count()..]
}

type Read<'t, T> = Result<(T, &'t [u8]), Bad>;

impl Fields {
    /// Reads one element and gives back what follows it; `next` is the layout after it.
    fn read<'t>(&mut self, element: Element, value: &'t [u8], next: &[u8]) -> Result<&'t [u8], Bad> {
        let left;
        match element {
            Element::Year => {
                let (year, after) = digits(value, 2)?;
                (self.year, left) = (year + if year >= 69 { 1900 } else { 2000 }, after);
            }
            Element::LongYear => (self.year, left) = digits(value, 4)?,
            Element::Month | Element::LongMonth => {
                let (month, after) = name(&MONTHS, element == Element::Month, value)?;
                (self.month, left) = (Some(month as i64 + 1), after);
            }
            Element::NumMonth | Element::ZeroMonth => {
                let (month, after) = number(value, element == Element::ZeroMonth)?;
                (self.month, left) = (Some(in_range(month, 1..13, "month")?), after);
            }
            Element::Weekday | Element::LongWeekday => {
                (_, left) = name(&WEEKDAYS, element == Element::Weekday, value)?;
            }
            Element::Day | Element::UnderDay | Element::ZeroDay => {
                let padded = element == Element::UnderDay && value.starts_with(b" ");
                let (day, after) = number(&value[usize::from(padded)..], element == Element::ZeroDay)?;
                (self.day, left) = (Some(day), after);
            }
            Element::UnderYearDay | Element::ZeroYearDay => {
                let spaces = value.iter().take(2).take_while(|byte| **byte == b' ').count();
                let padded = element == Element::UnderYearDay;
                let (day, after) = number3(&value[if padded { spaces } else { 0 }..], !padded)?;
                (self.year_day, left) = (Some(day), after);
            }
            Element::Hour => {
                let (hour, after) = number(value, false)?;
                (self.hour, left) = (in_range(hour, 0..24, "hour")?, after);
            }
            Element::Hour12 | Element::ZeroHour12 => {
                let (hour, after) = number(value, element == Element::ZeroHour12)?;
                (self.hour, left) = (in_range(hour, 0..13, "hour")?, after);
            }
            Element::Minute | Element::ZeroMinute => {
                let (minute, after) = number(value, element == Element::ZeroMinute)?;
                (self.minute, left) = (in_range(minute, 0..60, "minute")?, after);
            }
            Element::Second | Element::ZeroSecond => {
                let (second, after) = number(value, element == Element::ZeroSecond)?;
                self.second = in_range(second, 0..60, "second")?;
                left = self.unasked_fraction(after, next)?;
            }
            Element::UpperPm | Element::LowerPm => {
                let half = value.get(..2).ok_or(Bad::Element)?;
                let (am, pm) = if element == Element::UpperPm { (b"AM", b"PM") } else { (b"am", b"pm") };
                if half != am && half != pm {
                    return Err(Bad::Element);
                }
                (self.afternoon, left) = (Some(half == pm), &value[2..]);
            }
            Element::Offset { z, colons, precision } => {
                if z && value.starts_with(b"Z") {
                    self.utc = true;
                    return Ok(&value[1..]);
                }
                let (offset, after) = offset(value, colons, precision)?;
                (self.offset, left) = (Some(offset), after);
            }
            Element::ZoneName => {
                if value.starts_with(b"UTC") {
                    self.utc = true;
                    return Ok(&value[3..]);
                }
                let length = zone_name(value).ok_or(Bad::Element)?;
                self.zone_name = value[..length].to_vec();
                left = &value[length..];
            }
            Element::Fraction { digits, trim: false, .. } => {
                self.nanos = nanos(value.get(..=digits).ok_or(Bad::Element)?)?;
                left = &value[digits + 1..];
            }
            Element::Fraction { .. } => left = self.fraction(value)?,
        }
        Ok(left)
    }

    /// A fraction behind the seconds is read also where the layout has none.
    fn unasked_fraction<'t>(&mut self, value: &'t [u8], next: &[u8]) -> Result<&'t [u8], Bad> {
        let asked = matches!(layout::next(next).1, Some(Element::Fraction { .. }));
        if asked { Ok(value) } else { self.fraction(value) }
    }

    /// Point or comma and all digits that follow; nothing if there is no such thing.
    fn fraction<'t>(&mut self, value: &'t [u8]) -> Result<&'t [u8], Bad> {
        let [b'.' | b',', digits @ ..] = value else { return Ok(value) };
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if count == 0 {
            return Ok(value);
        }
        self.nanos = nanos(&value[..=count])?;
        Ok(&value[count + 1..])
    }

    /// Day and clock as an instant in its zone.
    fn resolve(mut self, local: &TimeZone) -> Result<Time, &'static str> {
        match self.afternoon {
            Some(true) if self.hour < 12 => self.hour += 12,
            Some(false) if self.hour == 12 => self.hour = 0,
            _ => {}
        }
        let (month, day) = self.month_and_day()?;
        if day < 1 || day > days_in(self.year, month) {
            return Err("day out of range");
        }
        let wall =
            days_before(self.year, month, day) * 86_400 + self.hour * 3_600 + self.minute * 60 + self.second;
        let (seconds, zone) = self.zone(wall, Zone::Local(local.clone()));
        Ok(Time { seconds, nanos: self.nanos, zone, here: local.clone() })
    }

    fn month_and_day(&self) -> Result<(i64, i64), &'static str> {
        let Some(year_day) = self.year_day else {
            return Ok((self.month.unwrap_or(1), self.day.unwrap_or(1)));
        };
        if year_day < 1 || year_day > 365 + i64::from(is_leap(self.year)) {
            return Err("day-of-year out of range");
        }
        let date = super::civil::date(days_before(self.year, 1, year_day));
        if self.month.is_some_and(|month| month != date.month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|day| day != date.day) {
            return Err("day-of-year does not match day");
        }
        Ok((date.month, date.day))
    }

    fn zone(&self, wall: i64, local: Zone) -> (i64, Zone) {
        if self.utc {
            return (wall, Zone::Utc);
        }
        let name = String::from_utf8_lossy(&self.zone_name).into_owned();
        if let Some(offset) = self.offset {
            let seconds = wall - offset;
            let here = local.at(seconds);
            let same = here.0 == offset && (name.is_empty() || here.1 == name);
            return (seconds, if same { local } else { Zone::Fixed { name, offset } });
        }
        if name.is_empty() {
            return (local.instant(wall), local);
        }
        let instant = local.instant(wall);
        if local.at(instant).1 == name {
            return (instant, local);
        }
        // An abbreviation says nothing about its offset, but for `GMT+3`.
        let hours = name.strip_prefix("GMT").and_then(|hours| hours.parse::<i64>().ok()).unwrap_or(0);
        (wall, Zone::Fixed { name, offset: hours * 3_600 })
    }
}

fn in_range(number: i64, range: std::ops::Range<i64>, what: &'static str) -> Result<i64, Bad> {
    if range.contains(&number) { Ok(number) } else { Err(Bad::Range(what)) }
}

/// Exactly `count` characters that are a number.
fn digits(value: &[u8], count: usize) -> Read<'_, i64> {
    let text = value.get(..count).ok_or(Bad::Element)?;
    let signed = count == 2 && matches!(text[0], b'+' | b'-');
    if !text[usize::from(signed)..].iter().all(u8::is_ascii_digit) {
        return Err(Bad::Element);
    }
    let number = text.iter().filter(|byte| byte.is_ascii_digit());
    let number = number.fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Ok((if text[0] == b'-' { -number } else { number }, &value[count..]))
}

/// One or two digits; exactly two where `fixed`.
fn number(value: &[u8], fixed: bool) -> Read<'_, i64> {
    match value {
        [a, b, ..] if a.is_ascii_digit() && b.is_ascii_digit() => digits(value, 2),
        [a, ..] if a.is_ascii_digit() && !fixed => digits(value, 1),
        _ => Err(Bad::Element),
    }
}

/// One to three digits; exactly three where `fixed`.
fn number3(value: &[u8], fixed: bool) -> Read<'_, i64> {
    let count = value.iter().take(3).take_while(|byte| byte.is_ascii_digit()).count();
    if count == 0 || fixed && count != 3 {
        return Err(Bad::Element);
    }
    let number = value[..count].iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Ok((number, &value[count..]))
}

/// The place of the name at the front, whatever its case.
fn name<'t>(names: &[&str], short: bool, value: &'t [u8]) -> Read<'t, usize> {
    let found =
        names.iter().map(|name| if short { &name[..3] } else { name }).enumerate().find(|(_, name)| {
            value.get(..name.len()).is_some_and(|head| head.eq_ignore_ascii_case(name.as_bytes()))
        });
    found.map(|(at, name)| (at, &value[name.len()..])).ok_or(Bad::Element)
}

/// `±hh[[:]mm[[:]ss]]`
fn offset(value: &[u8], colons: bool, precision: Precision) -> Read<'_, i64> {
    let parts = match precision {
        Precision::Hours => 1,
        Precision::Minutes => 2,
        Precision::Seconds => 3,
    };
    let step = if colons { 3 } else { 2 };
    let length = 3 + (parts - 1) * step;
    let text = value.get(..length).ok_or(Bad::Element)?;
    let mut amounts = [0; 3];
    for (part, amount) in amounts.iter_mut().enumerate().take(parts) {
        let start = 1 + part * step;
        if colons && part > 0 && text[start - 1] != b':' {
            return Err(Bad::Element);
        }
        *amount = number(&text[start..start + 2], true)?.0;
    }
    let [hours, minutes, seconds] = amounts;
    in_range(hours, 0..25, "time zone offset hour")?;
    in_range(minutes, 0..61, "time zone offset minute")?;
    in_range(seconds, 0..61, "time zone offset second")?;
    let size = (hours * 60 + minutes) * 60 + seconds;
    match text[0] {
        b'+' => Ok((size, &value[length..])),
        b'-' => Ok((-size, &value[length..])),
        _ => Err(Bad::Element),
    }
}

/// The length of a zone's abbreviation (`parseTimeZone`).
fn zone_name(value: &[u8]) -> Option<usize> {
    if value.len() < 3 {
        return None;
    }
    if value.starts_with(b"ChST") || value.starts_with(b"MeST") {
        return Some(4);
    }
    if value.starts_with(b"GMT") {
        return Some(3 + signed_offset(&value[3..]));
    }
    if matches!(value[0], b'+' | b'-') {
        return Some(signed_offset(value)).filter(|length| *length > 0);
    }
    match value.iter().take(6).take_while(|byte| byte.is_ascii_uppercase()).count() {
        5 if value[4] == b'T' => Some(5),
        4 if value[3] == b'T' || value.starts_with(b"WITA") => Some(4),
        3 => Some(3),
        _ => None,
    }
}

/// The length of `+3` or `-11`, at most 23 hours; 0 if it is none.
fn signed_offset(value: &[u8]) -> usize {
    let [b'+' | b'-', digits @ ..] = value else { return 0 };
    let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let hours = std::str::from_utf8(&digits[..count]).ok().and_then(|text| text.parse::<u64>().ok());
    if hours.is_some_and(|hours| hours <= 23) { count + 1 } else { 0 }
}

/// Point or comma and digits, of which nine count.
fn nanos(text: &[u8]) -> Result<i64, Bad> {
    let [b'.' | b',', digits @ ..] = text else { return Err(Bad::Element) };
    let digits = &digits[..digits.len().min(9)];
    if !digits.iter().all(u8::is_ascii_digit) {
        return Err(Bad::Element);
    }
    let number = digits.iter().fold(0, |number, digit| number * 10 + i64::from(digit - b'0'));
    Ok(number * 10_i64.pow(9 - digits.len() as u32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_like_go() {
        let read = |layout: &str, value: &str| parse(layout.as_bytes(), value.as_bytes(), &TimeZone::UTC);
        assert_eq!(read("2006-01-02", "2024-02-29").unwrap().seconds, 1_709_164_800);
        assert_eq!(read("2006-01-02T15:04:05Z07:00", "1970-01-01T01:00:00.5+01:00").unwrap().seconds, 0);
        let error = read("2006-01-02", "2023-02-29").unwrap_err();
        assert_eq!(error.to_string(), "parsing time \"2023-02-29\": day out of range");
        let error = read("2006-01-02", "x").unwrap_err();
        let wanted = "parsing time \"x\" as \"2006-01-02\": cannot parse \"x\" as \"2006\"";
        assert_eq!(error.to_string(), wanted);
    }
}
