//! An event of either API turned into what the sentences need of it.

use jiff::Timestamp;
use serde_json::Value;

use crate::health::fields::text;

/// What was told about one object.
#[derive(Debug)]
pub struct Event<'a> {
    kind: &'a str,
    name: &'a str,
    uid: &'a str,
    pub reason: &'a str,
    pub message: &'a str,
    pub is_warning: bool,
    /// When it was told last.
    pub time: Option<Timestamp>,
}

impl<'a> Event<'a> {
    /// Reads `v1` (`involvedObject`, `message`) and `events.k8s.io/v1` (`regarding`, `note`).
    pub fn read(event: &'a Value) -> Event<'a> {
        let about = |key| {
            let held = |object| text(event, &[object, key]);
            held("involvedObject").or_else(|| held("regarding")).unwrap_or_default()
        };
        let message = text(event, &["message"]).or_else(|| text(event, &["note"]));
        let series = &event["series"]["lastObservedTime"];
        let told = [series, &event["lastTimestamp"], &event["deprecatedLastTimestamp"], &event["eventTime"]];
        let created = &event["metadata"]["creationTimestamp"];
        Event {
            kind: about("kind"),
            name: about("name"),
            uid: about("uid"),
            reason: text(event, &["reason"]).unwrap_or_default(),
            message: message.unwrap_or_default(),
            is_warning: text(event, &["type"]) == Some("Warning"),
            time: told.into_iter().filter_map(time).max().or_else(|| time(created)),
        }
    }

    /// Whether it is about this pod, and not about one that had its name before.
    pub fn is_about_pod(&self, pod: &Value) -> bool {
        let uid = text(pod, &["metadata", "uid"]).unwrap_or_default();
        self.kind == "Pod"
            && text(pod, &["metadata", "name"]) == Some(self.name)
            && (self.uid.is_empty() || uid.is_empty() || self.uid == uid)
    }

    pub fn is_about_claim(&self, claim: &str) -> bool {
        self.kind == "PersistentVolumeClaim" && self.name == claim
    }

    /// Whether it is about what creates pods; the last kind that a chart may hold is not known by name.
    pub fn is_about_a_creator(&self) -> bool {
        !["", "Pod", "PersistentVolumeClaim", "Node", "Service", "PodDisruptionBudget"].contains(&self.kind)
    }
}

/// A moment as the API server writes it.
pub fn time(value: &Value) -> Option<Timestamp> {
    value.as_str()?.parse().ok()
}
