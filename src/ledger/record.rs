//! `release.yaml`: how to reproduce a folder, and what it put into the cluster.

use serde::{Deserialize, Serialize};

use super::names::{Identity, ObjectId};
use super::text::{self, TextError};

/// Everything beside `cluster.yaml` and `values.yaml` that fixed the bytes of the manifests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Record {
    pub chart: ChartRef,
    /// `sha256:<hex>` over `cluster.yaml`: whether somebody else wrote it. Empty in a record of an early promgit.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub cluster_digest: String,
    /// `sha256:<hex>` over `values.yaml`.
    pub values_digest: String,
    /// `sha256:<hex>` over the names and texts of all objects (definitions, manifests, hooks), in order.
    pub manifest_digest: String,
    /// Whose output the manifests equal: `helm 4.3.1`. Changes only when the rules do, not with each
    /// version of the agent.
    pub renderer: String,
    pub capabilities: Capabilities,
    /// What `now` was, where the chart drew random values, asked for the time or rendered a Secret: they, and the digests of
    /// the Secret, come from a lock that is not in git, made then. Empty where the files say all that is needed.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub locked_at: String,
    /// What is applied, in apply order; what an earlier commit lists and this one does not is pruned.
    pub inventory: Vec<Item>,
}

/// Which chart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartRef {
    pub name: String,
    pub version: String,
    /// What it installs if nobody says otherwise; empty where the chart does not say.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub app_version: String,
    /// `sha256:<hex>` over its files.
    pub digest: String,
    /// Where it was fetched from; none for a chart on disk and for the one that promgit ships.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<ChartSource>,
}

/// A chart of a repository: what a restart takes again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChartSource {
    /// `https://…` or `oci://…`, without credentials.
    pub repository: String,
    /// As the repository calls it.
    pub name: String,
    /// What the settings asked for: a version, a range, or empty for the newest.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub asked: String,
    /// `sha256:<hex>` of the archive.
    pub archive: String,
}

/// What the templates were told of the cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Capabilities {
    /// `v1.37.0`.
    pub kube_version: String,
    /// Beyond Helm's built-in list; sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_versions: Vec<String>,
}

/// One object and the file that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Item {
    pub api_version: String,
    pub kind: String,
    /// Empty where the manifest names none: then it is the cluster's.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    pub name: String,
    /// Below the cluster's folder: `manifests/statefulset-simple.yaml`.
    pub file: String,
}

impl Item {
    /// What it names, for a release of this namespace.
    pub fn object(&self, namespace: &str) -> ObjectId {
        let Item { api_version, kind, namespace: own, name, file: _ } = self.clone();
        Identity { api_version, kind, namespace: own, name }.object(namespace)
    }
}

impl Record {
    /// The text of `release.yaml`.
    pub fn to_yaml(&self) -> Result<String, TextError> {
        text::yaml("release.yaml", self)
    }

    /// What the inventory names, for a release of this namespace.
    pub fn objects(&self, namespace: &str) -> Vec<ObjectId> {
        self.inventory.iter().map(|item| item.object(namespace)).collect()
    }

    /// Reads `release.yaml`; the error is the reader's own text.
    pub fn parse(yaml: &[u8]) -> Result<Self, String> {
        serde_yaml::from_slice(yaml).map_err(|error| error.to_string())
    }
}
