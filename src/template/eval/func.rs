//! A function that a template can call: its Go signature and the Rust code behind it.

pub use crate::template::error::CallError;
pub use crate::template::value::types::Method;

use super::Exec;
use crate::template::value::Value;
use crate::template::value::types::Type;

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
