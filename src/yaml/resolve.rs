//! The text of a scalar to its type and value, as go-yaml v2 guesses it (resolve.go).

use std::borrow::Cow;

/// A tag as far as go-yaml's resolver tells them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    /// No tag, or the empty one.
    None,
    Str,
    Bool,
    Int,
    Float,
    Null,
    Timestamp,
    Binary,
    Merge,
    /// Anything else: the text is taken as it is.
    Other,
}

impl Tag {
    /// From the full tag of an event.
    pub fn of(tag: Option<&[u8]>) -> Self {
        let Some(tag) = tag.filter(|tag| !tag.is_empty()) else {
            return Tag::None;
        };
        match tag.strip_prefix(b"tag:yaml.org,2002:") {
            Some(b"str") => Tag::Str,
            Some(b"bool") => Tag::Bool,
            Some(b"int") => Tag::Int,
            Some(b"float") => Tag::Float,
            Some(b"null") => Tag::Null,
            Some(b"timestamp") => Tag::Timestamp,
            Some(b"binary") => Tag::Binary,
            Some(b"merge") => Tag::Merge,
            _ => Tag::Other,
        }
    }

    fn short(self) -> &'static str {
        match self {
            Tag::None | Tag::Other => "",
            Tag::Str => "!!str",
            Tag::Bool => "!!bool",
            Tag::Int => "!!int",
            Tag::Float => "!!float",
            Tag::Null => "!!null",
            Tag::Timestamp => "!!timestamp",
            Tag::Binary => "!!binary",
            Tag::Merge => "!!merge",
        }
    }
}

/// What a scalar means. A string is the scalar's own text (a timestamp too: go-yaml hands it on as text).
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Text,
    Timestamp,
}

impl Scalar {
    fn tag(self) -> Tag {
        match self {
            Scalar::Null => Tag::Null,
            Scalar::Bool(_) => Tag::Bool,
            Scalar::Int(_) | Scalar::Uint(_) => Tag::Int,
            Scalar::Float(_) => Tag::Float,
            Scalar::Text => Tag::Str,
            Scalar::Timestamp => Tag::Timestamp,
        }
    }
}

/// Which of go-yaml's resolvers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Version {
    /// `yes`, `on`, `y` are booleans.
    V2,
    /// They are not, and `0o17` is a number when it is spelled `-0o17` too.
    V3,
}

/// go-yaml's `resolve`: an explicit tag must agree with the text. The error is go-yaml's, without `yaml: `.
pub(super) fn resolve(tag: Tag, text: &[u8]) -> Result<Scalar, String> {
    if matches!(tag, Tag::Other | Tag::Binary | Tag::Merge | Tag::Str) {
        return Ok(Scalar::Text);
    }
    let found = guess(Version::V2, text, matches!(tag, Tag::None | Tag::Timestamp));
    match (tag, found) {
        (Tag::None, found) => Ok(found),
        (Tag::Float, Scalar::Int(number)) => Ok(Scalar::Float(number as f64)),
        (tag, found) if found.tag() == tag => Ok(found),
        (tag, found) => {
            let text = String::from_utf8_lossy(text);
            Err(format!("cannot decode {} `{text}` as a {}", found.tag().short(), tag.short()))
        }
    }
}

