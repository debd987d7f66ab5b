//! Workers and the one writer, as threads that are started together and joined.
#![allow(clippy::disallowed_methods)] // the process: threads

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

use tokio::sync::oneshot;

use super::errors::RunError;
use super::shared::Shared;
use crate::git::reader::Reader;
use crate::git::store::Store;
use crate::reconcile::worker::Worker;
use crate::reconcile::writer::{Planned, Writer};
use crate::settings::Settings;
use crate::template::budgets::STACK;

/// Plans that wait for the writer at most: with the manifests of each in memory.
const MOST_PLANS: usize = 64;

/// The threads, and what resolves when the writer has ended.
pub type Started = (Vec<JoinHandle<()>>, oneshot::Receiver<()>);

/// Starts workers and writer.
pub fn start(shared: &Arc<Shared>, settings: &Settings, store: Store) -> Result<Started, RunError> {
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
        let Shared { inputs, queue, locks, .. } = &*shared;
        Worker { inputs, queue, locks, reader, plans, report: &report }.run();
    };
    Ok(thread::Builder::new().name("worker".into()).stack_size(STACK).spawn(work)?)
}

/// Waits for all of them.
pub fn join(threads: Vec<JoinHandle<()>>) -> Result<(), RunError> {
    for thread in threads {
        thread.join().map_err(|_| RunError::Panic("working"))?;
    }
    Ok(())
}
