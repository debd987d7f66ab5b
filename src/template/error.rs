//! What went wrong in a template, in Go's words.

use std::fmt;
use std::iter;

use super::budgets::BudgetError;

/// A parse or execution error. `Display` is the text Go's `text/template` would print, chain included.
///
/// Each link holds only its own part of that text. Go repeats at every level of nested templates what the levels
/// inside it said, so that the memory it takes grows with the square of the depth.
#[derive(Debug)]
pub struct Error {
    /// `template: chart/templates/x.yaml:3:5: executing "…" at <…>: …`, up to where the text of `source` begins.
    own: String,
    /// True for Go's `template.ExecError`, false for a parse error.
    pub exec: bool,
    over_budget: bool,
    /// The error this one wraps, as `errors.Unwrap` would give it.
    source: Option<Box<Error>>,
    /// Bytes of the whole text.
    length: usize,
}

impl Error {
    /// An error that wraps no other. `exec`: it came up during an execution.
    pub fn new(text: impl Into<String>, exec: bool) -> Self {
        let own = text.into();
        Error { length: own.len(), own, exec, over_budget: false, source: None }
    }

    /// The end of an execution that has used up its budget.
    pub(super) fn over_budget(text: String) -> Self {
        let mut error = Error::new(text, true);
        error.over_budget = true;
        error
    }

    /// `source` behind this text.
    pub fn around(own: impl Into<String>, exec: bool, source: Box<Error>) -> Self {
        let mut error = Error::new(own, exec);
        error.length += source.length;
        error.source = Some(source);
        error
    }

    /// Without the outermost levels, as many as it takes to make the text no longer than this.
    pub(super) fn cut_to(mut self: Box<Self>, length: usize) -> Box<Self> {
        while self.length > length
            && let Some(next) = self.source.take()
        {
            self = next;
        }
        self
    }

    /// This error and those it wraps, the outermost first.
    pub fn chain(&self) -> impl Iterator<Item = &Error> {
        iter::successors(Some(self), |link| link.source.as_deref())
    }

    /// The text up to where that of the next link begins.
    pub fn own(&self) -> &str {
        &self.own
    }

    /// True where a budget of ours ended the execution: Go knows none and says nothing of the kind.
    pub fn is_over_budget(&self) -> bool {
        self.chain().any(|link| link.over_budget)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.chain().try_for_each(|link| f.write_str(&link.own))
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

impl Drop for Error {
    /// One link after the other: thousands of levels, each dropped inside the one around it, would be too much for
    /// a small stack.
    fn drop(&mut self) {
        let mut next = self.source.take();
        while let Some(mut link) = next {
            next = link.source.take();
        }
    }
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
    /// Not a function that a template may call (Go's `goodFunc`): what follows stands without `error calling`.
    #[error("{0}")]
    Unfit(&'static str),
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

impl From<CallError> for Box<Error> {
    /// The function's error as a link of the chain.
    fn from(error: CallError) -> Self {
        match error {
            CallError::Template { prefix, source } if prefix.is_empty() => source,
            CallError::Template { prefix, source } => Box::new(Error::around(prefix, false, source)),
            CallError::Unfit(text) => Box::new(Error::new(text, false)),
            CallError::Message(text) => Box::new(Error::new(text, false)),
            CallError::Budget(error) => Box::new(Error::over_budget(error.to_string())),
        }
    }
}