/// What an untagged text would be read as.
pub(super) fn guess(version: Version, text: &[u8], timestamps: bool) -> Scalar {
    match text.first() {
        None => Scalar::Null,
        Some(b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~') => word(version, text),
        Some(b'.') => special_float(text).or_else(|| parse_float(text)).map_or(Scalar::Text, Scalar::Float),
        Some(b'+' | b'-' | b'0'..=b'9') => number(version, text, timestamps),
        _ => Scalar::Text,
    }
}

fn word(version: Version, text: &[u8]) -> Scalar {
    match text {
        b"true" | b"True" | b"TRUE" => Scalar::Bool(true),
        b"false" | b"False" | b"FALSE" => Scalar::Bool(false),
        b"~" | b"null" | b"Null" | b"NULL" => Scalar::Null,
        _ if version == Version::V2 && is_old_true(text) => Scalar::Bool(true),
        _ if version == Version::V2 && is_old_false(text) => Scalar::Bool(false),
        _ => Scalar::Text,
    }
}

fn is_old_true(text: &[u8]) -> bool {
    matches!(text, b"y" | b"Y" | b"yes" | b"Yes" | b"YES" | b"on" | b"On" | b"ON")
}

fn is_old_false(text: &[u8]) -> bool {
    matches!(text, b"n" | b"N" | b"no" | b"No" | b"NO" | b"off" | b"Off" | b"OFF")
}

/// A boolean of YAML 1.1 only, which go-yaml v3 quotes although it reads it as text.
pub(super) fn is_old_bool(text: &[u8]) -> bool {
    is_old_true(text) || is_old_false(text)
}

fn special_float(text: &[u8]) -> Option<f64> {
    match text {
        b".nan" | b".NaN" | b".NAN" => Some(f64::NAN),
        b".inf" | b".Inf" | b".INF" | b"+.inf" | b"+.Inf" | b"+.INF" => Some(f64::INFINITY),
        b"-.inf" | b"-.Inf" | b"-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

fn number(version: Version, text: &[u8], timestamps: bool) -> Scalar {
    if let Some(float) = special_float(text) {
        return Scalar::Float(float);
    }
    if timestamps && is_timestamp(text) {
        return Scalar::Timestamp;
    }
    let plain = without_underscores(text);
    if let Some(int) = integer(&plain, 0) {
        return int;
    }
    if looks_like_float(&plain)
        && let Some(float) = parse_float(&plain)
    {
        return Scalar::Float(float);
    }
    prefixed(version, &plain).unwrap_or(Scalar::Text)
}

/// The prefixes that go-yaml reads itself, where Go's base detection stumbles: `0b+1`, `-0b-1`.
fn prefixed(version: Version, plain: &[u8]) -> Option<Scalar> {
    let bases: &[(u8, u32)] = if version == Version::V3 { &[(b'b', 2), (b'o', 8)] } else { &[(b'b', 2)] };
    bases.iter().find_map(|(letter, base)| {
        if let Some(digits) = plain.strip_prefix(&[b'0', *letter]) {
            return integer(digits, *base);
        }
        let digits = plain.strip_prefix(&[b'-', b'0', *letter])?;
        integer(&[b"-", digits].concat(), *base).filter(|int| matches!(int, Scalar::Int(_)))
    })
}

fn without_underscores(text: &[u8]) -> Cow<'_, [u8]> {
    if text.contains(&b'_') {
        return text.iter().copied().filter(|byte| *byte != b'_').collect();
    }
    Cow::Borrowed(text)
}

/// `strconv.ParseInt`, then `ParseUint`; base 0 takes it from the prefix, where a lone 0 means octal.
fn integer(text: &[u8], base: u32) -> Option<Scalar> {
    let (negative, signed, digits) = match text.split_first()? {
        (b'-', rest) => (true, true, rest),
        (b'+', rest) => (false, true, rest),
        _ => (false, false, text),
    };
    let (base, digits) = if base == 0 { split_base(digits) } else { (base, digits) };
    if digits.is_empty() || !digits.iter().all(|digit| char::from(*digit).is_digit(base)) {
        return None;
    }
    let size = u64::from_str_radix(std::str::from_utf8(digits).ok()?, base).ok()?;
    match (negative, i64::try_from(size)) {
        (true, _) if size == 1 << 63 => Some(Scalar::Int(i64::MIN)),
        (true, Ok(size)) => Some(Scalar::Int(-size)),
        (false, Ok(size)) => Some(Scalar::Int(size)),
        (false, Err(_)) if !signed => Some(Scalar::Uint(size)),
        _ => None,
    }
}

fn split_base(digits: &[u8]) -> (u32, &[u8]) {
    match digits {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest),
        [b'0', b'b' | b'B', rest @ ..] => (2, rest),
        [b'0', b'o' | b'O', rest @ ..] => (8, rest),
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, digits),
    }
}

/// `^[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?$`
fn looks_like_float(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    let (whole, rest) = split_digits(text);
    let (fraction, rest) = match rest.strip_prefix(b".") {
        Some(rest) => split_digits(rest),
        None => (&[][..], rest),
    };
    if whole.is_empty() && fraction.is_empty() {
        return false;
    }
    let Some((b'e' | b'E', exponent)) = rest.split_first() else {
        return rest.is_empty();
    };
    let digits = exponent.strip_prefix(b"-").or_else(|| exponent.strip_prefix(b"+")).unwrap_or(exponent);
    !digits.is_empty() && split_digits(digits).1.is_empty()
}

fn split_digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len()))
}

/// `strconv.ParseFloat` for decimal text; out of range is no number, as Go returns an error for it.
fn parse_float(text: &[u8]) -> Option<f64> {
    if !looks_like_float(text) {
        return None;
    }
    let float: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    float.is_finite().then_some(float)
}

/// go-yaml's `parseTimestamp`: a date with a four-digit year, alone or with a time.
fn is_timestamp(text: &[u8]) -> bool {
    let Some((date, rest)) = take_date(text) else {
        return false;
    };
    match rest.split_first() {
        None => date,
        Some((b'T' | b't', rest)) => date && take_time(rest).is_some_and(is_zone),
        Some((b' ', rest)) => date && take_time(rest.trim_ascii_start()).is_some_and(<[u8]>::is_empty),
        _ => false,
    }
}

/// `2006-1-2`: whether the day exists, and what follows.
fn take_date(text: &[u8]) -> Option<(bool, &[u8])> {
    let (year, rest) = split_digits(text);
    if year.len() != 4 {
        return None;
    }
    let (month, rest) = take_field(rest.strip_prefix(b"-")?)?;
    let (day, rest) = take_field(rest.strip_prefix(b"-")?)?;
    let year = year.iter().fold(0, |year, digit| year * 10 + u32::from(digit - b'0'));
    Some(((1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day), rest))
}

