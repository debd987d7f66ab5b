//! The counters of a workload turned into its health: `2 of 3 pods ready`.
//!
//! Source of every rule and of their order: fluxcd/cli-utils `pkg/kstatus/status/core.go`.

use serde_json::Value;

use super::fields::{Condition, Unreadable, int, strict_int, text};
use super::generic::said;
use super::state::Health;
use super::text::counted;

/// The deadline that the deployment controller takes for none.
const NO_DEADLINE: i64 = i32::MAX as i64;

/// StatefulSets report no conditions: only the counters tell.
pub fn stateful_set(object: &Value) -> Health {
    if text(object, &["spec", "updateStrategy", "type"]) == Some("OnDelete") {
        // Whoever chose this strategy deletes the pods of the old revision: that is not waited for.
        return Health::Current;
    }
    let (desired, replicas) = (desired(object), status(object, "replicas"));
    let updated = status(object, "updatedReplicas");
    let late = short(replicas, desired, "created")
        .or_else(|| short(status(object, "readyReplicas"), desired, "ready"))
        .or_else(|| surplus(replicas, desired));
    if let Some(health) = late {
        return health;
    }
    match int(object, &["spec", "updateStrategy", "rollingUpdate", "partition"]) {
        // kstatus takes -1 for none; the API server refuses it.
        Some(partition) if partition != -1 => {
            short(updated, desired.saturating_sub(partition), "updated").unwrap_or(Health::Current)
        }
        _ => revisions(object, desired, updated),
    }
}

/// The update is through when the current revision is the updated one, on every pod.
fn revisions(object: &Value, desired: i64, updated: i64) -> Health {
    let revision = |key| text(object, &["status", key]).unwrap_or_default();
    let current = status(object, "currentReplicas");
    if revision("currentRevision") != revision("updateRevision") {
        let waiting = Health::in_progress("all pods updated, waiting for the controller to record it");
        return short(updated, desired, "updated").unwrap_or(waiting);
    }
    short(current, desired, "of the current revision").unwrap_or(Health::Current)
}

/// Deployments report conditions too: a passed deadline is a failure.
pub fn deployment(object: &Value, conditions: &[Condition<'_>]) -> Health {
    let deadline = int(object, &["spec", "progressDeadlineSeconds"]).unwrap_or(NO_DEADLINE);
    let (desired, replicas) = (desired(object), status(object, "replicas"));
    let updated = status(object, "updatedReplicas");
    let available = status(object, "availableReplicas");
    let is_late = |condition: &Condition<'_>| {
        condition.kind == "Progressing" && condition.reason == "ProgressDeadlineExceeded"
    };
    if conditions.iter().any(is_late) {
        let count = format!("{} of {} available", available, counted(desired, "pod"));
        let limit = if deadline == NO_DEADLINE { String::new() } else { format!(" within {deadline}s") };
        return Health::failed(with_refusal(format!("no progress{limit}, {count}"), conditions));
    }
    let late = short(replicas, desired, "created")
        .or_else(|| short(updated, desired, "updated"))
        .or_else(|| surplus(replicas, desired))
        .or_else(|| short(available, updated, "available"))
        .or_else(|| short(status(object, "readyReplicas"), desired, "ready"));
    if let Some(health) = late {
        return refused(health, conditions);
    }
    // Without a deadline the controller does not report progress.
    let progressed = |condition: &Condition<'_>| {
        condition.is("Progressing", "True") && condition.reason == "NewReplicaSetAvailable"
    };
    if deadline != NO_DEADLINE && !conditions.iter().any(progressed) {
        return Health::in_progress("its new replica set is not available yet");
    }
    if !conditions.iter().any(|condition| condition.is("Available", "True")) {
        return Health::in_progress("not available yet");
    }
    Health::Current
}

/// A ReplicaSet that cannot create pods says so in a condition.
pub fn replica_set(object: &Value, conditions: &[Condition<'_>]) -> Health {
    if conditions.iter().any(is_refusal) {
        return Health::in_progress(with_refusal("cannot create its pods".into(), conditions));
    }
    let desired = desired(object);
    short(status(object, "fullyLabeledReplicas"), desired, "created with all labels")
        .or_else(|| short(status(object, "availableReplicas"), desired, "available"))
        .or_else(|| short(status(object, "readyReplicas"), desired, "ready"))
        .or_else(|| surplus(status(object, "replicas"), desired))
        .unwrap_or(Health::Current)
}

/// DaemonSets count nodes; their controller always sets the observed generation.
pub fn daemon_set(object: &Value) -> Result<Health, Unreadable> {
    let generations = [["metadata", "generation"], ["status", "observedGeneration"]];
    for path in generations {
        if strict_int(object, &path)?.is_none() {
            return Ok(Health::in_progress("its controller has not seen it yet"));
        }
    }
    let Some(desired) = int(object, &["status", "desiredNumberScheduled"]).filter(|desired| *desired != -1)
    else {
        return Ok(Health::in_progress("its controller has not counted the nodes yet"));
    };
    Ok(short(status(object, "currentNumberScheduled"), desired, "created")
        .or_else(|| short(status(object, "updatedNumberScheduled"), desired, "updated"))
        .or_else(|| short(status(object, "numberAvailable"), desired, "available"))
        .or_else(|| short(status(object, "numberReady"), desired, "ready"))
        .unwrap_or(Health::Current))
}

/// Replicas that are asked for; every workload's default is 1.
pub fn desired(object: &Value) -> i64 {
    int(object, &["spec", "replicas"]).unwrap_or(1)
}

/// A counter of the status; one that is left out is 0.
pub fn status(object: &Value, counter: &str) -> i64 {
    int(object, &["status", counter]).unwrap_or(0)
}

fn short(count: i64, wanted: i64, what: &str) -> Option<Health> {
    (wanted > count).then(|| Health::in_progress(format!("{count} of {} {what}", counted(wanted, "pod"))))
}

fn surplus(replicas: i64, desired: i64) -> Option<Health> {
    let surplus = replicas.saturating_sub(desired);
    (surplus > 0).then(|| Health::in_progress(format!("{} too many, going down", counted(surplus, "pod"))))
}

/// Set while the API server refuses the pods: quota, admission, a missing service account.
fn is_refusal(condition: &Condition<'_>) -> bool {
    condition.is("ReplicaFailure", "True")
}

fn refused(health: Health, conditions: &[Condition<'_>]) -> Health {
    match health {
        Health::InProgress { message } => Health::in_progress(with_refusal(message, conditions)),
        other => other,
    }
}

fn with_refusal(message: String, conditions: &[Condition<'_>]) -> String {
    let refusal = conditions.iter().find(|condition| is_refusal(condition)).and_then(said);
    refusal.map_or(message.clone(), |refusal| format!("{message}: {refusal}"))
}
