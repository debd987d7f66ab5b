//! What became of a cluster turned into what its users see: status, finalizer, events.
#![allow(clippy::disallowed_methods)] // an event says when

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::api::core::v1::ObjectReference;
use k8s_openapi::api::events::v1::Event;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{MicroTime, ObjectMeta};
use kube::api::{Api, Patch, PatchParams, PostParams};
use kube::core::Request;
use kube::{Client, ResourceExt};
use serde_json::{Value, json};

use super::brief;
use super::call::{CallError, limited};
use super::mark::digest;
use super::object::FIELD_MANAGER;
use crate::api::names::{API_VERSION, FINALIZER, KIND};
use crate::api::{PrometheusCluster, PrometheusClusterStatus};
use crate::metrics::Metrics;
use crate::metrics::labels::EventType;

/// Longest `note` of an event, in bytes (Kubernetes `pkg/apis/core/validation/events.go`).
const MOST_NOTE: usize = 1_024;

/// The same news is told again after this: events themselves are kept for an hour.
const AGAIN: SignedDuration = SignedDuration::from_mins(10);

/// Who the status, the finalizer and the events are about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    pub namespace: String,
    pub name: String,
    /// A cluster of the same name that comes later is another one.
    pub uid: String,
}

impl Subject {
    /// The subject that a resource of an API server is; none for one from a folder.
    pub fn of(cluster: &PrometheusCluster) -> Option<Self> {
        let metadata = &cluster.metadata;
        let uid = metadata.uid.clone()?;
        Some(Subject { namespace: metadata.namespace.clone()?, name: metadata.name.clone()?, uid })
    }
}

/// How an event is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Normal,
    Warning,
}

/// Writes what users see.
pub struct Publisher {
    client: Client,
    /// Which agent; events name it.
    instance: String,
    metrics: Arc<Metrics>,
    /// Digests of what was told, and when.
    told: Mutex<BTreeMap<u64, Timestamp>>,
}

impl Publisher {
    pub fn new(client: Client, instance: &str, metrics: Arc<Metrics>) -> Self {
        Publisher { client, instance: instance.to_string(), metrics, told: Mutex::default() }
    }

    /// Replaces the status by server-side apply: what is left out goes.
    pub async fn status(&self, subject: &Subject, status: &PrometheusClusterStatus) -> Result<(), CallError> {
        let body = body(subject, json!({ "status": status }));
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        let (url, patch) = (self.api(subject).resource_url().to_owned(), Patch::Apply(&body));
        let request = Request::new(url).patch_subresource("status", &subject.name, &parameters, &patch);
        brief::send(&self.client, request).await?;
        Ok(())
    }

    /// Puts our finalizer on the resource, or takes it off; finalizers of others stay. Returns quietly if the resource is
    /// gone.
    pub async fn finalizer(&self, subject: &Subject, wanted: bool) -> Result<(), CallError> {
        let own: &[&str] = if wanted { &[FINALIZER] } else { &[] };
        let mut body = body(subject, json!({}));
        body["metadata"]["finalizers"] = json!(own);
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        let (api, patch) = (self.api(subject), Patch::Apply(&body));
        match limited(api.patch_metadata(&subject.name, &parameters, &patch)).await {
            Ok(_) => Ok(()),
            // With its uid in the patch, a resource that is gone is a conflict and not made anew.
            Err(error) if !wanted && (error.is_not_found() || error.is_conflict()) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Tells an event, unless the same was told a short while ago. A failure is no reason to fail: the status says it too.
    pub async fn event(&self, subject: &Subject, tone: Tone, reason: &str, action: &str, note: &str) {
        let now = Timestamp::now();
        let note = cut(note, MOST_NOTE);
        if !self.is_news(subject, reason, &note, now) {
            return;
        }
        let event = Event {
            metadata: ObjectMeta {
                name: Some(format!("{}.{:x}", subject.name, now.as_nanosecond())),
                namespace: Some(subject.namespace.clone()),
                ..ObjectMeta::default()
            },
            action: Some(action.to_string()),
            event_time: Some(MicroTime(now)),
            note: Some(note),
            reason: Some(reason.to_string()),
            regarding: Some(ObjectReference {
                api_version: Some(API_VERSION.to_string()),
                kind: Some(KIND.to_string()),
                name: Some(subject.name.clone()),
                namespace: Some(subject.namespace.clone()),
                uid: Some(subject.uid.clone()),
                ..ObjectReference::default()
            }),
            reporting_controller: Some("promgit.dev/agent".to_string()),
            reporting_instance: Some(self.instance.clone()),
            type_: Some(if tone == Tone::Normal { "Normal" } else { "Warning" }.to_string()),
            ..Event::default()
        };
        let events: Api<Event> = Api::namespaced(self.client.clone(), &subject.namespace);
        match limited(events.create(&PostParams::default(), &event)).await {
            Ok(_) => self.metrics.event_told(match tone {
                Tone::Normal => EventType::Normal,
                Tone::Warning => EventType::Warning,
            }),
            Err(error) => tracing::debug!(event = event.name_any(), %error, "an event could not be told"),
        }
    }

    fn is_news(&self, subject: &Subject, reason: &str, note: &str, now: Timestamp) -> bool {
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| now.duration_since(*at) < AGAIN);
        let mut is_news = false;
        told.entry(digest(&(&subject.uid, reason, note))).or_insert_with(|| {
            is_news = true;
            now
        });
        is_news
    }

    fn api(&self, subject: &Subject) -> Api<PrometheusCluster> {
        Api::namespaced(self.client.clone(), &subject.namespace)
    }
}

fn body(subject: &Subject, more: Value) -> Value {
    let mut body = json!({
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": subject.name, "namespace": subject.namespace, "uid": subject.uid},
    });
    if let (Some(body), Value::Object(more)) = (body.as_object_mut(), more) {
        body.extend(more);
    }
    body
}

/// At most `most` bytes, cut between characters.
pub fn cut(text: &str, most: usize) -> String {
    if text.len() <= most {
        return text.to_string();
    }
    let mut end = most.saturating_sub('…'.len_utf8());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}…", &text[..end])
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_long_note_ends_between_characters() {
        assert_eq!(cut("short", 10), "short");
        assert_eq!(cut("aéééé", 6), "aé…");
        assert!(cut(&"é".repeat(1000), 1024).len() <= 1024);
    }
}
