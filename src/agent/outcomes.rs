//! Outcomes of deliveries, gathered for a moment and handed to the writers, who keep them beside their commits.
#![allow(clippy::disallowed_methods)] // a thread, and how long it gathers

use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crate::reconcile::report::{Outcome, Report};
use crate::reconcile::writer::{Noting, Order};
use crate::settings::target::Routes;
use crate::source::event::Key;

/// Outcomes within this time share a commit: a note is not urgent, and a flush costs as much as that of a change.
const GATHER: Duration = Duration::from_secs(1);

/// More than these that wait for a disk are forgotten, the newest first: the status has them, too.
const MOST: usize = 10_000;

/// Outcomes that wait to be kept.
pub struct Outcomes {
    are_kept: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<(Key, Outcome)>,
    finished: bool,
}

impl Outcomes {
    /// None yet. Those that are not kept are let go at once.
    pub fn new(are_kept: bool) -> Self {
        Outcomes { are_kept, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Takes in a report of the delivery, if it tells one.
    pub fn hear(&self, report: &Report) {
        let (Report::Ready { key, outcome, .. } | Report::NotReady { key, outcome, .. }) = report else {
            return;
        };
        let Some(outcome) = outcome.as_ref().filter(|_| self.are_kept) else { return };
        let mut state = self.lock();
        if state.waiting.len() < MOST {
            state.waiting.push((key.clone(), outcome.clone()));
        }
        drop(state);
        self.changed.notify_all();
    }

    /// Nothing will come any more.
    pub fn finish(&self) {
        self.lock().finished = true;
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// All that came within a moment; none when no more will come.
    fn take(&self) -> Option<Vec<(Key, Outcome)>> {
        let is_idle = |state: &mut State| state.waiting.is_empty() && !state.finished;
        let first = self.changed.wait_while(self.lock(), is_idle).unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(first, GATHER, |state| !state.finished);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        Some(std::mem::take(&mut state.waiting)).filter(|waiting| !waiting.is_empty())
    }
}

/// Starts the thread that hands them over. `orders`: to the writer of each target, in the numbers of the routes.
pub fn start(
    outcomes: &Arc<Outcomes>,
    routes: &Arc<Routes>,
    orders: Vec<SyncSender<Order>>,
) -> std::io::Result<JoinHandle<()>> {
    let (outcomes, routes) = (outcomes.clone(), routes.clone());
    let work = move || {
        while let Some(waiting) = outcomes.take() {
            let mut of: Vec<Vec<(Key, Outcome)>> = orders.iter().map(|_| Vec::new()).collect();
            for (key, outcome) in waiting {
                of[routes.of(&key.namespace)].push((key, outcome));
            }
            for (orders, outcomes) in orders.iter().zip(of).filter(|(_, outcomes)| !outcomes.is_empty()) {
                let (answer, kept) = sync_channel(1);
                // A writer that is gone keeps nothing: the process ends.
                if orders.send(Order::Note(Noting { outcomes, answer })).is_ok() {
                    let _ = kept.recv();
                }
            }
        }
    };
    thread::Builder::new().name("outcomes".into()).spawn(work)
}
