//! Why a value cannot be written as YAML.

use crate::template::budgets::MAX_TEXT;
use crate::yaml::json::EncodeError;

/// Why a value cannot be written; Helm's `toYaml` then gives an empty string.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    #[error("error marshaling into JSON: {0}")]
    Json(#[from] EncodeError),
    /// go-yaml cannot read the JSON: a control character, or a key that is too long.
    #[error("yaml: {0}")]
    Yaml(&'static str),
    /// go-yaml has no limit; it would run out of memory.
    #[error("yaml: text of more than {MAX_TEXT} bytes")]
    TooLong,
}
