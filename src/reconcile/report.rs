//! What became of a cluster, told to whoever listens: the command line, the delivery, metrics.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::api::conditions::Reason;
use crate::git::oid::Oid;
use crate::ledger::stub::Secrets;
use crate::source::event::{Key, Observed, Origin, Refused};

use super::class::Class;
use super::queue::Work;

/// What became of a commit in the cluster, in words that may be kept beside it: no log line and no answer of an API server is
/// among them, which could hold anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub commit: Oid,
    pub words: String,
    /// The revision of Helm's history that delivered it, where there is one and its number is known.
    pub revision: Option<i64>,
}

/// One piece of news.
#[derive(Clone, Debug)]
pub enum Report {
    /// A durable commit, `took` after the source told of the change. `secrets`: what is applied and not in it. `pushed`: the
    /// remote has it, if there is one; where it is required to, this is not told before. `is_held`: it took back what the resource asks for.
    Committed {
        key: Key,
        branch: String,
        commit: Oid,
        subject: String,
        work: Work,
        took: Duration,
        secrets: Secrets,
        is_held: bool,
        pushed: bool,
    },
    /// The branch says already what the resource asks for; with `is_held` what it said before that was taken back.
    Unchanged { key: Key, branch: String, work: Work, secrets: Secrets, is_held: bool, pushed: bool },
    /// Nothing was committed for this cluster, or the remote does not have what was and is required to. `again`: it will be
    /// tried again by itself. `origin`: where it stands, unless it was to be deleted.
    Failed {
        key: Key,
        origin: Option<Origin>,
        class: Class,
        /// As a condition gives it.
        reason: Reason,
        message: String,
        again: bool,
        work: Work,
    },
    /// The remote has by now what was reported of this cluster last.
    Pushed { key: Key, branch: String },
    /// A commit that nobody was told of as there was a newer one of its cluster, or of an earlier run, that the remote has by now. Its
    /// cluster, if it is of the agent.
    Late { key: Option<Key>, branch: String, commit: Oid, subject: String },
    /// It does not, and why.
    NotPushed { key: Key, branch: String, reason: Reason, message: String, again: bool },
    /// What the remote has could not be found out, and nothing waits for it that could say so.
    Unasked { message: String, again: bool },
    /// A document that is not taken.
    Refused(Refused),
    /// A listing is complete: these clusters are being looked at, and these go, for they are not in it.
    Listed { clusters: Vec<Observed>, absent: Vec<Key> },
    /// What the cluster's commit describes is up.
    Ready { key: Key, message: String, outcome: Option<Outcome> },
    /// It is not, and will not be soon.
    NotReady { key: Key, message: String, outcome: Option<Outcome> },
    /// Something an operator should know that concerns no single cluster.
    Notice(String),
}

impl Report {
    pub fn is_commit(&self) -> bool {
        matches!(self, Report::Committed { .. })
    }

    /// The cluster whose newest state could not be committed.
    pub fn failed(&self) -> Option<&Key> {
        match self {
            Report::Failed { key, .. } => Some(key),
            Report::Refused(refused) => refused.key.as_ref(),
            _ => None,
        }
    }

    /// The same, with the commit on the remote.
    pub fn as_pushed(mut self) -> Self {
        if let Report::Committed { pushed, .. } | Report::Unchanged { pushed, .. } = &mut self {
            *pushed = true;
        }
        self
    }

    /// One report in the place of two of a cluster: a commit that nobody was told of stays one.
    pub fn followed_by(self, newer: Report) -> Self {
        match (self, newer) {
            (
                Report::Committed { key, branch, commit, subject, took, pushed, .. },
                Report::Unchanged { work, secrets, is_held, .. },
            ) => Report::Committed { key, branch, commit, subject, work, took, secrets, is_held, pushed },
            (_, newer) => newer,
        }
    }

    /// The commit has another name now, or its change was there before.
    pub fn rename(&mut self, renamed: &BTreeMap<Oid, Option<Oid>>) {
        let Report::Committed { key, branch, commit, work, secrets, is_held, pushed, .. } = self else {
            return;
        };
        match renamed.get(commit) {
            None => {}
            Some(Some(new)) => *commit = *new,
            Some(None) => {
                let (key, branch, work) = (key.clone(), branch.clone(), work.clone());
                let (secrets, is_held, pushed) = (secrets.clone(), *is_held, *pushed);
                *self = Report::Unchanged { key, branch, work, secrets, is_held, pushed };
            }
        }
    }
}
