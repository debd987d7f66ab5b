//! From a value and its schema to the sentences in which an API server says where they do not agree.
//!
//! Only the keywords that our definition uses are known here; a test says so. Source: k8s.io/kube-openapi
//! `pkg/validation/validate` (order and conditions of the checks) and k8s.io/apiextensions-apiserver
//! `pkg/apiserver/validation/validation.go` (how its results become field errors). Where the server goes through Go
//! maps in no order, fields come in alphabetical order here. Whole floats are integers before this is called.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::{Map, Number, Value};

use super::refusal::{Refusal, go_float};

/// Checks the whole object but `metadata`, which [`super::metadata`] checks.
pub fn check(object: &Value, schema: &JSONSchemaProps) -> Vec<Refusal> {
    let mut found = Vec::new();
    let Value::Object(fields) = object else { return found };
    for (name, value, child) in children(fields, schema).filter(|(name, ..)| *name != "metadata") {
        check_value(value, child, name, &mut found);
    }
    check_required(fields, schema, "", &mut found);
    check_sets(object, schema, "", &mut found);
    found
}

/// Recurses no deeper than the schema.
fn check_value(value: &Value, schema: &JSONSchemaProps, path: &str, found: &mut Vec<Refusal>) {
    if let Err((expected, actual)) = check_type(value, schema) {
        found.push(Refusal::wrong_type(path, &expected, actual));
    }
    match value {
        Value::String(text) => check_text(text, schema, path, found),
        Value::Number(number) => check_number(number, schema, path, found),
        Value::Array(items) => check_list(items, schema, path, found),
        _ => {}
    }
    check_enum(value, schema, path, found);
    if let Value::Object(fields) = value {
        check_object(fields, schema, path, found);
    }
}

