//! A hook of a chart, and what became of it, to the part of a record that holds it (Helm `pkg/release/v1/hook.go`).

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::json::{self, Object};
use super::lenient::{self, nullable};
use crate::render::manifests;

/// A hook as a record holds it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Hook {
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    #[serde(deserialize_with = "nullable")]
    pub kind: String,
    /// The template that it comes from: `app/templates/job.yaml`.
    #[serde(deserialize_with = "nullable")]
    pub path: String,
    /// Its text, exactly as rendered.
    #[serde(deserialize_with = "nullable")]
    pub manifest: String,
    /// `pre-install` and the like.
    #[serde(deserialize_with = "nullable")]
    pub events: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub last_run: Run,
    #[serde(deserialize_with = "nullable")]
    pub weight: i64,
    #[serde(deserialize_with = "nullable")]
    pub delete_policies: Vec<String>,
    #[serde(deserialize_with = "nullable")]
    pub output_log_policies: Vec<String>,
}

/// When a hook ran last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Run {
    #[serde(deserialize_with = "lenient::moment")]
    pub started_at: Option<Timestamp>,
    #[serde(deserialize_with = "lenient::moment")]
    pub completed_at: Option<Timestamp>,
    #[serde(deserialize_with = "phase")]
    pub phase: Phase,
}

/// How a run went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Phase {
    /// It never ran.
    #[default]
    None,
    Unknown,
    Running,
    Succeeded,
    Failed,
}

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Phase::None => "",
            Phase::Unknown => "Unknown",
            Phase::Running => "Running",
            Phase::Succeeded => "Succeeded",
            Phase::Failed => "Failed",
        }
    }
}

fn phase<'de, D: Deserializer<'de>>(reader: D) -> Result<Phase, D::Error> {
    Ok(match Option::<String>::deserialize(reader)?.as_deref() {
        None | Some("") => Phase::None,
        Some("Running") => Phase::Running,
        Some("Succeeded") => Phase::Succeeded,
        Some("Failed") => Phase::Failed,
        Some(_) => Phase::Unknown,
    })
}

impl Hook {
    /// A hook that has not run.
    pub fn of(hook: &manifests::Hook) -> Self {
        let manifests::Hook { manifest, events, weight, delete_policies, output_log_policies } = hook;
        Hook {
            name: manifest.head.name.clone(),
            kind: manifest.head.kind.clone(),
            path: manifest.path.to_text().into_owned(),
            manifest: manifest.text.to_text().into_owned(),
            events: events.iter().map(ToString::to_string).collect(),
            last_run: Run::default(),
            weight: *weight,
            delete_policies: delete_policies.clone(),
            output_log_policies: output_log_policies.clone(),
        }
    }

    pub(super) fn json(&self) -> Vec<u8> {
        let Hook {
            name,
            kind,
            path,
            manifest,
            events,
            last_run,
            weight,
            delete_policies,
            output_log_policies,
        } = self;
        let mut object = Object::new();
        object.some_text("name", name).some_text("kind", kind);
        object.some_text("path", path).some_text("manifest", manifest);
        object.some_list("events", events.iter().map(json::text));
        object.raw("last_run", &last_run.json()).some_number("weight", *weight);
        object.some_list("delete_policies", delete_policies.iter().map(json::text));
        object.some_list("output_log_policies", output_log_policies.iter().map(json::text)).end()
    }
}

impl Run {
    fn json(&self) -> Vec<u8> {
        let at = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
        let mut object = Object::new();
        object.some_text("started_at", at(self.started_at)).some_text("completed_at", at(self.completed_at));
        object.text("phase", self.phase.as_str()).end()
    }
}
