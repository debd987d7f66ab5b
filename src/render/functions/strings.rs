//! Sprig's string functions that cut, join, pad and compare.

use std::collections::BTreeSet;

use super::cast::{charged_strval, strslice, strval};
use super::define::{ANY, Answer, BOOL, INT, STRING, STRINGS, any, fail, func, int, text, variadic};
use super::runes;
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::fmt::{print_value, sprintf};
use crate::template::func::{CallError, Func};
use crate::template::quote::quote;
use crate::template::types::Type;
use crate::template::value::{Map, Str, Value};

pub static TABLE: &[Func<Context>] = &[
    func("trim", &[STRING], STRING, |_, a| Ok(Value::str(runes::trim_space(text(a, 0)?)))),
    func("trimAll", &[STRING, STRING], STRING, trim_all),
    func("trimall", &[STRING, STRING], STRING, trim_all),
    func("trimSuffix", &[STRING, STRING], STRING, |_, a| {
        let (suffix, text) = (text(a, 0)?, text(a, 1)?);
        Ok(text.strip_suffix(&**suffix).map_or_else(|| Value::Str(text.clone()), Value::str))
    }),
    func("trimPrefix", &[STRING, STRING], STRING, |_, a| {
        let (prefix, text) = (text(a, 0)?, text(a, 1)?);
        Ok(text.strip_prefix(&**prefix).map_or_else(|| Value::Str(text.clone()), Value::str))
    }),
    func("contains", &[STRING, STRING], BOOL, |_, a| {
        Ok(Value::Bool(runes::find(text(a, 1)?, text(a, 0)?).is_some()))
    }),
    func("hasPrefix", &[STRING, STRING], BOOL, |_, a| Ok(Value::Bool(text(a, 1)?.starts_with(text(a, 0)?)))),
    func("hasSuffix", &[STRING, STRING], BOOL, |_, a| Ok(Value::Bool(text(a, 1)?.ends_with(text(a, 0)?)))),
    func("trunc", &[INT, STRING], STRING, trunc),
    func("substr", &[INT, INT, STRING], STRING, substr),
    func("repeat", &[INT, STRING], STRING, |exec, a| Ok(Value::str(repeat(exec, text(a, 1)?, int(a, 0)?)?))),
    func("indent", &[INT, STRING], STRING, |exec, a| {
        Ok(Value::str(indent(exec, b"", int(a, 0)?, text(a, 1)?)?))
    }),
    func("nindent", &[INT, STRING], STRING, |exec, a| {
        Ok(Value::str(indent(exec, b"\n", int(a, 0)?, text(a, 1)?)?))
    }),
    func("replace", &[STRING, STRING, STRING], STRING, replace),
    func("plural", &[STRING, STRING, INT], STRING, |_, a| {
        Ok(Value::Str(text(a, usize::from(int(a, 2)? != 1))?.clone()))
    }),
    variadic("quote", &[ANY], STRING, |exec, a| {
        join_some(exec, a, |value| quote(&strval(value)).into_bytes())
    }),
    variadic("squote", &[ANY], STRING, |exec, a| {
        join_some(exec, a, |value| [b"'", &*print_value(value), b"'"].concat())
    }),
    variadic("cat", &[ANY], STRING, cat),
    func("toString", &[ANY], STRING, |exec, a| Ok(Value::Str(charged_strval(&mut exec.budget, any(a, 0))?))),
    func("toStrings", &[ANY], STRINGS, |exec, a| to_strings(exec, any(a, 0))),
    func("join", &[STRING, ANY], STRING, join),
    func("split", &[STRING, STRING], Type::Map(&Type::String), |exec, a| {
        numbered(exec, text(a, 1)?, text(a, 0)?, -1)
    }),
    func("splitn", &[STRING, INT, STRING], Type::Map(&Type::String), |exec, a| {
        numbered(exec, text(a, 2)?, text(a, 0)?, int(a, 1)?)
    }),
    func("splitList", &[STRING, STRING], STRINGS, |exec, a| {
        let (separator, source) = (text(a, 0)?, text(a, 1)?);
        charge_parts(exec, source, separator)?;
        Ok(Value::strings(runes::split(source, separator, -1)))
    }),
    func("hello", &[], STRING, |_, _| Ok(Value::str("Hello!"))),
];

fn trim_all(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let cutset: BTreeSet<char> = runes::runes(text(args, 0)?).collect();
    Ok(Value::str(runes::trim(text(args, 1)?, |rune| cutset.contains(&rune))))
}

/// Cuts to the first bytes, or with a negative length to the last.
fn trunc(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let (length, text) = (int(args, 0)?, text(args, 1)?);
    let size = text.len() as i64;
    if length < 0 && size.saturating_add(length) > 0 {
        return Ok(Value::str(&text[(size + length) as usize..]));
    }
    if length >= 0 && size > length {
        return Ok(Value::str(&text[..length as usize]));
    }
    Ok(Value::Str(text.clone()))
}

