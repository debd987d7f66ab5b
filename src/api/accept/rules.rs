//! From a resource that fits its schema to the CEL rules that it breaks.
//!
//! The rules are evaluated by the `kube-cel` crate; its findings are put into the words of the API server
//! (k8s.io/apiextensions-apiserver `pkg/apiserver/schema/cel/validation.go`).

use std::sync::LazyLock;

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::JSONSchemaProps;
use kube::core::cel::{CompiledSchema, ErrorKind, ValidationError, compile_schema, validate_compiled};
use serde_json::Value;

use super::refusal::Refusal;
use crate::api::crd;

static RULES: LazyLock<Option<CompiledSchema>> = LazyLock::new(|| {
    let definition = crd::definition().ok()?;
    definition.json.pointer("/spec/versions/0/schema/openAPIV3Schema").map(compile_schema)
});

/// Checks all rules; those that compare with `old` only if there is one.
pub fn check(object: &Value, old: Option<&Value>, schema: &JSONSchemaProps) -> Vec<Refusal> {
    let Some(rules) = &*RULES else { return Vec::new() };
    let Err(errors) = validate_compiled(rules, object, old) else { return Vec::new() };
    let mut found: Vec<_> = errors.iter().map(|error| refusal(error, object, schema)).collect();
    // The crate goes through a hash map.
    found.sort_by(|a, b| (&a.path, &a.message).cmp(&(&b.path, &b.message)));
    found
}

fn refusal(error: &ValidationError, object: &Value, schema: &JSONSchemaProps) -> Refusal {
    let detail = match error.kind {
        ErrorKind::ValidationFailure => error.message.clone(),
        _ => format!("{} evaluating rule: {}", error.message, error.rule),
    };
    match at(object, &error.field_path).filter(|_| stands_on(schema, &error.field_path, &error.rule)) {
        Some(value) if !value.is_object() && !value.is_array() => Refusal::invalid(&error.field_path, value, &detail),
        _ => Refusal::invalid_unshown(&error.field_path, &detail),
    }
}

/// The value at a path of plain field names; no rule of ours stands on an item or on a value of a map.
fn at<'a>(object: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(object, |value, name| value.get(name))
}

/// Whether the rule is one of the field at `path`. If it is one of the object above, which only points there
/// (`fieldPath`), the server shows no value.
fn stands_on(schema: &JSONSchemaProps, path: &str, rule: &str) -> bool {
    let field = path.split('.').try_fold(schema, |schema, name| schema.properties.as_ref()?.get(name));
    field.and_then(|field| field.x_kubernetes_validations.as_ref()).into_iter().flatten().any(|found| found.rule == rule)
}
