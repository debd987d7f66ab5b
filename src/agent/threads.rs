//! Workers and what belongs to the repositories, as threads that are started together and joined.
#![allow(clippy::disallowed_methods)] // the process: threads

use std::cell::Cell;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::errors::RunError;
use super::outcomes;
use super::shared::{Held, Shared};
use super::target::{self, Target};
use crate::git::account::{Account, Listener};
use crate::git::reader::Reader;
use crate::reconcile::push::outbox::Outbox;
use crate::reconcile::worker::{Desk, Worker};
use crate::reconcile::writer::Order;
use crate::settings::Settings;
use crate::source::event::Key;
use crate::template::budgets::STACK;

/// Plans that wait for writers at most: with the manifests of each in memory.
const MOST_PLANS: usize = 64;

/// Plans that may wait for one writer, however many there are.
const LEAST_PLANS: usize = 4;

/// All threads.
pub struct Threads {
    workers: Vec<JoinHandle<()>>,
    targets: Vec<target::Started>,
    outcomes: JoinHandle<()>,
    shared: Arc<Shared>,
}

/// Starts workers, and writer and pusher of each target.
pub fn start(shared: &Arc<Shared>, settings: &Settings, targets: Vec<Target>) -> Result<Threads, RunError> {
    let count = match settings.render.workers {
        0 => thread::available_parallelism().map_or(1, usize::from),
        count => count,
    };
    let room = (MOST_PLANS / targets.len().max(1)).max(LEAST_PLANS);
    let mut lent: Vec<Vec<Lent>> = (0..count).map(|_| Vec::new()).collect();
    let (mut started, mut writers) = (Vec::new(), Vec::new());
    for (number, mut target) in targets.into_iter().enumerate() {
        target.store.tell(counted(shared));
        let (orders, received) = sync_channel::<Order>(room);
        for lent in &mut lent {
            lent.push((target.store.reader()?, orders.clone()));
        }
        writers.push(orders.clone());
        started.push(target.start(shared, number, orders, received)?);
    }
    let workers = lent.into_iter().map(|lent| start_worker(shared, lent)).collect::<Result<_, _>>()?;
    let outcomes = outcomes::start(&shared.outcomes, &shared.routes, writers)?;
    Ok(Threads { workers, targets: started, outcomes, shared: shared.clone() })
}

/// What a worker has of a target for itself.
type Lent = (Reader, SyncSender<Order>);

/// What a repository tells, as metrics; those of all targets are added up.
fn counted(shared: &Arc<Shared>) -> Listener {
    let metrics = shared.metrics.clone();
    let kept = Cell::new((0, 0));
    Box::new(move |account| match account {
        Account::Flushed { commits, bytes, took } => metrics.flushed(commits, bytes, took),
        Account::Kept { packs, bytes } => metrics.kept(kept.replace((packs, bytes)), (packs, bytes)),
    })
}

fn start_worker(shared: &Arc<Shared>, lent: Vec<Lent>) -> Result<JoinHandle<()>, RunError> {
    let shared = shared.clone();
    let work = move || {
        let report = |key: &Key, report| shared.tell(shared.target(&key.namespace), vec![report]);
        let Shared { targets, routes, queue, locks, finder, .. } = &*shared;
        let lent = targets.iter().zip(lent);
        let desks =
            lent.map(|(Held { inputs, .. }, (reader, plans))| Desk { inputs, reader, plans }).collect();
        Worker { desks, routes, queue, locks, finder: finder.as_ref(), report: &report }.run();
    };
    Ok(thread::Builder::new().name("worker".into()).stack_size(STACK).spawn(work)?)
}

impl Threads {
    /// Waits for the workers: they end when nothing is left to do and to push.
    pub fn worked(&mut self) -> Result<(), RunError> {
        join(std::mem::take(&mut self.workers))
    }

    /// Waits for all others, when nothing more is delivered: for who hands over outcomes, then for the pushers, then for the
    /// writers, of whom nobody wants anything any more.
    pub fn join(self) -> Result<(), RunError> {
        let Threads { workers, targets, outcomes, shared } = self;
        let worked = join(workers);
        shared.outcomes.finish();
        let noted = join(vec![outcomes]);
        shared.targets.iter().filter_map(|target| target.outbox.as_ref()).for_each(Outbox::finish);
        let threads = |target: target::Started| target.pusher.into_iter().chain([target.writer]);
        worked.and(noted).and(join(targets.into_iter().flat_map(threads).collect()))
    }
}

/// All are waited for, whatever became of one.
fn join(threads: Vec<JoinHandle<()>>) -> Result<(), RunError> {
    let ended: Vec<_> = threads.into_iter().map(JoinHandle::join).collect();
    ended.into_iter().try_for_each(|ended| ended.map_err(|_| RunError::Panic("working")))
}
