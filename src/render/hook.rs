//! The annotations of an object turned into when it runs as a hook, and what becomes of it (<https://helm.sh/docs/topics/charts_hooks/>;
//! Helm `pkg/release/v1/hook.go`, `pkg/release/v1/util/manifest_sorter.go`).

use std::collections::BTreeMap;

/// Makes a manifest a hook.
pub const HOOK: &str = "helm.sh/hook";
const WEIGHT: &str = "helm.sh/hook-weight";
const DELETE_POLICY: &str = "helm.sh/hook-delete-policy";
const OUTPUT_LOG_POLICY: &str = "helm.sh/hook-output-log-policy";

/// When a hook runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Event {
    PreInstall,
    PostInstall,
    PreDelete,
    PostDelete,
    PreUpgrade,
    PostUpgrade,
    PreRollback,
    PostRollback,
    Test,
}

impl Event {
    /// Reads a name of the `helm.sh/hook` annotation; `test-success` is Helm 2's name for `test`.
    fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "pre-install" => Event::PreInstall,
            "post-install" => Event::PostInstall,
            "pre-delete" => Event::PreDelete,
            "post-delete" => Event::PostDelete,
            "pre-upgrade" => Event::PreUpgrade,
            "post-upgrade" => Event::PostUpgrade,
            "pre-rollback" => Event::PreRollback,
            "post-rollback" => Event::PostRollback,
            "test" | "test-success" => Event::Test,
            _ => return None,
        })
    }

    /// As the annotation and records write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Event::PreInstall => "pre-install",
            Event::PostInstall => "post-install",
            Event::PreDelete => "pre-delete",
            Event::PostDelete => "post-delete",
            Event::PreUpgrade => "pre-upgrade",
            Event::PostUpgrade => "post-upgrade",
            Event::PreRollback => "pre-rollback",
            Event::PostRollback => "post-rollback",
            Event::Test => "test",
        }
    }
}

impl std::fmt::Display for Event {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the annotations of a hook say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    pub events: Vec<Event>,
    pub weight: i64,
    /// `before-hook-creation`, `hook-succeeded`, `hook-failed`, or whatever the chart says.
    pub delete_policies: Vec<String>,
    pub output_log_policies: Vec<String>,
}

/// What annotations make of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A part of the release.
    Manifest,
    Hook(Terms),
    /// A hook for events that Helm does not know: neither the one nor the other.
    Unknown(String),
}

/// What these annotations make of their object.
pub fn role(annotations: &BTreeMap<String, String>) -> Role {
    let Some(types) = annotations.get(HOOK) else { return Role::Manifest };
    let events: Option<Vec<Event>> = list(types).iter().map(|name| Event::parse(name)).collect();
    let Some(events) = events else { return Role::Unknown(types.clone()) };
    let policies = |name: &str| annotations.get(name).map(|text| list(text)).unwrap_or_default();
    Role::Hook(Terms {
        events,
        weight: annotations.get(WEIGHT).and_then(|weight| weight.parse().ok()).unwrap_or(0),
        delete_policies: policies(DELETE_POLICY),
        output_log_policies: policies(OUTPUT_LOG_POLICY),
    })
}

fn list(annotation: &str) -> Vec<String> {
    annotation.split(',').map(|item| item.trim().to_lowercase()).collect()
}
