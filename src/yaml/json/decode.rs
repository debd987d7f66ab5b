//! JSON text to template values: `json.Unmarshal` into `interface {}`, `map[string]interface {}` and
//! `[]interface {}`. Every number becomes a float64.

use std::collections::BTreeMap;

use crate::template::types::Type;
use crate::template::value::{List, Map, Str, Value};
use crate::yaml::read::json_kind;
use crate::yaml::syntax;
use crate::yaml::tree::MAX_NODES;

/// encoding/json's `maxNestingDepth`.
const MAX_DEPTH: usize = 10_000;

/// Why a text is not the JSON that was asked for, in encoding/json's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    #[error("invalid character {0} {1}")]
    Character(String, &'static str),
    #[error("invalid character {found} in literal {word} (expecting '{expected}')")]
    Literal { found: String, word: String, expected: char },
    #[error("unexpected end of JSON input")]
    End,
    #[error("invalid character '{0}' exceeded max depth")]
    TooDeep(char),
    /// encoding/json has no limit; it would run out of memory.
    #[error("more than {MAX_NODES} values; split the document")]
    TooMany,
    #[error("json: cannot unmarshal number {0} into Go value of type float64")]
    Number(String),
    #[error("json: cannot unmarshal {found} into Go value of type {wanted}")]
    Type { found: &'static str, wanted: &'static str },
}

/// What encoding/json leaves behind: a number out of range is an error, yet all the rest is decoded.
#[derive(Debug)]
pub struct Partial<T> {
    pub value: T,
    pub error: Option<DecodeError>,
}

/// `json.Unmarshal` into an `interface {}`.
pub fn decode(text: &[u8]) -> Result<Value, DecodeError> {
    let Partial { value, error } = partial(text)?;
    error.map_or(Ok(value), Err)
}

/// `json.Unmarshal` into a `map[string]interface {}` that was empty; null makes it nil.
pub fn decode_map(text: &[u8]) -> Partial<Map> {
    let empty = || Map::new(Type::Any, BTreeMap::new());
    match partial(text) {
        Ok(Partial { value: Value::Map(map), error }) => Partial { value: map, error },
        Ok(Partial { value: Value::Nil, error: None }) => Partial { value: Map::nil(Type::Any), error: None },
        Ok(Partial { value, .. }) => mismatch(empty(), &value, "map[string]interface {}"),
        Err(error) => Partial { value: empty(), error: Some(error) },
    }
}

/// `json.Unmarshal` into a `[]interface {}` that was empty; null makes it nil.
pub fn decode_list(text: &[u8]) -> Partial<List> {
    let empty = || List::new(Type::Any, Vec::new());
    match partial(text) {
        Ok(Partial { value: Value::List(list), error }) => Partial { value: list, error },
        Ok(Partial { value: Value::Nil, error: None }) => {
            Partial { value: List::nil(Type::Any), error: None }
        }
        Ok(Partial { value, .. }) => mismatch(empty(), &value, "[]interface {}"),
        Err(error) => Partial { value: empty(), error: Some(error) },
    }
}

fn mismatch<T>(value: T, found: &Value, wanted: &'static str) -> Partial<T> {
    Partial { value, error: Some(DecodeError::Type { found: json_kind(found), wanted }) }
}

fn partial(text: &[u8]) -> Result<Partial<Value>, DecodeError> {
    let mut parser = Parser { text, at: 0, values: 0, open: Vec::new(), error: None };
    let value = parser.document()?;
    Ok(Partial { value, error: parser.error })
}

enum Open {
    List(Vec<Value>),
    Map(BTreeMap<Str, Value>, Str),
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    /// Values so far.
    values: usize,
    open: Vec<Open>,
    /// The first number out of range.
    error: Option<DecodeError>,
}

