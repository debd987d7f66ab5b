//! An object as the API server gives it turned into a resource, or into what is wrong with it.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;
use serde_json::{Value, json};

use crate::api::names::FINALIZER;
use crate::api::{self, PrometheusCluster, PrometheusClusterSpec, PrometheusClusterStatus};
use crate::source::event::{Key, Observed, Origin, Reason, Refused};

/// An annotation that repeats the whole object.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// Names everything that a reconcile depends on: an object that differs in nothing of it (its status was written, say)
/// is the same. Not kept on disk, so its hash may be any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    hash: u64,
    /// Our finalizer is on it.
    is_held: bool,
}

impl Fingerprint {
    /// Whether an object with this one has news for who knows the one before. That our finalizer came is none: the agent
    /// itself put it there; that it went is, for without it a deleted cluster leaves its objects behind.
    pub fn is_news(self, before: Option<Fingerprint>) -> bool {
        before.is_none_or(|before| before.hash != self.hash || before.is_held && !self.is_held)
    }
}

/// Takes what nobody reads off an object, before it is kept: managed fields and kubectl's copy make up most of it.
/// They are read once before, for the time of the last change.
pub fn slim(object: &mut DynamicObject) -> Timestamp {
    let at = changed_at(&object.metadata);
    object.metadata.managed_fields = None;
    if let Some(annotations) = &mut object.metadata.annotations {
        annotations.remove(LAST_APPLIED);
    }
    at
}

/// Which cluster an object is.
pub fn key(object: &DynamicObject) -> Key {
    let part = |part: &Option<String>| part.clone().unwrap_or_default();
    Key { namespace: part(&object.metadata.namespace), name: part(&object.metadata.name) }
}

/// What a reconcile of the object depends on.
pub fn fingerprint(object: &DynamicObject) -> Fingerprint {
    let ObjectMeta { uid, generation, labels, annotations, deletion_timestamp, finalizers, .. } =
        &object.metadata;
    let mut hash = DefaultHasher::new();
    (uid, generation, labels, annotations, deletion_timestamp.is_some()).hash(&mut hash);
    let is_held = finalizers.iter().flatten().any(|name| name == FINALIZER);
    Fingerprint { hash: hash.finish(), is_held }
}

/// The resource, with its defaults and the status that it had. An API server with our definition has none that is
/// refused here; one with an older definition may.
pub fn observed(object: DynamicObject, changed_at: Timestamp) -> Result<Observed, Refused> {
    let key = key(&object);
    let remains = remains(&object);
    let cluster = resource(object).map_err(|texts| {
        let reasons = texts.into_iter().map(|text| Reason { line: 0, text }).collect();
        let origin = Origin { path: key.to_string().into(), line: 0 };
        Refused { key: Some(key.clone()), origin, reasons, resource: remains.map(Arc::new) }
    })?;
    let generation = cluster.metadata.generation;
    Ok(Observed { key, cluster: Arc::new(cluster), origin: Origin::default(), changed_at, generation })
}

/// The same for what is being deleted: what is wrong with it does not matter any more.
pub fn terminating(object: DynamicObject) -> Option<Arc<PrometheusCluster>> {
    let remains = remains(&object);
    let whole = serde_json::to_value(object).and_then(serde_json::from_value);
    whole.ok().or(remains).map(Arc::new)
}

/// What can be read of any object: its metadata, its status if it is one, and of its spec who applies it: another tool's
/// objects are not ours to delete.
fn remains(object: &DynamicObject) -> Option<PrometheusCluster> {
    let delivery = object.data.pointer("/spec/delivery");
    let spec = serde_json::from_value::<PrometheusClusterSpec>(json!({ "delivery": delivery }));
    let spec = spec.or_else(|_| serde_json::from_value(json!({}))).ok()?;
    let status = status(object.data.get("status").cloned());
    Some(PrometheusCluster { metadata: object.metadata.clone(), spec, status })
}

/// A status that cannot be read was written by another version: it is written anew.
fn status(status: Option<Value>) -> Option<PrometheusClusterStatus> {
    status.filter(|status| *status != Value::Null).and_then(|status| serde_json::from_value(status).ok())
}

