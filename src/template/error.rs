//! What went wrong in a template, in Go's words.

use super::budgets::BudgetError;

/// A parse or execution error. `Display` is the text Go's `text/template` would print, chain included.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
pub struct Error {
    /// The whole message: `template: chart/templates/x.yaml:3:5: executing "…" at <…>: …`.
    pub text: String,
    /// True for Go's `template.ExecError`, false for a parse error.
    pub exec: bool,
    /// The error this one wraps, as `errors.Unwrap` would give it.
    #[source]
    pub source: Option<Box<Error>>,
}

/// Why a function failed. Go wraps it as `error calling NAME: TEXT` with the position of the call.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// The function's own message, as Go's would print it.
    #[error("{0}")]
    Message(String),
    /// A template that the function executed failed (`include`, `tpl`); `prefix` is what the function
    /// put before the inner error's text (Go's `fmt.Errorf("…%w", err)`), and the chain is kept.
    #[error("{prefix}{source}")]
    Template { prefix: String, source: Box<Error> },
    /// The execution has used up its budget.
    #[error(transparent)]
    Budget(#[from] BudgetError),
}

impl CallError {
    /// An error with this text.
    pub fn new(text: impl Into<String>) -> Self {
        CallError::Message(text.into())
    }

    /// The error of a nested execution, behind `prefix` (empty for `include`, which returns it as it is).
    pub fn template(prefix: impl Into<String>, source: Error) -> Self {
        CallError::Template { prefix: prefix.into(), source: Box::new(source) }
    }
}
