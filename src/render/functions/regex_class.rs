//! Turns Go's character classes and escapes into those of the `regex` crate.

use regex::Regex;

use super::regex_error::{Code, RegexError};

/// What was read, and the expression after it.
pub type Read<'e, T> = Result<(T, &'e str), RegexError>;

/// `\d`, `\s`, `\w` are ASCII in Go; a capital letter means all else.
const PERL: [(&str, &str); 6] = [
    ("\\d", "[0-9]"),
    ("\\D", "[^0-9]"),
    ("\\s", "[\\t\\n\\x0C\\r ]"),
    ("\\S", "[^\\t\\n\\x0C\\r ]"),
    ("\\w", "[0-9A-Za-z_]"),
    ("\\W", "[^0-9A-Za-z_]"),
];

const POSIX: [(&str, &str); 14] = [
    ("alnum", "0-9A-Za-z"),
    ("alpha", "A-Za-z"),
    ("ascii", "\\x00-\\x7F"),
    ("blank", "\\t "),
    ("cntrl", "\\x00-\\x1F\\x7F"),
    ("digit", "0-9"),
    ("graph", "!-~"),
    ("lower", "a-z"),
    ("print", " -~"),
    ("punct", "!-/:-@\\[-`\\{-~"),
    ("space", "\\t-\\r "),
    ("upper", "A-Z"),
    ("word", "0-9A-Za-z_"),
    ("xdigit", "0-9A-Fa-f"),
];

/// A class in brackets; `text` begins with `[`.
pub fn class(text: &str) -> Read<'_, String> {
    let mut left = &text[1..];
    let mut out = String::from("[");
    if let Some(rest) = left.strip_prefix('^') {
        out.push('^');
        left = rest;
    }
    let mut first = true;
    // A bracket in the first place stands for itself.
    while first || !left.starts_with(']') {
        first = false;
        let (item, rest) = class_item(left, text)?;
        out.push_str(&item);
        left = rest;
    }
    out.push(']');
    Ok((out, &left[1..]))
}

/// One member of a class: a named set, an escape for one, a letter or a range.
fn class_item<'e>(left: &'e str, whole: &str) -> Read<'e, String> {
    if let Some(named) = posix(left)? {
        return Ok(named);
    }
    if let Some(set) = set(left)? {
        return Ok(set);
    }
    let (low, after) = class_letter(left, whole)?;
    let (high, rest) = match after.strip_prefix('-') {
        Some(tail) if !tail.is_empty() && !tail.starts_with(']') => class_letter(tail, whole)?,
        _ => (low, after),
    };
    if high < low {
        return Code::CharRange.at(&left[..left.len() - rest.len()]);
    }
    Ok((format!("\\x{{{low:X}}}-\\x{{{high:X}}}"), rest))
}

fn class_letter<'e>(left: &'e str, whole: &str) -> Read<'e, u32> {
    match left.chars().next() {
        None => Code::MissingBracket.at(whole),
        Some('\\') => escape(left),
        Some(letter) => Ok((u32::from(letter), &left[letter.len_utf8()..])),
    }
}

/// `[:alpha:]` inside a class.
fn posix(left: &str) -> Result<Option<(String, &str)>, RegexError> {
    let Some(end) = left.strip_prefix("[:").and_then(|inner| inner.find(":]")) else { return Ok(None) };
    let (name, rest) = left.split_at(end + 4);
    let inner = &name[2..name.len() - 2];
    let (negated, plain) = inner.strip_prefix('^').map_or((false, inner), |plain| (true, plain));
    let Some((_, set)) = POSIX.iter().find(|(known, _)| *known == plain) else {
        return Code::CharRange.at(name);
    };
    Ok(Some((format!("[{}{set}]", if negated { "^" } else { "" }), rest)))
}

