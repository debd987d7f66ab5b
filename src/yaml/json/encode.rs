//! Template values to JSON text: `json.Marshal`, `json.MarshalIndent` and the encoder without HTML escapes.

use crate::template::budgets::MAX_TEXT;
use crate::template::value::{Str, Value};
use crate::yaml::number::format_json;

use super::shape::{self, EncodeError, Path, Shape};
use super::text::quote;

/// How to write.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Write `<`, `>` and `&` as `\u003c` and so on, as `json.Marshal` does.
    pub escape_html: bool,
    /// A line for each element, two spaces for each level (`MarshalIndent(v, "", "  ")`).
    pub indent: bool,
}

/// `json.Marshal`
pub fn encode(value: &Value) -> Result<Vec<u8>, EncodeError> {
    encode_with(value, Options { escape_html: true, indent: false })
}

/// `json.MarshalIndent` with two spaces.
pub fn encode_indent(value: &Value) -> Result<Vec<u8>, EncodeError> {
    encode_with(value, Options { escape_html: true, indent: true })
}

/// As the options say; without the line break that Go's `Encoder` adds.
pub fn encode_with(value: &Value, options: Options) -> Result<Vec<u8>, EncodeError> {
    let mut writer = Writer { out: Vec::with_capacity(256), options, path: Path::default() };
    let mut stack = Vec::new();
    stack.extend(writer.begin(value)?);
    while let Some(mut frame) = stack.pop() {
        let Some(item) = frame.items.next() else {
            writer.end(&frame);
            continue;
        };
        writer.separate(&mut frame);
        let value = match item {
            (Some(key), value) => {
                quote(&key, options.escape_html, &mut writer.out);
                writer.out.extend_from_slice(if options.indent { b": " } else { b":" });
                value
            }
            (None, value) => value,
        };
        stack.push(frame);
        stack.extend(writer.begin(&value)?);
        if writer.out.len() > MAX_TEXT {
            return Err(EncodeError::TooLong);
        }
    }
    Ok(writer.out)
}

/// A collection that is being written.
struct Frame {
    items: std::vec::IntoIter<(Option<Str>, Value)>,
    close: u8,
    empty: bool,
}

impl Frame {
    fn new(items: Vec<(Option<Str>, Value)>, close: u8) -> Self {
        Frame { items: items.into_iter(), close, empty: true }
    }
}

struct Writer {
    out: Vec<u8>,
    options: Options,
    path: Path,
}

impl Writer {
    /// Writes a scalar, or opens a collection.
    fn begin(&mut self, value: &Value) -> Result<Option<Frame>, EncodeError> {
        let shape = shape::of(value)?;
        let frame = match shape {
            Shape::List(list) => {
                self.path.enter(Some(&Value::List(list.clone())))?;
                Frame::new(list.snapshot().into_iter().map(|item| (None, item)).collect(), b']')
            }
            Shape::Map(map) => {
                self.path.enter(Some(&Value::Map(map.clone())))?;
                Frame::new(map.snapshot().into_iter().map(|(key, item)| (Some(key), item)).collect(), b'}')
            }
            Shape::Fields(fields) => {
                self.path.enter(None)?;
                Frame::new(fields.into_iter().map(|(name, item)| (Some(name.into()), item)).collect(), b'}')
            }
            scalar => {
                self.scalar(&scalar);
                return Ok(None);
            }
        };
        self.out.push(if frame.close == b']' { b'[' } else { b'{' });
        Ok(Some(frame))
    }

    fn scalar(&mut self, shape: &Shape) {
        match shape {
            Shape::Text(text) => quote(text, self.options.escape_html, &mut self.out),
            Shape::Bool(true) => self.out.extend_from_slice(b"true"),
            Shape::Bool(false) => self.out.extend_from_slice(b"false"),
            Shape::Int(number) => self.out.extend_from_slice(number.to_string().as_bytes()),
            Shape::Uint(number) => self.out.extend_from_slice(number.to_string().as_bytes()),
            Shape::Float(number) => self.out.extend_from_slice(format_json(*number).as_bytes()),
            _ => self.out.extend_from_slice(b"null"),
        }
    }

    fn separate(&mut self, frame: &mut Frame) {
        if !frame.empty {
            self.out.push(b',');
        }
        frame.empty = false;
        self.line(self.path.depth());
    }

    fn end(&mut self, frame: &Frame) {
        self.path.leave();
        if !frame.empty {
            self.line(self.path.depth());
        }
        self.out.push(frame.close);
    }

    fn line(&mut self, depth: usize) {
        if self.options.indent {
            self.out.push(b'\n');
            self.out.resize(self.out.len() + 2 * depth, b' ');
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: &Value) -> String {
        String::from_utf8(encode(value).unwrap()).unwrap()
    }

    #[test]
    fn strings_are_escaped_as_go_does() {
        let nasty = Value::str(b"<a&b>\"\\\n\x08\x0c\x01\x7f\xe2\x80\xa8\xff\xc3\xa4".as_slice());
        assert_eq!(text(&nasty), "\"\\u003ca\\u0026b\\u003e\\\"\\\\\\n\\b\\f\\u0001\x7f\\u2028\\ufffdä\"");
        let raw = encode_with(&Value::str("<&>"), Options { escape_html: false, indent: false });
        assert_eq!(raw.unwrap(), b"\"<&>\"");
    }

    #[test]
    fn collections_keep_their_order() {
        let map =
            Value::map([("b", Value::int(1)), ("a", Value::list(vec![Value::Nil, Value::Float(1e21)]))]);
        assert_eq!(text(&map), "{\"a\":[null,1e+21],\"b\":1}");
        let lines = String::from_utf8(encode_indent(&map).unwrap()).unwrap();
        assert_eq!(lines, "{\n  \"a\": [\n    null,\n    1e+21\n  ],\n  \"b\": 1\n}");
        assert_eq!(encode_indent(&Value::list(vec![])).unwrap(), b"[]");
        assert_eq!(encode(&Value::Bytes("hi".into())).unwrap(), b"\"aGk=\"");
    }

    #[test]
    fn a_cycle_is_an_error() {
        let map = Value::map([("a", Value::Nil)]);
        map.as_map().unwrap().insert("a", map.clone());
        let error = encode(&map).unwrap_err().to_string();
        assert_eq!(error, "json: unsupported value: encountered a cycle via map[string]interface {}");
        map.as_map().unwrap().remove("a");
    }

    #[test]
    fn infinities_are_errors() {
        let error = encode(&Value::list(vec![Value::Float(f64::INFINITY)])).unwrap_err();
        assert_eq!(error.to_string(), "json: unsupported value: +Inf");
    }
}
