//! The `status` of a PrometheusCluster: what promgit found and did, as users and tools read it back.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};
use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How many entries [`PrometheusClusterStatus::history`] holds; git and the Helm release records hold the rest.
pub const MAX_HISTORY: usize = 10;

/// What promgit found and did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
pub struct PrometheusClusterStatus {
    /// The `metadata.generation` that everything below speaks of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed_generation: Option<i64>,

    /// The value of the annotation `promgit.dev/reconcile-at` that was last acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub last_handled_reconcile_at: Option<String>,

    /// The value of the annotation `promgit.dev/test-at` that was last acted on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub last_handled_test_at: Option<String>,

    /// Replicas that exist.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replicas: Option<i32>,

    /// Replicas that are ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready_replicas: Option<i32>,

    /// Label selector of the pods, in the form that `kubectl get pods -l` takes; the scale subresource needs it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 1024))]
    pub selector: Option<String>,

    /// Name and version of the chart that was rendered, such as `prometheus-cluster-0.1.0`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 256))]
    pub chart: Option<String>,

    /// The last commit of this cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<Commit>,

    /// The Helm release record that belongs to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub release: Option<Release>,

    /// A digest of which fields promgit owns of the objects of this commit: by it an agent that starts sees, without asking, whether
    /// somebody changed them meanwhile.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub ownership: Option<String>,

    /// The last changes, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = MAX_HISTORY))]
    pub history: Vec<Change>,

    /// `Committed`, `Applied`, `Ready`; while they are true also `Reconciling`, `Stalled` and `Drifted`; `Tested` where tests were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 16))]
    #[x_kube(merge_strategy = ListMerge::Map(vec!["type".into()]))]
    pub conditions: Vec<Condition>,
}

/// A commit of the cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Commit {
    /// The branch.
    #[schemars(length(max = 256))]
    pub branch: String,
    /// The id of the commit, in full.
    #[schemars(length(max = 64))]
    pub revision: String,
    /// The first digits of `revision`, as lists show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 64))]
    pub short: Option<String>,
    /// Whether the remote has it.
    #[serde(default)]
    pub pushed: bool,
}

/// A Helm release record.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Release {
    /// The name of the release, as `helm list` shows it.
    #[schemars(length(max = 64))]
    pub name: String,
    /// The number of the revision, counted by Helm from 1.
    pub revision: i64,
    /// Helm's word for its state, such as `deployed`.
    #[schemars(length(max = 64))]
    pub status: String,
}

/// One change of the cluster and what became of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    /// The `metadata.generation` that was asked for.
    pub generation: i64,
    /// The id of the commit.
    #[schemars(length(max = 64))]
    pub commit: String,
    /// The revision of the Helm release, if it was applied by promgit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub helm_revision: Option<i64>,
    /// What became of it, in one word, such as `Succeeded` or `RolledBack`.
    #[schemars(length(max = 64))]
    pub outcome: String,
    /// When that was known.
    pub at: Time,
}
