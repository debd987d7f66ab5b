//! From a resource as written to one as stored: nulls gone, defaults filled in.
//!
//! Source: k8s.io/apiextensions-apiserver `pkg/apiserver/schema/defaulting/{prunenulls,algorithm}.go`. Our schema has
//! no `nullable`, which makes both steps one.

use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::{
    JSONSchemaProps, JSONSchemaPropsOrArray, JSONSchemaPropsOrBool,
};
use serde_json::{Map, Value};

/// Drops the status, which only the agent writes, and fills in the defaults of the schema. Recurses no deeper than the
/// schema.
pub fn fill(object: &mut Value, schema: &JSONSchemaProps) {
    if let Value::Object(fields) = object {
        fields.remove("status");
    }
    visit(object, schema, &mut |value, schema| {
        if let Value::Object(fields) = value {
            fill_fields(fields, schema);
        }
    });
}

fn fill_fields(fields: &mut Map<String, Value>, schema: &JSONSchemaProps) {
    let typed_map = matches!(schema.additional_properties, Some(JSONSchemaPropsOrBool::Schema(_)));
    let properties = schema.properties.as_ref();
    fields.retain(|name, value| {
        let declared = properties.is_some_and(|properties| properties.contains_key(name));
        !value.is_null() || !(declared || typed_map)
    });
    for (name, property) in properties.into_iter().flatten() {
        if let Some(default) = &property.default
            && !fields.contains_key(name)
        {
            fields.insert(name.clone(), default.0.clone());
        }
    }
}

/// Calls `change` on every value that the schema describes, parents before children.
fn visit(value: &mut Value, schema: &JSONSchemaProps, change: &mut dyn FnMut(&mut Value, &JSONSchemaProps)) {
    change(value, schema);
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let property = schema.properties.as_ref().and_then(|properties| properties.get(name));
                match (property, &schema.additional_properties) {
                    (Some(child), _) => visit(value, child, change),
                    (None, Some(JSONSchemaPropsOrBool::Schema(child))) => visit(value, child, change),
                    _ => {}
                }
            }
        }
        Value::Array(items) => {
            if let Some(JSONSchemaPropsOrArray::Schema(child)) = &schema.items {
                items.iter_mut().for_each(|item| visit(item, child, change));
            }
        }
        _ => {}
    }
}
