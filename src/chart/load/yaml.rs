//! YAML of a chart's own files to plain data, with the words that `sigs.k8s.io/yaml` puts before an error.

use serde_json::Value as Json;

use crate::template::value::Value;
use crate::yaml::{document, read};

use super::super::json::to_json;
use super::super::metadata::DecodeError;
use super::depth;

/// The first document, as Go structures are read from it.
pub fn decode<T>(text: &[u8], decode: impl FnOnce(&Json) -> Result<T, DecodeError>) -> Result<T, String> {
    let value = read::value(text).map_err(|error| error.to_string())?;
    let value = depth::bounded(value).map_err(|error| error.to_string())?;
    let typed = match value {
        Value::Nil => None,
        _ => document::first_typed(text),
    };
    // Where a string is wanted it matters whether a number was written as 10000000 or 1e7, which the value no longer
    // knows and the document does. It refuses doubled keys, though, which a chart may have.
    let yaml = typed.unwrap_or_else(|| to_json(&value));
    decode(&yaml).map_err(|error| format!("error unmarshaling JSON: while decoding JSON: {error}"))
}