/// `\d` and its like, `\pN`, `\p{Greek}`; nothing if the text begins with none of them.
pub fn set(left: &str) -> Result<Option<(String, &str)>, RegexError> {
    if let Some((perl, set)) = PERL.iter().find(|(perl, _)| left.starts_with(perl)) {
        return Ok(Some(((*set).to_owned(), &left[perl.len()..])));
    }
    if !left.starts_with("\\p") && !left.starts_with("\\P") {
        return Ok(None);
    }
    let Some(letter) = left[2..].chars().next() else { return Ok(None) };
    let end = if letter == '{' { left.find('}').map(|end| end + 1) } else { Some(2 + letter.len_utf8()) };
    let Some(end) = end else { return Code::CharRange.at(left) };
    let (sequence, rest) = left.split_at(end);
    let name = sequence[2..].trim_start_matches('{').trim_end_matches('}');
    let (inner, name) = name.strip_prefix('^').map_or((false, name), |name| (true, name));
    match unicode(name) {
        None => Code::CharRange.at(sequence),
        Some(set) => {
            let negated = sequence.starts_with("\\P") != inner;
            Ok(Some((format!("[{}{set}]", if negated { "^" } else { "" }), rest)))
        }
    }
}

/// The set behind a name: a general category or a script, case and separators aside.
fn unicode(name: &str) -> Option<String> {
    let plain: String = name.chars().filter(|letter| !matches!(letter, '_' | '-' | ' ')).collect();
    match plain.to_ascii_lowercase().as_str() {
        "any" => return Some("\\x{0}-\\x{10FFFF}".to_owned()),
        "ascii" => return Some("\\x{0}-\\x{7F}".to_owned()),
        "assigned" => return Some("\\P{gc=Cn}".to_owned()),
        _ => {}
    }
    if name.is_empty() || !name.chars().all(|letter| letter.is_ascii_alphanumeric() || "_- ".contains(letter))
    {
        return None;
    }
    ["gc", "sc"].iter().map(|key| format!("\\p{{{key}={name}}}")).find(|set| Regex::new(set).is_ok())
}

/// The letter that an escape stands for; `text` begins with the backslash.
pub fn escape(text: &str) -> Read<'_, u32> {
    let mut letters = text[1..].chars();
    let Some(letter) = letters.next() else { return Code::TrailingBackslash.at("") };
    let rest = letters.as_str();
    let simple = match letter {
        '1'..='7' if !rest.starts_with(|next: char| matches!(next, '0'..='7')) => None,
        '0'..='7' => return Ok(octal(&text[1..])),
        'x' => return hex(text),
        'a' => Some(0x07),
        'f' => Some(0x0c),
        'n' => Some(0x0a),
        'r' => Some(0x0d),
        't' => Some(0x09),
        'v' => Some(0x0b),
        _ if letter.is_ascii() && !letter.is_ascii_alphanumeric() => Some(u32::from(letter)),
        _ => None,
    };
    simple.map_or_else(|| Code::Escape.at(&text[..text.len() - rest.len()]), |simple| Ok((simple, rest)))
}

/// Up to three octal digits.
fn octal(text: &str) -> (u32, &str) {
    let digits = text.bytes().take(3).take_while(|byte| matches!(byte, b'0'..=b'7')).count();
    (u32::from_str_radix(&text[..digits], 8).unwrap_or(0), &text[digits..])
}

/// `\x7F` or `\x{10FFFF}`; `text` begins with the backslash. An error shows what was read up to it.
fn hex(text: &str) -> Read<'_, u32> {
    let mut letters = text[2..].chars();
    let bad = |rest: &str| Code::Escape.at(&text[..text.len() - rest.len()]);
    let Some(first) = letters.next() else { return bad("") };
    if first != '{' {
        let second = letters.next().and_then(|letter| letter.to_digit(16));
        return match first.to_digit(16).zip(second) {
            Some((high, low)) => Ok((high * 16 + low, letters.as_str())),
            None => bad(letters.as_str()),
        };
    }
    let (mut value, mut digits) = (0, 0);
    loop {
        match letters.next() {
            Some('}') if digits > 0 => return Ok((value, letters.as_str())),
            Some(letter) => match letter.to_digit(16) {
                Some(digit) if value * 16 + digit <= 0x10_FFFF => value = value * 16 + digit,
                _ => return bad(letters.as_str()),
            },
            None => return bad(""),
        }
        digits += 1;
    }
}
