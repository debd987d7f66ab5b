//! What the operator of the agent can set: one typed tree, filled from defaults, file, environment and flags.
//!
//! `config/promgit.yaml` is its reference: every key with its default and a comment; a test keeps it so.

pub mod address;
pub mod check;
pub mod delivery;
pub mod duration;
pub mod environment;
pub mod load;
pub mod origin;

use std::fmt;
use std::path::PathBuf;

use serde::de::Visitor;
use serde::{Deserialize, Deserializer, Serialize};

use address::Address;
use delivery::Delivery;
use duration::Span;
use origin::{Origin, OriginError};

/// All settings. `Settings::default()` is what `config/promgit.yaml` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    pub agent: Agent,
    pub source: Source,
    pub cluster: Cluster,
    pub repository: Repository,
    pub chart: Chart,
    pub templates: Templates,
    pub capabilities: Capabilities,
    pub render: Render,
    pub commit: Commit,
    pub delivery: Delivery,
    pub server: Server,
    pub log: Log,
}

/// Who the agent is: its mark on branches and the committer of its commits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Agent {
    pub name: String,
    pub email: String,
}

/// Where resources come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Source {
    /// `cluster` or `dir:PATH`; [`Source::origin`] reads it.
    pub from: String,
    /// What a cluster source watches; empty: all namespaces.
    pub namespaces: Vec<String>,
    /// How long a folder must be quiet before it is read.
    pub debounce: Span,
    /// How often the folder is read without a notification (network file systems send none).
    pub rescan: Span,
}

impl Source {
    /// What `from` names.
    pub fn origin(&self) -> Result<Origin, OriginError> {
        self.from.parse()
    }
}

/// How the cluster is reached; read only where something is done with one.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Cluster {
    /// `None`: the pod's own account in a pod where `KUBECONFIG` is not set, else what kubectl would use.
    pub kubeconfig: Option<PathBuf>,
    /// A context of that kubeconfig; `None`: its current one.
    pub context: Option<String>,
}

/// Where commits go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Repository {
    pub path: PathBuf,
    /// minijinja over `namespace`.
    pub branch: String,
}

/// What is rendered.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Chart {
    /// Folder or `.tgz`; `None`: the chart that promgit ships.
    pub path: Option<PathBuf>,
    /// `None`: the mapping that promgit ships.
    pub mapping: Option<PathBuf>,
    /// Helm values that win over everything else.
    pub override_values: serde_json::Map<String, serde_json::Value>,
}

/// Texts in the operator's own words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Templates {
    /// `None`: the text that promgit ships.
    pub commit: Option<PathBuf>,
    pub readme: Option<PathBuf>,
}

/// What charts are told of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Capabilities {
    /// `None`: what `helm template` assumes.
    pub kube_version: Option<String>,
    pub api_versions: Vec<String>,
}

/// How rendering is done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Render {
    /// Renders at the same time; 0: one per processor.
    #[serde(deserialize_with = "whole")]
    pub workers: usize,
}

/// How commits are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Commit {
    /// Changes that arrive within this time share one flush to disk, still one commit each.
    pub window: Span,
}

/// Health and metrics over HTTP.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Server {
    /// `None`: no server.
    pub listen: Option<Address>,
}

/// What is written to stderr.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Log {
    /// `error`, `warn`, `info`, `debug`, `trace`, or a tracing filter.
    pub level: String,
    pub format: LogFormat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    #[default]
    Text,
    Json,
}

/// A count; the error says so in words that are not Rust's.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    struct Whole;
    impl Visitor<'_> for Whole {
        type Value = usize;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a whole number, 0 or more")
        }

        fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<usize, E> {
            usize::try_from(number).map_err(E::custom)
        }
    }
    deserializer.deserialize_u64(Whole)
}

impl Default for Agent {
    fn default() -> Self {
        Agent { name: "promgit".into(), email: "promgit@localhost".into() }
    }
}

impl Default for Source {
    fn default() -> Self {
        let [debounce, rescan] = [Span::milliseconds(50), Span::milliseconds(30_000)];
        Source { from: "dir:examples".into(), namespaces: Vec::new(), debounce, rescan }
    }
}

impl Default for Repository {
    fn default() -> Self {
        Repository { path: "deploy.git".into(), branch: "deploy/{{ namespace }}".into() }
    }
}

impl Default for Commit {
    fn default() -> Self {
        Commit { window: Span::milliseconds(20) }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log { level: "warn".into(), format: LogFormat::Text }
    }
}
