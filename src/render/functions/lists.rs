//! Sprig's functions on lists; all but `sortAlpha` of a `[]string` make new lists.

use super::cast::{elements, empty, kind, list, strval, to_int64};
use super::define::{ANY, Answer, BOOL, INT, LIST, STRINGS, any, fail, func, int, nil_list, rest, variadic};
use super::equal::{BYTES_PER_STEP, deep_equal};
use super::strings::to_strings;
use crate::render::context::Context;
use crate::template::budgets::Budget;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::types::Type;
use crate::template::value::{List, Value};

const LISTS: Type = Type::List(&LIST);

pub static TABLE: &[Func<Context>] = &[
    variadic("list", &[ANY], LIST, |_, a| Ok(list(a.to_vec()))),
    variadic("tuple", &[ANY], LIST, |_, a| Ok(list(a.to_vec()))),
    func("append", &[ANY, ANY], LIST, push),
    func("mustAppend", &[ANY, ANY], LIST, push),
    func("push", &[ANY, ANY], LIST, push),
    func("mustPush", &[ANY, ANY], LIST, push),
    func("prepend", &[ANY, ANY], LIST, prepend),
    func("mustPrepend", &[ANY, ANY], LIST, prepend),
    func("first", &[ANY], ANY, first),
    func("mustFirst", &[ANY], ANY, first),
    func("last", &[ANY], ANY, last),
    func("mustLast", &[ANY], ANY, last),
    func("rest", &[ANY], LIST, |_, a| part(a, "find rest on", |items| items.drain(..1))),
    func("mustRest", &[ANY], LIST, |_, a| part(a, "find rest on", |items| items.drain(..1))),
    func("initial", &[ANY], LIST, |_, a| part(a, "find initial on", |items| items.drain(items.len() - 1..))),
    func("mustInitial", &[ANY], LIST, |_, a| {
        part(a, "find initial on", |items| items.drain(items.len() - 1..))
    }),
    func("reverse", &[ANY], LIST, reverse),
    func("mustReverse", &[ANY], LIST, reverse),
    func("compact", &[ANY], LIST, compact),
    func("mustCompact", &[ANY], LIST, compact),
    func("uniq", &[ANY], LIST, uniq),
    func("mustUniq", &[ANY], LIST, uniq),
    variadic("without", &[ANY, ANY], LIST, without),
    variadic("mustWithout", &[ANY, ANY], LIST, without),
    func("has", &[ANY, ANY], BOOL, has),
    func("mustHas", &[ANY, ANY], BOOL, has),
    variadic("slice", &[ANY, ANY], ANY, slice),
    variadic("mustSlice", &[ANY, ANY], ANY, slice),
    variadic("concat", &[ANY], ANY, concat),
    func("chunk", &[INT, ANY], LISTS, chunk),
    func("mustChunk", &[INT, ANY], LISTS, chunk),
    func("sortAlpha", &[ANY], STRINGS, sort_alpha),
];

/// The elements, or the error of a function that cannot do `action` with what is no list.
fn items(value: &Value, action: &str) -> Result<Vec<Value>, CallError> {
    match elements(value) {
        Some(items) => Ok(items),
        None if !value.is_some() => Err(nil_type()),
        None => fail(format!("Cannot {action} type {}", kind(value))),
    }
}

/// `reflect.TypeOf(nil).Kind()` is a nil pointer dereference.
fn nil_type() -> CallError {
    CallError::new("runtime error: invalid memory address or nil pointer dereference")
}

fn push(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let mut items = items(any(args, 0), "push on")?;
    items.push(any(args, 1).clone());
    Ok(list(items))
}

fn prepend(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let mut items = items(any(args, 0), "prepend on")?;
    items.insert(0, any(args, 1).clone());
    Ok(list(items))
}

fn first(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    Ok(items(any(args, 0), "find first on")?.first().cloned().unwrap_or(Value::Nil))
}

fn last(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    Ok(items(any(args, 0), "find last on")?.last().cloned().unwrap_or(Value::Nil))
}

/// The list without what `drop` drains; of an empty list it is nil.
fn part(args: &[Value], action: &str, drop: fn(&mut Vec<Value>) -> std::vec::Drain<'_, Value>) -> Answer {
    let mut items = items(any(args, 0), action)?;
    if items.is_empty() {
        return Ok(nil_list());
    }
    drop(&mut items).for_each(std::mem::drop);
    Ok(list(items))
}

fn reverse(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let mut items = items(any(args, 0), "find reverse on")?;
    items.reverse();
    Ok(list(items))
}

fn compact(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let mut items = items(any(args, 0), "compact on")?;
    items.retain(|item| !empty(item));
    Ok(list(items))
}

fn uniq(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let mut kept: Vec<Value> = Vec::new();
    for item in items(any(args, 0), "find uniq on")? {
        if !contains(&mut exec.budget, &kept, &item)? {
            kept.push(item);
        }
    }
    Ok(list(kept))
}

