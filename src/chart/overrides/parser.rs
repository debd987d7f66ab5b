//! The grammar of overrides: `key.key[index]=value,…` (Helm `pkg/strvals/parser.go`, `literal_parser.go`).

use serde_json::Value as Json;

use crate::template::quote::quote;
use crate::template::value::{Map, Value};

use super::super::json::from_json;
use super::super::tables;
use super::index;
use super::scan::Scanner;

/// How deep tables may be named in each other (Helm `strvals.MaxNestedNameLevel`).
const MAX_NAMES: usize = 30;
/// How deep lists may be named in each other. Helm has no limit; each is a recursion.
const MAX_INDEXES: usize = 100;

/// What becomes of a value.
pub enum Mode<'r> {
    /// `true`, `null`, `12` are not strings.
    Typed,
    Text,
    /// The value is the name of something to read.
    Read(&'r mut dyn FnMut(&str) -> Result<Value, String>),
    Json,
    /// The rest of the text.
    Literal,
}

pub struct Parser<'t, 'r> {
    scanner: Scanner<'t>,
    mode: Mode<'r>,
}

/// Why parsing stopped.
enum Stop {
    /// The text ended where that is no mistake (or where Helm takes it for none).
    End,
    Error(String),
}

impl From<String> for Stop {
    fn from(why: String) -> Self {
        Stop::Error(why)
    }
}

/// How deep the parser is: tables by name, lists by index.
#[derive(Clone, Copy, Default)]
struct Depth {
    names: usize,
    indexes: usize,
}

impl<'t, 'r> Parser<'t, 'r> {
    pub fn new(text: &'t str, mode: Mode<'r>) -> Self {
        let escapes = !matches!(mode, Mode::Literal);
        Parser { scanner: Scanner::new(text, escapes), mode }
    }

    /// Applies the whole text. On an error, what came before it is applied already.
    pub fn parse(mut self, values: &Map) -> Result<(), String> {
        loop {
            match self.key(values, Depth::default()) {
                Ok(()) => {}
                Err(Stop::End) => return Ok(()),
                Err(Stop::Error(why)) => return Err(why),
            }
        }
    }

    fn key(&mut self, values: &Map, mut depth: Depth) -> Result<(), Stop> {
        let signs: &[char] = match self.mode {
            Mode::Literal => &['=', '[', '.'],
            _ => &['=', '[', '.', ','],
        };
        let (key, sign) = self.scanner.until(signs);
        let quoted = || quote(key.as_bytes());
        match sign {
            None if key.is_empty() => Err(Stop::End),
            None => Err(format!("key {} has no value", quoted()).into()),
            Some(',') => Err(format!("key {} has no value (cannot end with ,)", quoted()).into()),
            Some('=') => match self.value() {
                Ok(value) => {
                    put(values, &key, value);
                    Ok(())
                }
                Err(Stop::End) => {
                    put(values, &key, Value::str(""));
                    Err(Stop::End)
                }
                error => error.map(drop),
            },
            Some('.') => {
                depth.names += 1;
                if depth.names > MAX_NAMES {
                    return Err(format!(
                        "value name nested level is greater than maximum supported nested level of {MAX_NAMES}"
                    )
                    .into());
                }
                let inner = match values.get(&key) {
                    None => tables::empty(),
                    Some(Value::Map(inner)) => inner,
                    Some(other) => return Err(conversion(&other, "map[string]interface {}")),
                };
                let parsed = self.key(&inner, depth);
                if parsed.is_ok() && inner.is_empty() {
                    return Err(format!("key map {} has no value", quoted()).into());
                }
                if !inner.is_empty() {
                    put(values, &key, Value::Map(inner));
                }
                parsed
            }
            Some(_) => {
                let index = self.index()?;
                let mut list = match values.get(&key) {
                    None => Vec::new(),
                    Some(Value::List(list)) => list.snapshot(),
                    Some(other) => return Err(conversion(&other, "[]interface {}")),
                };
                let parsed = self.item(&mut list, index, depth);
                put(values, &key, Value::list(list));
                parsed
            }
        }
    }

