//! A workload that is not up turned into a sentence that says which pod is in the way, and why.

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{Api, ListParams};
use kube::{Client, Resource};
use serde::Serialize;
use serde_json::Value;

use super::call::limited;
use super::leaving::JOB_NAME;
use super::live::Target;
use super::object::Object;
use crate::health::{Replicas, reasons};

/// Pods that are looked at; the first broken one is usually broken like the others.
const MOST_PODS: u32 = 50;
const MOST_EVENTS: u32 = 100;

/// Asks for the pods of a workload, and for the events about it. Nothing is said where nothing can be read: the
/// explanation is a service, its failure no reason to fail.
pub async fn why(client: &Client, target: &Target, replicas: Option<&Replicas>) -> Option<String> {
    let selected = ListParams::default().labels(&replicas?.selector);
    of_pods(client, target.namespace(), (target.kind(), target.name()), selected).await
}

/// The same of what runs once: a Pod, or the pods of a Job.
pub async fn why_ended(client: &Client, namespace: &str, object: &Object) -> Option<String> {
    let selected = match object.kind.as_str() {
        "Job" => ListParams::default().labels(&format!("{JOB_NAME}={}", object.name)),
        "Pod" => ListParams::default().fields(&format!("metadata.name={}", object.name)),
        _ => return None,
    };
    of_pods(client, namespace, (&object.kind, &object.name), selected).await
}

async fn of_pods(
    client: &Client,
    namespace: &str,
    (kind, name): (&str, &str),
    selected: ListParams,
) -> Option<String> {
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let pods = limited(pods.list(&selected.limit(MOST_PODS))).await.ok()?;
    let events: Api<Event> = Api::namespaced(client.clone(), namespace);
    let about = format!("involvedObject.kind={kind},involvedObject.name={name}");
    let events = limited(events.list(&ListParams::default().fields(&about).limit(MOST_EVENTS))).await;
    let events = events.map(|list| values(list.items)).unwrap_or_default();
    reasons::of_pods(&values(pods.items), &events)
}

fn values<K: Resource + Serialize>(items: Vec<K>) -> Vec<Value> {
    items.into_iter().filter_map(|item| serde_json::to_value(item).ok()).collect()
}