fn resource(mut object: DynamicObject) -> Result<PrometheusCluster, Vec<String>> {
    let broken = |error: serde_json::Error| vec![format!("the resource cannot be read: {error}")];
    let metadata = object.metadata.clone();
    let known = object.data.as_object_mut().and_then(|data| data.remove("status"));
    // Only what users write is checked; the rest is the API server's own.
    object.metadata = ObjectMeta {
        name: metadata.name.clone(),
        namespace: metadata.namespace.clone(),
        ..ObjectMeta::default()
    };
    let value = serde_json::to_value(object).map_err(broken)?;
    let accepted = api::accept(value);
    let mut cluster = accepted
        .map_err(|refusals| refusals.into_iter().map(|refusal| refusal.message).collect::<Vec<String>>())?;
    cluster.metadata = metadata;
    cluster.status = status(known);
    Ok(cluster)
}

/// When somebody last changed the object, but for its status; the API server notes it with the managed fields.
fn changed_at(metadata: &ObjectMeta) -> Timestamp {
    let fields = metadata.managed_fields.iter().flatten();
    let own = fields.filter(|entry| entry.subresource.as_deref().unwrap_or_default() != "status");
    let times = own.filter_map(|entry| entry.time.as_ref()).map(|time| time.0);
    let created = metadata.creation_timestamp.as_ref().map(|time| time.0);
    times.chain(created).max().unwrap_or(Timestamp::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::spec::delivery::Mode;

    fn object(extra: Value) -> DynamicObject {
        let mut object = json!({
            "apiVersion": "promgit.dev/v1alpha1", "kind": "PrometheusCluster",
            "metadata": {"name": "a", "namespace": "n", "uid": "u", "generation": 3,
                "creationTimestamp": "2026-01-01T00:00:00Z", "resourceVersion": "7"},
            "spec": {"replicas": 2},
        });
        for (key, value) in extra.as_object().unwrap() {
            match value.as_object() {
                Some(fields) => fields.iter().for_each(|(name, value)| object[key][name] = value.clone()),
                None => object[key] = value.clone(),
            }
        }
        serde_json::from_value(object).unwrap()
    }

    #[test]
    fn a_written_status_is_no_change() {
        let before = fingerprint(&object(json!({})));
        let status = json!({"status": {"observedGeneration": 3}, "metadata": {"resourceVersion": "8"}});
        assert_eq!(before, fingerprint(&object(status)));
        let held = fingerprint(&object(json!({"metadata": {"finalizers": [FINALIZER]}})));
        assert!(!held.is_news(Some(before)) && before.is_news(Some(held)) && before.is_news(None));
        for change in [json!({"generation": 4}), json!({"labels": {"a": "b"}}), json!({"uid": "v"})] {
            assert_ne!(before, fingerprint(&object(json!({"metadata": change}))));
        }
    }

    #[test]
    fn a_resource_keeps_its_metadata_and_status() {
        let found = object(json!({"status": {"observedGeneration": 2}}));
        let observed = observed(found, Timestamp::UNIX_EPOCH).unwrap();
        assert_eq!((observed.generation, observed.key.to_string().as_str()), (Some(3), "n/a"));
        assert_eq!(observed.cluster.status.as_ref().unwrap().observed_generation, Some(2));
        assert_eq!(observed.cluster.metadata.uid.as_deref(), Some("u"));
    }

    #[test]
    fn what_an_older_definition_let_through_is_refused() {
        let refused = observed(object(json!({"spec": {"replicas": 0}})), Timestamp::UNIX_EPOCH).unwrap_err();
        assert!(refused.lines().next().unwrap().starts_with("n/a: spec.replicas"), "{refused:?}");
        assert_eq!(refused.resource.unwrap().metadata.generation, Some(3));
    }

    #[test]
    fn what_is_deleted_can_go_whatever_its_spec_is() {
        let status = json!({"observedGeneration": 2});
        let spec = json!({"replicas": "many", "delivery": {"mode": "External"}});
        let terminating = terminating(object(json!({"spec": spec, "status": status}))).unwrap();
        assert_eq!(terminating.spec.delivery.as_ref().unwrap().mode, Some(Mode::External));
        assert_eq!(terminating.metadata.uid.as_deref(), Some("u"));
        assert_eq!(terminating.status.as_ref().unwrap().observed_generation, Some(2));
    }

    #[test]
    fn the_time_of_a_change_is_not_that_of_a_status() {
        let entry =
            |subresource: &str, time: &str| json!({"manager": "m", "subresource": subresource, "time": time});
        let mut found = object(json!({"metadata": {"managedFields": [
            entry("", "2026-01-02T00:00:00Z"), entry("status", "2026-01-03T00:00:00Z")]}}));
        assert_eq!(slim(&mut found), "2026-01-02T00:00:00Z".parse().unwrap());
        assert!(found.metadata.managed_fields.is_none());
    }
}
