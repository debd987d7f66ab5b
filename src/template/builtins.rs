//! Go's built-in template functions (`text/template/funcs.go`).

mod compare;
mod escape;
mod index;

use std::fmt;

use super::fmt as format;
use super::func::CallError;
use super::truth::truth;
use super::types::Type;
use super::value::Value;

/// A built-in function: its parameters and what it does.
pub(super) struct Builtin {
    pub name: &'static str,
    /// `None` takes any value as it is, with both nils told apart (Go's `reflect.Value`).
    pub params: &'static [Option<Type>],
    pub variadic: bool,
    pub run: Run,
}

/// How a built-in is evaluated.
#[derive(Clone, Copy)]
pub(super) enum Run {
    /// Stops at the first argument that is false.
    And,
    /// Stops at the first argument that is true.
    Or,
    /// Calls a function value; the error text needs the argument as written.
    Call,
    Plain(fn(&[Value]) -> Result<Value, CallError>),
}

impl fmt::Debug for Builtin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

const ONE: &[Option<Type>] = &[None];
const TWO: &[Option<Type>] = &[None, None];
const ANY: &[Option<Type>] = &[Some(Type::Any)];
const FORMAT: &[Option<Type>] = &[Some(Type::String), Some(Type::Any)];

static BUILTINS: [Builtin; 19] = [
    Builtin { name: "and", params: TWO, variadic: true, run: Run::And },
    Builtin { name: "call", params: TWO, variadic: true, run: Run::Call },
    plain("eq", TWO, true, compare::eq),
    plain("ge", TWO, false, compare::ge),
    plain("gt", TWO, false, compare::gt),
    plain("html", ANY, true, escape::html),
    plain("index", TWO, true, index::index),
    plain("js", ANY, true, escape::js),
    plain("le", TWO, false, compare::le),
    plain("len", ONE, false, index::len),
    plain("lt", TWO, false, compare::lt),
    plain("ne", TWO, false, compare::ne),
    plain("not", ONE, false, |args| Ok(Value::Bool(!args.first().is_some_and(truth)))),
    Builtin { name: "or", params: TWO, variadic: true, run: Run::Or },
    plain("print", ANY, true, |args| Ok(Value::str(format::sprint(args)))),
    plain("printf", FORMAT, true, printf),
    plain("println", ANY, true, |args| Ok(Value::str(format::sprintln(args)))),
    plain("slice", TWO, true, index::slice),
    plain("urlquery", ANY, true, escape::urlquery),
];

const fn plain(
    name: &'static str,
    params: &'static [Option<Type>],
    variadic: bool,
    run: fn(&[Value]) -> Result<Value, CallError>,
) -> Builtin {
    Builtin { name, params, variadic, run: Run::Plain(run) }
}

/// The built-in of this name.
pub(super) fn find(name: &str) -> Option<&'static Builtin> {
    let index = BUILTINS.binary_search_by(|builtin| builtin.name.cmp(name)).ok()?;
    BUILTINS.get(index)
}

fn printf(args: &[Value]) -> Result<Value, CallError> {
    let (template, rest) = args.split_first().unwrap_or((&Value::Nil, &[]));
    Ok(Value::str(format::sprintf(template.as_str().map(|text| &**text).unwrap_or_default(), rest)))
}

/// `call`: no value of a template is a function, so this only fails, with Go's words. `name` is the
/// first argument as written.
pub(super) fn call(name: &str, args: &[Value]) -> CallError {
    match args.first() {
        None | Some(Value::Invalid | Value::Nil) => CallError::new("call of nil"),
        Some(value) => CallError::new(format!("non-function {name} of type {}", value.type_of())),
    }
}

/// The kinds of Go's `reflect` package that tell values apart here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Invalid,
    Bool,
    Int,
    Uint,
    Float,
    String,
    Slice,
    Map,
    Pointer,
    Struct,
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Invalid | Value::Nil => Kind::Invalid,
        Value::Bool(_) => Kind::Bool,
        Value::Int(..) => Kind::Int,
        Value::Uint(..) => Kind::Uint,
        Value::Float(_) => Kind::Float,
        Value::Str(_) => Kind::String,
        Value::Bytes(_) | Value::List(_) => Kind::Slice,
        Value::Map(_) => Kind::Map,
        Value::Object(object) if object.named().name.starts_with('*') => Kind::Pointer,
        Value::Object(_) => Kind::Struct,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(BUILTINS.is_sorted_by_key(|builtin| builtin.name));
        assert!(BUILTINS.iter().all(|builtin| find(builtin.name).is_some()));
    }
}
