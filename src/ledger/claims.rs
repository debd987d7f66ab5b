//! The volume claims of a cluster's objects: those that stay behind when it is removed, and those that go.

use serde_json::Value;

/// Names of the claims that the StatefulSets among `objects` made and that Kubernetes keeps on deletion
/// (`persistentVolumeClaimRetentionPolicy.whenDeleted` other than `Delete`), in pod order.
///
/// Source of the names: Kubernetes, StatefulSet «Stable Storage»: `<template>-<statefulset>-<ordinal>`.
pub fn retained(objects: &[Value]) -> Vec<String> {
    sets(objects).filter(|set| policy(set) != Some("Delete")).flat_map(claims).collect()
}

/// Names of the claims that go with their StatefulSets.
pub fn lost(objects: &[Value]) -> Vec<String> {
    sets(objects).filter(|set| policy(set) == Some("Delete")).flat_map(claims).collect()
}

/// Names of the claims that the first pods of these StatefulSets use.
pub fn wanted(objects: &[Value]) -> Vec<String> {
    sets(objects).flat_map(claims).collect()
}

fn sets(objects: &[Value]) -> impl Iterator<Item = &Value> {
    objects.iter().filter(|object| object["kind"] == "StatefulSet")
}

fn policy(set: &Value) -> Option<&str> {
    set.pointer("/spec/persistentVolumeClaimRetentionPolicy/whenDeleted")?.as_str()
}

fn claims(set: &Value) -> Vec<String> {
    let name = set.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let replicas = set.pointer("/spec/replicas").and_then(Value::as_f64).unwrap_or(1.0) as u64;
    let first = set.pointer("/spec/ordinals/start").and_then(Value::as_f64).unwrap_or(0.0) as u64;
    let templates = set.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    let names = templates.into_iter().flatten().filter_map(|claim| claim.pointer("/metadata/name")?.as_str());
    let names: Vec<&str> = names.collect();
    let ordinals = first..first + replicas.min(MOST_REPLICAS);
    ordinals.flat_map(|ordinal| names.iter().map(move |claim| format!("{claim}-{name}-{ordinal}"))).collect()
}

/// A commit message is not a place for more names than a person would read.
const MOST_REPLICAS: u64 = 1_000;

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_pod_leaves_its_claims() {
        let set = json!({"kind": "StatefulSet", "metadata": {"name": "simple"}, "spec": {
            "replicas": 2.0, "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}});
        assert_eq!(retained(&[set]), ["data-simple-0", "data-simple-1"]);
    }

    #[test]
    fn deleted_claims_are_not_retained() {
        let set = json!({"kind": "StatefulSet", "metadata": {"name": "simple"}, "spec": {
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}}]}});
        assert!(retained(std::slice::from_ref(&set)).is_empty());
        assert_eq!(lost(&[set]), ["data-simple-0"]);
    }

    #[test]
    fn no_storage_leaves_nothing() {
        assert!(retained(&[json!({"kind": "Service"}), json!({"kind": "StatefulSet"})]).is_empty());
    }
}
