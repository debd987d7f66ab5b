//! What all actors of a delivery share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use kube::Client;
use tokio::sync::{self, OwnedMutexGuard, Semaphore, watch};
use tokio::task;
use tokio::time::sleep;

use super::backoff::Attempts;
use super::charts::Charts;
use super::drift::policy;
use super::folder::ReleaseError;
use super::onward::Onward;
use super::settled::Settled;
use super::turn::Turn;
use crate::api::spec::delivery::Mode;
use crate::cluster::acting::Clients;
use crate::cluster::kinds::Kinds;
use crate::cluster::live::Live;
use crate::cluster::publish::Publisher;
use crate::cluster::revisions::Revisions;
use crate::git::reader::Reader;
use crate::metrics::Metrics;
use crate::reconcile::inputs::Common;
use crate::reconcile::queue::Work;
use crate::reconcile::report::Report;
use crate::settings::group_kind::GroupKind;
use crate::settings::target::Routes;
use crate::source::event::Key;

/// How clusters are delivered that do not say it themselves, and what none may have.
#[derive(Clone, Debug)]
pub struct Defaults {
    pub mode: Mode,
    /// How long a change may take to become ready.
    pub timeout: Duration,
    /// Whether a change that does not come up is taken back.
    pub atomic: bool,
    /// How often it is tried again.
    pub max_retries: u32,
    /// Whether Helm's own history is kept.
    pub records: bool,
    /// Revisions of it; 0: all.
    pub history_max: usize,
    /// Kinds without a namespace that may be applied.
    pub cluster_scoped: Vec<GroupKind>,
    /// Whether a resource may name what is taken from somebody else.
    pub allow_adopt: bool,
    pub drift: policy::Defaults,
}

/// What all actors share.
pub struct Shared {
    /// The agent's own, for what it looks at and does not change.
    pub client: Client,
    /// For the objects of clusters.
    pub clients: Clients,
    pub kinds: Arc<Kinds>,
    pub live: Live,
    pub revisions: Revisions,
    pub publisher: Publisher,
    pub readers: Readers,
    pub defaults: Defaults,
    /// As many clusters are applied at the same time; see [`Shared::in_turn`].
    pub applying: Arc<Semaphore>,
    /// Clusters whose newest state is on its way: neither up, nor failed, nor given up.
    pub busy: watch::Sender<usize>,
    pub metrics: Arc<Metrics>,
    /// Told what became of clusters.
    pub report: Box<dyn Fn(Report) + Send + Sync>,
    /// Takes what is to be committed, unless something newer is waiting; false when nothing is taken any more.
    pub offer: Box<dyn Fn(Work) -> bool + Send + Sync>,
    pub charts: Charts,
    /// What everything is rendered with.
    pub common: Arc<Common>,
    pub(super) actors: Mutex<BTreeMap<Key, Inbox>>,
}

/// The repositories of all targets, to read.
pub struct Readers {
    routes: Arc<Routes>,
    /// Who waits for one holds no thread meanwhile.
    each: Vec<Arc<sync::Mutex<Reader>>>,
}

impl Readers {
    /// One a target, in the numbers of the routes.
    pub fn new(routes: Arc<Routes>, each: Vec<Reader>) -> Self {
        Readers { routes, each: each.into_iter().map(|reader| Arc::new(sync::Mutex::new(reader))).collect() }
    }

    async fn of(&self, namespace: &str) -> OwnedMutexGuard<Reader> {
        self.each[self.routes.of(namespace)].clone().lock_owned().await
    }
}

/// What the actor of a cluster hears.
pub struct Inbox {
    pub news: watch::Sender<Arc<Settled>>,
    pub onward: watch::Sender<Onward>,
}

impl Shared {
    /// Does something to the API server when its turn comes. What `work` is made of is made then, too, and takes no room before.
    pub async fn in_turn<T>(&self, work: impl Future<Output = T>) -> T {
        Turn::new(&self.applying).over(work).await
    }

    /// Asks the repository, again and again until it answers.
    pub async fn read<T: Send + 'static>(
        &self,
        key: &Key,
        ask: impl Fn(&Reader) -> Result<T, ReleaseError> + Clone + Send + 'static,
    ) -> T {
        let mut attempts = Attempts::default();
        loop {
            let (mut reader, ask) = (self.readers.of(&key.namespace).await, ask.clone());
            let asked = task::spawn_blocking(move || {
                reader.refresh().map_err(|error| error.to_string())?;
                ask(&reader).map_err(|error| error.to_string())
            });
            let reason = match asked.await {
                Ok(Ok(found)) => return found,
                Ok(Err(reason)) => reason,
                Err(_) => "reading ended in a way it never should; please report this".to_string(),
            };
            tracing::warn!(cluster = %key, reason, "what was committed cannot be read; it is tried again");
            sleep(attempts.failed(false)).await;
        }
    }

    /// Ends the actor of a cluster, unless there is news for it.
    pub fn retire(&self, key: &Key, news: &watch::Receiver<Arc<Settled>>) -> bool {
        let mut actors = self.actors();
        if news.has_changed().unwrap_or(false) {
            return false;
        }
        actors.remove(key);
        true
    }

    pub(super) fn actors(&self) -> MutexGuard<'_, BTreeMap<Key, Inbox>> {
        self.actors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
