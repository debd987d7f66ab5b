//! Go string literals: quoting bytes and reading them back (`strconv.Quote`, `Unquote` and relatives).

use super::unicode::is_print;

/// A decoded rune, or the single byte that is not UTF-8.
pub(super) enum Rune {
    Char(char),
    Byte(u8),
}

/// The first rune of a text and its width; as Go's `utf8.DecodeRune`, which takes one byte of broken UTF-8.
pub(super) fn decode_rune(text: &[u8]) -> Option<(Rune, usize)> {
    let first = *text.first()?;
    if first < 0x80 {
        return Some((Rune::Char(char::from(first)), 1));
    }
    let width = match first {
        0xc2..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf4 => 4,
        _ => return Some((Rune::Byte(first), 1)),
    };
    let char = text.get(..width).and_then(|bytes| std::str::from_utf8(bytes).ok()).and_then(|s| s.chars().next());
    Some(match char {
        Some(char) => (Rune::Char(char), width),
        None => (Rune::Byte(first), 1),
    })
}

/// `utf8.RuneCount`: characters, each broken byte one.
pub(super) fn rune_count(mut text: &[u8]) -> usize {
    let mut count = 0;
    while let Some((_, width)) = decode_rune(text) {
        text = &text[width..];
        count += 1;
    }
    count
}

/// `strconv.Quote`: `"a\n\xff"`.
pub fn quote(text: &[u8]) -> String {
    quote_with(text, '"', false)
}

/// `strconv.QuoteToASCII`.
pub fn quote_to_ascii(text: &[u8]) -> String {
    quote_with(text, '"', true)
}

/// `strconv.QuoteRune`, or `QuoteRuneToASCII`.
pub fn quote_rune(char: char, ascii_only: bool) -> String {
    let mut out = String::from('\'');
    push_escaped(&mut out, char, '\'', ascii_only);
    out.push('\'');
    out
}

fn quote_with(mut text: &[u8], mark: char, ascii_only: bool) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push(mark);
    while let Some((rune, width)) = decode_rune(text) {
        match rune {
            Rune::Char(char) => push_escaped(&mut out, char, mark, ascii_only),
            Rune::Byte(byte) => out.push_str(&format!("\\x{byte:02x}")),
        }
        text = &text[width..];
    }
    out.push(mark);
    out
}

fn push_escaped(out: &mut String, char: char, mark: char, ascii_only: bool) {
    match char {
        '\\' => out.push_str("\\\\"),
        _ if char == mark => {
            out.push('\\');
            out.push(char);
        }
        _ if is_print(char) && (char.is_ascii() || !ascii_only) => out.push(char),
        '\x07' => out.push_str("\\a"),
        '\x08' => out.push_str("\\b"),
        '\x0c' => out.push_str("\\f"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\x0b' => out.push_str("\\v"),
        '\0'..' ' | '\x7f' => out.push_str(&format!("\\x{:02x}", u32::from(char))),
        ..'\u{10000}' => out.push_str(&format!("\\u{:04x}", u32::from(char))),
        _ => out.push_str(&format!("\\U{:08x}", u32::from(char))),
    }
}

/// `strconv.CanBackquote`: whether the text can stand between backquotes on one line.
pub fn can_backquote(mut text: &[u8]) -> bool {
    while let Some((rune, width)) = decode_rune(text) {
        match rune {
            Rune::Byte(_) | Rune::Char('\u{feff}' | '`' | '\x7f') => return false,
            Rune::Char(char) if char < ' ' && char != '\t' => return false,
            Rune::Char(_) => text = &text[width..],
        }
    }
    true
}

/// `strconv.Unquote`: the text of a literal in double, single or back quotes; `None` where Go says `invalid syntax`.
pub fn unquote(literal: &[u8]) -> Option<Vec<u8>> {
    let (&mark, rest) = literal.split_first()?;
    let (&last, body) = rest.split_last()?;
    if mark != last {
        return None;
    }
    match mark {
        b'`' if body.contains(&b'`') => None,
        b'`' => Some(body.iter().copied().filter(|&byte| byte != b'\r').collect()),
        b'"' | b'\'' => unquote_body(body, mark),
        _ => None,
    }
}

fn unquote_body(mut body: &[u8], mark: u8) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    let mut count = 0;
    while !body.is_empty() {
        if body[0] == b'\n' {
            return None;
        }
        let (rune, width) = unquote_char(body, mark)?;
        match rune {
            Unquoted::Char(char) => out.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes()),
            Unquoted::Byte(byte) => out.push(byte),
        }
        body = &body[width..];
        count += 1;
    }
    // A character literal holds one character; Go also lets the empty one pass.
    if mark == b'\'' && count > 1 { None } else { Some(out) }
}

