//! Turns a value into one that shares nothing with it (`mitchellh/copystructure`).

use super::define::{ANY, Answer, any, fail, func};
use super::walk::{KEY_BYTES_PER_STEP, MAX_DEPTH, too_deep};
use crate::render::context::Context;
use crate::template::budgets::Budget;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::types::Type;
use crate::template::value::{List, Map, Value};

pub static TABLE: &[Func<Context>] = &[
    func("deepCopy", &[ANY], ANY, |exec, a| deep_copy(exec, any(a, 0))),
    func("mustDeepCopy", &[ANY], ANY, |exec, a| deep_copy(exec, any(a, 0))),
];

fn deep_copy(exec: &mut Exec<'_, Context>, value: &Value) -> Answer {
    if !value.is_some() {
        return fail("reflect: call of reflect.Value.Type on zero Value");
    }
    copy(&mut exec.budget, value, 0)
}

/// Copies maps and lists of any type; everything else cannot change and stays shared.
fn copy(budget: &mut Budget, value: &Value, depth: usize) -> Result<Value, CallError> {
    if depth > MAX_DEPTH {
        return fail(too_deep("deepCopy"));
    }
    match value {
        Value::Map(map) if !map.is_nil() => {
            let entries = map.snapshot();
            let bytes: usize = entries.iter().map(|(key, _)| key.len()).sum();
            budget.steps((entries.len() + bytes / KEY_BYTES_PER_STEP) as u64)?;
            let entries = entries.into_iter();
            let entries = entries.map(|(key, item)| Ok((key, copy(budget, &item, depth + 1)?)));
            let entries = entries.collect::<Result<_, CallError>>()?;
            Ok(Value::Map(match map.type_of() {
                Type::Named(named) => Map::named(named, entries),
                _ => Map::new(map.element(), entries),
            }))
        }
        Value::List(list) if !list.is_nil() => {
            budget.steps(list.len() as u64)?;
            let items = list.snapshot();
            let items = items.iter().map(|item| copy(budget, item, depth + 1)).collect::<Result<_, _>>()?;
            Ok(Value::List(match list.type_of() {
                Type::Named(named) => List::named(named, items),
                _ => List::new(list.element(), items),
            }))
        }
        other => Ok(other.clone()),
    }
}
