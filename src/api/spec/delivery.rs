//! How a change of a cluster is brought to the cluster it runs in.

use kube::KubeSchema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How this cluster is delivered; what is not set is as the agent is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, KubeSchema)]
#[serde(rename_all = "camelCase")]
#[x_kube(
    validation = Rule::new("!has(self.mode) || self.mode != 'External' || !has(self.atomic) || !self.atomic").field_path(".atomic")
        .message("delivery.atomic needs mode Apply: with mode External another tool applies the branch, and promgit cannot roll back. Remove atomic or set it to false"),
    validation = Rule::new("!has(self.mode) || self.mode != 'External' || !has(self.drift) || self.drift != 'Correct'").field_path(".drift")
        .message("delivery.drift Correct needs mode Apply: with mode External another tool corrects drift. Write Report or Ignore"),
)]
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
    #[x_kube(validation = Rule::new("self.matches('^([0-9]{1,5}(h|m|s|ms))+$') && duration(self) >= duration('1s') && duration(self) <= duration('24h')")
        .message("delivery.timeout must be a duration between 1s and 24h, such as 90s, 3m or 1h30m"))]
    pub timeout: Option<String>,

    /// How often a failed change is tried again before the cluster is Stalled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 100))]
    pub max_retries: Option<i32>,

    /// What happens when somebody changes the objects in the cluster: `Correct`, they are put back; `Report`, it is
    /// said in the status and in an Event; `Ignore`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
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
