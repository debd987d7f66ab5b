//! What became of a cluster, told to whoever listens (the command line now, status and metrics later).

use std::time::Duration;

use crate::api::conditions::Reason;
use crate::git::oid::Oid;
use crate::ledger::stub::Secrets;
use crate::source::event::{Key, Observed, Origin, Refused};

use super::class::Class;
use super::queue::Work;

/// One piece of news.
#[derive(Clone, Debug)]
pub enum Report {
    /// A durable commit, `took` after the source told of the change. `secrets`: what is applied and not in it.
    Committed {
        key: Key,
        branch: String,
        commit: Oid,
        subject: String,
        work: Work,
        took: Duration,
        secrets: Secrets,
    },
    /// The branch says already what the resource asks for.
    Unchanged { key: Key, branch: String, work: Work, secrets: Secrets },
    /// Nothing was committed for this cluster. `again`: it will be tried again by itself. `origin`: where it
    /// stands, unless it was to be deleted.
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
    /// A document that is not taken.
    Refused(Refused),
    /// A listing is complete: these clusters are being looked at, and these go, for they are not in it.
    Listed { clusters: Vec<Observed>, absent: Vec<Key> },
    /// What the cluster's commit describes is up.
    Ready { key: Key, message: String },
    /// It is not, and will not be soon.
    NotReady { key: Key, message: String },
    /// Something an operator should know that concerns no single cluster.
    Notice(String),
}
