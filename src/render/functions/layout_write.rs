//! Prints a time in a Go layout (`Time.Format`).

use super::civil::Date;
use super::layout::{self, Element, Precision};
use crate::template::calendar::{MONTHS, WEEKDAYS};

/// Day, clock and zone of an instant.
#[derive(Clone, Debug)]
pub struct Clock {
    pub date: Date,
    pub hour: i64,
    pub minute: i64,
    pub second: i64,
    /// 0 to 999,999,999.
    pub nanos: i64,
    /// Seconds east of Greenwich.
    pub offset: i64,
    /// Its abbreviation, perhaps empty.
    pub zone_name: String,
}

/// The time in this layout; what is no element of the reference time stands for itself.
pub fn format(clock: &Clock, layout: &[u8]) -> Vec<u8> {
    let (offset, name) = (clock.offset, &clock.zone_name);
    let mut out = Vec::with_capacity(layout.len() + 10);
    let mut left = layout;
    loop {
        let (literal, element, rest) = layout::next(left);
        out.extend_from_slice(literal);
        let Some(element) = element else { return out };
        left = rest;
        let text = match element {
            Element::ZoneName if name.is_empty() => numeric(offset, false, Precision::Minutes),
            Element::ZoneName => name.clone(),
            Element::Offset { z: true, .. } if offset == 0 => "Z".to_owned(),
            Element::Offset { colons, precision, .. } => numeric(offset, colons, precision),
            Element::Fraction { digits, trim, separator } => fraction(clock.nanos, digits, trim, separator),
            other => date_and_clock(other, clock),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

fn date_and_clock(element: Element, clock: &Clock) -> String {
    let date = &clock.date;
    let month = MONTHS[(date.month - 1) as usize];
    let weekday = WEEKDAYS[date.weekday];
    let hour12 = if clock.hour % 12 == 0 { 12 } else { clock.hour % 12 };
    let half = if clock.hour >= 12 { "PM" } else { "AM" };
    match element {
        Element::LongMonth => month.to_owned(),
        Element::Month => month[..3].to_owned(),
        Element::NumMonth => date.month.to_string(),
        Element::ZeroMonth => format!("{:02}", date.month),
        Element::LongWeekday => weekday.to_owned(),
        Element::Weekday => weekday[..3].to_owned(),
        Element::Day => date.day.to_string(),
        Element::UnderDay => format!("{:2}", date.day),
        Element::ZeroDay => format!("{:02}", date.day),
        Element::UnderYearDay => format!("{:3}", date.year_day),
        Element::ZeroYearDay => format!("{:03}", date.year_day),
        Element::Hour => format!("{:02}", clock.hour),
        Element::Hour12 => hour12.to_string(),
        Element::ZeroHour12 => format!("{hour12:02}"),
        Element::Minute => clock.minute.to_string(),
        Element::ZeroMinute => format!("{:02}", clock.minute),
        Element::Second => clock.second.to_string(),
        Element::ZeroSecond => format!("{:02}", clock.second),
        Element::LongYear if date.year < 0 => format!("-{:04}", -date.year),
        Element::LongYear => format!("{:04}", date.year),
        Element::Year => format!("{:02}", date.year.abs() % 100),
        Element::UpperPm => half.to_owned(),
        Element::LowerPm => half.to_ascii_lowercase(),
        Element::ZoneName | Element::Offset { .. } | Element::Fraction { .. } => String::new(),
    }
}

/// `+05:30`; the sign is that of the whole minutes.
fn numeric(offset: i64, colons: bool, precision: Precision) -> String {
    let minutes = (offset / 60).abs();
    let sign = if offset / 60 < 0 { '-' } else { '+' };
    let seconds = if offset / 60 < 0 { -offset % 60 } else { offset % 60 };
    let colon = if colons { ":" } else { "" };
    let mut out = format!("{sign}{:02}", minutes / 60);
    if precision != Precision::Hours {
        out.push_str(&format!("{colon}{:02}", minutes % 60));
    }
    if precision == Precision::Seconds {
        out.push_str(&format!("{colon}{seconds:02}"));
    }
    out
}

fn fraction(nanos: i64, digits: usize, trim: bool, separator: u8) -> String {
    if trim && nanos == 0 {
        return String::new();
    }
    let all = format!("{nanos:09}");
    let shown = &all[..digits.min(9)];
    let shown = if trim { shown.trim_end_matches('0') } else { shown };
    if shown.is_empty() { String::new() } else { format!("{}{shown}", char::from(separator)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::functions::civil;

    #[test]
    fn prints_like_go() {
        let (date, zone_name) = (civil::date(13_150), "UTC".to_owned());
        let clock = Clock { date, hour: 15, minute: 4, second: 5, nanos: 120_000_000, offset: 0, zone_name };
        let cases = [
            ("Mon Jan _2 15:04:05 MST 2006", "Mon Jan  2 15:04:05 UTC 2006"),
            ("2006-01-02T15:04:05.999Z07:00", "2006-01-02T15:04:05.12Z"),
            ("3:04:05.000pm -0700 002 __2", "3:04:05.120pm +0000 002   2"),
            ("Janet Monk _2006", "Janet Monk _2006"),
        ];
        for (layout, wanted) in cases {
            assert_eq!(String::from_utf8_lossy(&format(&clock, layout.as_bytes())), wanted);
        }
    }
}
