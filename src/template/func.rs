//! A function that a template can call: its Go signature and the Rust code behind it.

use std::fmt;

use super::budgets::BudgetError;
use super::error::Error;
use super::eval::Exec;
use super::types::Type;
use super::value::Value;

/// A template function of host `H` (what the embedding program lends to its functions).
///
/// The executor checks and converts the arguments against `params` before the call, with Go's messages
/// (`wrong type for value; expected string; got interface {}`), so `call` can rely on their types:
/// a `Type::String` parameter is a `Value::Str`, `Type::Int` a `Value::Int(IntKind::Int, _)`, a
/// `Type::Any` is anything (an absent value arrives as `Value::Nil`).
pub struct Func<H: 'static> {
    pub name: &'static str,
    pub params: &'static [Type],
    /// The last parameter may occur any number of times, also never (Go's `...T`).
    pub variadic: bool,
    /// The static result type. `Type::Any` means the result is a Go interface.
    pub returns: Type,
    pub call: fn(&mut Exec<'_, H>, &[Value]) -> Result<Value, CallError>,
}

/// A method of a defined type ([`super::types::Named`]). `args[0]` is the receiver; `params` leaves it out.
pub struct Method {
    pub name: &'static str,
    pub params: &'static [Type],
    pub variadic: bool,
    pub returns: Type,
    pub call: fn(&[Value]) -> Result<Value, CallError>,
}

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
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