fn days_in(year: u32, month: u32) -> u32 {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// `15:4:5.999999999`
fn take_time(text: &[u8]) -> Option<&[u8]> {
    let (hour, rest) = take_field(text)?;
    let (minute, rest) = take_field(rest.strip_prefix(b":")?)?;
    let (second, rest) = take_field(rest.strip_prefix(b":")?)?;
    let rest = match rest {
        // Go's time takes a fraction after `.` or `,` wherever seconds stand.
        [b'.' | b',', digit, ..] if digit.is_ascii_digit() => split_digits(&rest[1..]).1,
        _ => rest,
    };
    (hour < 24 && minute < 60 && second < 60).then_some(rest)
}

/// `Z07:00`
fn is_zone(text: &[u8]) -> bool {
    match text {
        b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => {
            let two = |a: &u8, b: &u8| {
                (a.is_ascii_digit() && b.is_ascii_digit()).then(|| u32::from(a - b'0') * 10 + u32::from(b - b'0'))
            };
            two(h1, h2).is_some_and(|hour| hour <= 24) && two(m1, m2).is_some_and(|minute| minute <= 60)
        }
        _ => false,
    }
}

/// One or two digits, as Go's `time.Parse` takes for `1`, `2`, `4`, `5` and `15`.
fn take_field(text: &[u8]) -> Option<(u32, &[u8])> {
    match text {
        [a, b, rest @ ..] if a.is_ascii_digit() && b.is_ascii_digit() => {
            Some((u32::from(a - b'0') * 10 + u32::from(b - b'0'), rest))
        }
        [a, rest @ ..] if a.is_ascii_digit() => Some((u32::from(a - b'0'), rest)),
        _ => None,
    }
}

/// `^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$`: not a number for go-yaml, but for other readers,
/// so both writers quote it (encode.go).
pub(super) fn is_base60(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"-").or_else(|| text.strip_prefix(b"+")).unwrap_or(text);
    if !text.first().is_some_and(u8::is_ascii_digit) {
        return false;
    }
    let (text, fraction) = match text.iter().position(|byte| *byte == b'.') {
        Some(point) => (&text[..point], &text[point + 1..]),
        None => (text, &[][..]),
    };
    let mut parts = text.split(|byte| *byte == b':');
    let digits = |part: &[u8]| part.iter().all(|byte| byte.is_ascii_digit() || *byte == b'_');
    let first = parts.next().is_some_and(digits);
    let mut count = 0;
    let rest = parts.all(|part| {
        count += 1;
        matches!(part, [b'0'..=b'9'] | [b'0'..=b'5', b'0'..=b'9'])
    });
    first && rest && count > 0 && digits(fraction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_scalars_get_go_yamls_type() {
        let cases: &[(&str, Scalar)] = &[
            ("", Scalar::Null),
            ("~", Scalar::Null),
            ("nULL", Scalar::Text),
            ("y", Scalar::Bool(true)),
            ("Off", Scalar::Bool(false)),
            ("0777", Scalar::Int(511)),
            ("0o777", Scalar::Int(511)),
            ("0x1F", Scalar::Int(31)),
            ("-0b11", Scalar::Int(-3)),
            ("0b+1", Scalar::Int(1)),
            ("1_000", Scalar::Int(1000)),
            ("_1", Scalar::Text),
            ("089", Scalar::Float(89.0)),
            ("1e3", Scalar::Float(1000.0)),
            ("1e", Scalar::Text),
            (".5", Scalar::Float(0.5)),
            (".", Scalar::Text),
            ("-.inf", Scalar::Float(f64::NEG_INFINITY)),
            ("+12", Scalar::Int(12)),
            ("18446744073709551615", Scalar::Uint(u64::MAX)),
            ("+18446744073709551615", Scalar::Float(18446744073709551615.0)),
            ("-9223372036854775808", Scalar::Int(i64::MIN)),
            ("1e999", Scalar::Text),
            ("12:30", Scalar::Text),
            ("2020-01-02", Scalar::Timestamp),
            ("2020-1-2T3:4:5Z", Scalar::Timestamp),
            ("2020-1-2T25:4:5Z", Scalar::Text),
            ("2020-02-30", Scalar::Text),
        ];
        for (text, expected) in cases {
            assert_eq!(resolve(Tag::None, text.as_bytes()).unwrap(), *expected, "{text}");
        }
    }

    #[test]
    fn tags_must_agree_with_the_text() {
        assert_eq!(resolve(Tag::Float, b"1").unwrap(), Scalar::Float(1.0));
        assert_eq!(resolve(Tag::Int, b"x").unwrap_err(), "cannot decode !!str `x` as a !!int");
    }

    #[test]
    fn base_60_is_seen() {
        for text in ["1:20", "-1:20:30.5", "190:20:30"] {
            assert!(is_base60(text.as_bytes()), "{text}");
        }
        for text in ["1:60", "1", "a:1", ":1", "1:20:"] {
            assert!(!is_base60(text.as_bytes()), "{text}");
        }
    }
}
