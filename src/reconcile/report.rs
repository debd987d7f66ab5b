//! What became of a cluster, told to whoever listens (the command line now, status and metrics later).

use crate::git::oid::Oid;
use crate::source::event::{Key, Observed, Origin, Refused};

use super::class::Class;

/// One piece of news.
#[derive(Clone, Debug)]
pub enum Report {
    /// A durable commit.
    Committed { key: Key, branch: String, commit: Oid, subject: String },
    /// The branch says already what the resource asks for.
    Unchanged { key: Key },
    /// Nothing was committed for this cluster. `again`: it will be tried again by itself. `origin`: where it
    /// stands, unless it was to be deleted.
    Failed { key: Key, origin: Option<Origin>, class: Class, message: String, again: bool },
    /// A document that is not taken.
    Refused(Refused),
    /// A listing is complete: these clusters are being looked at, and these go, for they are not in it.
    Listed { clusters: Vec<Observed>, absent: Vec<Key> },
    /// Something an operator should know that concerns no single cluster.
    Notice(String),
}
