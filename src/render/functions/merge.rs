//! Merges maps in place as `dario.cat/mergo` does it for Sprig's `merge` and `mergeOverwrite`.

use super::cast::kind;
use super::define::{ANY, Answer, MAP, fail, map, rest, variadic};
use super::walk::{KEY_BYTES_PER_STEP, MAX_DEPTH, too_deep};
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::value::{Map, Value};

pub static TABLE: &[Func<Context>] = &[
    variadic("merge", &[MAP, MAP], ANY, |exec, a| merge_all(exec, a, Rule::Fill)),
    variadic("mustMerge", &[MAP, MAP], ANY, |exec, a| merge_all(exec, a, Rule::Fill)),
    variadic("mergeOverwrite", &[MAP, MAP], ANY, |exec, a| merge_all(exec, a, Rule::Overwrite)),
    variadic("mustMergeOverwrite", &[MAP, MAP], ANY, |exec, a| merge_all(exec, a, Rule::Overwrite)),
];

/// What happens to a value that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Rule {
    /// It stays unless it is empty.
    Fill,
    /// It is replaced, also by an empty one.
    Overwrite,
}

/// Merges every further map into the first, which is changed and returned.
fn merge_all(exec: &mut Exec<'_, Context>, args: &[Value], rule: Rule) -> Answer {
    let mut target = map(args, 0)?;
    for at in 1..=rest(args, 1).len() {
        let source = map(args, at)?;
        if target.is_nil() && !source.is_nil() {
            target = Map::new(ANY, Default::default());
        }
        merge(exec, &target, &source, rule, 0)?;
    }
    Ok(Value::Map(target))
}

/// `deepMerge` of two maps. Maps in both are merged, a map only in the source is shared with it from then
/// on, lists are never merged.
fn merge(
    exec: &mut Exec<'_, Context>,
    target: &Map,
    source: &Map,
    rule: Rule,
    depth: usize,
) -> Result<(), CallError> {
    if depth > MAX_DEPTH {
        return fail(too_deep("merge"));
    }
    let entries = source.snapshot();
    if target.element() != ANY && target.element() != source.element() && !entries.is_empty() {
        let (from, to) = (source.element(), target.element());
        return fail(format!(
            "reflect.Value.SetMapIndex: value of type {from} is not assignable to type {to}"
        ));
    }
    // Every key is compared with some of the others.
    let bytes: usize = entries.iter().map(|(key, _)| key.len()).sum();
    exec.budget.steps(entries.len() as u64 * 2 + (bytes / KEY_BYTES_PER_STEP) as u64)?;
    for (key, new) in entries {
        if is_nil(&new) {
            if rule == Rule::Overwrite {
                target.insert(key, new);
            }
            continue;
        }
        let old = target.get(&key);
        if let (Value::Map(new), Some(Value::Map(old))) = (&new, &old)
            && !old.is_nil()
        {
            merge(exec, old, new, rule, depth + 1)?;
        }
        match old {
            Some(old) if !empty(&old) => {
                let both_maps = kind(&new) == "map" && kind(&old) == "map";
                if rule == Rule::Overwrite && !both_maps {
                    exec.host.circles.note(target, &new);
                    target.insert(key, new);
                }
            }
            _ => {
                exec.host.circles.note(target, &new);
                target.insert(key, new);
            }
        }
    }
    Ok(())
}

/// Nil as mergo sees an element of a `map[string]interface {}`: the interface itself.
fn is_nil(value: &Value) -> bool {
    !value.is_some()
}

/// mergo's `isEmptyValue`: as Sprig's `empty`, objects are never empty.
fn empty(value: &Value) -> bool {
    super::cast::empty(value)
}
