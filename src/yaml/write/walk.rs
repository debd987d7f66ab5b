//! A value tree to the emitter's calls, in the order of go-yaml's state machine, without recursion.

use crate::template::budgets::MAX_TEXT;
use crate::template::value::{List, Map, Str, Value};
use crate::yaml::json::shape::Path;
use crate::yaml::resolve::{Scalar, Version, guess, is_base60, is_old_bool};

use super::dialect::Dialect;
use super::emitter::{Emitter, Prepared, Style};
use super::error::WriteError;
use super::order;

/// One level of what is written.
pub(in crate::yaml) enum Item {
    /// Written as it is: a number, a boolean, null.
    Plain(Str),
    /// A string, which may need quotes.
    Text(Str),
    List(List),
    Map(Map),
    /// A struct.
    Fields(Vec<(Str, Value)>),
}

/// How values become items.
pub(in crate::yaml) trait Source {
    const DIALECT: Dialect;

    fn item(&self, value: &Value) -> Result<Item, WriteError>;

    /// A string as it is to be written, `None` for no change.
    fn text(&self, text: &[u8]) -> Result<Option<Vec<u8>>, WriteError>;

    /// The same for a key.
    fn key(&self, key: &[u8]) -> Result<Option<Vec<u8>>, WriteError> {
        self.text(key)
    }

    /// The order of a struct's fields; go-yaml v2 sees them as the keys of a map.
    fn sorts_fields(&self) -> bool {
        true
    }
}

/// Writes one document.
pub(in crate::yaml) fn write<S: Source>(value: &Value, source: &S) -> Result<Vec<u8>, WriteError> {
    let mut writer =
        Writer { source, emitter: Emitter::new(S::DIALECT), path: Path::default(), stack: Vec::new() };
    writer.begin(value, false)?;
    while let Some(frame) = writer.stack.pop() {
        writer.next(frame)?;
        if writer.emitter.out.len() > MAX_TEXT {
            return Err(WriteError::TooLong);
        }
    }
    let mut emitter = writer.emitter;
    emitter.indent = None;
    emitter.write_indent();
    Ok(emitter.out)
}

struct Frame {
    indent: usize,
    outer: Option<usize>,
    items: Items,
}

enum Items {
    List(std::vec::IntoIter<Value>),
    Map(std::vec::IntoIter<(Str, Value)>),
}

struct Writer<'s, S> {
    source: &'s S,
    emitter: Emitter,
    path: Path,
    stack: Vec<Frame>,
}

