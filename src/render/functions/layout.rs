//! Splits a Go time layout (`2006-01-02T15:04:05Z07:00`) into literal text and elements.

/// An element of the reference time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Element {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    ZoneName,
    /// A numeric offset: `Z` for UTC or always digits, with colons or not, how much of it.
    Offset {
        z: bool,
        colons: bool,
        precision: Precision,
    },
    /// `.000` (zeros kept) or `.999` (dropped), after a point or a comma.
    Fraction {
        digits: usize,
        trim: bool,
        separator: u8,
    },
}

/// The smallest unit that an offset shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    Hours,
    Minutes,
    Seconds,
}

/// The elements that are told apart by their text alone, longest first where one begins another.
const WORDS: &[(&str, Element)] = &[
    ("January", Element::LongMonth),
    ("Monday", Element::LongWeekday),
    ("MST", Element::ZoneName),
    ("01", Element::ZeroMonth),
    ("02", Element::ZeroDay),
    ("03", Element::ZeroHour12),
    ("04", Element::ZeroMinute),
    ("05", Element::ZeroSecond),
    ("06", Element::Year),
    ("002", Element::ZeroYearDay),
    ("15", Element::Hour),
    ("1", Element::NumMonth),
    ("2006", Element::LongYear),
    ("2", Element::Day),
    ("__2", Element::UnderYearDay),
    ("3", Element::Hour12),
    ("4", Element::Minute),
    ("5", Element::Second),
    ("PM", Element::UpperPm),
    ("pm", Element::LowerPm),
    ("-070000", offset(false, false, Precision::Seconds)),
    ("-07:00:00", offset(false, true, Precision::Seconds)),
    ("-0700", offset(false, false, Precision::Minutes)),
    ("-07:00", offset(false, true, Precision::Minutes)),
    ("-07", offset(false, false, Precision::Hours)),
    ("Z070000", offset(true, false, Precision::Seconds)),
    ("Z07:00:00", offset(true, true, Precision::Seconds)),
    ("Z0700", offset(true, false, Precision::Minutes)),
    ("Z07:00", offset(true, true, Precision::Minutes)),
    ("Z07", offset(true, false, Precision::Hours)),
];

const fn offset(z: bool, colons: bool, precision: Precision) -> Element {
    Element::Offset { z, colons, precision }
}

/// The text before the first element, the element (none at the end) and what follows (`nextStdChunk`).
pub fn next(layout: &[u8]) -> (&[u8], Option<Element>, &[u8]) {
    for at in 0..layout.len() {
        let left = &layout[at..];
        // `_2006` is an underscore and a year.
        if left.starts_with(b"_2006") {
            return (&layout[..=at], Some(Element::LongYear), &left[5..]);
        }
        if let Some((element, length)) = element(left) {
            return (&layout[..at], Some(element), &left[length..]);
        }
    }
    (layout, None, b"")
}

fn element(left: &[u8]) -> Option<(Element, usize)> {
    if let Some((word, element)) = WORDS.iter().find(|(word, _)| left.starts_with(word.as_bytes())) {
        return Some((*element, word.len()));
    }
    let short = !left.get(3).is_some_and(u8::is_ascii_lowercase);
    match left {
        [b'J', b'a', b'n', ..] if short => Some((Element::Month, 3)),
        [b'M', b'o', b'n', ..] if short => Some((Element::Weekday, 3)),
        [b'_', b'2', ..] => Some((Element::UnderDay, 2)),
        [separator @ (b'.' | b','), kind @ (b'0' | b'9'), ..] => {
            let digits = left[1..].iter().take_while(|byte| *byte == kind).count();
            let ends = !left.get(1 + digits).is_some_and(u8::is_ascii_digit);
            let fraction = Element::Fraction { digits, trim: *kind == b'9', separator: *separator };
            ends.then_some((fraction, 1 + digits))
        }
        _ => None,
    }
}
