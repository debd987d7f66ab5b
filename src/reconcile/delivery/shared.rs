//! What all actors of a delivery share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kube::Client;
use tokio::sync::{Semaphore, watch};

use super::settled::Settled;
use crate::api::spec::delivery::Mode;
use crate::cluster::kinds::Kinds;
use crate::cluster::live::Live;
use crate::cluster::publish::Publisher;
use crate::git::reader::Reader;
use crate::metrics::Metrics;
use crate::reconcile::report::Report;
use crate::settings::group_kind::GroupKind;
use crate::source::event::Key;

/// How clusters are delivered that do not say it themselves, and what none may have.
#[derive(Clone, Debug)]
pub struct Defaults {
    pub mode: Mode,
    /// How long a change may take to become ready.
    pub timeout: Duration,
    /// Kinds without a namespace that may be applied.
    pub cluster_scoped: Vec<GroupKind>,
}

/// What all actors share.
pub struct Shared {
    pub client: Client,
    pub kinds: Arc<Kinds>,
    pub live: Live,
    pub publisher: Publisher,
    pub reader: Mutex<Reader>,
    pub defaults: Defaults,
    /// As many clusters are applied at the same time; waiting is free.
    pub applying: Semaphore,
    /// Clusters whose newest state is on its way: neither up, nor failed, nor given up.
    pub busy: watch::Sender<usize>,
    pub metrics: Arc<Metrics>,
    /// Told what became of clusters.
    pub report: Box<dyn Fn(Report) + Send + Sync>,
    pub(super) actors: Mutex<BTreeMap<Key, watch::Sender<Arc<Settled>>>>,
}

impl Shared {
    /// Ends the actor of a cluster, unless there is news for it.
    pub fn retire(&self, key: &Key, news: &watch::Receiver<Arc<Settled>>) -> bool {
        let mut actors = self.actors();
        if news.has_changed().unwrap_or(false) {
            return false;
        }
        actors.remove(key);
        true
    }

    pub(super) fn actors(&self) -> MutexGuard<'_, BTreeMap<Key, watch::Sender<Arc<Settled>>>> {
        self.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
