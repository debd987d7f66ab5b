//! The agent: a source, a queue, some workers and one writer, started together and drained together.
#![allow(clippy::disallowed_methods)] // the process: threads, the clock

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use crate::api::spec::delivery::Mode;
use crate::cluster::connect::{self, Access, ConnectError};
use crate::cluster::greet;
use crate::cluster::kinds::Kinds;
use crate::cluster::live::Live;
use crate::cluster::publish::Publisher;
use crate::git::objects::ObjectError;
use crate::git::reader::Reader;
use crate::git::store::{self, Options, Store};
use crate::metrics::Metrics;
use crate::metrics::labels::Outcome;
use crate::reconcile::class::Class;
use crate::reconcile::delivery::engine::{Engine, Parts};
use crate::reconcile::delivery::shared::Defaults;
use crate::reconcile::inputs::{Inputs, InputsError};
use crate::reconcile::prune::{self, Absent, PruneError};
use crate::reconcile::queue::{Queue, Work};
use crate::reconcile::report::Report;
use crate::reconcile::worker::Worker;
use crate::reconcile::writer::{Planned, Writer};
use crate::server::health::Probes;
use crate::server::listen::{ListenError, Server};
use crate::server::pages;
use crate::settings::origin::{Origin, OriginError};
use crate::settings::{Settings, delivery};
use crate::source::cluster::watch as cluster;
use crate::source::event::{Deleted, Event, Kept, Key};
use crate::source::folder::walk::{self, WalkError};
use crate::source::folder::watch::{self, WatchError};
use crate::template::budgets::STACK;

/// Plans that wait for the writer at most: with the manifests of each in memory.
const MOST_PLANS: usize = 64;
/// Events that wait for the queue.
const MOST_EVENTS: usize = 256;

/// How long the source may take to end once nobody listens: it may be in the middle of a look at a slow disk.
const FAREWELL: Duration = Duration::from_secs(2);

/// How long to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Until {
    /// What is there is handled.
    Done,
    /// A signal.
    Stopped,
}

/// An agent that holds its repository and has not started yet.
pub struct Agent {
    settings: Settings,
    inputs: Inputs,
    store: Store,
    origin: Origin,
    server: Option<Server>,
}

