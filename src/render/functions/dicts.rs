//! Sprig's functions on maps; `set`, `unset` change the map that was given.

use std::collections::{BTreeMap, BTreeSet};

use super::cast::{strval, type_name};
use super::define::{
    ANY, Answer, BOOL, LIST, MAP, STRING, STRINGS, any, fail, func, map, rest, text, variadic,
};
use super::walk::KEY_BYTES_PER_STEP;
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::value::{Map, Str, Value};

pub static TABLE: &[Func<Context>] = &[
    variadic("dict", &[ANY], MAP, |_, a| Ok(Value::map(a.chunks(2).map(pair)))),
    func("get", &[MAP, STRING], ANY, |_, a| {
        Ok(map(a, 0)?.get(text(a, 1)?).unwrap_or_else(|| Value::str("")))
    }),
    func("set", &[MAP, STRING, ANY], MAP, set),
    func("unset", &[MAP, STRING], MAP, |_, a| {
        let map = map(a, 0)?;
        map.remove(text(a, 1)?);
        Ok(Value::Map(map))
    }),
    func("hasKey", &[MAP, STRING], BOOL, |_, a| Ok(Value::Bool(map(a, 0)?.get(text(a, 1)?).is_some()))),
    variadic("pluck", &[STRING, MAP], LIST, |exec, a| {
        let maps = maps(a, 1)?;
        let key = text(a, 0)?;
        exec.budget.steps((maps.len() * (1 + key.len() / KEY_BYTES_PER_STEP)) as u64)?;
        Ok(Value::list(maps.iter().filter_map(|map| map.get(key)).collect()))
    }),
    variadic("keys", &[MAP], STRINGS, |exec, a| {
        let maps = maps(a, 0)?;
        exec.budget.steps(maps.iter().map(|map| map.len() as u64).sum())?;
        Ok(Value::strings(maps.iter().flat_map(|map| map.snapshot().into_iter().map(|(key, _)| key))))
    }),
    func("values", &[MAP], LIST, |exec, a| {
        exec.budget.steps(map(a, 0)?.len() as u64)?;
        Ok(Value::list(map(a, 0)?.snapshot().into_iter().map(|(_, value)| value).collect()))
    }),
    variadic("pick", &[MAP, STRING], MAP, |exec, a| filter(exec, a, true)),
    variadic("omit", &[MAP, STRING], MAP, |exec, a| filter(exec, a, false)),
    variadic("dig", &[ANY], ANY, dig),
];

/// A key and its value; a key at the end has the value "".
fn pair(pair: &[Value]) -> (Str, Value) {
    (strval(any(pair, 0)), pair.get(1).cloned().unwrap_or_else(|| Value::str("")))
}

fn set(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let map = map(args, 0)?;
    if map.is_nil() {
        return fail("assignment to entry in nil map");
    }
    exec.host.circles.note(&map, any(args, 2));
    map.insert(text(args, 1)?.clone(), any(args, 2).clone());
    Ok(Value::Map(map))
}

fn maps(args: &[Value], from: usize) -> Result<Vec<Map>, CallError> {
    (from..args.len()).map(|at| map(args, at)).collect()
}

/// A new map with only these keys, or with all but these.
fn filter(exec: &mut Exec<'_, Context>, args: &[Value], named: bool) -> Answer {
    exec.budget.steps((map(args, 0)?.len() + rest(args, 1).len()) as u64 * 4)?;
    let keys: BTreeSet<&Str> = rest(args, 1).iter().filter_map(Value::as_str).collect();
    let entries = map(args, 0)?.snapshot().into_iter();
    let kept: BTreeMap<Str, Value> = entries.filter(|(key, _)| keys.contains(key) == named).collect();
    Ok(Value::Map(Map::new(ANY, kept)))
}

/// `dig "a" "b" DEFAULT MAP`: follows the keys; a step that is no map is Go's failed type assertion.
fn dig(_: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let [keys @ .., default, top] = args else { return fail("dig needs at least three arguments") };
    if keys.is_empty() {
        return fail("dig needs at least three arguments");
    }
    let mut step = asserted_map(top)?;
    let keys = keys.iter().map(asserted_text).collect::<Result<Vec<_>, _>>()?;
    for (at, key) in keys.iter().enumerate() {
        let Some(value) = step.get(key) else { return Ok(default.clone()) };
        if at + 1 == keys.len() {
            return Ok(value);
        }
        step = asserted_map(&value)?;
    }
    Ok(default.clone())
}

/// `value.(map[string]interface {})`, which a map of another type fails, too.
fn asserted_map(value: &Value) -> Result<Map, CallError> {
    match value {
        Value::Map(map) if map.type_of() == MAP => Ok(map.clone()),
        other => Err(failed_assertion(other, "map[string]interface {}")),
    }
}

fn asserted_text(value: &Value) -> Result<&Str, CallError> {
    value.as_str().ok_or_else(|| failed_assertion(value, "string"))
}

fn failed_assertion(value: &Value, wanted: &str) -> CallError {
    let found = if value.is_some() { type_name(value) } else { "nil".to_owned() };
    CallError::new(format!("interface conversion: interface {{}} is {found}, not {wanted}"))
}