impl<S: Source> Writer<'_, S> {
    fn begin(&mut self, value: &Value, in_mapping: bool) -> Result<(), WriteError> {
        match self.source.item(value)? {
            Item::Plain(text) => {
                let scalar = self.emitter.prepare(&text, Style::Plain, None);
                self.emitter.scalar(&scalar, false);
            }
            Item::Text(text) => self.text(&text, false),
            Item::List(list) if list.is_empty() => self.empty("[", "]"),
            Item::List(list) => {
                self.path.enter(Some(&Value::List(list.clone())))?;
                self.push(Items::List(list.snapshot().into_iter()), in_mapping);
            }
            Item::Map(map) if map.is_empty() => self.empty("{", "}"),
            Item::Map(map) => {
                self.path.enter(Some(&Value::Map(map.clone())))?;
                let entries = self.sorted(map.snapshot(), true)?;
                self.push(Items::Map(entries.into_iter()), in_mapping);
            }
            Item::Fields(fields) if fields.is_empty() => self.empty("{", "}"),
            Item::Fields(fields) => {
                self.path.enter(None)?;
                let entries = self.sorted(fields, self.source.sorts_fields())?;
                self.push(Items::Map(entries.into_iter()), in_mapping);
            }
        }
        Ok(())
    }

    fn next(&mut self, mut frame: Frame) -> Result<(), WriteError> {
        self.emitter.indent = Some(frame.indent);
        match &mut frame.items {
            Items::List(items) => match items.next() {
                Some(value) => {
                    self.emitter.write_indent();
                    self.emitter.indicator("-", true, false, true);
                    self.stack.push(frame);
                    self.begin(&value, false)
                }
                None => self.end(&frame),
            },
            Items::Map(entries) => match entries.next() {
                Some((key, value)) => {
                    self.emitter.write_indent();
                    self.key(&key);
                    self.stack.push(frame);
                    self.begin(&value, true)
                }
                None => self.end(&frame),
            },
        }
    }

    fn push(&mut self, items: Items, in_mapping: bool) {
        let is_sequence = matches!(items, Items::List(_));
        let indent = self.emitter.block_indent(in_mapping, is_sequence);
        self.stack.push(Frame { indent, outer: self.emitter.indent, items });
    }

    fn end(&mut self, frame: &Frame) -> Result<(), WriteError> {
        self.emitter.indent = frame.outer;
        self.path.leave();
        Ok(())
    }

    /// Keys as they are written, in go-yaml's order. Of keys that became equal, the last one stays.
    fn sorted(&self, entries: Vec<(Str, Value)>, sort: bool) -> Result<Vec<(Str, Value)>, WriteError> {
        let mut entries = entries;
        let mut changed = false;
        for (key, _) in &mut entries {
            if let Some(text) = self.source.key(key)? {
                *key = text.into();
                changed = true;
            }
        }
        if changed {
            entries.reverse();
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            entries.dedup_by(|(a, _), (b, _)| a == b);
        }
        if sort {
            entries = order::sort(entries, |(a, _), (b, _)| order::compare(S::DIALECT.version, a, b));
        }
        Ok(entries)
    }

    fn empty(&mut self, open: &str, close: &str) {
        self.emitter.indicator(open, true, true, false);
        self.emitter.indicator(close, false, false, false);
    }

    fn key(&mut self, key: &[u8]) {
        let encoded = binary(key);
        let scalar = self.prepare(key, encoded.as_deref());
        if scalar.is_simple_key() {
            self.emitter.scalar(&scalar, true);
            self.emitter.indicator(":", false, false, false);
        } else {
            self.emitter.indicator("?", true, false, true);
            self.emitter.scalar(&scalar, false);
            self.emitter.write_indent();
            self.emitter.indicator(":", true, false, true);
        }
    }

    fn text(&mut self, text: &[u8], simple_key: bool) {
        let encoded = binary(text);
        let scalar = self.prepare(text, encoded.as_deref());
        self.emitter.scalar(&scalar, simple_key);
    }

    /// `stringv` of encode.go: which style to ask for.
    fn prepare<'t>(&self, text: &'t [u8], encoded: Option<&'t [u8]>) -> Prepared<'t> {
        let version = S::DIALECT.version;
        let (text, tag) = encoded.map_or((text, None), |encoded| (encoded, Some("!!binary")));
        let style = if text.contains(&b'\n') {
            Style::Literal
        } else if tag.is_none() && needs_quotes(version, text) {
            Style::DoubleQuoted
        } else {
            Style::Plain
        };
        self.emitter.prepare(text, style, tag)
    }
}

/// Whether the plain text would be read as something else than a string, here or by YAML 1.1 readers.
fn needs_quotes(version: Version, text: &[u8]) -> bool {
    guess(version, text, true) != Scalar::Text
        || is_base60(text)
        || (version == Version::V3 && is_old_bool(text))
}

/// Bytes that are not UTF-8 as go-yaml packs them (`encodeBase64`): lines of 70, where one is not enough.
fn binary(text: &[u8]) -> Option<Vec<u8>> {
    use base64::Engine as _;
    const LINE: usize = 70;
    if std::str::from_utf8(text).is_ok() {
        return None;
    }
    let packed = base64::engine::general_purpose::STANDARD.encode(text).into_bytes();
    if packed.len() < LINE {
        return Some(packed);
    }
    let mut out = Vec::with_capacity(packed.len() + packed.len() / LINE + 1);
    for line in packed.chunks(LINE) {
        out.extend_from_slice(line);
        out.push(b'\n');
    }
    Some(out)
}
