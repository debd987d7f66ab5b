//! A workload turned into what the scale subresource shows.

use serde_json::Value;

use super::selector;
use super::workloads::{desired, status};

/// The numbers of a scalable workload, and how its pods are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replicas {
    /// `spec.replicas`, 1 if left out.
    pub desired: i32,
    /// Pods that exist.
    pub current: i32,
    /// Pods that are ready.
    pub ready: i32,
    /// As `kubectl get pods -l` takes it; empty if the object has none.
    pub selector: String,
}

/// The replicas of a StatefulSet, Deployment or ReplicaSet; `None` for any other kind.
pub fn replicas(object: &Value) -> Option<Replicas> {
    let is_apps = object["apiVersion"].as_str()?.starts_with("apps/");
    let kind = object["kind"].as_str()?;
    (is_apps && ["StatefulSet", "Deployment", "ReplicaSet"].contains(&kind)).then(|| Replicas {
        desired: narrow(desired(object)),
        current: narrow(status(object, "replicas")),
        ready: narrow(status(object, "readyReplicas")),
        selector: selector::text(&object["spec"]["selector"]),
    })
}

/// The API server takes no number beyond this one.
fn narrow(count: i64) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}