/// What one character of a literal stands for.
pub(super) enum Unquoted {
    Char(char),
    Byte(u8),
}

impl Unquoted {
    pub(super) fn code(&self) -> u32 {
        match self {
            Unquoted::Char(char) => u32::from(*char),
            Unquoted::Byte(byte) => u32::from(*byte),
        }
    }
}

/// `strconv.UnquoteChar`: the first character of a literal's body and how many bytes it takes there.
pub(super) fn unquote_char(body: &[u8], mark: u8) -> Option<(Unquoted, usize)> {
    let (rune, width) = decode_rune(body)?;
    let char = match rune {
        Rune::Char(char) => char,
        Rune::Byte(_) => char::REPLACEMENT_CHARACTER,
    };
    if body[0] == mark {
        return None;
    }
    if char != '\\' {
        return Some((Unquoted::Char(char), width));
    }
    let escape = *body.get(1)?;
    let simple = |byte| Some((Unquoted::Byte(byte), 2));
    match escape {
        b'a' => simple(7),
        b'b' => simple(8),
        b'f' => simple(12),
        b'n' => simple(b'\n'),
        b'r' => simple(b'\r'),
        b't' => simple(b'\t'),
        b'v' => simple(11),
        b'\\' => simple(b'\\'),
        b'\'' | b'"' if escape == mark => simple(escape),
        b'x' => Some((Unquoted::Byte(u8::try_from(digits(body, 2, 2, 16)?).ok()?), 4)),
        b'u' => Some((Unquoted::Char(char::from_u32(digits(body, 2, 4, 16)?)?), 6)),
        b'U' => Some((Unquoted::Char(char::from_u32(digits(body, 2, 8, 16)?)?), 10)),
        b'0'..=b'7' => Some((Unquoted::Byte(u8::try_from(digits(body, 1, 3, 8)?).ok()?), 4)),
        _ => None,
    }
}

fn digits(body: &[u8], from: usize, count: usize, radix: u32) -> Option<u32> {
    body.get(from..from + count)?.iter().try_fold(0_u32, |number, &byte| {
        number.checked_mul(radix)?.checked_add(char::from(byte).to_digit(radix)?)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_strconv() {
        assert_eq!(quote(b"a\"b\\\n\x01\xff\xc3\xa9"), r#""a\"b\\\n\x01\xffé""#);
        assert_eq!(quote("\u{200b}\u{1f600}\u{e0001}".as_bytes()), "\"\\u200b\u{1f600}\\U000e0001\"");
        assert_eq!(quote_to_ascii("é".as_bytes()), r#""\u00e9""#);
    }

    #[test]
    fn unquotes_as_strconv() {
        assert_eq!(unquote(br#""a\x41\u00e9\101\"""#).as_deref(), Some("aA\u{e9}A\"".as_bytes()));
        assert_eq!(unquote(b"`a\\n\r`").as_deref(), Some(&b"a\\n"[..]));
        assert_eq!(unquote(br#""\'""#), None);
        assert_eq!(unquote(br#""\400""#), None);
        assert_eq!(unquote(b"\""), None);
        assert_eq!(unquote(b"\"\xff\"").as_deref(), Some("\u{fffd}".as_bytes()));
    }
}
