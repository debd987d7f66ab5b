//! Reports turned into work of one actor a cluster.

use std::sync::{Arc, Mutex};

use kube::Client;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, watch};

use super::actor::Actor;
use super::charts::Charts;
use super::onward::Onward;
use super::settled::{self, Outcome, Settled};
use super::shared::{Defaults, Inbox, Readers, Shared};
use crate::cluster::acting::Clients;
use crate::cluster::kinds::Kinds;
use crate::cluster::live::Live;
use crate::cluster::publish::Publisher;
use crate::cluster::revisions::Revisions;
use crate::metrics::Metrics;
use crate::reconcile::inputs::Common;
use crate::reconcile::queue::Work;
use crate::reconcile::report::Report;
use crate::source::event::Key;

/// Delivers what was committed.
#[derive(Clone)]
pub struct Engine {
    shared: Arc<Shared>,
    runtime: Handle,
}

/// What an engine is made of.
pub struct Parts {
    pub client: Client,
    pub clients: Clients,
    pub kinds: Arc<Kinds>,
    pub live: Live,
    pub revisions: Revisions,
    pub publisher: Publisher,
    pub readers: Readers,
    pub defaults: Defaults,
    /// Clusters that are applied at the same time.
    pub concurrency: usize,
    pub metrics: Arc<Metrics>,
    /// Told what became of clusters.
    pub report: Box<dyn Fn(Report) + Send + Sync>,
    /// Takes what is to be committed.
    pub offer: Box<dyn Fn(Work) -> bool + Send + Sync>,
    /// What everything is rendered with.
    pub common: Arc<Common>,
}

impl Engine {
    /// An engine whose actors run on `runtime`.
    pub fn new(parts: Parts, runtime: Handle) -> Self {
        let shared = Shared {
            client: parts.client,
            clients: parts.clients,
            kinds: parts.kinds,
            live: parts.live,
            revisions: parts.revisions,
            publisher: parts.publisher,
            readers: parts.readers,
            defaults: parts.defaults,
            applying: Arc::new(Semaphore::new(parts.concurrency)),
            busy: watch::Sender::new(0),
            metrics: parts.metrics,
            report: parts.report,
            offer: parts.offer,
            charts: Charts::new(parts.common.chart.chart().clone()),
            common: parts.common,
            actors: Mutex::default(),
        };
        Engine { shared: Arc::new(shared), runtime }
    }

    /// Takes in what became of a cluster; does not wait for anything.
    pub fn hear(&self, report: &Report) {
        match report {
            Report::Pushed { key, .. } => return self.onward(key, Onward::There),
            Report::NotPushed { key, reason, message, .. } => {
                let (reason, message) = (*reason, message.clone());
                return self.onward(key, Onward::Failed { reason, message });
            }
            _ => {}
        }
        match Settled::of(report) {
            Some(settled) => self.deliver(settled),
            // A commit of a resource that went while it was made has started an actor in the meantime.
            None => settled::gone(report).iter().for_each(|key| self.forget(key)),
        }
    }

    /// The remote has the newest commit of a cluster, or not.
    fn onward(&self, key: &Key, onward: Onward) {
        if let Some(inbox) = self.shared.actors().get(key) {
            inbox.onward.send_replace(onward);
        }
    }

    /// A resource is gone from the API server: nothing is done for it any more.
    pub fn forget(&self, key: &Key) {
        let actors = self.shared.actors();
        if let Some(inbox) = actors.get(key) {
            let last = inbox.news.borrow().clone();
            let is_removed = matches!(last.outcome, Outcome::Removed { .. });
            let gone = Settled { outcome: Outcome::Gone { is_removed }, ..(*last).clone() };
            inbox.news.send_replace(Arc::new(gone));
        }
    }

    /// Ends what is done for a cluster of which nothing is known any more, without a word to it.
    pub fn abandon(&self, key: &Key) {
        self.shared.actors().remove(key);
    }

    fn deliver(&self, settled: Settled) {
        let key = settled.key.clone();
        let (onward, settled) = (Onward::of(&settled), Arc::new(settled));
        let mut actors = self.shared.actors();
        if let Some(inbox) = actors.get(&key) {
            // before the news: who hears of a commit finds what is known of it
            inbox.onward.send_replace(onward.clone());
            if inbox.news.send(settled.clone()).is_ok() {
                return;
            }
        }
        let (news, heard) = watch::channel(settled);
        let (onward, seen) = watch::channel(onward);
        actors.insert(key.clone(), Inbox { news, onward });
        drop(actors);
        self.runtime.spawn(Box::new(Actor::new(self.shared.clone(), key, heard, seen)).run());
    }

    /// Ends what is done for all clusters: what is not finished is taken up by the next start. Without it the actors,
    /// which follow what they brought up for ever, would keep the process alive.
    pub fn close(&self) {
        // An actor ends when nobody can have news for it any more.
        self.shared.actors().clear();
    }

    /// Waits until nothing is on its way.
    pub async fn idle(&self) {
        let mut busy = self.shared.busy.subscribe();
        // The sender lives as long as this engine.
        let _ = busy.wait_for(|count| *count == 0).await;
    }
}
