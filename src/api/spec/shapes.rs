//! Schemas of lists and maps with their bounds: an API server estimates what a CEL rule costs from the largest value
//! that the schema admits, and refuses a definition whose rules could cost too much.

use k8s_openapi::api::core::v1::ResourceRequirements;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use kube::core::Rule;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use super::rules;

/// Longest name of a Kubernetes object (a DNS subdomain, RFC 1123).
const MAX_OBJECT_NAME: u32 = 253;
/// Longest value of a label.
const MAX_LABEL: u32 = 63;
/// Longest key of a label: a DNS subdomain, a slash and a name.
const MAX_LABEL_KEY: u32 = MAX_OBJECT_NAME + 1 + MAX_LABEL;
/// Longest text of one file: a ConfigMap holds at most 1 MiB.
pub const MAX_FILE: u32 = 1_000_000;

/// File name → text.
pub fn rule_files(_: &mut SchemaGenerator) -> Schema {
    map(100, MAX_FILE)
}

/// Label → value.
pub fn labels(_: &mut SchemaGenerator) -> Schema {
    map(64, MAX_LABEL)
}

/// Annotation → value; all annotations of an object together may have 256 KiB.
pub fn annotations(_: &mut SchemaGenerator) -> Schema {
    map(64, 262_144)
}

/// Prometheus label → value.
pub fn external_labels(_: &mut SchemaGenerator) -> Schema {
    map(64, 1024)
}

/// Objects as `Kind/name`: a kind of 63 characters, a name of [`MAX_OBJECT_NAME`].
pub fn adopted(_: &mut SchemaGenerator) -> Schema {
    list(64, 63 + 1 + MAX_OBJECT_NAME, &[rules::adopted()])
}

/// Names of Secrets.
pub fn secret_names(_: &mut SchemaGenerator) -> Schema {
    list(64, MAX_OBJECT_NAME, &[rules::secret_name()])
}

/// Names of ConfigMaps.
pub fn config_map_names(_: &mut SchemaGenerator) -> Schema {
    list(64, MAX_OBJECT_NAME, &[rules::config_map_name()])
}

/// Names of feature flags.
pub fn feature_names(_: &mut SchemaGenerator) -> Schema {
    list(32, 64, &[rules::feature_name()])
}

/// Command-line flags.
pub fn arguments(_: &mut SchemaGenerator) -> Schema {
    list(64, 1024, &[rules::argument(), rules::argument_of_nobody_else()])
}

/// A number with a unit of Kubernetes, or a plain number.
pub fn quantity(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "x-kubernetes-int-or-string": true, "maxLength": 64 })
}

/// An object of any shape.
pub fn free_form(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": "object", "x-kubernetes-preserve-unknown-fields": true })
}

/// Kubernetes' ResourceRequirements.
pub fn resources(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = ResourceRequirements::json_schema(generator);
    for field in ["limits", "requests"] {
        set(&mut schema, &format!("/properties/{field}/maxProperties"), json!(32));
        let value = format!("/properties/{field}/additionalProperties");
        set(&mut schema, &format!("{value}/maxLength"), json!(64));
        set(&mut schema, &format!("{value}/x-kubernetes-validations"), json!([rules::resource()]));
    }
    schema
}

/// Kubernetes' LabelSelector.
pub fn label_selector(generator: &mut SchemaGenerator) -> Schema {
    let mut schema = LabelSelector::json_schema(generator);
    for (at, bound) in [
        ("/properties/matchLabels/maxProperties", 16),
        ("/properties/matchLabels/additionalProperties/maxLength", MAX_LABEL),
        ("/properties/matchExpressions/maxItems", 16),
        ("/properties/matchExpressions/items/properties/key/maxLength", MAX_LABEL_KEY),
        ("/properties/matchExpressions/items/properties/operator/maxLength", 16),
        ("/properties/matchExpressions/items/properties/values/maxItems", 16),
        ("/properties/matchExpressions/items/properties/values/items/maxLength", MAX_LABEL),
    ] {
        set(&mut schema, at, json!(bound));
    }
    schema
}

fn map(entries: u32, length: u32) -> Schema {
    json_schema!({
        "type": "object",
        "maxProperties": entries,
        "additionalProperties": { "type": "string", "maxLength": length },
    })
}

/// A list of texts; the rules are asked of every one, so that the API server names the item that breaks them.
fn list(items: u32, length: u32, rules: &[Rule]) -> Schema {
    json_schema!({
        "type": "array",
        "maxItems": items,
        "items": { "type": "string", "maxLength": length, "x-kubernetes-validations": rules },
    })
}

/// Sets a keyword at a JSON pointer whose parent exists; one that does not is left out, and the test of the
/// definition's bounds says so.
fn set(schema: &mut Schema, pointer: &str, value: Value) {
    let Some((parent, keyword)) = pointer.rsplit_once('/') else { return };
    if let Some(Value::Object(parent)) = schema.pointer_mut(parent) {
        parent.insert(keyword.to_owned(), value);
    }
}
