//! Objects that were deleted turned into what is still there of them: what something holds, and the pods of workloads.

use k8s_openapi::api::core::v1::{Namespace, Pod};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::OwnerReference;
use kube::Client;
use kube::api::{Api, ListParams};

use super::apply::{Applier, namespace};
use super::call::{CallError, limited};
use super::object::Object;
use super::unpin::selector;

/// Pods that are looked at; what is told is one of them and how many.
const MOST_PODS: u32 = 500;

/// Label of the pods of a Job (<https://kubernetes.io/docs/reference/labels-annotations-taints/#batch-kubernetes-io-job-name>).
pub(super) const JOB_NAME: &str = "batch.kubernetes.io/job-name";

impl Applier<'_> {
    /// Whether an object that was deleted is still on its way.
    pub async fn is_going(&self, object: &Object) -> Result<bool, CallError> {
        // A kind that nobody serves any more has no objects.
        let Ok(served) = self.served(object).await else { return Ok(false) };
        let api = served.api(self.client.clone(), namespace(&served, self.release.namespace));
        match limited(api.get_metadata(&object.name)).await {
            Ok(found) => Ok(found.metadata.deletion_timestamp.is_some()),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// The pods that a workload still has; none for other kinds.
pub async fn pods(client: &Client, namespace: &str, object: &Object) -> Result<Vec<String>, CallError> {
    let labels = match object.kind.as_str() {
        "StatefulSet" | "Deployment" | "DaemonSet" | "ReplicaSet" => selector(&object.json),
        "Job" => format!("{JOB_NAME}={}", object.name),
        _ => return Ok(Vec::new()),
    };
    if labels.is_empty() {
        return Ok(Vec::new());
    }
    let pods: Api<Pod> = Api::namespaced(client.clone(), namespace);
    let listed = limited(pods.list_metadata(&ListParams::default().labels(&labels).limit(MOST_PODS))).await?;
    let own = listed.items.into_iter().map(|pod| pod.metadata).filter(|pod| {
        let mut owners = pod.owner_references.iter().flatten();
        owners.any(|owner| is_of(owner, object))
    });
    Ok(own.filter_map(|pod| pod.name).collect())
}

/// A Deployment has its pods through ReplicaSets that are named after it.
fn is_of(owner: &OwnerReference, object: &Object) -> bool {
    match object.kind.as_str() {
        "Deployment" => {
            owner.kind == "ReplicaSet"
                && owner.name.strip_prefix(&object.name).is_some_and(|rest| rest.starts_with('-'))
        }
        kind => owner.kind == kind && owner.name == object.name,
    }
}

/// Whether a namespace is being deleted, with all that is in it. Who may not look takes it for one that stays.
pub async fn is_namespace_going(client: &Client, name: &str) -> bool {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    match limited(namespaces.get_metadata(name)).await {
        Ok(found) => found.metadata.deletion_timestamp.is_some(),
        Err(error) => error.is_not_found(),
    }
}
