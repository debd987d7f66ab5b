//! Writes a value as TOML the way `BurntSushi/toml`'s encoder does: plain keys first, then tables, sorted.

use super::times::Time;
use super::walk::{MAX_DEPTH, too_deep};
use crate::template::budgets::MAX_TEXT;
use crate::template::number::format_float_g;
use crate::template::value::{IntKind, Str, Value};

/// Why a value is not TOML.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("toml: cannot encode array with nil element")]
    NilElement,
    #[error("toml: top-level values must be Go maps or structs")]
    NoKey,
    #[error("{0}")]
    TooDeep(String),
    #[error("toml: text of more than {MAX_TEXT} bytes")]
    TooLong,
}

/// The names of the tables around a value.
type Key = Vec<Str>;

/// Writes a value; a map or object is a document, anything else a lone value.
pub fn to_vec(value: &Value) -> Result<Vec<u8>, WriteError> {
    let mut writer = Writer { out: Vec::new() };
    writer.encode(&mut Key::new(), value)?;
    Ok(writer.out)
}

struct Writer {
    out: Vec<u8>,
}

impl Writer {
    /// A table, an array of tables or a `key = value` line.
    fn encode(&mut self, key: &mut Key, value: &Value) -> Result<(), WriteError> {
        if key.len() > MAX_DEPTH {
            return Err(WriteError::TooDeep(too_deep("toToml")));
        }
        self.check_length()?;
        match value {
            Value::Nil | Value::Invalid => Ok(()),
            Value::Map(map) if map.is_nil() => Ok(()),
            Value::List(_) if is_table_array(value)? => self.table_array(key, value),
            other if is_table(other)? => {
                if key.len() == 1 {
                    self.newline();
                }
                if !key.is_empty() {
                    self.heading(key, "[", "]");
                }
                self.table(key, other)
            }
            other => self.line(key, other),
        }
    }

    fn table_array(&mut self, key: &mut Key, value: &Value) -> Result<(), WriteError> {
        if key.is_empty() {
            return Err(WriteError::NoKey);
        }
        for table in super::cast::elements(value).unwrap_or_default() {
            if is_nil(&table) {
                continue;
            }
            self.newline();
            self.heading(key, "[[", "]]");
            self.table(key, &table)?;
        }
        Ok(())
    }

    /// The members of a table: what is no table first.
    fn table(&mut self, key: &mut Key, value: &Value) -> Result<(), WriteError> {
        for (name, member) in members(value)? {
            key.push(name);
            self.encode(key, &member)?;
            key.pop();
        }
        Ok(())
    }

    fn heading(&mut self, key: &Key, open: &str, close: &str) {
        self.indent(key);
        self.out.extend_from_slice(open.as_bytes());
        let name: Vec<Vec<u8>> = key.iter().map(|part| quoted_key(part)).collect();
        self.out.extend(name.join(&b'.'));
        self.out.extend_from_slice(close.as_bytes());
        self.out.push(b'\n');
    }

    fn line(&mut self, key: &Key, value: &Value) -> Result<(), WriteError> {
        let Some(name) = key.last() else { return self.element(value, 0) };
        self.indent(key);
        self.out.extend(quoted_key(name));
        self.out.extend_from_slice(b" = ");
        self.element(value, 0)?;
        self.newline();
        Ok(())
    }

    /// A value inside a line.
    fn element(&mut self, value: &Value, depth: usize) -> Result<(), WriteError> {
        self.check_length()?;
        if depth > MAX_DEPTH {
            return Err(WriteError::TooDeep(too_deep("toToml")));
        }
        if let Some(time) = Time::of(value) {
            self.out.extend(time.format(b"2006-01-02T15:04:05.999999999Z07:00"));
            return Ok(());
        }
        if let Value::Object(object) = value
            && let Some(text) = object.json()
        {
            return self.element(&text, depth + 1);
        }
        match value {
            Value::Nil | Value::Invalid => {}
            Value::Bool(flag) => self.out.extend_from_slice(flag.to_string().as_bytes()),
            Value::Int(IntKind::Duration, nanos) => {
                self.out.extend(quoted(super::duration::format(*nanos).as_bytes()));
            }
            Value::Int(_, number) => self.out.extend_from_slice(number.to_string().as_bytes()),
            Value::Uint(_, number) => self.out.extend_from_slice(number.to_string().as_bytes()),
            Value::Float(number) => self.out.extend_from_slice(float(*number).as_bytes()),
            Value::Str(text) => self.out.extend(quoted(text)),
            Value::Bytes(_) | Value::List(_) => {
                self.out.push(b'[');
                for (at, item) in super::cast::elements(value).unwrap_or_default().iter().enumerate() {
                    self.out.extend_from_slice(if at > 0 { b", " } else { b"" });
                    self.element(item, depth + 1)?;
                }
                self.out.push(b']');
            }
            Value::Map(_) | Value::Object(_) => self.inline_table(value, depth)?,
        }
        Ok(())
    }

