//! Every field of the resource reaches an object.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{RELEASE, at, cases, chart, default_mapping, find, objects, subject, template};

/// All fields of the spec (DESIGN §3) that say what runs. `delivery` and `suspend` say what the agent does.
const FIELDS: &[&str] = &[
    "additionalArgs",
    "affinity",
    "config",
    "configMaps",
    "enableFeatures",
    "externalLabels",
    "externalUrl",
    "image",
    "imagePullSecrets",
    "logFormat",
    "logLevel",
    "nodeSelector",
    "persistentVolumeClaimRetentionPolicy.whenDeleted",
    "persistentVolumeClaimRetentionPolicy.whenScaled",
    "podMetadata.annotations",
    "podMetadata.labels",
    "podSecurityContext",
    "priorityClassName",
    "replicas",
    "resources",
    "retention.size",
    "retention.time",
    "routePrefix",
    "rules",
    "secrets",
    "serviceAccountName",
    "storage.accessModes",
    "storage.selector",
    "storage.size",
    "storage.storageClassName",
    "tolerations",
    "topologySpreadConstraints",
    "values",
    "version",
];

fn values(spec: &Value) -> Value {
    promgit::values::compose::compose(&default_mapping(), &subject(spec), &Value::Null).expect("values")
}

#[test]
fn every_field_is_where_its_case_says() {
    for (case, content) in cases("fields") {
        let objects = objects(&chart(), RELEASE, &values(&content["spec"]));
        for (id, expected) in content["objects"].as_object().expect("objects") {
            let object = find(&objects, id);
            assert_eq!(object.is_none(), expected.is_null(), "{case}: {id}");
            for (pointer, expected) in expected.as_object().into_iter().flatten() {
                assert_eq!(&at(object.expect("object"), pointer), expected, "{case}: {id} {pointer}");
            }
        }
    }
}

/// Without the field something else comes out: no field is only accepted.
#[test]
fn every_field_changes_what_is_rendered() {
    let mut seen = BTreeSet::new();
    for (case, content) in cases("fields") {
        let spec = &content["spec"];
        let rendered = template(&chart(), RELEASE, &[&values(spec)]).expect("renders");
        let overridden = |field: &str| spec["values"].get(field).is_some();
        for field in
            FIELDS.iter().filter(|field| spec.pointer(&pointer(field)).is_some() && !overridden(field))
        {
            let less = template(&chart(), RELEASE, &[&values(&without(spec, field))]);
            assert!(less.as_ref() != Ok(&rendered), "{case}: {field} changes nothing");
            seen.insert(*field);
        }
    }
    let all: BTreeSet<&str> = FIELDS.iter().copied().collect();
    assert_eq!(seen, all, "every field has a case");
}

/// Numbers, texts and booleans reach the chart as such.
#[test]
fn values_keep_their_types() {
    let spec = serde_json::json!({
        "replicas": 3, "rules": {"a.yml": "3"}, "podSecurityContext": {"runAsUser": 9_007_199_254_740_993_u64},
        "values": {"yes": "yes", "float": 1.5},
    });
    let values = values(&spec);
    assert_eq!(
        values.to_string(),
        r#"{"float":1.5,"podSecurityContext":{"runAsUser":9007199254740993},"replicas":3,"rules":{"a.yml":"3"},"yes":"yes"}"#
    );
}

fn pointer(field: &str) -> String {
    format!("/{}", field.replace('.', "/"))
}

fn without(spec: &Value, field: &str) -> Value {
    let mut spec = spec.clone();
    let pointer = pointer(field);
    let (parent, key) = pointer.rsplit_once('/').expect("a pointer");
    spec.pointer_mut(parent).and_then(Value::as_object_mut).expect("a map").remove(key);
    spec
}
