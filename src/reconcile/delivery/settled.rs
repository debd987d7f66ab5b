//! A report about a resource of an API server turned into what is to be delivered.

use std::sync::Arc;

use crate::api::PrometheusCluster;
use crate::api::conditions::Reason;
use crate::api::names::FINALIZER;
use crate::api::spec::delivery::Delivery;
use crate::cluster::publish::Subject;
use crate::git::oid::Oid;
use crate::ledger::stub::Secrets;
use crate::reconcile::queue::Work;
use crate::reconcile::report::Report;
use crate::source::event::{Deleted, Key, Observed, Refused};

/// What became of the newest state of a cluster, in git.
#[derive(Clone, Debug)]
pub struct Settled {
    pub key: Key,
    pub subject: Subject,
    pub cluster: Arc<PrometheusCluster>,
    /// As its source told of it: to be worked on again.
    pub observed: Option<Observed>,
    pub outcome: Outcome,
}

#[derive(Clone, Debug)]
pub enum Outcome {
    /// The branch describes it: by this commit, if one was made just now.
    Committed {
        branch: String,
        new: Option<New>,
        /// What the resource asks for was taken back, and the branch describes what was before.
        is_held: bool,
        /// The remote has it.
        pushed: bool,
        /// What is applied and not on the branch.
        secrets: Secrets,
    },
    Suspended,
    /// It is not in git, and why.
    Failed {
        reason: Reason,
        message: String,
        again: bool,
    },
    /// Its folder is gone from the branch.
    Removed {
        branch: String,
    },
    /// The resource is gone from the API server too. `is_removed`: it had waited for us.
    Gone {
        is_removed: bool,
    },
}

/// A commit that was made just now.
#[derive(Clone, Debug)]
pub struct New {
    pub commit: Oid,
    pub subject: String,
}

impl Outcome {
    /// What a commit means for a resource that is suspended, or being deleted.
    fn for_work(self, work: &Work) -> Self {
        match (work, self) {
            (Work::Apply(observed), _) if observed.cluster.spec.suspend => Outcome::Suspended,
            (Work::Delete(_), Outcome::Committed { branch, .. }) => Outcome::Removed { branch },
            (_, outcome) => outcome,
        }
    }
}

impl Settled {
    /// The generation that this speaks of.
    pub fn generation(&self) -> i64 {
        self.cluster.metadata.generation.unwrap_or_default()
    }

    /// Whether what it asks for was taken back.
    pub fn is_held(&self) -> bool {
        matches!(self.outcome, Outcome::Committed { is_held: true, .. })
    }

    /// What the resource says of how it is delivered.
    pub fn delivery(&self) -> Option<&Delivery> {
        self.cluster.spec.delivery.as_ref()
    }

    /// Whether the resource waits for us before it goes.
    pub fn has_finalizer(&self) -> bool {
        self.cluster.metadata.finalizers.iter().flatten().any(|name| name == FINALIZER)
    }

    /// Whether the resource is being deleted.
    pub fn is_terminating(&self) -> bool {
        self.cluster.metadata.deletion_timestamp.is_some()
    }

    /// None for news that concern no resource of an API server.
    pub fn of(report: &Report) -> Option<Self> {
        if let Report::Refused(refused) = report {
            return Settled::refused(refused);
        }
        let (work, outcome) = match report {
            Report::Committed { work, branch, commit, subject, secrets, is_held, pushed, .. } => {
                let new = Some(New { commit: *commit, subject: subject.clone() });
                let (branch, secrets) = (branch.to_string(), secrets.clone());
                let (is_held, pushed) = (*is_held, *pushed);
                (work, Outcome::Committed { branch, new, is_held, pushed, secrets }.for_work(work))
            }
            Report::Unchanged { work, branch, secrets, is_held, pushed, .. } => {
                let (branch, secrets) = (branch.to_string(), secrets.clone());
                let (is_held, pushed) = (*is_held, *pushed);
                (work, Outcome::Committed { branch, new: None, is_held, pushed, secrets }.for_work(work))
            }
            Report::Failed { work, reason, message, again, .. } => {
                let message = message.trim_end().to_string() + way_out(work, *reason);
                (work, Outcome::Failed { reason: *reason, message, again: *again })
            }
            Report::Refused(_) | Report::Listed { .. } | Report::Notice(_) => return None,
            Report::Ready { .. } | Report::NotReady { .. } => return None,
            Report::Pushed { .. } | Report::Late { .. } => return None,
            Report::NotPushed { .. } | Report::Unasked { .. } => return None,
        };
        let cluster = match work {
            Work::Apply(observed) => observed.cluster.clone(),
            Work::Delete(deleted) => deleted.terminating.clone()?,
            Work::Undo(undo) => undo.observed.cluster.clone(),
        };
        let observed = match work {
            Work::Apply(observed) => Some(observed.clone()),
            Work::Undo(undo) => Some(undo.observed.clone()),
            Work::Delete(_) => None,
        };
        let subject = Subject::of(&cluster)?;
        Some(Settled { key: work.key().clone(), subject, cluster, observed, outcome })
    }

    /// A resource that a definition of another version let through.
    fn refused(refused: &Refused) -> Option<Self> {
        let (key, cluster) = (refused.key.clone()?, refused.resource.clone()?);
        let reasons: Vec<&str> = refused.reasons.iter().map(|reason| reason.text.as_str()).collect();
        let message = reasons.join("; ");
        let outcome = Outcome::Failed { reason: Reason::InvalidConfig, message, again: false };
        Some(Settled { key, subject: Subject::of(&cluster)?, cluster, observed: None, outcome })
    }
}

/// What lets a deleted resource go whose removal cannot be committed or pushed: it holds up whoever deletes its namespace.
fn way_out(work: &Work, reason: Reason) -> &'static str {
    match (work, reason) {
        (Work::Apply(_) | Work::Undo(_), _) => "",
        (Work::Delete(_), Reason::RemoteUnavailable | Reason::RemoteRejected) => {
            "; it is deleted when the remote has that, or at once with `remote.push: async`, or by hand (docs/how-to/delete.md)"
        }
        (Work::Delete(_), _) => "; it is deleted when that is in git, or by hand (docs/how-to/delete.md)",
    }
}

/// The cluster that a report says is gone from the API server.
pub fn gone(report: &Report) -> Option<Key> {
    match report {
        Report::Committed { work, .. } | Report::Unchanged { work, .. } | Report::Failed { work, .. } => {
            match work {
                Work::Delete(Deleted { key, terminating: None, .. }) => Some(key.clone()),
                Work::Delete(_) | Work::Apply(_) | Work::Undo(_) => None,
            }
        }
        Report::Refused(_) | Report::Listed { .. } | Report::Notice(_) => None,
        Report::Ready { .. } | Report::NotReady { .. } => None,
        Report::Pushed { .. } | Report::Late { .. } => None,
        Report::NotPushed { .. } | Report::Unasked { .. } => None,
    }
}
