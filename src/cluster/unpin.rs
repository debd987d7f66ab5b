//! Pods of a revision that never came up, of a StatefulSet that has another one now, turned into room for those.

use std::time::Duration;

use k8s_openapi::api::apps::v1::StatefulSet;
use k8s_openapi::api::core::v1::Pod;
use kube::api::{Api, DeleteParams, ListParams, Preconditions};
use serde_json::Value;
use tokio::time::sleep;

use super::apply::{Applier, ApplyError};
use super::call::limited;

/// How often it is looked whether the controller has seen the change.
const LOOK: Duration = Duration::from_millis(100);
/// How often at most: 10 s; a controller that does not run replaces nothing either.
const MOST_LOOKS: u32 = 100;

/// Which revision a pod is of (`apps.ControllerRevisionHashLabelKey`).
const REVISION: &str = "controller-revision-hash";

/// A StatefulSet and its newest revision.
struct Newest {
    /// The labels of its pods.
    selector: String,
    revision: String,
    uid: String,
}

impl Applier<'_> {
    /// Deletes the pods of a StatefulSet that are neither of its newest revision nor ready; how many those were.
    pub async fn unpin(&self, name: &str) -> Result<usize, ApplyError> {
        let failed = |source| ApplyError::Call { title: format!("StatefulSet/{name}"), source };
        let sets: Api<StatefulSet> = Api::namespaced(self.client.clone(), self.release.namespace);
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), self.release.namespace);
        let Some(Newest { selector, revision, uid }) = self.newest(&sets, name).await? else { return Ok(0) };
        let found = limited(pods.list(&ListParams::default().labels(&selector))).await.map_err(failed)?;
        let mut deleted = 0;
        for pod in found.items {
            let mut owners = pod.metadata.owner_references.iter().flatten();
            // labels alone may be those of somebody else's pods, too
            if !owners.any(|owner| owner.uid == uid) {
                continue;
            }
            let of = pod.metadata.labels.as_ref().and_then(|labels| labels.get(REVISION));
            if of == Some(&revision) || is_ready(&pod) || pod.metadata.deletion_timestamp.is_some() {
                continue;
            }
            let preconditions = Preconditions { uid: pod.metadata.uid.clone(), resource_version: None };
            let parameters = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::default() };
            let pod = pod.metadata.name.unwrap_or_default();
            match limited(pods.delete(&pod, &parameters)).await {
                Ok(_) => deleted += 1,
                Err(error) if error.is_not_found() || error.is_conflict() => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(deleted)
    }

    /// What it is, once the controller has looked at it.
    async fn newest(&self, sets: &Api<StatefulSet>, name: &str) -> Result<Option<Newest>, ApplyError> {
        let failed = |source| ApplyError::Call { title: format!("StatefulSet/{name}"), source };
        for _ in 0..MOST_LOOKS {
            let set = limited(sets.get(name)).await.map_err(failed)?;
            let is_seen = set
                .status
                .as_ref()
                .is_some_and(|status| status.observed_generation >= set.metadata.generation);
            if is_seen {
                let revision = set.status.as_ref().and_then(|status| status.update_revision.clone());
                let json = serde_json::to_value(&set).unwrap_or_default();
                let uid = set.metadata.uid.unwrap_or_default();
                return Ok(revision.map(|revision| Newest { selector: selector(&json), revision, uid }));
            }
            sleep(LOOK).await;
        }
        Ok(None)
    }
}

/// What a set looks for its own by: `app=a,tier=b`.
pub(super) fn selector(live: &Value) -> String {
    let labels = live.pointer("/spec/selector/matchLabels").and_then(Value::as_object);
    let pair = |(key, value): (&String, &Value)| Some(format!("{key}={}", value.as_str()?));
    labels.into_iter().flatten().filter_map(pair).collect::<Vec<_>>().join(",")
}

fn is_ready(pod: &Pod) -> bool {
    let conditions = pod.status.iter().flat_map(|status| status.conditions.iter().flatten());
    conditions.into_iter().any(|condition| condition.type_ == "Ready" && condition.status == "True")
}
