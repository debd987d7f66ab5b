//! How clusters are delivered where their `spec.delivery` does not say.

use std::fmt;
use std::num::NonZeroUsize;

use serde::de::{Error, Unexpected, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use super::duration::{self, Span};
use super::group_kind::GroupKind;
use super::ignore::IgnoreDifference;
use super::text;

/// Defaults that a resource's `spec.delivery` overrides, and the agent's own bound.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Delivery {
    pub mode: Mode,
    /// How long a change may take to become ready.
    #[serde(deserialize_with = "duration::timeout")]
    pub timeout: Span,
    /// Whether a change that does not become ready in time is taken back, by a new commit.
    pub atomic: bool,
    /// How often a change that was taken back is tried again; 0 to [`MOST_RETRIES`].
    #[serde(deserialize_with = "retries")]
    pub max_retries: u32,
    /// What happens when somebody changes the objects in the cluster.
    pub drift: Drift,
    /// Whether what somebody does with helm becomes a change of the resource, and so a commit, instead of being put back.
    pub follow_helm: bool,
    /// Fields that others may set there; counts beside what a resource says.
    pub ignore_differences: Vec<IgnoreDifference>,
    /// Whether Helm's own history of each release is kept, in Secrets beside its objects.
    pub records: bool,
    /// Revisions of it that are kept, as Helm's `--history-max` has it; 0: all.
    pub history_max: u32,
    /// Clusters applied at the same time; 1 to [`MOST_AT_ONCE`].
    #[serde(deserialize_with = "concurrency")]
    pub concurrency: NonZeroUsize,
    /// Kinds without a namespace whose objects may be applied; none unless they are named.
    pub cluster_scoped: Vec<GroupKind>,
    /// Whether a resource may have objects taken from somebody else (`spec.delivery.adopt`).
    pub allow_adopt: bool,
    /// A ServiceAccount in the namespace of each cluster, with whose rights its objects are changed; none: with the agent's own.
    #[serde(deserialize_with = "text::optional_account")]
    pub service_account_name: Option<String>,
}

/// Who applies what was committed; means what `spec.delivery.mode` means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// promgit.
    #[default]
    Apply,
    /// Another tool that follows the branch.
    External,
}

/// What happens to changes that did not come from git; means what `spec.delivery.drift` means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Drift {
    #[default]
    Correct,
    Report,
    Ignore,
}

/// More clusters at a time do not end sooner: the API server is what they wait for.
pub const MOST_AT_ONCE: u64 = 64;

/// 8.
const AT_ONCE: NonZeroUsize = NonZeroUsize::MIN.saturating_add(7);

impl Default for Delivery {
    fn default() -> Self {
        Delivery {
            mode: Mode::Apply,
            timeout: Span::milliseconds(180_000),
            atomic: true,
            max_retries: 3,
            drift: Drift::Correct,
            follow_helm: false,
            ignore_differences: Vec::new(),
            records: true,
            history_max: 10,
            concurrency: AT_ONCE,
            cluster_scoped: Vec::new(),
            allow_adopt: true,
            service_account_name: None,
        }
    }
}

/// As many as `spec.delivery.maxRetries` may say.
pub const MOST_RETRIES: u64 = 100;

fn retries<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    let number = u64::deserialize(deserializer)?;
    let count = u32::try_from(number).ok().filter(|_| number <= MOST_RETRIES);
    let expected = format!("a whole number from 0 to {MOST_RETRIES}");
    count.ok_or_else(|| D::Error::invalid_value(Unexpected::Unsigned(number), &expected.as_str()))
}

fn concurrency<'de, D: Deserializer<'de>>(deserializer: D) -> Result<NonZeroUsize, D::Error> {
    deserializer.deserialize_u64(Count)
}

struct Count;

impl Visitor<'_> for Count {
    type Value = NonZeroUsize;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 1 to {MOST_AT_ONCE}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<NonZeroUsize, E> {
        let count = Some(number).filter(|number| *number <= MOST_AT_ONCE);
        let count = count.and_then(|number| usize::try_from(number).ok()).and_then(NonZeroUsize::new);
        count.ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn concurrency_has_two_bounds() {
        let read =
            |number: i64| serde_json::from_value::<Delivery>(serde_json::json!({"concurrency": number}));
        for good in [1, 64] {
            assert_eq!(read(good).unwrap().concurrency.get() as i64, good);
        }
        for wrong in [-1, 0, 65] {
            let text = read(wrong).unwrap_err().to_string();
            assert!(text.contains("expected a whole number from 1 to 64"), "{wrong}: {text}");
        }
    }
}
