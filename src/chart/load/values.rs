//! A values file to one table: its documents merged in order (Helm `loader.LoadValues`).

use crate::template::value::{Map, Value};
use crate::yaml::read::{self, ReadError};

use super::super::tables;
use super::depth::{self, TooDeep};
use super::documents::{self, BadSeparator};

/// Why a values file cannot be read; the texts are Helm's.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValuesError {
    #[error("error reading yaml document: {0}")]
    Separator(#[from] BadSeparator),
    #[error("cannot unmarshal yaml document: {0}")]
    Yaml(#[from] ReadError),
    #[error(transparent)]
    TooDeep(#[from] TooDeep),
}

/// Reads `values.yaml` or a file that a user gave; later documents win.
pub fn values(text: &[u8]) -> Result<Map, ValuesError> {
    let mut values = tables::empty();
    for document in documents::split(text)? {
        let document = read::map(&document)?;
        depth::bounded(Value::Map(document.clone()))?;
        values = if values.is_empty() { document } else { tables::merge(&values, &document) };
    }
    Ok(values)
}
