//! The stream that every source gives: a listing, then changes, as the API server's watch does it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::api::PrometheusCluster;

/// Which cluster: namespace and name. Ordered by namespace.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub namespace: String,
    pub name: String,
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// What a source tells. After a (re)start: `Init`, every cluster as `Listed`, then `Ready`; from then on
/// single changes. The meaning is that of `kube::runtime::watcher::Event`.
#[derive(Clone, Debug)]
pub enum Event {
    /// A listing begins. What it does not list is gone when it ends.
    Init,
    Listed(Observed),
    /// The listing is complete. Clusters in `kept` were not listed but must not be taken for deleted:
    /// their source is there and cannot be read.
    Ready {
        kept: Kept,
        scope: Scope,
    },
    Applied(Observed),
    Deleted(Deleted),
    /// A new listing of what was listed before holds nothing at all, for which this is the likely reason. None of these is deleted for it.
    Lost {
        keys: Vec<Key>,
        reason: String,
    },
    /// Something that wants to be a cluster and is refused. It changes nothing: what was, stays.
    Refused(Refused),
    /// The source cannot be read at the moment, and why; it goes on by itself.
    Trouble(String),
}

/// Where a listing looked: absent can only be what it would have shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    All,
    Namespaces(BTreeSet<String>),
}

impl Scope {
    /// Whether a cluster of this namespace would have been listed.
    pub fn holds(&self, namespace: &str) -> bool {
        match self {
            Scope::All => true,
            Scope::Namespaces(names) => names.contains(namespace),
        }
    }
}

/// Which absent clusters a listing does not declare deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kept {
    /// All that is absent is deleted, but for these.
    Only(Vec<Key>),
    /// Nothing is deleted for being absent, for this reason.
    All(String),
}

/// A cluster as it was seen: accepted by the schema, defaults filled in.
#[derive(Clone, Debug)]
pub struct Observed {
    pub key: Key,
    pub cluster: Arc<PrometheusCluster>,
    pub origin: Origin,
    /// When it was changed: the file's time, or what the API server recorded.
    pub changed_at: Timestamp,
    /// The API server's count; a folder has none.
    pub generation: Option<i64>,
}

/// A cluster that is gone, or going.
#[derive(Clone, Debug)]
pub struct Deleted {
    pub key: Key,
    pub changed_at: Timestamp,
    /// The resource, if the API server still has it because it waits for our finalizer.
    pub terminating: Option<Arc<PrometheusCluster>>,
}

impl Deleted {
    /// A cluster of which nothing is left but what the branch holds.
    pub fn gone(key: Key, changed_at: Timestamp) -> Self {
        Deleted { key, changed_at, terminating: None }
    }
}

/// Why a document is not taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    /// The cluster it would be, where that can be told.
    pub key: Option<Key>,
    pub origin: Origin,
    /// What is wrong, all of it.
    pub reasons: Vec<Reason>,
    /// The resource that the API server holds, as far as it can be read: what became of it can be told there. A file
    /// has none.
    pub resource: Option<Arc<PrometheusCluster>>,
}

impl Refused {
    /// The reasons as a user reads them: `clusters/a.yaml:7: spec.replicas: …`.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.reasons.iter().map(|reason| {
            let origin = Origin { path: self.origin.path.clone(), line: reason.line };
            format!("{origin}: {}", reason.text)
        })
    }
}

/// One thing that is wrong with a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// The line of the file, from 1; 0 where it is about the whole of it.
    pub line: usize,
    /// Names the field, and the way out.
    pub text: String,
}

/// Where a document stands; all empty for a resource of an API server.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    pub path: PathBuf,
    /// From 1; 0 for a whole file or folder.
    pub line: usize,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}", self.path.display()),
            line => write!(f, "{}:{line}", self.path.display()),
        }
    }
}
