//! Pods, claims, services, jobs and definitions turned into their health.
//!
//! Source of every rule: fluxcd/cli-utils `pkg/kstatus/status/core.go`.

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::fields::{Condition, int, items, text};
use super::generic::said;
use super::state::Health;
use super::text::counted;
use super::workloads::status;

/// How long the scheduler may look for a node before that is a failure.
pub const SCHEDULE_WINDOW: SignedDuration = SignedDuration::from_secs(15);

/// A pod that has ended is current, however it ended: its owner judges that.
pub fn pod(object: &Value, conditions: &[Condition<'_>], now: Option<Timestamp>) -> Health {
    match text(object, &["status", "phase"]).unwrap_or_default() {
        "Succeeded" | "Failed" => Health::Current,
        "Running" => running(object, conditions),
        "Pending" => pending(object, conditions, now),
        "" => Health::in_progress("not seen by a node yet"),
        phase => Health::in_progress(format!("its state is not known (phase {phase})")),
    }
}

fn running(object: &Value, conditions: &[Condition<'_>]) -> Health {
    if conditions.iter().any(|condition| condition.is("Ready", "True")) {
        return Health::Current;
    }
    let is_looping =
        |container: &&Value| text(container, &["state", "waiting", "reason"]) == Some("CrashLoopBackOff");
    let containers = items(object, &["status", "containerStatuses"]).iter().filter(is_looping);
    let names: Vec<&str> = containers.filter_map(|container| text(container, &["name"])).collect();
    match names.as_slice() {
        [] => Health::in_progress("running but not ready"),
        [name] => Health::failed(format!("container {name} is crash-looping")),
        names => Health::failed(format!("containers {} are crash-looping", names.join(", "))),
    }
}

fn pending(object: &Value, conditions: &[Condition<'_>], now: Option<Timestamp>) -> Health {
    let Some(refused) = conditions.iter().find(|condition| condition.is("PodScheduled", "False")) else {
        return Health::in_progress("starting (phase Pending)");
    };
    if refused.reason != "Unschedulable" {
        return Health::in_progress("not scheduled yet");
    }
    let created = text(object, &["metadata", "creationTimestamp"]).and_then(|time| time.parse().ok());
    let created: Timestamp = created.unwrap_or(Timestamp::MIN);
    let message = match refused.message {
        "" => "cannot be scheduled".to_string(),
        _ => format!(
            "cannot be scheduled: {}",
            said(&Condition { reason: "", ..*refused }).unwrap_or_default()
        ),
    };
    match now {
        Some(now) if now.duration_since(created) >= SCHEDULE_WINDOW => Health::failed(message),
        _ => Health::in_progress(message),
    }
}

/// A claim is there when a volume is bound to it.
pub fn claim(object: &Value) -> Health {
    match text(object, &["status", "phase"]) {
        Some("Bound") => Health::Current,
        Some(phase) => Health::in_progress(format!("not bound yet (phase {phase})")),
        None => Health::in_progress("not bound yet"),
    }
}

/// Only a load balancer waits, for its cluster address.
pub fn service(object: &Value) -> Health {
    let is_balancer = text(object, &["spec", "type"]) == Some("LoadBalancer");
    let address = text(object, &["spec", "clusterIP"]).unwrap_or_default();
    if is_balancer && address.is_empty() {
        return Health::in_progress("has no cluster address yet (type LoadBalancer)");
    }
    Health::Current
}

/// A job that was started counts as current: how long its work takes is its own affair.
pub fn job(object: &Value, conditions: &[Condition<'_>]) -> Health {
    for condition in conditions {
        if condition.is("Complete", "True") {
            return Health::Current;
        }
        if condition.is("Failed", "True") {
            let pods = counted(status(object, "failed"), "failed pod");
            let cause = said(condition).map(|cause| format!(": {cause}")).unwrap_or_default();
            return Health::failed(format!("failed after {pods}{cause}"));
        }
    }
    match text(object, &["status", "startTime"]) {
        None | Some("") if int(object, &["spec", "parallelism"]) == Some(0) => {
            Health::in_progress("not started (parallelism is 0)")
        }
        None | Some("") => Health::in_progress("not started yet"),
        Some(_) => Health::Current,
    }
}

/// A definition is there when the API server serves it; names that are taken are a failure.
pub fn definition(conditions: &[Condition<'_>]) -> Health {
    for condition in conditions {
        if condition.is("NamesAccepted", "False") {
            return Health::failed(said(condition).unwrap_or("its names are taken".into()));
        }
        if condition.is("Established", "False") && condition.reason != "Installing" {
            return Health::failed(said(condition).unwrap_or("not established".into()));
        }
        if condition.is("Established", "True") {
            return Health::Current;
        }
    }
    Health::in_progress("not served yet")
}
