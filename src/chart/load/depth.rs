//! Refuses values nested so deep that walking them would exhaust a thread's stack.

use crate::template::value::Value;
use crate::template::value::circles::dismantle;

/// How deep tables and lists may lie in each other. Real charts reach 20; YAML itself allows 10,000, and everything
/// behind the loader (coalescing, freezing, the render's own functions) walks values by recursion.
pub const MAX_DEPTH: usize = 512;

/// The text nests deeper.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("tables and lists are nested more than {MAX_DEPTH} levels deep; flatten them")]
pub struct TooDeep;

/// The value, if it is shallow enough.
pub fn bounded(value: Value) -> Result<Value, TooDeep> {
    let mut open = vec![(value.clone(), 0)];
    while let Some((part, depth)) = open.pop() {
        if depth > MAX_DEPTH {
            drop((open, part));
            dismantle(vec![value]);
            return Err(TooDeep);
        }
        match part {
            Value::Map(map) => open.extend(map.borrow().values().map(|value| (value.clone(), depth + 1))),
            Value::List(list) => open.extend(list.borrow().iter().map(|value| (value.clone(), depth + 1))),
            _ => {}
        }
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_values_are_refused_without_a_stack() {
        let nested = |depth| (0..depth).fold(Value::Nil, |inner, _| Value::list(vec![inner]));
        assert!(bounded(nested(MAX_DEPTH)).is_ok());
        assert!(matches!(bounded(nested(1_000_000)), Err(TooDeep)));
    }
}
