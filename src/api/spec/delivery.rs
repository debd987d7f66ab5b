//! How a change of a cluster is brought to the cluster it runs in.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::ignore::IgnoreDifference;
use super::{rules, shapes};

/// How this cluster is delivered; what is not set is as the agent is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(validation = rules::atomic_needs_apply(), validation = rules::correction_needs_apply(), validation = rules::following_needs_apply())]
pub struct Delivery {
    /// Who applies what was committed: `Apply`, promgit does; `External`, another tool (Argo CD, Flux) applies the
    /// branch and promgit reports how it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<Mode>,

    /// True: a change that does not become ready in time is taken back, by a new commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atomic: Option<bool>,

    /// How long a change may take to become ready, such as `3m` or `1m30s`; at least 1 second, at most 24 hours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 32))]
    #[x_kube(validation = rules::timeout())]
    pub timeout: Option<String>,

    /// How often a failed change is tried again before the cluster is Stalled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_retries: Option<i32>,

    /// What happens when somebody changes or deletes the objects in the cluster, or changes the release with helm: `Correct`, they
    /// are put back; `Report`, it is said in the condition `Drifted` and in an Event; `Ignore`. Default: as the agent is set, and that
    /// is `Correct`; with mode External the other tool sees to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,

    /// True: what somebody does with `helm rollback` or `helm upgrade` becomes a change of this resource, and so a commit, instead of
    /// being put back; `drift` decides where that cannot be. Default: as the agent is set, and that is false.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_helm: Option<bool>,

    /// Objects of the cluster that may be taken over where they exist and belong to somebody else, such as another Helm release: each
    /// as `Kind/name`, such as `ConfigMap/settings`, or `*` for all of them. Their data stays. What a controller or another
    /// PrometheusCluster has is never taken, nor what belongs to no namespace.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(schema_with = "shapes::adopted")]
    pub adopt: Vec<String>,

    /// Fields that others may set in the cluster, beside those that the agent's settings name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(length(max = 32))]
    pub ignore_differences: Vec<IgnoreDifference>,
}

/// Who applies what was committed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Mode {
    Apply,
    External,
}

/// What happens to changes that did not come from git.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Drift {
    Correct,
    Report,
    Ignore,
}