/// What was expected and what was found, if they differ.
fn check_type(value: &Value, schema: &JSONSchemaProps) -> Result<(), (String, &'static str)> {
    let expected: &[&str] = match schema.type_.as_deref() {
        _ if schema.x_kubernetes_int_or_string == Some(true) => &["integer", "string"],
        Some("integer") => &["integer"],
        Some("string") => &["string"],
        Some("boolean") => &["boolean"],
        Some("array") => &["array"],
        Some("object") => &["object"],
        _ => return Ok(()),
    };
    let actual = type_name(value);
    if expected.contains(&actual) {
        return Ok(());
    }
    match (schema.format.as_deref(), value) {
        // The server compares formats first, and then names the format in place of the type.
        (Some(format @ ("int32" | "int64")), Value::Bool(_) | Value::Object(_)) => {
            Err((format.to_owned(), ""))
        }
        (Some(format @ ("int32" | "int64")), Value::Number(_)) => Err((format.to_owned(), "float64")),
        _ => Err((expected.join(","), actual)),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn check_text(text: &str, schema: &JSONSchemaProps, path: &str, found: &mut Vec<Refusal>) {
    if let Some(most) = schema.max_length
        && length(text.chars().count()) > most
    {
        found.push(Refusal::too_long(path, most));
    }
}

fn check_number(number: &Number, schema: &JSONSchemaProps, path: &str, found: &mut Vec<Refusal>) {
    let value = Value::Number(number.clone());
    if let (Some("integer"), Some(format)) = (schema.type_.as_deref(), schema.format.as_deref())
        && !fits(number, format)
    {
        let message = format!("Checked value must be of type integer with format {format} in {path}");
        found.push(Refusal::sentence(path, format!("Invalid value: \"\": {message}")));
    }
    let float = number.as_f64().unwrap_or_default();
    if let Some(least) = schema.minimum.filter(|least| float < *least) {
        let detail = format!("{path} in body should be greater than or equal to {}", go_float(least));
        found.push(Refusal::invalid(path, &value, &detail));
    }
    if let Some(most) = schema.maximum.filter(|most| float > *most) {
        let detail = format!("{path} in body should be less than or equal to {}", go_float(most));
        found.push(Refusal::invalid(path, &value, &detail));
    }
}

fn fits(number: &Number, format: &str) -> bool {
    number.as_i64().is_some_and(|whole| format != "int32" || i32::try_from(whole).is_ok())
}

fn check_list(items: &[Value], schema: &JSONSchemaProps, path: &str, found: &mut Vec<Refusal>) {
    if let Some(JSONSchemaPropsOrArray::Schema(each)) = &schema.items {
        for (index, item) in items.iter().enumerate() {
            check_value(item, each, &format!("{path}[{index}]"), found);
        }
    }
    let count = length(items.len());
    if let Some(least) = schema.min_items.filter(|least| count < *least) {
        let detail = format!("{path} in body should have at least {least} items");
        found.push(Refusal::invalid(path, &Value::from(count), &detail));
    }
    if let Some(most) = schema.max_items.filter(|most| count > *most) {
        found.push(Refusal::too_many(path, items.len(), most));
    }
}

fn check_enum(value: &Value, schema: &JSONSchemaProps, path: &str, found: &mut Vec<Refusal>) {
    let Some(allowed) = &schema.enum_ else { return };
    if !allowed.iter().any(|allowed| allowed.0 == *value) {
        let words: Vec<_> = allowed.iter().filter_map(|word| word.0.as_str().map(str::to_owned)).collect();
        found.push(Refusal::unsupported(path, value, &words));
    }
}

fn check_object(fields: &Map<String, Value>, schema: &JSONSchemaProps, path: &str, found: &mut Vec<Refusal>) {
    if let Some(most) = schema.max_properties.filter(|most| length(fields.len()) > *most) {
        found.push(Refusal::too_many(path, fields.len(), most));
    }
    for (name, value, child) in children(fields, schema) {
        check_value(value, child, &join(path, name), found);
    }
    check_required(fields, schema, path, found);
}

fn check_required(
    fields: &Map<String, Value>,
    schema: &JSONSchemaProps,
    path: &str,
    found: &mut Vec<Refusal>,
) {
    for name in schema.required.iter().flatten().filter(|name| !fields.contains_key(*name)) {
        found.push(Refusal::required(&join(path, name), ""));
    }
}

/// Lists of type `set` hold nothing twice (k8s.io/apiextensions-apiserver `pkg/apiserver/schema/listtype`).
fn check_sets(value: &Value, schema: &JSONSchemaProps, path: &str, found: &mut Vec<Refusal>) {
    match value {
        Value::Object(fields) => {
            for (name, value, child) in children(fields, schema) {
                check_sets(value, child, &join(path, name), found);
            }
        }
        Value::Array(items) => {
            if schema.x_kubernetes_list_type.as_deref() == Some("set") {
                check_set(items, path, found);
            }
            if let Some(JSONSchemaPropsOrArray::Schema(each)) = &schema.items {
                for (index, item) in items.iter().enumerate() {
                    check_sets(item, each, &format!("{path}[{index}]"), found);
                }
            }
        }
        _ => {}
    }
}

/// Only the second of equal items is refused, not the third. Sets are small: the schema bounds them.
fn check_set(items: &[Value], path: &str, found: &mut Vec<Refusal>) {
    for (index, item) in items.iter().enumerate() {
        if items[..index].iter().filter(|before| *before == item).count() == 1 {
            found.push(Refusal::duplicate(&format!("{path}[{index}]"), item));
        }
    }
}

/// The fields that the schema describes.
fn children<'a>(
    fields: &'a Map<String, Value>,
    schema: &'a JSONSchemaProps,
) -> impl Iterator<Item = (&'a String, &'a Value, &'a JSONSchemaProps)> {
    fields.iter().filter_map(|(name, value)| {
        let property = schema.properties.as_ref().and_then(|properties| properties.get(name));
        match (property, &schema.additional_properties) {
            (Some(child), _) => Some((name, value, child)),
            (None, Some(JSONSchemaPropsOrBool::Schema(child))) => Some((name, value, child.as_ref())),
            _ => None,
        }
    })
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn length(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
