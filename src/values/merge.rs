//! Two trees of values into one, as Helm merges values files given with `-f`.

use serde_json::Value;

/// `over` on top of `base`: maps are merged key by key, everything else is replaced. A null stays in the result and
/// takes the chart's default away when Helm coalesces. Source: `MergeMaps` in Helm's `pkg/chart/v2/loader/load.go`.
///
/// Recursion goes as deep as both trees have maps in common; trees are at most `bridge::MAX_DEPTH` deep.
pub fn merge(base: &mut Value, over: Value) {
    match (base, over) {
        (Value::Object(base), Value::Object(over)) => {
            for (key, value) in over {
                match base.get_mut(&key) {
                    Some(existing) if existing.is_object() && value.is_object() => merge(existing, value),
                    _ => {
                        base.insert(key, value);
                    }
                }
            }
        }
        (base, over) => *base = over,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn merged(mut base: Value, over: Value) -> Value {
        merge(&mut base, over);
        base
    }

    #[test]
    fn maps_are_merged_and_the_rest_is_replaced() {
        let base = json!({"a": {"b": 1, "c": [1, 2]}, "d": 1});
        let over = json!({"a": {"c": [3], "e": {}}, "d": {"f": 1}});
        assert_eq!(merged(base, over), json!({"a": {"b": 1, "c": [3], "e": {}}, "d": {"f": 1}}));
    }

    #[test]
    fn null_replaces_and_stays() {
        assert_eq!(merged(json!({"a": {"b": 1}}), json!({"a": null})), json!({"a": null}));
        assert_eq!(merged(json!({"a": {"b": 1}}), json!({"a": {"b": null}})), json!({"a": {"b": null}}));
    }
}