impl Parser<'_> {
    fn document(&mut self) -> Result<Value, DecodeError> {
        let mut finished = self.begin()?;
        loop {
            self.values += 1;
            if self.values > MAX_NODES {
                return Err(DecodeError::TooMany);
            }
            let value = match finished {
                Some(value) => value,
                None => {
                    finished = self.begin()?;
                    continue;
                }
            };
            let Some(open) = self.open.last_mut() else {
                return self.at_end(value);
            };
            let after = match open {
                Open::List(items) => {
                    items.push(value);
                    "after array element"
                }
                Open::Map(entries, key) => {
                    entries.insert(std::mem::replace(key, Str::from("")), value);
                    "after object key:value pair"
                }
            };
            finished = self.continue_collection(after)?;
        }
    }

    fn at_end(&mut self, value: Value) -> Result<Value, DecodeError> {
        match self.skip_space() {
            None => Ok(value),
            Some(_) => Err(self.unexpected("after top-level value")),
        }
    }

    /// After an element: a comma and what it promises, or the end of the collection.
    fn continue_collection(&mut self, after: &'static str) -> Result<Option<Value>, DecodeError> {
        let is_map = matches!(self.open.last(), Some(Open::Map(..)));
        match self.skip_space() {
            Some(b',') => {
                self.at += 1;
                if is_map {
                    self.key()?;
                }
                Ok(None)
            }
            Some(b'}') if is_map => Ok(self.close()),
            Some(b']') if !is_map => Ok(self.close()),
            Some(_) => Err(self.unexpected(after)),
            None => Err(DecodeError::End),
        }
    }

    fn close(&mut self) -> Option<Value> {
        self.at += 1;
        self.open.pop().map(|open| match open {
            Open::List(items) => Value::list(items),
            Open::Map(entries, _) => Value::Map(Map::new(Type::Any, entries)),
        })
    }

    /// Reads a scalar or an empty collection; `None` after the opening of a collection with elements.
    fn begin(&mut self) -> Result<Option<Value>, DecodeError> {
        match self.skip_space() {
            Some(b'{') => {
                self.push(Open::Map(BTreeMap::new(), Str::from("")))?;
                if self.skip_space() == Some(b'}') {
                    return Ok(self.close());
                }
                self.key()?;
                Ok(None)
            }
            Some(b'[') => {
                self.push(Open::List(Vec::new()))?;
                Ok(if self.skip_space() == Some(b']') { self.close() } else { None })
            }
            Some(b'"') => Ok(Some(Value::Str(self.string()?))),
            Some(b't') => self.literal(b"true", Value::Bool(true)),
            Some(b'f') => self.literal(b"false", Value::Bool(false)),
            Some(b'n') => self.literal(b"null", Value::Nil),
            Some(b'-' | b'0'..=b'9') => self.number().map(Some),
            Some(_) => Err(self.unexpected("looking for beginning of value")),
            None => Err(DecodeError::End),
        }
    }

    fn push(&mut self, open: Open) -> Result<(), DecodeError> {
        if self.open.len() >= MAX_DEPTH {
            return Err(DecodeError::TooDeep(if matches!(open, Open::List(_)) { '[' } else { '{' }));
        }
        self.at += 1;
        self.open.push(open);
        Ok(())
    }

    fn key(&mut self) -> Result<(), DecodeError> {
        match self.skip_space() {
            Some(b'"') => {}
            Some(_) => return Err(self.unexpected("looking for beginning of object key string")),
            None => return Err(DecodeError::End),
        }
        let text = self.string()?;
        if let Some(Open::Map(_, key)) = self.open.last_mut() {
            *key = text;
        }
        match self.skip_space() {
            Some(b':') => self.at += 1,
            Some(_) => return Err(self.unexpected("after object key")),
            None => return Err(DecodeError::End),
        }
        Ok(())
    }

    fn literal(&mut self, word: &[u8], value: Value) -> Result<Option<Value>, DecodeError> {
        for letter in &word[1..] {
            self.at += 1;
            let byte = self.peek_or_space();
            if byte != *letter {
                return Err(DecodeError::Literal {
                    found: quote_byte(byte),
                    word: String::from_utf8_lossy(word).into_owned(),
                    expected: char::from(*letter),
                });
            }
        }
        self.at += 1;
        Ok(Some(value))
    }

    fn number(&mut self) -> Result<Value, DecodeError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = String::from_utf8_lossy(&self.text[start..self.at]);
        Ok(match text.parse::<f64>() {
            Ok(number) if number.is_finite() => Value::Float(number),
            _ => {
                self.error.get_or_insert(DecodeError::Number(text.into_owned()));
                Value::Nil
            }
        })
    }

    /// One digit or more.
    fn digits(&mut self, place: &'static str) -> Result<(), DecodeError> {
        if !self.peek_or_space().is_ascii_digit() {
            return Err(self.unexpected(place));
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    fn string(&mut self) -> Result<Str, DecodeError> {
        self.at += 1;
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    let raw = &self.text[start..self.at];
                    self.at += 1;
                    return Ok(match std::str::from_utf8(raw) {
                        Ok(text) if !raw.contains(&b'\\') => text.into(),
                        _ => unescape(raw).into(),
                    });
                }
                b'\\' => self.escape()?,
                ..0x20 => return Err(self.unexpected("in string literal")),
                _ => self.at += 1,
            }
        }
        Err(DecodeError::End)
    }

    /// Checks one escape and steps over it.
    fn escape(&mut self) -> Result<(), DecodeError> {
        self.at += 1;
        match self.peek_or_space() {
            b'b' | b'f' | b'n' | b'r' | b't' | b'\\' | b'/' | b'"' => self.at += 1,
            b'u' => {
                for _ in 0..4 {
                    self.at += 1;
                    if !self.peek_or_space().is_ascii_hexdigit() {
                        return Err(self.unexpected("in \\u hexadecimal character escape"));
                    }
                }
                self.at += 1;
            }
            _ => return Err(self.unexpected("in string escape code")),
        }
        Ok(())
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Go ends a text with a space to see whether it is complete: inside a word or number that is an error.
    fn peek_or_space(&self) -> u8 {
        self.peek().unwrap_or(b' ')
    }

    fn skip_space(&mut self) -> Option<u8> {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
        self.peek()
    }

    fn unexpected(&self, place: &'static str) -> DecodeError {
        DecodeError::Character(quote_byte(self.peek_or_space()), place)
    }
}

