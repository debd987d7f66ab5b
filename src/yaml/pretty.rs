//! Template values to YAML text as go-yaml v3's encoder with an indent of two writes them (`toYamlPretty`).
//!
//! No JSON lies in between: bytes are a list of numbers, a duration is its text, and what is not UTF-8
//! becomes `!!binary`.

use crate::template::fmt::duration_text;
use crate::template::types::Type;
use crate::template::value::{IntKind, List, Object, Value};

use super::number::format_g;
use super::resolve::Version;
use super::write::WriteError;
use super::write::dialect::Dialect;
use super::write::walk::{self, Item, Source};

/// Writes a value; the text ends with a line break.
pub fn to_vec(value: &Value) -> Result<Vec<u8>, WriteError> {
    walk::write(value, &Direct)
}

struct Direct;

impl Source for Direct {
    const DIALECT: Dialect = Dialect { version: Version::V3, width: usize::MAX, indentless: false };

    fn item(&self, value: &Value) -> Result<Item, WriteError> {
        Ok(match value {
            Value::Invalid | Value::Nil => Item::Plain("null".into()),
            Value::Bool(flag) => Item::Plain(if *flag { "true" } else { "false" }.into()),
            Value::Int(IntKind::Duration, nanos) => Item::Text(duration_text(*nanos).into()),
            Value::Int(_, number) => Item::Plain(number.to_string().into()),
            Value::Uint(_, number) => Item::Plain(number.to_string().into()),
            Value::Float(number) => Item::Plain(format_float(*number).into()),
            Value::Str(text) => Item::Text(text.clone()),
            Value::Bytes(bytes) => Item::List(numbers(bytes)),
            Value::List(list) => Item::List(list.clone()),
            Value::Map(map) => Item::Map(map.clone()),
            Value::Object(object) => object_item(&**object),
        })
    }

    fn text(&self, _text: &[u8]) -> Result<Option<Vec<u8>>, WriteError> {
        Ok(None)
    }

    fn sorts_fields(&self) -> bool {
        false
    }
}

fn format_float(number: f64) -> String {
    match format_g(number).as_str() {
        "+Inf" => ".inf".to_owned(),
        "-Inf" => "-.inf".to_owned(),
        "NaN" => ".nan".to_owned(),
        text => text.to_owned(),
    }
}

fn numbers(bytes: &[u8]) -> List {
    List::new(Type::Any, bytes.iter().map(|byte| Value::int(i64::from(*byte))).collect())
}

/// A type with a text form is that text (a time even without quotes); any other struct is a mapping whose
/// keys are the names of its fields in lower case (getStructInfo in yaml.go).
fn object_item(object: &dyn Object) -> Item {
    match object.json() {
        Some(Value::Str(text)) if object.named().name.ends_with("time.Time") => Item::Plain(text),
        Some(Value::Str(text)) => Item::Text(text),
        Some(Value::Nil) => Item::Plain("null".into()),
        _ => {
            let fields = object.fields().into_iter();
            let entries = fields.map(|(name, value)| (name.to_lowercase().into(), value)).collect();
            Item::Fields(entries)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_as_gos() {
        let cases = [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (-2_000_000, "-2ms"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h0m0s"),
            (3_723_500_000_000, "1h2m3.5s"),
        ];
        for (nanos, text) in cases {
            assert_eq!(duration_text(nanos), text);
        }
    }
}