    /// `{a = 1, b = "x"}`. A nil member leaves its comma out or behind, as the encoder counts keys.
    fn inline_table(&mut self, value: &Value, depth: usize) -> Result<(), WriteError> {
        self.out.push(b'{');
        let members = members(value)?;
        for (at, (name, member)) in members.iter().enumerate() {
            if is_nil(member) {
                continue;
            }
            self.out.extend(quoted_key(name));
            self.out.extend_from_slice(b" = ");
            self.element(member, depth + 1)?;
            if at + 1 < members.len() {
                self.out.extend_from_slice(b", ");
            }
        }
        self.out.push(b'}');
        Ok(())
    }

    fn check_length(&self) -> Result<(), WriteError> {
        if self.out.len() > MAX_TEXT { Err(WriteError::TooLong) } else { Ok(()) }
    }

    fn indent(&mut self, key: &Key) {
        self.out.extend_from_slice("  ".repeat(key.len().saturating_sub(1)).as_bytes());
    }

    /// A line end, but for the very first.
    fn newline(&mut self) {
        if !self.out.is_empty() {
            self.out.push(b'\n');
        }
    }
}

/// The members of a map or object, those that are tables last.
fn members(value: &Value) -> Result<Vec<(Str, Value)>, WriteError> {
    let all = match value {
        Value::Map(map) => map.snapshot(),
        Value::Object(object) => {
            object.fields().into_iter().map(|(name, value)| (Str::from(name), value)).collect()
        }
        _ => Vec::new(),
    };
    let (mut plain, mut tables) = (Vec::new(), Vec::new());
    for (name, member) in all {
        let table = is_table(&member)? || is_table_array(&member)?;
        if table { tables.push((name, member)) } else { plain.push((name, member)) }
    }
    plain.append(&mut tables);
    Ok(plain)
}

fn is_nil(value: &Value) -> bool {
    match value {
        Value::Nil | Value::Invalid => true,
        Value::Map(map) => map.is_nil(),
        Value::List(list) => list.is_nil(),
        _ => false,
    }
}

/// A map, or an object that has no text of its own.
fn is_table(value: &Value) -> Result<bool, WriteError> {
    Ok(match value {
        Value::Map(map) => !map.is_nil(),
        Value::Object(object) => object.json().is_none(),
        _ => false,
    })
}

/// A list of tables only; nil in a list cannot be written at all.
fn is_table_array(value: &Value) -> Result<bool, WriteError> {
    let Value::List(list) = value else { return Ok(false) };
    let items = list.snapshot();
    if items.iter().any(is_nil) {
        return Err(WriteError::NilElement);
    }
    Ok(!items.is_empty() && items.iter().all(|item| is_table(item).unwrap_or(false)))
}

fn float(number: f64) -> String {
    if number.is_nan() {
        return if number.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if number.is_infinite() {
        return if number < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let text = format_float_g(number);
    if text.contains(['e', '.']) { text } else { text + ".0" }
}

/// A key as it is, or in quotes if it has other letters than `A-Za-z0-9_-`.
fn quoted_key(key: &[u8]) -> Vec<u8> {
    let bare = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !key.is_empty() && key.iter().all(bare) { key.to_vec() } else { quoted(key) }
}

fn quoted(text: &[u8]) -> Vec<u8> {
    let mut out = vec![b'"'];
    for byte in text {
        match byte {
            b'"' | b'\\' => out.extend([b'\\', *byte]),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\t' => out.extend_from_slice(b"\\t"),
            b'\r' => out.extend_from_slice(b"\\r"),
            0x08 => out.extend_from_slice(b"\\b"),
            0x0c => out.extend_from_slice(b"\\f"),
            0..0x20 | 0x7f => out.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => out.push(*byte),
        }
    }
    out.push(b'"');
    out
}
