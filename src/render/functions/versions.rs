//! Sprig's `semver` and `semverCompare`, over the versions of [`crate::chart::semver`].

use std::any::Any;
use std::cmp::Ordering;
use std::rc::Rc;

use super::define::{BOOL, STRING, func, text};
use crate::chart::semver::{Constraint, SemverError, Version};
use crate::render::context::Context;
use crate::template::func::{CallError, Func, Method};
use crate::template::types::{Named, Type};
use crate::template::value::{Object, UintKind, Value};

pub static TABLE: &[Func<Context>] = &[
    func("semver", &[STRING], TYPE, |_, a| {
        Ok(Semver(Version::parse(&text(a, 0)?.to_text()).map_err(refused)?).into_value())
    }),
    func("semverCompare", &[STRING, STRING], BOOL, |exec, a| {
        // Each byte of a constraint can be a comparison of its own.
        exec.budget.steps(text(a, 0)?.len() as u64)?;
        let constraint = Constraint::parse(&text(a, 0)?.to_text()).map_err(refused)?;
        let version = Version::parse(&text(a, 1)?.to_text()).map_err(refused)?;
        Ok(Value::Bool(constraint.check(&version)))
    }),
];

fn refused(error: SemverError) -> CallError {
    CallError::new(error.to_string())
}

/// `*semver.Version` as the type of a result.
const TYPE: Type = Type::Named(&SEMVER);

/// `*semver.Version`
static SEMVER: Named = Named { name: "*semver.Version", underlying: Type::Any, methods: METHODS };

/// `semver.Version`, what `IncMajor` and its like return.
static PLAIN: Named = Named { name: "semver.Version", underlying: Type::Any, methods: METHODS };

/// A version as a template sees it.
#[derive(Debug)]
struct Semver(Version);

/// The same, by value.
#[derive(Debug)]
struct Plain(Version);

impl Semver {
    fn into_value(self) -> Value {
        Value::Object(Rc::new(self))
    }
}

fn version_of(value: Option<&Value>) -> Option<&Version> {
    let Some(Value::Object(object)) = value else { return None };
    let pointer = object.as_any().downcast_ref::<Semver>().map(|semver| &semver.0);
    pointer.or_else(|| object.as_any().downcast_ref::<Plain>().map(|plain| &plain.0))
}

macro_rules! object {
    ($type:ident, $named:ident) => {
        impl Object for $type {
            fn named(&self) -> &'static Named {
                &$named
            }
            fn field(&self, _name: &str) -> Option<Value> {
                None
            }
            fn fields(&self) -> Vec<(&'static str, Value)> {
                Vec::new()
            }
            fn hides(&self, name: &str) -> bool {
                matches!(name, "major" | "minor" | "patch" | "pre" | "metadata" | "original")
            }
            fn display(&self) -> Option<String> {
                Some(self.0.to_string())
            }
            fn json(&self) -> Option<Value> {
                Some(Value::str(self.0.to_string()))
            }
            fn as_any(&self) -> &dyn Any {
                self
            }
        }
    };
}

object!(Semver, SEMVER);
object!(Plain, PLAIN);

/// A method by its code: receiver and further arguments to a result.
macro_rules! method {
    ($name:literal, [$($param:expr),*], $returns:expr, $body:expr) => {
        Method {
            name: $name,
            params: &[$($param),*],
            variadic: false,
            returns: $returns,
            call: |args| {
                let Some(version) = version_of(args.first()) else {
                    return Err(CallError::new("receiver is no semver.Version"));
                };
                let body: fn(&Version, &[Value]) -> Result<Value, CallError> = $body;
                body(version, &args[1..])
            },
        }
    };
}

static METHODS: &[Method] = &[
    method!("Major", [], Type::Uint64, |version, _| number(version.major)),
    method!("Minor", [], Type::Uint64, |version, _| number(version.minor)),
    method!("Patch", [], Type::Uint64, |version, _| number(version.patch)),
    method!("Prerelease", [], Type::String, |version, _| Ok(Value::str(version.prerelease.as_str()))),
    method!("Metadata", [], Type::String, |version, _| Ok(Value::str(version.metadata.as_str()))),
    method!("Original", [], Type::String, |version, _| Ok(Value::str(version.original.as_str()))),
    method!("String", [], Type::String, |version, _| Ok(Value::str(version.to_string()))),
    method!("MarshalText", [], Type::Bytes, |version, _| Ok(Value::Bytes(version.to_string().into()))),
    method!("MarshalJSON", [], Type::Bytes, |version, _| Ok(Value::Bytes(format!("\"{version}\"").into()))),
    // What a database would be given.
    method!("Value", [], Type::Any, |version, _| Ok(Value::str(version.to_string()))),
    method!("IncMajor", [], Type::Named(&PLAIN), |version, _| plain(version.next_major())),
    method!("IncMinor", [], Type::Named(&PLAIN), |version, _| plain(version.next_minor())),
    method!("IncPatch", [], Type::Named(&PLAIN), |version, _| plain(version.next_patch())),
    method!("SetPrerelease", [Type::String], Type::Named(&PLAIN), |version, args| {
        plain(version.with_prerelease(&string(args)))
    }),
    method!("SetMetadata", [Type::String], Type::Named(&PLAIN), |version, args| {
        plain(version.with_metadata(&string(args)))
    }),
    method!("Compare", [Type::Named(&SEMVER)], Type::Int, |version, args| Ok(Value::int(
        order(version, args) as i64
    ))),
    method!("Equal", [Type::Named(&SEMVER)], Type::Bool, |version, args| Ok(Value::Bool(
        order(version, args).is_eq()
    ))),
    method!("LessThan", [Type::Named(&SEMVER)], Type::Bool, |version, args| Ok(Value::Bool(
        order(version, args).is_lt()
    ))),
    method!("GreaterThan", [Type::Named(&SEMVER)], Type::Bool, |version, args| Ok(Value::Bool(
        order(version, args).is_gt()
    ))),
    method!("LessThanEqual", [Type::Named(&SEMVER)], Type::Bool, |version, args| Ok(Value::Bool(
        order(version, args).is_le()
    ))),
    method!("GreaterThanEqual", [Type::Named(&SEMVER)], Type::Bool, |version, args| {
        Ok(Value::Bool(order(version, args).is_ge()))
    }),
];

fn number(number: u64) -> Result<Value, CallError> {
    Ok(Value::Uint(UintKind::Uint64, number))
}

fn string(args: &[Value]) -> String {
    args.first().and_then(Value::as_str).map(|text| text.to_text().into_owned()).unwrap_or_default()
}

fn plain(version: Result<Version, SemverError>) -> Result<Value, CallError> {
    Ok(Value::Object(Rc::new(Plain(version.map_err(refused)?))))
}

fn order(version: &Version, args: &[Value]) -> Ordering {
    version_of(args.first()).map_or(Ordering::Equal, |other| version.cmp(other))
}
