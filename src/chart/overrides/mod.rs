//! What a user writes after `--set` and its sisters to changes of a table of values
//! (Helm `pkg/strvals`, `pkg/cli/values/options.go`).

mod index;
pub mod options;
mod parser;
mod scan;

use crate::template::value::{Map, Str, Value};

use super::json::from_json;
use super::tables;
use parser::{Mode, Parser};

/// Why an override cannot be used; the texts are those of `helm template`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OverrideError {
    #[error("failed parsing {flag} data: {why}")]
    Syntax { flag: &'static str, why: String },
    /// Carries the text as given.
    #[error("failed parsing --set-json data {0}")]
    Json(String),
    #[error("failed parsing --set-json data JSON: {0}")]
    JsonObject(String),
}

/// `--set a.b=1,c[0]=x,d={1,2},e=null`: `true`, `false`, `null` and whole numbers are not strings.
///
/// Keys are separated by dots; a backslash takes the meaning from what follows it.
pub fn set(values: &Map, text: &str) -> Result<(), OverrideError> {
    parse(values, text, "--set", Mode::Typed)
}

/// `--set-string a=1`: every value is a string.
pub fn set_string(values: &Map, text: &str) -> Result<(), OverrideError> {
    parse(values, text, "--set-string", Mode::Text)
}

/// `--set-file a=path`: the value is what `read` gives for the path; its error is shown as it is.
pub fn set_file(
    values: &Map,
    text: &str,
    read: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>,
) -> Result<(), OverrideError> {
    let mut contents = |path: &str| read(path).map(|bytes| Value::Str(Str::from(bytes)));
    parse(values, text, "--set-file", Mode::Read(&mut contents))
}

/// `--set-json 'a={"b":1}'`, or an object that is merged into the values as a values file would be.
pub fn set_json(values: &Map, text: &str) -> Result<(), OverrideError> {
    let trimmed = text.trim();
    if !trimmed.starts_with('{') {
        return parse(values, text, "--set-json", Mode::Json)
            .map_err(|_| OverrideError::Json(text.to_owned()));
    }
    match serde_json::from_str(trimmed).map(|json| from_json(&json)) {
        Ok(Value::Map(over)) => {
            let merged = tables::merge(values, &over);
            *values.borrow_mut() = merged.borrow().clone();
            Ok(())
        }
        _ => Err(OverrideError::JsonObject(text.to_owned())),
    }
}

/// `--set-literal a.b=anything, even {this}`: all behind the first `=` is the value.
pub fn set_literal(values: &Map, text: &str) -> Result<(), OverrideError> {
    parse(values, text, "--set-literal", Mode::Literal)
}

fn parse(values: &Map, text: &str, flag: &'static str, mode: Mode<'_>) -> Result<(), OverrideError> {
    let parsed = Parser::new(text, mode).parse(values);
    parsed.map_err(|why| OverrideError::Syntax { flag, why })
}
