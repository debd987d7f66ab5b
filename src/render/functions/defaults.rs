//! Sprig's functions that choose between values.

use super::cast::empty;
use super::define::{ANY, BOOL, any, flag, func, rest, variadic};
use crate::render::context::Context;
use crate::template::func::Func;
use crate::template::value::Value;

pub static TABLE: &[Func<Context>] = &[
    variadic("default", &[ANY, ANY], ANY, |_, a| {
        let given = rest(a, 1).first().filter(|given| !empty(given));
        Ok(given.unwrap_or(any(a, 0)).clone())
    }),
    func("empty", &[ANY], BOOL, |_, a| Ok(Value::Bool(empty(any(a, 0))))),
    variadic("coalesce", &[ANY], ANY, |_, a| {
        Ok(a.iter().find(|value| !empty(value)).cloned().unwrap_or(Value::Nil))
    }),
    variadic("all", &[ANY], BOOL, |_, a| Ok(Value::Bool(!a.iter().any(empty)))),
    variadic("any", &[ANY], BOOL, |_, a| Ok(Value::Bool(!a.iter().all(empty)))),
    func("ternary", &[ANY, ANY, BOOL], ANY, |_, a| Ok(any(a, usize::from(!flag(a, 2)?)).clone())),
];
