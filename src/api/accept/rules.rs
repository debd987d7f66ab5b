//! From a resource that fits its schema to the CEL rules that it breaks.
//!
//! The walk is that of the API server (k8s.io/apiextensions-apiserver `pkg/apiserver/schema/cel/validation.go`), so that
//! paths and values are told in its words; the `kube-cel` crate evaluates the rules of one node.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use kube::core::cel::{CompiledSchema, ErrorKind, ValidationError, compile_schema, validate_compiled};
use serde_json::{Map, Value};

use super::refusal::Refusal;
use crate::api::crd;

/// Deepest rule below the root; ours lie at most four levels down.
const MAX_DEPTH: usize = 16;

static RULES: LazyLock<Option<Node>> = LazyLock::new(|| {
    let definition = crd::definition().ok()?;
    definition
        .json
        .pointer("/spec/versions/0/schema/openAPIV3Schema")
        .and_then(|schema| Node::compile(schema, 0))
});

/// The rules of one node of the schema and of the nodes below it; branches without rules are left out.
struct Node {
    /// The node's schema, with its own rules and nobody else's.
    own: Option<CompiledSchema>,
    properties: BTreeMap<String, Node>,
    entries: Option<Box<Node>>,
    items: Option<Box<Node>>,
}

impl Node {
    fn compile(schema: &Value, depth: usize) -> Option<Self> {
        if depth > MAX_DEPTH {
            return None;
        }
        let child = |keyword: &str| Self::compile(schema.get(keyword)?, depth + 1).map(Box::new);
        let properties = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
        let node = Self {
            own: schema.get("x-kubernetes-validations").map(|_| compile_schema(&alone(schema, 0))),
            properties: properties
                .filter_map(|(name, schema)| Some((name.clone(), Self::compile(schema, depth + 1)?)))
                .collect(),
            entries: child("additionalProperties"),
            items: child("items"),
        };
        let empty = node.own.is_none()
            && node.properties.is_empty()
            && node.entries.is_none()
            && node.items.is_none();
        (!empty).then_some(node)
    }
}

/// The schema with the rules of its own node and without those below. The rest stays: it says how values become CEL's.
fn alone(schema: &Value, depth: usize) -> Value {
    match schema {
        Value::Object(fields) => Value::Object(
            fields
                .iter()
                .filter(|(keyword, _)| depth == 0 || keyword.as_str() != "x-kubernetes-validations")
                .map(|(keyword, value)| (keyword.clone(), alone(value, depth + 1)))
                .collect(),
        ),
        other => other.clone(),
    }
}

/// Checks all rules; those that compare with `old` only if there is one.
pub fn check(object: &Value, old: Option<&Value>) -> Vec<Refusal> {
    let mut found = Vec::new();
    if let Some(rules) = &*RULES {
        walk(rules, object, old, "", &mut found);
    }
    found
}

fn walk(node: &Node, value: &Value, old: Option<&Value>, path: &str, found: &mut Vec<Refusal>) {
    if let Some(own) = &node.own
        && let Err(errors) = validate_compiled(own, value, old)
    {
        let errors = first_entry_to_blame(own, value, errors.into_vec());
        found.extend(errors.iter().map(|error| refusal(error, value, path)));
    }
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let old = old.and_then(|old| old.get(name));
                match (node.properties.get(name), &node.entries) {
                    (Some(child), _) if path.is_empty() => walk(child, value, old, name, found),
                    (Some(child), _) => walk(child, value, old, &format!("{path}.{name}"), found),
                    (None, Some(child)) => walk(child, value, old, &format!("{path}[{name}]"), found),
                    (None, None) => {}
                }
            }
        }
        Value::Array(items) => {
            // No list of ours has items that the server could match with old ones.
            for (index, item) in items.iter().enumerate() {
                node.items
                    .iter()
                    .for_each(|child| walk(child, item, None, &format!("{path}[{index}]"), found));
            }
        }
        _ => {}
    }
}

/// A rule over the entries of a map names one that breaks it, and CEL goes through maps in no order. Asked entry by
/// entry, it names the first one, every time.
fn first_entry_to_blame(
    own: &CompiledSchema,
    value: &Value,
    errors: Vec<ValidationError>,
) -> Vec<ValidationError> {
    let Some(entries) = value.as_object().filter(|_| own.is_map) else { return errors };
    let mut alone =
        entries.iter().map(|(key, value)| Value::Object(Map::from_iter([(key.clone(), value.clone())])));
    alone
        .find_map(|entry| validate_compiled(own, &entry, None).err())
        .map_or(errors, |errors| errors.into_vec())
}

fn refusal(error: &ValidationError, value: &Value, path: &str) -> Refusal {
    let detail = match error.kind {
        ErrorKind::ValidationFailure => error.message.clone(),
        _ => format!("{} evaluating rule: {}", error.message, error.rule),
    };
    if !error.field_path.is_empty() {
        // The rule points at a field below; the server then shows no value.
        let path = format!("{path}{}", error.field_path);
        return Refusal::invalid_unshown(path.trim_start_matches('.'), &detail);
    }
    match value {
        Value::Object(_) | Value::Array(_) => Refusal::invalid_unshown(path, &detail),
        _ => Refusal::invalid(path, value, &detail),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_the_same_entry_every_time() {
        let rules: Map<_, _> = (0..50).map(|n| (format!("no-{n:02}"), json!("groups: []"))).collect();
        let object = json!({ "metadata": { "name": "a" }, "spec": { "rules": rules } });
        for _ in 0..20 {
            let found = check(&object, None);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(
                found[0]
                    .message
                    .starts_with("spec.rules: Invalid value: rules cannot have a file named no-00:")
            );
        }
    }

    #[test]
    fn compares_with_the_old_one() {
        let storage =
            |size: &str| json!({ "metadata": { "name": "a" }, "spec": { "storage": { "size": size } } });
        assert_eq!(check(&storage("1Gi"), Some(&storage("1Gi"))), []);
        assert_eq!(check(&storage("1Gi"), Some(&storage("2Gi"))).len(), 1);
    }
}