/// A slice of bytes; bounds that Go's slicing refuses are errors in Go's words.
fn substr(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let (start, end, text) = (int(args, 0)?, int(args, 1)?, text(args, 2)?);
    let size = text.len() as i64;
    if start < 0 {
        return match end {
            ..0 => fail(format!("runtime error: slice bounds out of range [:{end}]")),
            _ if end > size => {
                fail(format!("runtime error: slice bounds out of range [:{end}] with length {size}"))
            }
            _ => Ok(Value::str(&text[..end as usize])),
        };
    }
    let end = if end < 0 || end > size { size } else { end };
    if start > end {
        return fail(format!("runtime error: slice bounds out of range [{start}:{end}]"));
    }
    Ok(Value::str(&text[start as usize..end as usize]))
}

/// `strings.Repeat`, charged before it is built.
pub fn repeat(exec: &mut Exec<'_, Context>, text: &[u8], count: i64) -> Result<Vec<u8>, CallError> {
    let Ok(count) = usize::try_from(count) else { return fail("strings: negative Repeat count") };
    let Some(size) = text.len().checked_mul(count).filter(|size| *size <= isize::MAX as usize) else {
        return fail("strings: Repeat output length overflow");
    };
    exec.budget.text(size)?;
    Ok(text.repeat(count))
}

fn indent(
    exec: &mut Exec<'_, Context>,
    before: &[u8],
    spaces: i64,
    text: &[u8],
) -> Result<Vec<u8>, CallError> {
    let pad = repeat(exec, b" ", spaces)?;
    let breaks = text.iter().filter(|byte| **byte == b'\n').count();
    let size = pad.len().saturating_mul(breaks + 1).saturating_add(text.len() + before.len());
    exec.budget.text(size)?;
    let mut out = Vec::with_capacity(size);
    out.extend_from_slice(before);
    out.extend_from_slice(&pad);
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        out.extend_from_slice(line);
        if line.ends_with(b"\n") {
            out.extend_from_slice(&pad);
        }
    }
    Ok(out)
}

fn replace(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let (old, new, source) = (text(args, 0)?, text(args, 1)?, text(args, 2)?);
    let most = source.len() / old.len().max(1) + 1;
    exec.budget
        .text(source.len().saturating_add(most.saturating_mul(new.len().saturating_sub(old.len()))))?;
    Ok(Value::str(runes::replace(source, old, new)))
}

/// The arguments that are not nil, each in its quotes, with spaces between.
fn join_some(exec: &mut Exec<'_, Context>, args: &[Value], each: impl Fn(&Value) -> Vec<u8>) -> Answer {
    let mut joined = Vec::new();
    for (at, value) in args.iter().filter(|value| value.is_some()).enumerate() {
        let part = each(value);
        exec.budget.text(part.len())?;
        exec.budget.fits(joined.len() + part.len())?;
        joined.extend_from_slice(if at > 0 { b" " } else { b"" });
        joined.extend_from_slice(&part);
    }
    Ok(Value::str(joined))
}

fn cat(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let some: Vec<Value> = args.iter().filter(|value| value.is_some()).cloned().collect();
    Ok(Value::str(sprintf(vec!["%v"; some.len()].join(" "), &some)))
}

/// Sprig's `strslice`; a `[]string` is handed back itself, so that `sortAlpha` sorts it for every holder.
pub fn to_strings(exec: &mut Exec<'_, Context>, value: &Value) -> Answer {
    Ok(match value {
        Value::List(list) if list.type_of() == STRINGS => value.clone(),
        other => Value::strings(strslice(&mut exec.budget, other)?),
    })
}

fn join(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let (separator, parts) = (text(args, 0)?, strslice(&mut exec.budget, any(args, 1))?);
    let size = parts.iter().map(|part| part.len()).sum::<usize>();
    exec.budget.text(size.saturating_add(parts.len().saturating_mul(separator.len())))?;
    Ok(Value::str(parts.iter().map(|part| &**part).collect::<Vec<_>>().join(&**separator)))
}

/// Charges the parts of a text before they are made.
fn charge_parts(exec: &mut Exec<'_, Context>, source: &[u8], separator: &[u8]) -> Result<(), CallError> {
    const PART: usize = 160;
    let parts = runes::count(source, separator);
    exec.budget.steps(parts as u64)?;
    Ok(exec.budget.memory(parts.saturating_mul(PART))?)
}

/// The parts as a map with the keys `_0`, `_1`, …
fn numbered(exec: &mut Exec<'_, Context>, source: &[u8], separator: &[u8], limit: i64) -> Answer {
    charge_parts(exec, source, separator)?;
    let parts = runes::split(source, separator, limit);
    let entries = parts.into_iter().enumerate();
    let entries = entries.map(|(at, part)| (Str::from(format!("_{at}")), Value::str(part))).collect();
    Ok(Value::Map(Map::new(STRING, entries)))
}
