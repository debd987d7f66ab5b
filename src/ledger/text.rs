//! Data turned into the YAML text that a branch holds: sorted keys, Helm's style, no clock, no map order.

use serde::Serialize;

use crate::yaml::{convert, write};

/// Data that cannot be written as YAML. A bug: the ledger's own types always can.
#[derive(Debug, thiserror::Error)]
#[error("{what} cannot be written as YAML: {reason}")]
pub struct TextError {
    pub what: &'static str,
    pub reason: String,
}

/// The YAML text of `data`, ending in a newline. `what` names it in the error.
pub fn yaml(what: &'static str, data: &impl Serialize) -> Result<String, TextError> {
    let failed = |reason: String| TextError { what, reason };
    let json = serde_json::to_value(data).map_err(|error| failed(error.to_string()))?;
    let bytes = write::to_vec(&convert::from_json(&json)).map_err(|error| failed(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| failed(error.to_string()))
}
