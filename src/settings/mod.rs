//! What the operator of the agent can set: one typed tree, filled from defaults, file, environment and flags.
//!
//! `config/promgit.yaml` is its reference: every key with its default and a comment; a test keeps it so.

pub mod address;
pub mod chart;
pub mod check;
pub mod delivery;
pub mod duration;
pub mod environment;
pub mod group_kind;
pub mod ignore;
pub mod load;
pub mod origin;
pub mod place;
pub mod remote;
pub mod target;
pub mod text;

use std::fmt;
use std::path::PathBuf;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use address::Address;
use chart::Chart;
use delivery::Delivery;
use duration::Span;
use origin::{Origin, OriginError};
use remote::Remote;
use target::Target;

/// All settings. `Settings::default()` is what `config/promgit.yaml` says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Settings {
    pub agent: Agent,
    pub source: Source,
    pub cluster: Cluster,
    pub repository: Repository,
    pub remote: Remote,
    pub chart: Chart,
    pub templates: Templates,
    pub capabilities: Capabilities,
    pub render: Render,
    pub commit: Commit,
    pub signing: Signing,
    pub delivery: Delivery,
    pub server: Server,
    pub log: Log,
    /// Namespaces with a repository of their own.
    pub targets: Vec<Target>,
}

/// Who the agent is: its mark on branches and the committer of its commits.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Agent {
    #[serde(deserialize_with = "text::name")]
    pub name: String,
    #[serde(deserialize_with = "text::email")]
    pub email: String,
}

/// Where resources come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Source {
    /// `cluster` or `dir:PATH`; [`Source::origin`] reads it.
    #[serde(deserialize_with = "text::line")]
    pub from: String,
    /// What a cluster source watches; empty: all namespaces.
    pub namespaces: Vec<String>,
    /// How long a folder must be quiet before it is read.
    #[serde(deserialize_with = "duration::debounce")]
    pub debounce: Span,
    /// How often the folder is read without a notification (network file systems send none).
    #[serde(deserialize_with = "duration::rescan")]
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
    #[serde(deserialize_with = "text::optional_path")]
    pub kubeconfig: Option<PathBuf>,
    /// A context of that kubeconfig; `None`: its current one.
    #[serde(deserialize_with = "text::optional_line")]
    pub context: Option<String>,
}

/// Where commits go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Repository {
    #[serde(deserialize_with = "text::path")]
    pub path: PathBuf,
    /// minijinja over `namespace`.
    #[serde(deserialize_with = "text::line")]
    pub branch: String,
}

/// Texts in the operator's own words.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Templates {
    /// `None`: the text that promgit ships.
    #[serde(deserialize_with = "text::optional_path")]
    pub commit: Option<PathBuf>,
    #[serde(deserialize_with = "text::optional_path")]
    pub readme: Option<PathBuf>,
}

/// What charts are told of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Capabilities {
    /// `None`: what `helm template` assumes.
    #[serde(deserialize_with = "text::optional_line")]
    pub kube_version: Option<String>,
    pub api_versions: Vec<String>,
}

/// How rendering is done.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Render {
    /// Renders at the same time; 0: one per processor.
    #[serde(deserialize_with = "workers")]
    pub workers: usize,
}

/// How commits are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Commit {
    /// Changes that arrive within this time share one flush to disk, still one commit each.
    #[serde(deserialize_with = "duration::window")]
    pub window: Span,
    /// minijinja over `namespace`, `name` and `generation`; `None`: commits get no tags.
    #[serde(deserialize_with = "text::optional_line")]
    pub tag: Option<String>,
    /// Whether a git note keeps what became of each commit in the cluster.
    pub notes: bool,
}

/// How commits are signed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Signing {
    /// A private key of OpenSSH; `None`: commits are not signed.
    #[serde(deserialize_with = "text::optional_path")]
    pub key_file: Option<PathBuf>,
    /// The passphrase of that key, on one line.
    #[serde(deserialize_with = "text::optional_path")]
    pub passphrase_file: Option<PathBuf>,
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
    #[serde(deserialize_with = "text::line")]
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

/// Each worker is a thread with a deep stack; no machine has more processors than this to give.
const MOST_WORKERS: u64 = 1_024;

/// A count; the error says so in words that are not Rust's.
fn workers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    struct Workers;
    impl Visitor<'_> for Workers {
        type Value = usize;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "a whole number from 0 to {MOST_WORKERS}")
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<usize, E> {
            let number = Some(number).filter(|number| *number <= MOST_WORKERS);
            let number = number.and_then(|number| usize::try_from(number).ok());
            number.ok_or_else(|| E::invalid_value(Unexpected::Other("a larger one"), &self))
        }
    }
    deserializer.deserialize_u64(Workers)
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
        Commit { window: Span::milliseconds(20), tag: None, notes: true }
    }
}

impl Default for Log {
    fn default() -> Self {
        Log { level: "warn".into(), format: LogFormat::Text }
    }
}
