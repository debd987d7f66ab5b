//! From a resource with fields that nobody knows to one without them, and the list of what was taken out.
//!
//! Source: k8s.io/apiextensions-apiserver `pkg/apiserver/schema/pruning/algorithm.go` and
//! `pkg/apiserver/schema/objectmeta/coerce.go`.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::Value;

use super::hint;
use super::refusal::{Refusal, printable};

/// The fields of Kubernetes' ObjectMeta.
const METADATA: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

/// The fields that every object has.
const ROOT: [&str; 3] = ["apiVersion", "kind", "metadata"];

/// Takes out unknown fields; one refusal each, in order of their paths.
pub fn remove(object: &mut Value, schema: &JSONSchemaProps) -> Vec<Refusal> {
    let mut found = Vec::new();
    if let Some(Value::Object(metadata)) = object.get_mut("metadata") {
        metadata.retain(|name, _| {
            METADATA.contains(&name.as_str()) || record("metadata", name, &METADATA, &mut found)
        });
    }
    let mut below = Vec::new();
    if let Value::Object(fields) = object {
        let known: Vec<&str> = names(schema).chain(ROOT).collect();
        fields.retain(|name, _| known.contains(&name.as_str()) || record("", name, &known, &mut below));
        for (name, value) in fields.iter_mut().filter(|(name, _)| !ROOT.contains(&name.as_str())) {
            if let Some(child) = schema.properties.as_ref().and_then(|properties| properties.get(name)) {
                prune(value, child, name, &mut below);
            }
        }
    }
    below.sort_by(|a, b| a.path.cmp(&b.path));
    found.append(&mut below);
    found
}

/// Recurses no deeper than the schema.
fn prune(value: &mut Value, schema: &JSONSchemaProps, path: &str, found: &mut Vec<Refusal>) {
    if schema.x_kubernetes_preserve_unknown_fields == Some(true) {
        return;
    }
    match value {
        Value::Object(fields) => match &schema.additional_properties {
            Some(JSONSchemaPropsOrBool::Schema(each)) => {
                for (name, value) in fields {
                    prune(value, each, &format!("{path}.{name}"), found);
                }
            }
            _ => {
                let known: Vec<&str> = names(schema).collect();
                fields.retain(|name, _| known.contains(&name.as_str()) || record(path, name, &known, found));
                for (name, value) in fields {
                    if let Some(child) =
                        schema.properties.as_ref().and_then(|properties| properties.get(name))
                    {
                        prune(value, child, &format!("{path}.{name}"), found);
                    }
                }
            }
        },
        Value::Array(items) => {
            if let Some(JSONSchemaPropsOrArray::Schema(each)) = &schema.items {
                for (index, item) in items.iter_mut().enumerate() {
                    prune(item, each, &format!("{path}[{index}]"), found);
                }
            }
        }
        _ => {}
    }
}

fn names(schema: &JSONSchemaProps) -> impl Iterator<Item = &str> {
    schema.properties.iter().flatten().map(|(name, _)| name.as_str())
}

/// Notes an unknown field, and says that it goes.
fn record(path: &str, name: &str, known: &[&str], found: &mut Vec<Refusal>) -> bool {
    let path = if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let meant =
        hint::closest(name, known).map(|name| format!(" (did you mean \"{name}\"?)")).unwrap_or_default();
    found.push(Refusal::sentence(path.clone(), format!("unknown field \"{}\"{meant}", printable(&path))));
    false
}
