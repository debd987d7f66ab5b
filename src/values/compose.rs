//! A mapping, a resource and the agent's overrides into the values that the chart is given.

use serde_json::{Map, Value};

use super::bridge::{BridgeError, Budget, MAX_DEPTH};
use super::mapping::{Mapping, MappingError, Subject};
use super::merge::merge;

/// Why there are no values for a resource.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComposeError {
    #[error(transparent)]
    Mapping(#[from] MappingError),
    #[error("{0} must be a map of Helm values, such as {{replicas: 2}}")]
    NotAMap(&'static str),
    #[error("{place}: {problem}")]
    Bounds { place: &'static str, problem: BridgeError },
}

/// The values for a resource, last wins: the mapping, `spec.values`, the agent's `overrideValues`. The chart's defaults
/// come below all of them when Helm coalesces. Always a map; integers are integers.
///
/// `overrides` is a map, or null for none.
pub fn compose(mapping: &Mapping, subject: &Subject<'_>, overrides: &Value) -> Result<Value, ComposeError> {
    let mut values = mapping.apply(subject)?;
    let free = subject.spec.get("values").unwrap_or(&Value::Null);
    merge(&mut values, layer(free, "spec.values")?);
    merge(&mut values, layer(overrides, "overrideValues")?);
    Ok(values)
}

/// A copy of one layer, after a look at its shape and size.
fn layer(value: &Value, place: &'static str) -> Result<Value, ComposeError> {
    match value {
        Value::Null => Ok(Value::Object(Map::new())),
        Value::Object(_) => {
            let checked = check(value, &mut Budget::default(), 0);
            checked.map_err(|problem| ComposeError::Bounds { place, problem })?;
            Ok(value.clone())
        }
        _ => Err(ComposeError::NotAMap(place)),
    }
}

fn check(value: &Value, budget: &mut Budget, depth: usize) -> Result<(), BridgeError> {
    if depth > MAX_DEPTH {
        return Err(BridgeError::Deep);
    }
    budget.spend(value.as_str().map_or(0, str::len))?;
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| check(item, budget, depth + 1)),
        Value::Object(entries) => entries.iter().try_for_each(|(key, value)| {
            budget.spend(key.len())?;
            check(value, budget, depth + 1)
        }),
        _ => Ok(()),
    }
}