    /// What follows `key[index]`.
    fn item(&mut self, list: &mut Vec<Value>, index: i64, mut depth: Depth) -> Result<(), Stop> {
        index::check_sign(index)?;
        depth.indexes += 1;
        if depth.indexes > MAX_INDEXES {
            return Err(format!("lists are nested more than {MAX_INDEXES} deep").into());
        }
        let existing = usize::try_from(index).ok().and_then(|index| list.get(index).cloned());
        let (key, sign) = self.scanner.until(&['[', '.', '=']);
        if !key.is_empty() {
            return Err(index::unexpected(&key).into());
        }
        let value = match sign {
            None => return Err(Stop::End),
            Some('=') => match self.value() {
                Err(Stop::End) => Value::str(""),
                value => value?,
            },
            Some('[') => {
                let next = self.index()?;
                let mut inner = match existing {
                    None | Some(Value::Nil) => Vec::new(),
                    Some(Value::List(inner)) => inner.snapshot(),
                    Some(other) => return Err(conversion(&other, "[]interface {}")),
                };
                self.item(&mut inner, next, depth)?;
                Value::list(inner)
            }
            Some(_) => {
                let inner = match existing {
                    Some(Value::Map(inner)) => inner,
                    // Whatever else is there makes way for a table.
                    Some(_) => {
                        let inner = tables::empty();
                        index::put(list, index, Value::Map(inner.clone()))?;
                        inner
                    }
                    None => tables::empty(),
                };
                self.key(&inner, depth)?;
                Value::Map(inner)
            }
        };
        Ok(index::put(list, index, value)?)
    }

    /// The number up to the closing bracket. Helm takes a missing bracket for the end of the text.
    fn index(&mut self) -> Result<i64, Stop> {
        match self.scanner.until(&[']']) {
            (_, None) => Err(Stop::End),
            (text, _) => Ok(index::parse(&text)?),
        }
    }

    /// What stands behind `=`. The end of the text is no value.
    fn value(&mut self) -> Result<Value, Stop> {
        match self.mode {
            Mode::Literal => return Ok(Value::str(self.scanner.until(&[]).0)),
            Mode::Json => return self.json(),
            _ => {}
        }
        if self.scanner.is_empty() {
            return Err(Stop::End);
        }
        if self.scanner.next_if('{') {
            return self.list();
        }
        let (text, _) = self.scanner.until(&[',']);
        Ok(self.typed(&text)?)
    }

    fn list(&mut self) -> Result<Value, Stop> {
        let mut items = Vec::new();
        loop {
            let (text, sign) = self.scanner.until(&[',', '}']);
            match sign {
                None => return Err("list must terminate with '}'".to_owned().into()),
                Some('}') => {
                    self.scanner.next_if(',');
                    items.push(self.typed(&text)?);
                    return Ok(Value::list(items));
                }
                Some(_) => items.push(self.typed(&text)?),
            }
        }
    }

    fn typed(&mut self, text: &str) -> Result<Value, String> {
        match &mut self.mode {
            Mode::Typed => Ok(typed(text)),
            Mode::Read(read) => read(text),
            _ => Ok(Value::str(text)),
        }
    }

    /// The next JSON value and the comma behind it; nothing is null.
    fn json(&mut self) -> Result<Value, Stop> {
        if self.blank() {
            return Ok(Value::Nil);
        }
        let mut stream = serde_json::Deserializer::from_str(self.scanner.rest()).into_iter::<Json>();
        let json = match stream.next() {
            Some(Ok(json)) => json,
            Some(Err(error)) => return Err(error.to_string().into()),
            None => return Err(Stop::End),
        };
        let used = stream.byte_offset();
        self.scanner.skip(used);
        self.blank();
        Ok(from_json(&json))
    }

    /// Skips white space and one comma; whether there was nothing else.
    fn blank(&mut self) -> bool {
        loop {
            match self.scanner.rest().chars().next() {
                None => return true,
                Some(',') => {
                    self.scanner.next();
                    return true;
                }
                Some(char) if char.is_whitespace() => {
                    self.scanner.next();
                }
                Some(_) => return false,
            }
        }
    }
}

/// A key without a name sets nothing.
fn put(values: &Map, key: &str, value: Value) {
    if !key.is_empty() {
        values.insert(key, value);
    }
}

/// What a value without quotes means.
fn typed(text: &str) -> Value {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    if is("true") || is("false") {
        return Value::Bool(is("true"));
    }
    if is("null") {
        return Value::Nil;
    }
    match text.parse() {
        Ok(number) if text == "0" || !text.starts_with('0') => Value::int64(number),
        _ => Value::str(text),
    }
}

/// Go's panic over a value of another type, which Helm catches and prints.
fn conversion(value: &Value, wanted: &str) -> Stop {
    let found = match value {
        Value::Invalid | Value::Nil => "nil".to_owned(),
        other => other.type_of().to_string(),
    };
    Stop::Error(format!("unable to parse key: interface conversion: interface {{}} is {found}, not {wanted}"))
}
