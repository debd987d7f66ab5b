//! A workload that is not up turned into a sentence that says which pod is in the way, and why.

use k8s_openapi::api::core::v1::{Event, Pod};
use kube::api::{Api, ListParams};
use kube::{Client, Resource};
use serde::Serialize;
use serde_json::Value;

use super::call::limited;
use super::live::Target;
use crate::health::{Replicas, reasons};

/// Pods that are looked at; the first broken one is usually broken like the others.
const MOST_PODS: u32 = 50;
const MOST_EVENTS: u32 = 100;

/// Asks for the pods of a workload, and for the events about it. Nothing is said where nothing can be read: the
/// explanation is a service, its failure no reason to fail.
pub async fn why(client: &Client, target: &Target, replicas: Option<&Replicas>) -> Option<String> {
    let selector = &replicas?.selector;
    let pods: Api<Pod> = Api::namespaced(client.clone(), &target.namespace);
    let pods = limited(pods.list(&ListParams::default().labels(selector).limit(MOST_PODS))).await.ok()?;
    let events: Api<Event> = Api::namespaced(client.clone(), &target.namespace);
    let about = format!("involvedObject.kind={},involvedObject.name={}", target.kind, target.name);
    let events = limited(events.list(&ListParams::default().fields(&about).limit(MOST_EVENTS))).await;
    let events = events.map(|list| values(list.items)).unwrap_or_default();
    reasons::of_pods(&values(pods.items), &events)
}

fn values<K: Resource + Serialize>(items: Vec<K>) -> Vec<Value> {
    items.into_iter().filter_map(|item| serde_json::to_value(item).ok()).collect()
}
