//! Deletion, generations and the conditions `Reconciling`, `Stalled`, `Ready`, turned into a health of any object.
//!
//! Source: fluxcd/cli-utils `pkg/kstatus/status/generic.go` and `checkReadyCondition` of `status.go`.

use serde_json::Value;

use super::fields::{Condition, Unreadable, strict_int, strict_text};
use super::state::Health;
use super::text::clause;

/// Conditions of other controllers carry whole stack traces; a person reads the beginning.
const MOST_MESSAGE: usize = 400;

/// What is known without any condition.
pub fn before_conditions(object: &Value) -> Result<Option<Health>, Unreadable> {
    if strict_text(object, &["metadata", "deletionTimestamp"])?.is_some_and(|time| !time.is_empty()) {
        return Ok(Some(Health::Terminating));
    }
    let Some(generation) = strict_int(object, &["metadata", "generation"])? else { return Ok(None) };
    let observed = strict_int(object, &["status", "observedGeneration"])?;
    Ok(observed.filter(|observed| *observed != generation).map(|observed| {
        Health::in_progress(format!(
            "its controller has not seen the change yet (generation {generation}, observed {observed})"
        ))
    }))
}

/// The conditions that mean the same on every kind: the first that holds decides.
pub fn standard_conditions(conditions: &[Condition<'_>]) -> Option<Health> {
    conditions.iter().find_map(|condition| {
        let message = || said(condition);
        if condition.is("Reconciling", "True") {
            Some(Health::in_progress(message().unwrap_or("being reconciled".into())))
        } else if condition.is("Stalled", "True") {
            Some(Health::failed(message().unwrap_or("stalled".into())))
        } else {
            None
        }
    })
}

/// An object without rules of its own: `Ready` decides if it is there; without it the object counts as current.
pub fn ready_condition(conditions: &[Condition<'_>]) -> Health {
    let known = |condition: &&Condition<'_>| {
        condition.kind == "Ready" && ["True", "False", "Unknown"].contains(&condition.status)
    };
    match conditions.iter().find(known) {
        Some(ready) if ready.status != "True" => {
            Health::in_progress(said(ready).unwrap_or("not ready".into()))
        }
        _ => Health::Current,
    }
}

/// `Reason: message` of a condition, as far as it says any.
pub fn said(condition: &Condition<'_>) -> Option<String> {
    let message = clause(condition.message, MOST_MESSAGE);
    match (condition.reason, message.as_str()) {
        ("", "") => None,
        ("", message) => Some(message.to_string()),
        (reason, "") => Some(reason.to_string()),
        (reason, message) => Some(format!("{reason}: {message}")),
    }
}
