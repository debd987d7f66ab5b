//! Settings turned into a running source, and into what delivers to the cluster that it is.

use std::path::PathBuf;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::errors::RunError;
use super::outcomes::Outcomes;
use super::shared::Reports;
use crate::api::spec::delivery::{Drift, Mode};
use crate::cluster::acting::Clients;
use crate::cluster::connect::{self, Access, ConnectError};
use crate::cluster::greet;
use crate::cluster::ignore::Rule;
use crate::cluster::kinds::Kinds;
use crate::cluster::live::Live;
use crate::cluster::publish::Publisher;
use crate::cluster::revisions::Revisions;
use crate::metrics::Metrics;
use crate::reconcile::attached::Finder;
use crate::reconcile::delivery::drift::policy;
use crate::reconcile::delivery::engine::{Engine, Parts};
use crate::reconcile::delivery::shared::{Defaults, Readers};
use crate::reconcile::inputs::Common;
use crate::reconcile::lock::Locks;
use crate::reconcile::lock::file::Files;
use crate::reconcile::lock::secret::SecretKeeper;
use crate::reconcile::queue::Queue;
use crate::settings::ignore::{IgnoreDifference, Selector};
use crate::settings::{Settings, delivery};
use crate::source::cluster::watch as clusters;
use crate::source::event::Event;
use crate::source::folder::watch::{self, WatchError};

/// A source at work. It ends when nobody listens.
pub type Source = JoinHandle<Result<(), WatchError>>;

/// A source, and what comes with it.
pub struct Started {
    pub source: Source,
    /// What brings commits to a cluster, if there is one.
    pub engine: Option<Engine>,
    pub locks: Locks,
    pub finder: Option<Finder>,
}

/// Follows a folder of files.
pub fn folder(root: PathBuf, settings: &Settings, events: mpsc::Sender<Event>) -> Started {
    let (debounce, rescan) = (settings.source.debounce.get(), settings.source.rescan.get());
    let source = tokio::spawn(watch::follow(watch::Options { root, debounce, rescan }, events));
    let locks = Locks::new(Files::new(&settings.repository.path));
    Started { source, engine: None, locks, finder: None }
}

/// Who hears of deliveries.
pub struct Told {
    pub reports: Reports,
    pub outcomes: Arc<Outcomes>,
    /// Takes what a delivery wants to have committed.
    pub queue: Arc<Queue>,
}

/// The API server is both where resources come from and where they are delivered to.
pub async fn cluster(
    settings: &Settings,
    readers: Readers,
    told: Told,
    common: Arc<Common>,
    metrics: &Arc<Metrics>,
    events: mpsc::Sender<Event>,
) -> Result<Started, RunError> {
    let Told { reports, outcomes, queue } = told;
    let accounts = settings.accounts();
    let access = Access {
        kubeconfig: settings.cluster.kubeconfig.clone(),
        context: settings.cluster.context.clone(),
        acts: !accounts.is_empty(),
    };
    let client = connect::connect(&access, metrics).await?;
    let clients = Clients::new(client.clone(), accounts);
    let namespaces = settings.source.namespaces.clone();
    let streams = greet::greet(&client).await.map_err(ConnectError::from)?;
    let kinds = Arc::new(Kinds::new(client.clone()));
    let parts = Parts {
        live: Live::new(client.clone(), kinds.clone(), namespaces.clone(), streams, metrics.clone()),
        revisions: Revisions::new(client.clone(), namespaces.clone(), streams, metrics.clone()),
        publisher: Publisher::new(client.clone(), &settings.agent.name, metrics.clone()),
        kinds,
        client: client.clone(),
        clients: clients.clone(),
        readers,
        defaults: defaults(settings),
        concurrency: settings.delivery.concurrency.get(),
        metrics: metrics.clone(),
        report: Box::new(move |report| {
            outcomes.hear(&report);
            // Nobody listening is not a reason to stop working.
            drop(reports.send(report));
        }),
        common,
        offer: Box::new(move |work| queue.offer(work)),
    };
    let engine = Some(Engine::new(parts, Handle::current()));
    let locks = Locks::new(SecretKeeper::new(clients, Handle::current()));
    let finder = Some(Finder::new(client.clone(), Handle::current()));
    let options = clusters::Options { client, namespaces, streams, metrics: metrics.clone() };
    let source = tokio::spawn(async move {
        clusters::follow(options, events).await;
        Ok(())
    });
    Ok(Started { source, engine, locks, finder })
}

fn defaults(settings: &Settings) -> Defaults {
    let mode = match settings.delivery.mode {
        delivery::Mode::Apply => Mode::Apply,
        delivery::Mode::External => Mode::External,
    };
    let drift = match settings.delivery.drift {
        delivery::Drift::Correct => Drift::Correct,
        delivery::Drift::Report => Drift::Report,
        delivery::Drift::Ignore => Drift::Ignore,
    };
    Defaults {
        mode,
        timeout: settings.delivery.timeout.get(),
        atomic: settings.delivery.atomic,
        max_retries: settings.delivery.max_retries,
        records: settings.delivery.records,
        history_max: settings.delivery.history_max as usize,
        cluster_scoped: settings.delivery.cluster_scoped.clone(),
        allow_adopt: settings.delivery.allow_adopt,
        drift: policy::Defaults {
            drift,
            follows_helm: settings.delivery.follow_helm,
            ignored: settings.delivery.ignore_differences.iter().map(rule).collect(),
        },
    }
}

fn rule(IgnoreDifference { target, paths }: &IgnoreDifference) -> Rule {
    let Selector { group, kind, name, match_labels } = target.clone();
    Rule { group, kind, name, labels: match_labels, paths: paths.clone() }
}
