//! One pod and the events about it turned into its trouble.

use serde_json::Value;

use super::container;
use super::event::Event;
use super::trouble::{Kind, MOST_DETAIL, Trouble, detail};
use crate::health::fields::{Condition, conditions, items, text};
use crate::health::text::clause;

/// The trouble of a pod; `None` if it is ready or has ended well. `events` are sorted, the newest first.
pub fn of(pod: &Value, events: &[Event<'_>]) -> Option<Trouble> {
    // A status that cannot be read has no conditions to tell of; the phase still speaks.
    let conditions = conditions(pod).unwrap_or_default();
    let phase = text(pod, &["status", "phase"]).unwrap_or_default();
    if text(pod, &["metadata", "deletionTimestamp"]).is_some() {
        return Some(Trouble::new(Kind::Deleted, deleted(pod)));
    }
    if phase == "Succeeded" || (phase == "Running" && conditions.iter().any(|c| c.is("Ready", "True"))) {
        return None;
    }
    let events: Vec<&Event<'_>> = events.iter().filter(|event| concerns(event, pod)).collect();
    let found = containers(pod)
        .map(|trouble| with_probe(trouble, &events))
        .or_else(|| (phase == "Failed").then(|| failed(pod)))
        .or_else(|| unscheduled(pod, &conditions, &events))
        .or_else(|| volume(&events).filter(|_| phase == "Pending"))
        .or_else(|| probe(&events).filter(|_| phase == "Running"));
    Some(found.unwrap_or_else(|| waiting(phase, &conditions)))
}

fn concerns(event: &Event<'_>, pod: &Value) -> bool {
    event.is_about_pod(pod) || claims(pod).any(|claim| event.is_about_claim(claim))
}

fn claims(pod: &Value) -> impl Iterator<Item = &str> {
    let volumes = items(pod, &["spec", "volumes"]).iter();
    volumes.filter_map(|volume| text(volume, &["persistentVolumeClaim", "claimName"]))
}

/// The worst of its containers; an init container comes first, as nothing else starts before it ends.
fn containers(pod: &Value) -> Option<Trouble> {
    let roles = [("initContainerStatuses", "init container"), ("containerStatuses", "container")];
    let statuses = roles.into_iter().flat_map(|(key, role)| {
        items(pod, &["status", key]).iter().filter_map(move |status| container::of(status, role))
    });
    statuses.min_by_key(|trouble| trouble.kind)
}

fn deleted(pod: &Value) -> String {
    match text(pod, &["status", "reason"]) {
        // Its node does not answer: nobody confirms that it is gone.
        Some("NodeLost") => "being deleted, but its node does not answer".into(),
        _ if !items(pod, &["metadata", "finalizers"]).is_empty() => {
            "being deleted, held by a finalizer".into()
        }
        _ => "being deleted".into(),
    }
}

fn failed(pod: &Value) -> Trouble {
    let reason = text(pod, &["status", "reason"]).unwrap_or_default();
    let detail = detail(text(pod, &["status", "message"]).unwrap_or_default());
    let what = match reason {
        "Evicted" => "was evicted".to_string(),
        "" => "failed".to_string(),
        reason => format!("failed ({reason})"),
    };
    Trouble::new(Kind::Evicted, format!("{what}{detail}"))
}

fn unscheduled(pod: &Value, conditions: &[Condition<'_>], events: &[&Event<'_>]) -> Option<Trouble> {
    let refused = conditions.iter().find(|condition| condition.is("PodScheduled", "False"))?;
    if refused.reason == "SchedulingGated" {
        let gates = items(pod, &["spec", "schedulingGates"]).iter();
        let gates: Vec<&str> = gates.filter_map(|gate| text(gate, &["name"])).collect();
        let text = format!("held back by scheduling gates: {}", gates.join(", "));
        return Some(Trouble::new(Kind::Unschedulable, text));
    }
    if refused.message.contains("unbound immediate PersistentVolumeClaims") {
        return Some(unbound(pod, events));
    }
    // An older scheduler leaves the condition without a message and tells it in an event.
    let told = events.iter().find(|event| event.reason == "FailedScheduling").map(|event| event.message);
    let message = Some(refused.message).filter(|message| !message.is_empty()).or(told).unwrap_or_default();
    Some(Trouble::new(Kind::Unschedulable, format!("cannot be scheduled{}", detail(message))))
}

/// The scheduler does not say which claim; the events of the claims say why.
fn unbound(pod: &Value, events: &[&Event<'_>]) -> Trouble {
    let told = claims(pod).find_map(|claim| {
        let event = events.iter().find(|event| event.is_warning && event.is_about_claim(claim))?;
        Some((claim, event.message))
    });
    if let Some((claim, message)) = told {
        return Trouble::new(Kind::Claim, format!("waits for volume claim {claim}{}", detail(message)));
    }
    let claims: Vec<&str> = claims(pod).collect();
    let text = match claims.as_slice() {
        [claim] => format!("waits for volume claim {claim}, which is not bound yet"),
        claims => format!("waits for one of its volume claims to be bound: {}", claims.join(", ")),
    };
    Trouble::new(Kind::Claim, text)
}

/// A volume that cannot be attached or mounted, a sandbox that cannot be made: only events tell.
fn volume(events: &[&Event<'_>]) -> Option<Trouble> {
    let told = |reasons: &[&str]| {
        let found = events.iter().find(|event| event.is_warning && reasons.contains(&event.reason));
        found.map(|event| detail(event.message))
    };
    if let Some(detail) = told(&["FailedMount", "FailedAttachVolume", "FailedMapVolume"]) {
        return Some(Trouble::new(Kind::Volume, format!("waits for its volumes{detail}")));
    }
    let detail = told(&["FailedCreatePodSandBox"])?;
    Some(Trouble::new(Kind::Volume, format!("cannot be started by its node{detail}")))
}

/// A failed probe is told in events only.
fn probe(events: &[&Event<'_>]) -> Option<Trouble> {
    Some(Trouble::new(Kind::Probe, format!("not ready: {}", failed_probe(events)?)))
}

fn failed_probe(events: &[&Event<'_>]) -> Option<String> {
    let event = events.iter().find(|event| event.reason == "Unhealthy")?;
    let mut message = clause(event.message, MOST_DETAIL);
    if let Some(first) = message.get_mut(..1) {
        first.make_ascii_lowercase();
    }
    Some(message)
}

/// A container that is restarted by the kubelet ends by a signal: the probe says why.
fn with_probe(trouble: Trouble, events: &[&Event<'_>]) -> Trouble {
    match failed_probe(events).filter(|_| trouble.kind == Kind::Restarted) {
        Some(probe) => Trouble { text: format!("{}; {probe}", trouble.text), ..trouble },
        None => trouble,
    }
}

/// What is left: it is on its way, or its condition says why it is not.
fn waiting(phase: &str, conditions: &[Condition<'_>]) -> Trouble {
    let ready = conditions.iter().find(|condition| condition.kind == "Ready" && condition.status != "True");
    match (phase, ready) {
        ("Running", Some(ready)) => {
            Trouble::new(Kind::NotReady, format!("not ready{}", detail(ready.message)))
        }
        ("Running", None) => Trouble::new(Kind::NotReady, "not ready"),
        ("Unknown", _) => Trouble::new(Kind::NotReady, "not ready: its node does not answer"),
        _ => Trouble::new(Kind::Starting, "is starting"),
    }
}
