//! From the `metadata` of a resource to what is wrong with it; fills in the namespace.
//!
//! Source: k8s.io/apimachinery `pkg/api/validation/objectmeta.go` (`ValidateObjectMetaAccessor`).

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::names::{dns_label, dns_subdomain, label_key, label_value};
use super::refusal::Refusal;
use crate::api::names::DEFAULT_NAMESPACE;

/// Most bytes of all annotations together (k8s.io/apimachinery `TotalAnnotationSizeLimitB`).
const MAX_ANNOTATIONS: usize = 256 * 1024;

/// Checks what a user writes: name, namespace, labels and annotations.
pub fn check(object: &mut Value) -> Vec<Refusal> {
    let mut found = Vec::new();
    let Value::Object(fields) = object else { return found };
    let metadata = fields.entry("metadata").or_insert(Value::Null);
    if metadata.is_null() {
        *metadata = Value::Object(Map::new());
    }
    let Value::Object(metadata) = metadata else {
        found.push(Refusal::wrong_type("metadata", "object", type_name(metadata)));
        return found;
    };
    // A null is as good as nothing.
    metadata.retain(|_, value| !value.is_null());
    if text(metadata, "namespace").is_some_and(str::is_empty) || !metadata.contains_key("namespace") {
        metadata.insert("namespace".to_owned(), DEFAULT_NAMESPACE.into());
    }
    check_name(metadata, &mut found);
    check_namespace(metadata, &mut found);
    check_labels(metadata, &mut found);
    check_annotations(metadata, &mut found);
    check_rest(metadata, &mut found);
    found
}

/// What the server writes itself, and a user at most copies: of the right types, or gone.
fn check_rest(metadata: &Map<String, Value>, found: &mut Vec<Refusal>) {
    const CHECKED: [&str; 4] = ["annotations", "labels", "name", "namespace"];
    for (field, value) in metadata.iter().filter(|(field, _)| !CHECKED.contains(&field.as_str())) {
        let alone = Map::from_iter([(field.clone(), value.clone())]);
        if let Err(error) = ObjectMeta::deserialize(alone) {
            let detail = format!("{error}; remove it: the API server writes this field");
            found.push(Refusal {
                blocking: true,
                ..Refusal::invalid_unshown(&format!("metadata.{field}"), &detail)
            });
        }
    }
}

fn check_name(metadata: &Map<String, Value>, found: &mut Vec<Refusal>) {
    let path = "metadata.name";
    match metadata.get("name") {
        Some(Value::String(name)) if !name.is_empty() => {
            found.extend(
                dns_subdomain(name).iter().map(|wrong| Refusal::invalid(path, &name.as_str().into(), wrong)),
            );
        }
        None | Some(Value::String(_)) if metadata.contains_key("generateName") => {
            found.push(Refusal::required(
                path,
                "write a name: only an API server can make one from generateName",
            ));
        }
        None | Some(Value::String(_)) => {
            found.push(Refusal::required(path, "name or generateName is required"))
        }
        Some(other) => found.push(not_text(path, other)),
    }
}

fn check_namespace(metadata: &Map<String, Value>, found: &mut Vec<Refusal>) {
    let path = "metadata.namespace";
    match metadata.get("namespace") {
        Some(Value::String(name)) => {
            found.extend(
                dns_label(name).iter().map(|wrong| Refusal::invalid(path, &name.as_str().into(), wrong)),
            );
        }
        Some(other) => found.push(not_text(path, other)),
        None => {}
    }
}

fn check_labels(metadata: &Map<String, Value>, found: &mut Vec<Refusal>) {
    let path = "metadata.labels";
    for (key, value) in pairs(metadata, "labels", found) {
        found.extend(label_key(&key).iter().map(|wrong| Refusal::invalid(path, &key.as_str().into(), wrong)));
        found.extend(
            label_value(&value).iter().map(|wrong| Refusal::invalid(path, &value.as_str().into(), wrong)),
        );
    }
}

fn check_annotations(metadata: &Map<String, Value>, found: &mut Vec<Refusal>) {
    let path = "metadata.annotations";
    let annotations = pairs(metadata, "annotations", found);
    for (key, _) in &annotations {
        // The case of an annotation's key does not matter.
        let wrong = label_key(&key.to_lowercase());
        found.extend(wrong.iter().map(|wrong| Refusal::invalid(path, &key.as_str().into(), wrong)));
    }
    if annotations.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>() > MAX_ANNOTATIONS {
        found.push(Refusal::too_long(path, 256 * 1024));
    }
}

/// The entries of a map of texts; what is no text is refused and left out.
fn pairs(metadata: &Map<String, Value>, field: &str, found: &mut Vec<Refusal>) -> Vec<(String, String)> {
    let path = format!("metadata.{field}");
    let mut pairs = Vec::new();
    match metadata.get(field) {
        Some(Value::Object(entries)) => {
            for (key, value) in entries {
                match value {
                    Value::String(value) => pairs.push((key.clone(), value.clone())),
                    Value::Null => pairs.push((key.clone(), String::new())),
                    other => found.push(not_text(&format!("{path}.{key}"), other)),
                }
            }
        }
        Some(other) => found.push(Refusal::wrong_type(&path, "object", type_name(other))),
        None => {}
    }
    pairs
}

/// The server says this as an error of Go's JSON decoder, without the key; this says what to write.
fn not_text(path: &str, value: &Value) -> Refusal {
    Refusal { blocking: true, ..Refusal::invalid(path, value, "must be a string; put it in quotes") }
}

fn text<'a>(metadata: &'a Map<String, Value>, field: &str) -> Option<&'a str> {
    metadata.get(field).and_then(Value::as_str)
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
