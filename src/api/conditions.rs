//! The conditions of a PrometheusCluster and the reasons they give: what `kubectl wait --for=condition=…` can name.

/// The current generation is in git, and on the remote if pushing is required.
pub const COMMITTED: &str = "Committed";
/// The cluster holds that commit.
pub const APPLIED: &str = "Applied";
/// What the commit describes is up. The one condition to wait for, whoever applies.
pub const READY: &str = "Ready";
/// Work on the current generation goes on (kstatus: present only while true).
pub const RECONCILING: &str = "Reconciling";
/// Nothing more happens until the spec, the chart or the mapping changes (kstatus: present only while true).
pub const STALLED: &str = "Stalled";
/// The cluster does not hold what the commit says, because somebody changed it (present only while true).
pub const DRIFTED: &str = "Drifted";

/// The tests of the chart passed: present once somebody asked for them (`promgit.dev/test-at`).
pub const TESTED: &str = "Tested";

/// Why a condition has the status it has: the `reason` of a condition, and of the Event that goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// It worked.
    Succeeded,
    /// The resource, or the Prometheus configuration in it, is wrong.
    InvalidConfig,
    /// The chart or the mapping cannot be rendered with these values.
    RenderFailed,
    /// The remote refused the push.
    RemoteRejected,
    /// The remote cannot be reached; the commit waits.
    RemoteUnavailable,
    /// The repository cannot be written at the moment.
    CommitFailed,
    /// The branch holds somebody else's files and no mark of promgit.
    BranchNotManaged,
    /// The API server refused an object.
    ApplyFailed,
    /// The API server refused to delete an object.
    DeleteFailed,
    /// A hook of the chart failed.
    HookFailed,
    /// A test of the chart failed.
    TestFailed,
    /// An object of that name belongs to someone else.
    NotOurs,
    /// Somebody changed or deleted an object.
    Changed,
    /// Somebody changes again and again what is put back.
    Contested,
    /// Somebody's own helm made a revision of the release, or uninstalled it.
    HelmChanged,
    /// Another tool applies the branch.
    External,
    /// The objects are applied and not up yet.
    Progressing,
    /// A failed change was taken back to the last good commit.
    RolledBack,
    /// All retries failed.
    Stalled,
    /// `spec.suspend` is true.
    Suspended,
}

impl Reason {
    /// The word as it stands in the API, in CamelCase as the API conventions ask.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "Succeeded",
            Self::InvalidConfig => "InvalidConfig",
            Self::RenderFailed => "RenderFailed",
            Self::RemoteRejected => "RemoteRejected",
            Self::RemoteUnavailable => "RemoteUnavailable",
            Self::CommitFailed => "CommitFailed",
            Self::BranchNotManaged => "BranchNotManaged",
            Self::ApplyFailed => "ApplyFailed",
            Self::DeleteFailed => "DeleteFailed",
            Self::HookFailed => "HookFailed",
            Self::TestFailed => "TestFailed",
            Self::NotOurs => "NotOurs",
            Self::Changed => "Changed",
            Self::Contested => "Contested",
            Self::HelmChanged => "HelmChanged",
            Self::External => "External",
            Self::Progressing => "Progressing",
            Self::RolledBack => "RolledBack",
            Self::Stalled => "Stalled",
            Self::Suspended => "Suspended",
        }
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
