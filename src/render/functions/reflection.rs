//! Sprig's functions that ask for the Go type of a value.

use super::cast::{kind, type_name};
use super::define::{ANY, BOOL, STRING, any, func, text};
use super::equal::deep_equal;
use crate::render::context::Context;
use crate::template::func::Func;
use crate::template::value::Value;

pub static TABLE: &[Func<Context>] = &[
    func("typeOf", &[ANY], STRING, |_, a| Ok(Value::str(type_name(any(a, 0))))),
    func("typeIs", &[STRING, ANY], BOOL, |_, a| {
        Ok(Value::Bool(**text(a, 0)? == *type_name(any(a, 1)).as_bytes()))
    }),
    func("typeIsLike", &[STRING, ANY], BOOL, |_, a| {
        let (wanted, found) = (text(a, 0)?, type_name(any(a, 1)));
        let pointee = found.strip_prefix('*').unwrap_or(&found);
        Ok(Value::Bool(**wanted == *found.as_bytes() || **wanted == *pointee.as_bytes()))
    }),
    func("kindOf", &[ANY], STRING, |_, a| Ok(Value::str(kind(any(a, 0))))),
    func("kindIs", &[STRING, ANY], BOOL, |_, a| {
        Ok(Value::Bool(**text(a, 0)? == *kind(any(a, 1)).as_bytes()))
    }),
    func("deepEqual", &[ANY, ANY], BOOL, |exec, a| {
        Ok(Value::Bool(deep_equal(&mut exec.budget, any(a, 0), any(a, 1))?))
    }),
];
