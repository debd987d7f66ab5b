//! What a value looks like after the way through JSON text and go-yaml v2's reader.

use std::borrow::Cow;

use crate::template::value::{Str, Value};
use crate::yaml::json::shape::{self, Shape};
use crate::yaml::json::text::quote;
use crate::yaml::number::{format_g, format_json};
use crate::yaml::resolve::{Scalar, Tag, Version, resolve};

use super::dialect::Dialect;
use super::error::WriteError;
use super::walk::{Item, Source};

/// go-yaml looks back so many characters for the start of a key (`yaml_simple_key_is_valid`).
const MAX_KEY: usize = 1024;

/// A character takes at most so many characters in JSON (`\u0000`).
const LONGEST_ESCAPE: usize = 6;

pub(super) struct ThroughJson;

impl Source for ThroughJson {
    const DIALECT: Dialect = Dialect { version: Version::V2, width: 80, indentless: true };

    fn item(&self, value: &Value) -> Result<Item, WriteError> {
        Ok(match shape::of(value)? {
            Shape::Null => Item::Plain("null".into()),
            Shape::Bool(flag) => Item::Plain(if flag { "true" } else { "false" }.into()),
            Shape::Int(number) => Item::Plain(number.to_string().into()),
            Shape::Uint(number) => Item::Plain(number.to_string().into()),
            Shape::Float(number) => Item::Plain(reread(number).into()),
            Shape::Text(text) => Item::Text(self.text(&text)?.map_or(text, Str::from)),
            Shape::List(list) => Item::List(list),
            Shape::Map(map) => Item::Map(map),
            Shape::Fields(fields) => {
                Item::Fields(fields.into_iter().map(|(name, value)| (name.into(), value)).collect())
            }
        })
    }

    fn text(&self, text: &[u8]) -> Result<Option<Vec<u8>>, WriteError> {
        // Printable ASCII comes back as it is, and so does whatever JSON escapes.
        if text.iter().all(|byte| (..0x7F).contains(byte)) {
            return Ok(None);
        }
        let valid = match std::str::from_utf8(text) {
            Ok(text) => Cow::Borrowed(text),
            Err(_) => Cow::Owned(replace_invalid(text)),
        };
        if valid.chars().any(is_refused) {
            return Err(WriteError::Yaml("control characters are not allowed"));
        }
        if valid.contains(NEXT_LINE) {
            return fold(&valid).map(|text| Some(text.into_bytes()));
        }
        Ok(match valid {
            Cow::Borrowed(_) => None,
            Cow::Owned(text) => Some(text.into_bytes()),
        })
    }

    fn key(&self, key: &[u8]) -> Result<Option<Vec<u8>>, WriteError> {
        let lines = key.windows(2).any(|pair| pair == b"\xC2\x85");
        let too_long = key.len() * LONGEST_ESCAPE + 2 > MAX_KEY && json_length(key) > MAX_KEY;
        if lines || too_long {
            return Err(WriteError::Yaml("did not find expected ',' or '}'"));
        }
        self.text(key)
    }
}

const NEXT_LINE: char = '\u{85}';

/// What JSON writes as it is and go-yaml's reader does not let through.
fn is_refused(c: char) -> bool {
    matches!(c, '\x7F' | '\u{80}'..='\u{84}' | '\u{86}'..='\u{9F}' | '\u{FFFE}' | '\u{FFFF}')
}

fn replace_invalid(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| char::REPLACEMENT_CHARACTER));
    }
    text
}

/// JSON leaves U+0085 as it is; in YAML's double quotes it is a line break, and is folded.
fn fold(text: &str) -> Result<String, WriteError> {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split(NEXT_LINE).enumerate().peekable();
    let mut empty = 0;
    while let Some((index, line)) = lines.next() {
        let line = if index > 0 { line.trim_start_matches(' ') } else { line };
        let starts_document = text_after_break(text, index).is_some_and(is_document_mark);
        if starts_document {
            return Err(WriteError::Yaml("found unexpected document indicator"));
        }
        let last = lines.peek().is_none();
        let line = if last { line } else { line.trim_end_matches(' ') };
        if index > 0 && line.is_empty() && !last {
            empty += 1;
            continue;
        }
        if index > 0 {
            out.push_str(&if empty > 0 { "\n".repeat(empty) } else { " ".to_owned() });
        }
        empty = 0;
        out.push_str(line);
    }
    Ok(out)
}

/// The line after the break number `index`, indentation included.
fn text_after_break(text: &str, index: usize) -> Option<&str> {
    (index > 0).then(|| text.split(NEXT_LINE).nth(index)).flatten()
}

fn is_document_mark(line: &str) -> bool {
    let rest = line.strip_prefix("---").or_else(|| line.strip_prefix("..."));
    // At the end of the line stands a break, or JSON's closing quote, which is no blank.
    rest.is_some_and(|rest| rest.starts_with(' '))
}

/// The characters of the JSON literal, quotes included.
fn json_length(key: &[u8]) -> usize {
    let mut literal = Vec::with_capacity(key.len() + 2);
    quote(key, true, &mut literal);
    literal.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

/// A float after JSON: what looks like an integer there is one, and a minus zero loses its sign.
fn reread(number: f64) -> String {
    let json = format_json(number);
    match resolve(Tag::None, json.as_bytes()) {
        Ok(Scalar::Int(number)) => number.to_string(),
        Ok(Scalar::Uint(number)) => number.to_string(),
        _ => format_g(number),
    }
}
