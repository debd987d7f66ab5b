//! What all threads of the agent see.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::outcomes::Outcomes;
use crate::metrics::Metrics;
use crate::metrics::labels::Outcome;
use crate::reconcile::attached::Finder;
use crate::reconcile::class::Class;
use crate::reconcile::delivery::engine::Engine;
use crate::reconcile::inputs::Inputs;
use crate::reconcile::lock::Locks;
use crate::reconcile::push::known::Known;
use crate::reconcile::push::outbox::{Around, Outbox};
use crate::reconcile::queue::{Queue, Work};
use crate::reconcile::report::Report;
use crate::server::health::Probes;
use crate::settings::target::Routes;

/// Where reports go.
pub type Reports = mpsc::UnboundedSender<Report>;

/// What all threads see.
pub struct Shared {
    pub routes: Arc<Routes>,
    /// In the numbers of the routes.
    pub targets: Vec<Held>,
    pub queue: Arc<Queue>,
    pub locks: Locks,
    /// Looks for data that is there, where there is a cluster.
    pub finder: Option<Finder>,
    pub reports: Reports,
    /// What brings commits to a cluster, if there is one.
    pub engine: Option<Engine>,
    pub metrics: Arc<Metrics>,
    pub probes: Probes,
    /// What became of commits, on its way to the writers.
    pub outcomes: Arc<Outcomes>,
    /// The clusters that there are, where branches may have to be planned again.
    pub known: Known,
    /// Told the name of a thread that ended.
    pub ended: mpsc::UnboundedSender<&'static str>,
}

/// What all threads see of one target.
pub struct Held {
    pub inputs: Inputs,
    /// What waits for its remote, if there is one.
    pub outbox: Option<Outbox>,
}

/// Dropped when a thread that nothing goes on without ends, also by a panic: nobody waits for what it will not do.
pub struct Last {
    shared: Arc<Shared>,
    name: &'static str,
}

impl Last {
    pub fn of(shared: &Arc<Shared>, name: &'static str) -> Self {
        Last { shared: shared.clone(), name }
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        self.shared.queue.abandon();
        let _ = self.shared.ended.send(self.name);
    }
}

impl Shared {
    /// Takes in news of a source.
    pub fn push(&self, work: Work) {
        match self.target(&work.key().namespace).outbox {
            Some(_) => self.known.tell(&self.queue, work),
            None => self.queue.push(work),
        }
    }

    /// No more work will come: what is there is finished, and what fails now has no later.
    pub fn close(&self) {
        self.queue.close();
        self.targets.iter().filter_map(|target| target.outbox.as_ref()).for_each(Outbox::drain);
    }

    /// The target that a namespace belongs to.
    pub fn target(&self, namespace: &str) -> &Held {
        &self.targets[self.routes.of(namespace)]
    }

    /// Passes on what became of clusters in the repository of a target, at once or when its remote has it.
    pub fn tell(&self, target: &Held, reports: Vec<Report>) {
        let report = |report| self.report(report);
        match &target.outbox {
            Some(outbox) => {
                outbox.tell(reports, &Around { queue: &self.queue, report: &report });
                outbox.count(&self.metrics);
            }
            None => reports.into_iter().for_each(report),
        }
    }

    /// Has references pushed along with the branches of a target, or tags behind their branch, if it is pushed.
    pub fn along(&self, target: &Held, branch: Option<&str>, names: Vec<String>) {
        let Some(outbox) = &target.outbox else { return };
        let around = Around { queue: &self.queue, report: &|report| self.report(report) };
        match branch {
            Some(branch) => outbox.follow(branch, names, &around),
            None => outbox.lack(names, &around),
        }
    }

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
            Report::Pushed { .. } | Report::Late { .. } => {}
            Report::NotPushed { .. } | Report::Unasked { .. } => {}
            Report::Ready { .. } | Report::NotReady { .. } | Report::Listed { .. } | Report::Notice(_) => {}
        }
    }
}