/// Why the agent cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Source(#[from] OriginError),
    #[error("source.from: {reason} (--source dir:PATH)")]
    Folder { reason: WalkError },
    #[error(transparent)]
    Inputs(#[from] InputsError),
    #[error(transparent)]
    Store(#[from] store::OpenError),
    #[error(transparent)]
    Listen(#[from] ListenError),
}

/// Why the agent ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Watch(#[from] WatchError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Read(#[from] ObjectError),
    #[error("what the branches hold cannot be read: {0}")]
    Prune(#[from] PruneError),
    #[error("no thread can be started: {0}")]
    Thread(#[from] std::io::Error),
    /// What there is to handle cannot be seen.
    #[error("{0}")]
    Trouble(String),
    #[error("the {0} thread ended in a way it never should; please report this")]
    Panic(&'static str),
}

type Reports = mpsc::UnboundedSender<Report>;

impl Agent {
    /// Checks everything that can be checked without writing anything: the folder of resources and what the
    /// settings name.
    pub fn check(settings: &Settings) -> Result<(Origin, Inputs), OpenError> {
        let origin = settings.source.origin()?;
        if let Origin::Folder(folder) = &origin {
            walk::root(folder).map_err(|reason| OpenError::Folder { reason })?;
        }
        Ok((origin, Inputs::load(settings)?))
    }

    /// Checks, then takes the repository's lock.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        let (origin, inputs) = Agent::check(&settings)?;
        let store = Store::open(&settings.repository.path, &Options::default())?;
        let server = settings.server.listen.map(|address| Server::bind(address.get())).transpose()?;
        Ok(Agent { settings, inputs, store, origin, server })
    }

    /// Runs until the end or until `stop`, then finishes what was begun. `abort` cuts that short: what waits
    /// is left for the next start.
    pub async fn run(
        self,
        until: Until,
        reports: Reports,
        stop: impl Future<Output = ()>,
        abort: impl Future<Output = ()>,
    ) -> Result<(), RunError> {
        let Agent { settings, inputs, store, origin, server } = self;
        let (metrics, probes) = (Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"))), Probes::default());
        let _pages = server.map(|server| Pages::start(server, &probes, &metrics));
        let reader = store.reader()?;
        let (sender, events) = mpsc::channel(MOST_EVENTS);
        let (source, engine) = match origin {
            Origin::Folder(folder) => (follow_folder(folder, &settings, sender), None),
            Origin::Cluster => {
                let (source, engine) =
                    follow_cluster(&settings, store.reader()?, &reports, &metrics, sender).await?;
                (source, Some(engine))
            }
        };
        let shared = Arc::new(Shared { inputs, queue: Queue::default(), reports, engine, metrics, probes });
        let (threads, writing) = start(&shared, &settings, store)?;
        let pumped = tokio::select! {
            result = pump(events, until, &shared, reader) => result,
            () = stop => Ok(()),
            // Ends before it was told to only when it panics.
            _ = writing => {
                shared.probes.dead("the writer thread ended");
                Err(RunError::Panic("writer"))
            }
        };
        shared.queue.close();
        let drained = async {
            let joined = tokio::task::spawn_blocking(move || join(threads)).await;
            joined.unwrap_or(Err(RunError::Panic("draining")))?;
            if let (Until::Done, Some(engine)) = (until, &shared.engine) {
                engine.idle().await;
            }
            Ok(())
        };
        let drained = tokio::select! {
            result = drained => result,
            () = abort => {
                shared.queue.abandon();
                Ok(())
            }
        };
        if let Some(engine) = &shared.engine {
            engine.close();
        }
        // The channel of the events is closed: a source that is well ends, one that failed says why.
        let source = match tokio::time::timeout(FAREWELL, source).await {
            Ok(ended) => ended.unwrap_or(Err(WatchError::Gone)),
            Err(_) => Ok(()),
        };
        pumped.and(drained).and(source.map_err(RunError::from))
    }
}

type Source = tokio::task::JoinHandle<Result<(), WatchError>>;

fn follow_folder(root: PathBuf, settings: &Settings, events: mpsc::Sender<Event>) -> Source {
    let (debounce, rescan) = (settings.source.debounce.get(), settings.source.rescan.get());
    tokio::spawn(watch::follow(watch::Options { root, debounce, rescan }, events))
}

/// The API server is both where resources come from and where they are delivered to.
async fn follow_cluster(
    settings: &Settings,
    reader: Reader,
    reports: &Reports,
    metrics: &Arc<Metrics>,
    events: mpsc::Sender<Event>,
) -> Result<(Source, Engine), RunError> {
    let access =
        Access { kubeconfig: settings.cluster.kubeconfig.clone(), context: settings.cluster.context.clone() };
    let client = connect::connect(&access, metrics).await?;
    let namespaces = settings.source.namespaces.clone();
    let streams = greet::greet(&client).await.map_err(ConnectError::from)?;
    let kinds = Arc::new(Kinds::new(client.clone()));
    let reports = reports.clone();
    let parts = Parts {
        live: Live::new(client.clone(), kinds.clone(), namespaces.clone(), streams, metrics.clone()),
        publisher: Publisher::new(client.clone(), &settings.agent.name, metrics.clone()),
        kinds,
        client: client.clone(),
        reader,
        defaults: defaults(settings),
        concurrency: settings.delivery.concurrency.get(),
        metrics: metrics.clone(),
        // Nobody listening is not a reason to stop working.
        report: Box::new(move |report| drop(reports.send(report))),
    };
    let engine = Engine::new(parts, Handle::current());
    let options = cluster::Options { client, namespaces, streams, metrics: metrics.clone() };
    let source = tokio::spawn(async move {
        cluster::follow(options, events).await;
        Ok(())
    });
    Ok((source, engine))
}

fn defaults(settings: &Settings) -> Defaults {
    let mode = match settings.delivery.mode {
        delivery::Mode::Apply => Mode::Apply,
        delivery::Mode::External => Mode::External,
    };
    Defaults { mode, timeout: settings.delivery.timeout.get() }
}

/// What all threads see.
struct Shared {
    inputs: Inputs,
    queue: Queue,
    reports: Reports,
    /// What brings commits to a cluster, if there is one.
    engine: Option<Engine>,
    metrics: Arc<Metrics>,
    probes: Probes,
}

/// Health and metrics over HTTP, for as long as this value lives.
struct Pages(tokio::task::JoinHandle<()>);

impl Pages {
    fn start(server: Server, probes: &Probes, metrics: &Arc<Metrics>) -> Self {
        let pages = pages::pages(probes.clone(), metrics.clone());
        Pages(tokio::spawn(async move {
            if let Err(error) = server.serve(pages, std::future::pending()).await {
                tracing::error!(%error, "health and metrics are not served any more");
            }
        }))
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Shared {
    /// Nobody listening is not a reason to stop working.
    fn report(&self, report: Report) {
        self.count(&report);
        if let Some(engine) = &self.engine {
            engine.hear(&report);
        }
        let _ = self.reports.send(report);
    }

    fn count(&self, report: &Report) {
        let metrics = &self.metrics;
        metrics.queued(self.queue.len());
        match report {
            Report::Committed { took, .. } => {
                metrics.reconciled(Outcome::Committed);
                metrics.committed(*took);
            }
            Report::Unchanged { work: Work::Apply(observed), .. } if observed.cluster.spec.suspend => {
                metrics.reconciled(Outcome::Suspended);
            }
            Report::Unchanged { .. } => metrics.reconciled(Outcome::Unchanged),
            Report::Failed { class: Class::User, .. } | Report::Refused(_) => {
                metrics.reconciled(Outcome::Refused);
            }
            Report::Failed { .. } => metrics.reconciled(Outcome::Failed),
            Report::Ready { .. } | Report::NotReady { .. } | Report::Listed { .. } | Report::Notice(_) => {}
        }
    }
}

/// The threads, and what resolves when the writer has ended.
type Started = (Vec<JoinHandle<()>>, oneshot::Receiver<()>);

fn start(shared: &Arc<Shared>, settings: &Settings, store: Store) -> Result<Started, RunError> {
    let (plans, planned) = sync_channel::<Planned>(MOST_PLANS);
    let count = match settings.render.workers {
        0 => thread::available_parallelism().map_or(1, usize::from),
        count => count,
    };
    let mut threads = Vec::new();
    for _ in 0..count {
        threads.push(start_worker(shared, store.reader()?, plans.clone())?);
    }
    let (shared, window) = (shared.clone(), settings.commit.window.get());
    let reader = store.reader()?;
    let (alive, writing) = oneshot::channel();
    let write = move || {
        let _last = Last { shared: shared.clone(), _alive: alive };
        let report = |report| shared.report(report);
        let (inputs, queue, branches) = (&shared.inputs, &shared.queue, BTreeMap::new());
        Writer { inputs, queue, store, reader, window, report: &report, branches }.run(&planned);
    };
    threads.push(thread::Builder::new().name("writer".into()).spawn(write)?);
    Ok((threads, writing))
}

/// Dropped when the writer ends, also by a panic: nobody waits for what it will not write.
struct Last {
    shared: Arc<Shared>,
    _alive: oneshot::Sender<()>,
}

impl Drop for Last {
    fn drop(&mut self) {
        self.shared.queue.abandon();
    }
}

fn start_worker(
    shared: &Arc<Shared>,
    reader: Reader,
    plans: SyncSender<Planned>,
) -> Result<JoinHandle<()>, RunError> {
    let shared = shared.clone();
    let work = move || {
        let report = |report| shared.report(report);
        Worker { inputs: &shared.inputs, queue: &shared.queue, reader, plans, report: &report }.run();
    };
    Ok(thread::Builder::new().name("worker".into()).stack_size(STACK).spawn(work)?)
}

fn join(threads: Vec<JoinHandle<()>>) -> Result<(), RunError> {
    for thread in threads {
        thread.join().map_err(|_| RunError::Panic("working"))?;
    }
    Ok(())
}

/// Carries events into the queue until they end, or until the first listing is complete.
async fn pump(
    mut events: mpsc::Receiver<Event>,
    until: Until,
    shared: &Shared,
    mut reader: Reader,
) -> Result<(), RunError> {
    let mut listed = BTreeMap::new();
    while let Some(event) = events.recv().await {
        match event {
            Event::Init => listed.clear(),
            Event::Listed(observed) => {
                listed.insert(observed.key.clone(), observed.clone());
                shared.queue.push(Work::Apply(observed));
            }
            Event::Applied(observed) => shared.queue.push(Work::Apply(observed)),
            Event::Deleted(deleted) => {
                if let (None, Some(engine)) = (&deleted.terminating, &shared.engine) {
                    engine.forget(&deleted.key);
                }
                shared.queue.push(Work::Delete(deleted));
            }
            Event::Trouble(text) if until == Until::Done => return Err(RunError::Trouble(text)),
            Event::Trouble(text) => shared.report(Report::Notice(format!("{text} (it is tried again)"))),
            Event::Refused(refused) => shared.report(Report::Refused(refused)),
            Event::Ready { kept, scope } => {
                reader.refresh()?;
                let listed = std::mem::take(&mut listed);
                let mut gone = absent(&reader, shared, listed.keys().cloned().collect(), kept)?;
                gone.retain(|deleted| scope.holds(&deleted.key.namespace));
                let absent = gone.iter().map(|deleted| deleted.key.clone()).collect();
                // Told before the first deletion can be reported.
                shared.report(Report::Listed { clusters: listed.into_values().collect(), absent });
                shared.probes.ready();
                gone.into_iter().for_each(|deleted| shared.queue.push(Work::Delete(deleted)));
                if until == Until::Done {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// What the branches hold and the listing did not name, and may be deleted.
fn absent(
    reader: &Reader,
    shared: &Shared,
    mut present: BTreeSet<Key>,
    kept: Kept,
) -> Result<Vec<Deleted>, RunError> {
    let why_all = match kept {
        Kept::Only(keys) => {
            present.extend(keys);
            None
        }
        Kept::All(reason) => Some(reason),
    };
    let Absent { clusters: absent, unread } =
        prune::absent(reader, &shared.inputs, &present, Timestamp::now())?;
    for branch in unread {
        shared.report(Report::Notice(format!("{branch}; no cluster of it is deleted")));
    }
    let Some(reason) = why_all else { return Ok(absent) };
    let (place, way_out) = match shared.engine {
        Some(_) => ("API server", "delete its resource"),
        None => ("folder", "remove its file"),
    };
    if !absent.is_empty() {
        shared.report(Report::Notice(format!(
            "{reason}, so {} clusters that are on the branches and not in the {place} are left as they are; \
             to delete one, {way_out} while the agent runs",
            absent.len()
        )));
    }
    Ok(Vec::new())
}
