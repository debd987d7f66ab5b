//! An object turned into its health: the rules for all objects first, then those of its kind.
//!
//! Source: fluxcd/cli-utils `pkg/kstatus/status/status.go`. `tests/health.rs` asks that code the same questions.

use jiff::Timestamp;
use serde_json::Value;

use super::fields::{Condition, Unreadable, conditions};
use super::state::Health;
use super::{generic, kinds, workloads};

/// The health of an object by kstatus' rules. An object whose status cannot be read (kstatus gives an error) is in
/// progress: it may become readable, and it is not known to be well.
///
/// A pod that cannot be scheduled is in progress here; whoever has a clock asks [`of_pod`].
pub fn of(object: &Value) -> Health {
    judge(object, None)
}

/// The health of a pod: as [`of`], but one that the scheduler finds no node for has failed
/// [`kinds::SCHEDULE_WINDOW`] after it was created.
pub fn of_pod(pod: &Value, now: Timestamp) -> Health {
    judge(pod, Some(now))
}

fn judge(object: &Value, now: Option<Timestamp>) -> Health {
    compute(object, now)
        .unwrap_or_else(|unreadable| Health::in_progress(format!("its state is not known: {unreadable}")))
}

fn compute(object: &Value, now: Option<Timestamp>) -> Result<Health, Unreadable> {
    if let Some(health) = generic::before_conditions(object)? {
        return Ok(health);
    }
    let conditions = conditions(object)?;
    if let Some(health) = generic::standard_conditions(&conditions) {
        return Ok(health);
    }
    by_kind(object, &conditions, now)
}

fn by_kind(
    object: &Value,
    conditions: &[Condition<'_>],
    now: Option<Timestamp>,
) -> Result<Health, Unreadable> {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let kind = object["kind"].as_str().unwrap_or_default();
    Ok(match (group(api_version), kind) {
        (Some(""), "Secret" | "ConfigMap") | (Some("batch"), "CronJob") => Health::Current,
        // Its controller reports no more than the generation, which was looked at already.
        (Some("policy"), "PodDisruptionBudget") => Health::Current,
        (Some("apps"), "StatefulSet") => workloads::stateful_set(object),
        (Some("apps" | "extensions"), "DaemonSet") => workloads::daemon_set(object)?,
        (Some("apps" | "extensions"), "Deployment") => workloads::deployment(object, conditions),
        (Some("apps" | "extensions"), "ReplicaSet") => workloads::replica_set(object, conditions),
        (Some(""), "Pod") => kinds::pod(object, conditions, now),
        (Some(""), "PersistentVolumeClaim") => kinds::claim(object),
        (Some(""), "Service") => kinds::service(object),
        (Some("batch"), "Job") => kinds::job(object, conditions),
        (Some("apiextensions.k8s.io"), "CustomResourceDefinition") => kinds::definition(conditions),
        _ => generic::ready_condition(conditions),
    })
}

/// The group of an `apiVersion`; empty for the core group, `None` for a text that is none.
fn group(api_version: &str) -> Option<&str> {
    match api_version.split_once('/') {
        None => Some(""),
        Some((_, version)) if version.contains('/') => None,
        Some((group, _)) => Some(group),
    }
}