fn without(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let mut kept = Vec::new();
    for item in items(any(args, 0), "find without on")? {
        if !contains(&mut exec.budget, rest(args, 1), &item)? {
            kept.push(item);
        }
    }
    Ok(list(kept))
}

fn has(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let haystack = any(args, 1);
    if !haystack.is_some() {
        return Ok(Value::Bool(false));
    }
    let items = items(haystack, "find has on")?;
    Ok(Value::Bool(contains(&mut exec.budget, &items, any(args, 0))?))
}

/// Short texts that are compared in one step.
const LOOKS_PER_STEP: usize = 8;

fn contains(budget: &mut Budget, items: &[Value], needle: &Value) -> Result<bool, CallError> {
    budget.steps((items.len() / LOOKS_PER_STEP) as u64)?;
    for item in items {
        let is_same = match (needle, item) {
            (Value::Str(needle), Value::Str(item)) if needle.len() != item.len() => false,
            (Value::Str(needle), Value::Str(item)) => {
                budget.steps((needle.len() / BYTES_PER_STEP) as u64)?;
                needle == item
            }
            _ => deep_equal(budget, needle, item)?,
        };
        if is_same {
            return Ok(true);
        }
    }
    Ok(false)
}

/// `list[start:end]`; an empty list gives nil whatever the bounds.
fn slice(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let source = any(args, 0);
    let Some(items) = elements(source) else {
        return match source.is_some() {
            false => Err(nil_type()),
            true => fail(format!("list should be type of slice or array but {}", kind(source))),
        };
    };
    if items.is_empty() {
        return Ok(Value::Nil);
    }
    let start = args.get(1).map_or(0, to_int64);
    let end = args.get(2).map_or(items.len() as i64, to_int64);
    let bounds = usize::try_from(start).ok().zip(usize::try_from(end).ok());
    let part = bounds.and_then(|(start, end)| Some((items.get(start..end)?.to_vec(), start..end)));
    match (part, source) {
        (None, _) => fail("reflect.Value.Slice: slice index out of bounds"),
        (Some((_, range)), Value::Bytes(bytes)) => Ok(Value::Bytes(bytes[range].into())),
        (Some((part, _)), Value::List(whole)) => Ok(Value::List(match whole.type_of() {
            Type::Named(named) => List::named(named, part),
            _ => List::new(whole.element(), part),
        })),
        (Some((part, _)), _) => Ok(list(part)),
    }
}

fn concat(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let mut all = Vec::new();
    for source in args {
        match elements(source) {
            Some(items) => {
                exec.budget.memory((all.len() + items.len()) * size_of::<Value>())?;
                all.extend(items);
            }
            None if !source.is_some() => return Err(nil_type()),
            None => return fail(format!("Cannot concat type {} as list", kind(source))),
        }
        exec.budget.steps(all.len() as u64)?;
    }
    Ok(if all.is_empty() { nil_list() } else { list(all) })
}

/// Lists of `size` elements each, the last one shorter. Sizes below one give what Go's arithmetic gives.
fn chunk(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let size = int(args, 0)?;
    let items = items(any(args, 1), "chunk")?;
    let count = chunk_count(items.len(), size)?;
    exec.budget.steps(u64::try_from(count).unwrap_or(0).min(items.len() as u64) * 2)?;
    let chunks = match usize::try_from(size) {
        Ok(size @ 1..) => items.chunks(size).map(|part| list(part.to_vec())).collect(),
        _ => Vec::new(),
    };
    if chunks.len() as i64 != count {
        return fail("runtime error: makeslice: len out of range");
    }
    Ok(Value::List(List::new(LIST, chunks)))
}

/// Go's `int(math.Floor(float64(len-1)/float64(size)) + 1)`.
fn chunk_count(length: usize, size: i64) -> Result<i64, CallError> {
    let count = ((length as f64 - 1.0) / size as f64).floor() + 1.0;
    let count = super::cast::float_to_int64(count);
    if count < 0 { fail("runtime error: makeslice: len out of range") } else { Ok(count) }
}

/// Bytes of texts that are put in order in a step.
const SORTED_BYTES_PER_STEP: usize = 128;

/// Sorts by bytes. A `[]string` is sorted in place, as Go's `sort` does with what `strslice` hands through.
fn sort_alpha(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let value = any(args, 0);
    if elements(value).is_none() {
        return Ok(Value::strings([strval(value)]));
    }
    let sorted = to_strings(exec, value)?;
    if let Value::List(list) = &sorted {
        // Each is compared with about as many others as its place has digits.
        let bytes: usize = list.borrow().iter().filter_map(Value::as_str).map(|text| text.len()).sum();
        exec.budget.steps(list.len() as u64 + (bytes / SORTED_BYTES_PER_STEP) as u64)?;
        list.borrow_mut().sort_by(|a, b| a.as_str().cmp(&b.as_str()));
    }
    Ok(sorted)
}
