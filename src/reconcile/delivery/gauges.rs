//! What is counted of each actor: whether something is on its way for it, and where its cluster stands.

use std::sync::Arc;

use tokio::sync::watch::Sender;

use crate::metrics::Metrics;
use crate::metrics::labels::State;

/// Counts the actor among the busy ones while it is.
pub struct Busy {
    count: Sender<usize>,
    is: bool,
}

impl Busy {
    /// Not busy yet.
    pub fn new(count: Sender<usize>) -> Self {
        Busy { count, is: false }
    }

    pub fn set(&mut self, busy: bool) {
        if std::mem::replace(&mut self.is, busy) != busy {
            self.count.send_modify(|count| *count = if busy { *count + 1 } else { count.saturating_sub(1) });
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.set(false);
    }
}

/// Counts the actor's cluster where it stands.
pub struct Gauge {
    metrics: Arc<Metrics>,
    state: Option<State>,
}

impl Gauge {
    /// Nothing is known of the cluster yet.
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Gauge { metrics, state: None }
    }

    pub fn set(&mut self, state: State) {
        let from = self.state.replace(state);
        self.metrics.moved(from, Some(state));
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.metrics.moved(self.state, None);
    }
}
