//! The agent: a source, a queue, some workers and one writer, started together and drained together.
//!
//! ```text
//!  source ─► pump ─► queue ─► workers ─► writer ─► pusher ─► reports ─► delivery (with an API server)
//! ```

mod apart;
pub mod errors;
mod outcomes;
mod pages;
mod pump;
mod shared;
mod source;
mod target;
mod threads;
pub mod until;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use self::errors::{OpenError, RunError};
use self::outcomes::Outcomes;
use self::pages::Pages;
use self::shared::{Held, Reports, Shared};
use self::source::{Source, Started, Told};
use self::target::Target;
use self::threads::Threads;
use self::until::Until;
use crate::metrics::Metrics;
use crate::reconcile::delivery::shared::Readers;
use crate::reconcile::inputs::{All, Inputs};
use crate::reconcile::push::known::Known;
use crate::reconcile::push::link;
use crate::reconcile::queue::Queue;
use crate::reconcile::report::Report;
use crate::server::health::Probes;
use crate::server::listen::Server;
use crate::settings::Settings;
use crate::settings::origin::Origin;
use crate::source::folder::walk;
use crate::source::folder::watch::WatchError;

/// Events that wait for the queue.
const MOST_EVENTS: usize = 256;

/// How long the source may take to end once nobody listens: it may be in the middle of a look at a slow disk.
const FAREWELL: Duration = Duration::from_secs(2);

/// An agent that holds its repositories and has not started yet.
pub struct Agent {
    settings: Settings,
    inputs: All,
    /// In the numbers of the routes.
    targets: Vec<Target>,
    origin: Origin,
    server: Option<Server>,
}

impl Agent {
    /// Checks everything that can be checked without writing anything: the folder of resources and what the
    /// settings name.
    pub fn check(settings: &Settings) -> Result<(Origin, All), OpenError> {
        let origin = Agent::origin(settings)?;
        let each = settings.each();
        apart::check(&each)?;
        for settings in &each {
            link::remote(&settings.remote)?;
        }
        Ok((origin, Inputs::load(settings)?))
    }

    fn origin(settings: &Settings) -> Result<Origin, OpenError> {
        let origin = settings.source.origin()?;
        if let Origin::Folder(folder) = &origin {
            walk::root(folder).map_err(|reason| OpenError::Folder { reason })?;
        }
        Ok(origin)
    }

    /// Checks, takes the lock of each repository, and looks at what the remote has: before the chart, whose version the branches record.
    pub fn open(settings: Settings) -> Result<Self, OpenError> {
        let origin = Agent::origin(&settings)?;
        let each = settings.each();
        apart::check(&each)?;
        let open = || target::open_all(&each);
        let (targets, inputs) = if each.iter().any(|settings| settings.remote.url.is_some()) {
            (open()?, Inputs::load(&settings)?)
        } else {
            let inputs = Inputs::load(&settings)?;
            (open()?, inputs)
        };
        let server = settings.server.listen.map(|address| Server::bind(address.get())).transpose()?;
        Ok(Agent { settings, inputs, targets, origin, server })
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
        let Agent { settings, inputs, mut targets, origin, server } = self;
        let (metrics, probes) = (Arc::new(Metrics::new(env!("CARGO_PKG_VERSION"))), Probes::default());
        let _pages = server.map(|server| Pages::start(server, &probes, &metrics));
        let readers = || targets.iter().map(|target| target.store.reader()).collect::<Result<Vec<_>, _>>();
        let looked = readers()?;
        let (sender, events) = mpsc::channel(MOST_EVENTS);
        let outcomes = Arc::new(Outcomes::new(settings.commit.notes));
        let queue = Arc::new(Queue::default());
        let Started { source, engine, locks, finder } = match origin {
            Origin::Folder(folder) => source::folder(folder, &settings, sender),
            Origin::Cluster => {
                let readers = Readers::new(inputs.routes.clone(), readers()?);
                let (reports, outcomes, queue) = (reports.clone(), outcomes.clone(), queue.clone());
                let told = Told { reports, outcomes, queue };
                let common = inputs.each[0].common();
                source::cluster(&settings, readers, told, common, &metrics, sender).await?
            }
        };
        let known = Known::default();
        let (ended, mut endings) = mpsc::unbounded_channel();
        let All { routes, each } = inputs;
        let held = |(inputs, target): (Inputs, &Target)| Held { inputs, outbox: target.outbox() };
        let held = each.into_iter().zip(&targets).map(held).collect();
        let shared = Shared {
            routes,
            targets: held,
            queue,
            locks,
            finder,
            reports,
            engine,
            metrics,
            probes,
            outcomes,
            known,
            ended,
        };
        let shared = Arc::new(shared);
        for trouble in targets.iter_mut().filter_map(|target| target.trouble.take()) {
            shared.report(Report::Notice(format!("{trouble} (it is tried again)")));
        }
        let threads = threads::start(&shared, &settings, targets)?;
        let pumped = tokio::select! {
            result = pump::pump(events, until, &shared, looked) => result,
            () = stop => Ok(()),
            // Ends before it was told to only when it panics.
            Some(name) = endings.recv() => {
                shared.probes.dead(format!("the {name} thread ended"));
                Err(RunError::Panic(name))
            }
        };
        shared.close();
        let drained = tokio::select! {
            result = drain(&shared, threads, until) => result,
            () = abort => {
                shared.queue.abandon();
                Ok(())
            }
        };
        if let Some(engine) = &shared.engine {
            engine.close();
        }
        pumped.and(drained).and(end(source).await.map_err(RunError::from))
    }
}

/// Waits until everything that waits is handled, and with `Until::Done` also delivered.
async fn drain(shared: &Shared, mut threads: Threads, until: Until) -> Result<(), RunError> {
    let working = tokio::task::spawn_blocking(move || threads.worked().map(|()| threads));
    let threads = working.await.unwrap_or(Err(RunError::Panic("draining")))?;
    if let (Until::Done, Some(engine)) = (until, &shared.engine) {
        engine.idle().await;
    }
    let joined = tokio::task::spawn_blocking(move || threads.join()).await;
    joined.unwrap_or(Err(RunError::Panic("draining")))
}

/// The channel of the events is closed: a source that is well ends, one that failed says why.
async fn end(source: Source) -> Result<(), WatchError> {
    match tokio::time::timeout(FAREWELL, source).await {
        Ok(ended) => ended.unwrap_or(Err(WatchError::Gone)),
        Err(_) => Ok(()),
    }
}
