//! All that a command line says about values to one table, in Helm's order (`pkg/cli/values/options.go`).

use crate::template::value::Map;

use super::super::load::values::{self, ValuesError};
use super::super::tables;
use super::OverrideError;

/// What was given on a command line, each in the order given. Later kinds win over earlier ones.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// `--values`: names, for messages, and contents.
    pub files: Vec<(String, Vec<u8>)>,
    /// `--set-json`
    pub json: Vec<String>,
    /// `--set`
    pub set: Vec<String>,
    /// `--set-string`
    pub string: Vec<String>,
    /// `--set-file`
    pub file: Vec<String>,
    /// `--set-literal`
    pub literal: Vec<String>,
}

/// Why the values of a command line cannot be used; the texts are Helm's.
#[derive(Debug, thiserror::Error)]
pub enum OptionsError {
    #[error("failed to parse {file}: {error}")]
    File { file: String, error: ValuesError },
    #[error(transparent)]
    Override(#[from] OverrideError),
}

impl Options {
    /// One table of everything; `read` gives what `--set-file` names.
    pub fn merge(&self, read: &mut dyn FnMut(&str) -> Result<Vec<u8>, String>) -> Result<Map, OptionsError> {
        let mut merged = tables::empty();
        for (file, text) in &self.files {
            let read = values::values(text);
            let over = read.map_err(|error| OptionsError::File { file: file.clone(), error })?;
            merged = tables::merge(&merged, &over);
        }
        for text in &self.json {
            super::set_json(&merged, text)?;
        }
        for text in &self.set {
            super::set(&merged, text)?;
        }
        for text in &self.string {
            super::set_string(&merged, text)?;
        }
        for text in &self.file {
            super::set_file(&merged, text, read)?;
        }
        for text in &self.literal {
            super::set_literal(&merged, text)?;
        }
        Ok(merged)
    }
}
