//! What went wrong in a template, in Go's words.

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
