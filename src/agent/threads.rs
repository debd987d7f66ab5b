//! Workers and what belongs to the repository, as threads that are started together and joined.
#![allow(clippy::disallowed_methods)] // the process: threads

use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use super::errors::RunError;
use super::shared::Shared;
use super::target::{self, Target};
use crate::git::reader::Reader;
use crate::reconcile::worker::Worker;
use crate::reconcile::writer::Order;
use crate::settings::Settings;
use crate::template::budgets::STACK;

/// Plans that wait for the writer at most: with the manifests of each in memory.
const MOST_PLANS: usize = 64;

/// All threads.
pub struct Threads {
    workers: Vec<JoinHandle<()>>,
    target: target::Started,
    shared: Arc<Shared>,
}

/// Starts workers, writer and pusher.
pub fn start(shared: &Arc<Shared>, settings: &Settings, target: Target) -> Result<Threads, RunError> {
    let (orders, received) = sync_channel::<Order>(MOST_PLANS);
    let count = match settings.render.workers {
        0 => thread::available_parallelism().map_or(1, usize::from),
        count => count,
    };
    let readers = (0..count).map(|_| target.store.reader()).collect::<Result<Vec<_>, _>>()?;
    let target = target.start(shared, orders.clone(), received)?;
    let mut workers = Vec::new();
    for reader in readers {
        workers.push(start_worker(shared, reader, orders.clone())?);
    }
    Ok(Threads { workers, target, shared: shared.clone() })
}

fn start_worker(
    shared: &Arc<Shared>,
    reader: Reader,
    plans: SyncSender<Order>,
) -> Result<JoinHandle<()>, RunError> {
    let shared = shared.clone();
    let work = move || {
        let report = |report| shared.tell(vec![report]);
        let Shared { inputs, queue, locks, .. } = &*shared;
        Worker { inputs, queue, locks, reader, plans, report: &report }.run();
    };
    Ok(thread::Builder::new().name("worker".into()).stack_size(STACK).spawn(work)?)
}

impl Threads {
    /// Waits for all of them: the workers end when nothing is left to do and to push, then the pusher, then the writer, of whom
    /// nobody wants anything any more.
    pub fn join(self) -> Result<(), RunError> {
        let Threads { workers, target, shared } = self;
        let workers: Vec<_> = workers.into_iter().map(JoinHandle::join).collect();
        if let Some(outbox) = &shared.outbox {
            outbox.finish();
        }
        let rest = target.pusher.into_iter().chain([target.writer]).map(JoinHandle::join);
        let all = workers.into_iter().chain(rest.collect::<Vec<_>>());
        all.into_iter().try_for_each(|ended| ended.map_err(|_| RunError::Panic("working")))
    }
}
