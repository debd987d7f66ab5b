//! What all threads of the agent see.

use std::sync::Arc;

use tokio::sync::mpsc;

use crate::metrics::Metrics;
use crate::metrics::labels::Outcome;
use crate::reconcile::class::Class;
use crate::reconcile::delivery::engine::Engine;
use crate::reconcile::inputs::Inputs;
use crate::reconcile::lock::Locks;
use crate::reconcile::queue::{Queue, Work};
use crate::reconcile::report::Report;
use crate::server::health::Probes;

/// Where reports go.
pub type Reports = mpsc::UnboundedSender<Report>;

/// What all threads see.
pub struct Shared {
    pub inputs: Inputs,
    pub queue: Queue,
    pub locks: Locks,
    pub reports: Reports,
    /// What brings commits to a cluster, if there is one.
    pub engine: Option<Engine>,
    pub metrics: Arc<Metrics>,
    pub probes: Probes,
}

impl Shared {
    /// Counts and passes on what became of a cluster. Nobody listening is not a reason to stop working.
    pub fn report(&self, report: Report) {
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
