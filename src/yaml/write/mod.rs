//! Template values to YAML text: `sigs.k8s.io/yaml` v1.6.0 `Marshal`.
//!
//! Helm's `toYaml` writes JSON, reads that JSON with go-yaml v2 and writes the result with go-yaml v2. The
//! text in between is never made here; what the detour does to strings and numbers is (`detour`).

mod detour;
pub(super) mod emitter;
pub(super) mod order;
mod scalar;
pub(super) mod walk;

use crate::template::value::Value;

use super::json::EncodeError;

/// Why a value cannot be written; Helm's `toYaml` then gives an empty string.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("error marshaling into JSON: {0}")]
    Json(#[from] EncodeError),
    /// go-yaml cannot read the JSON: a control character, or a key that is too long.
    #[error("yaml: {0}")]
    Yaml(&'static str),
}

/// Writes a value; the text ends with a line break.
pub fn to_vec(value: &Value) -> Result<Vec<u8>, WriteError> {
    walk::write(value, &detour::ThroughJson)
}