/// `quoteChar` of scanner.go: a byte is shown as the character of that number.
fn quote_byte(byte: u8) -> String {
    match byte {
        b'\'' => "'\\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        _ => {
            let quoted = syntax::quote(char::from(byte).to_string().as_bytes());
            format!("'{}'", &quoted[1..quoted.len() - 1])
        }
    }
}

/// A checked string's text; what is not UTF-8 or half a surrogate pair becomes U+FFFD.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((first, tail)) = rest.split_first() {
        let (text, tail) = match (first, tail.first()) {
            (b'\\', Some(b'u')) => unescape_unicode(rest),
            (b'\\', Some(letter)) => (char::from(plain_escape(*letter)), &tail[1..]),
            _ => match super::text::char_at(rest) {
                Some(c) => (c, &rest[c.len_utf8()..]),
                None => (char::REPLACEMENT_CHARACTER, tail),
            },
        };
        out.extend_from_slice(text.encode_utf8(&mut [0; 4]).as_bytes());
        rest = tail;
    }
    out
}

fn plain_escape(letter: u8) -> u8 {
    match letter {
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        other => other,
    }
}

/// `\uXXXX`, two of them where they are a surrogate pair.
fn unescape_unicode(rest: &[u8]) -> (char, &[u8]) {
    let Some(high) = code_unit(rest) else {
        return (char::REPLACEMENT_CHARACTER, &rest[2.min(rest.len())..]);
    };
    let tail = &rest[6..];
    if let (0xD800..0xDC00, Some(low @ 0xDC00..0xE000)) = (high, code_unit(tail)) {
        let code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
        return (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), &tail[6..]);
    }
    (char::from_u32(high).unwrap_or(char::REPLACEMENT_CHARACTER), tail)
}

fn code_unit(rest: &[u8]) -> Option<u32> {
    let digits = rest.strip_prefix(b"\\u")?.get(..4)?;
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        decode(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn errors_are_gos() {
        assert_eq!(error(""), "unexpected end of JSON input");
        assert_eq!(error("{"), "unexpected end of JSON input");
        assert_eq!(error("x"), "invalid character 'x' looking for beginning of value");
        assert_eq!(error("{a"), "invalid character 'a' looking for beginning of object key string");
        assert_eq!(error("[1 2"), "invalid character '2' after array element");
        assert_eq!(error("{\"a\":1}}"), "invalid character '}' after top-level value");
        assert_eq!(error("trux"), "invalid character 'x' in literal true (expecting 'e')");
        assert_eq!(error("\"a\n\""), "invalid character '\\n' in string literal");
        assert_eq!(error("1.x"), "invalid character 'x' after decimal point in numeric literal");
        assert_eq!(error(&"[".repeat(MAX_DEPTH + 1)), "invalid character '[' exceeded max depth");
    }

    #[test]
    fn a_number_out_of_range_spoils_only_itself() {
        let Partial { value, error } = decode_map(b"{\"a\":1e999,\"b\":2}");
        let error = error.unwrap().to_string();
        assert_eq!(error, "json: cannot unmarshal number 1e999 into Go value of type float64");
        assert!(matches!(value.get("b"), Some(Value::Float(2.0))));
    }

    #[test]
    fn surrogates_are_joined() {
        let text = decode(b"\"\\ud83d\\ude00\\ud800x\xff\"").unwrap();
        assert_eq!(&**text.as_str().unwrap(), "😀\u{FFFD}x\u{FFFD}".as_bytes());
    }
}
