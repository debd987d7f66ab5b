//! How far a delivery is: what a status is made of.

use std::sync::Arc;

use crate::api::conditions::Reason;
use crate::metrics::labels::State;

/// One step on the way of a generation. Each is written to the status once.
#[derive(Clone, Debug, PartialEq)]
pub enum Phase {
    /// Not in git.
    NotCommitted {
        reason: Reason,
        message: String,
        again: bool,
    },
    Suspended,
    /// In git, and some object is not in the cluster.
    NotApplied {
        release: Arc<Described>,
        reason: Reason,
        message: String,
    },
    /// In git and on its way: applied and not up yet, or another tool has not applied it yet.
    Progressing {
        release: Arc<Described>,
        applied: Applied,
        message: String,
    },
    /// Time is up, or an object failed for good. It may still come up, and is followed.
    Late {
        release: Arc<Described>,
        applied: Applied,
        message: String,
    },
    Ready {
        release: Arc<Described>,
        applied: Applied,
        message: String,
    },
    /// The change did not come up, and what was before it runs again; nothing does, where nothing was.
    RolledBack {
        /// The commit that took it back.
        release: Arc<Described>,
        /// The one that was taken back.
        bad: String,
        message: String,
        is_removed: bool,
        /// It is tried again.
        again: bool,
    },
    /// The resource is deleted, and some object of it is not gone, or cannot be deleted.
    Terminating {
        reason: Reason,
        message: String,
    },
}

impl Phase {
    /// As it is counted.
    pub fn state(&self) -> State {
        match self {
            Phase::Ready { .. } => State::Ready,
            Phase::Progressing { .. } => State::Progressing,
            Phase::Suspended => State::Suspended,
            Phase::NotApplied { reason: Reason::Progressing, .. }
            | Phase::Terminating { reason: Reason::Progressing, .. } => State::Progressing,
            Phase::NotCommitted { .. } | Phase::NotApplied { .. } => State::Failed,
            Phase::Late { .. } | Phase::Terminating { .. } | Phase::RolledBack { .. } => State::Failed,
        }
    }

    /// What it says to a person.
    pub fn message(&self) -> &str {
        match self {
            Phase::Suspended => "suspended",
            Phase::NotCommitted { message, .. }
            | Phase::NotApplied { message, .. }
            | Phase::Progressing { message, .. }
            | Phase::Late { message, .. }
            | Phase::Ready { message, .. }
            | Phase::RolledBack { message, .. }
            | Phase::Terminating { message, .. } => message,
        }
    }
}

/// Who brought the commit to the cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    ByUs,
    /// Another tool, as the live objects show.
    ByOthers,
    /// Another tool is to do it and has not, as far as can be seen: why.
    NotYet(String),
}

/// The commit and what it describes; shared by all that is told of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    pub branch: String,
    /// In full.
    pub commit: String,
    pub short: String,
    /// `prometheus-cluster-0.1.0`
    pub chart: String,
}
