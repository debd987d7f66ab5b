//! One of several threads that turn work into plans. Everything that takes long and needs no lock is here.
#![allow(clippy::disallowed_methods)] // the time of a new lock

use std::sync::mpsc::SyncSender;

use jiff::Timestamp;

use super::attached::Finder;
use super::branch::{self, BranchError as Unfit};
use super::class::{self, Class};
use super::footprint;
use super::inputs::Inputs;
use super::lock::{LockError, Locks};
use super::plan::{self, Kind, Plan, PlanError, cut};
use super::prepare::{self, PrepareError, Prepared};
use super::queue::{Job, Next, Queue, Work};
use super::report::Report;
use super::roots::{self, RootsError};
use super::undo::{self, ASKED_TRAILER, Again};
use super::writer::{Order, Planned};
use crate::api::annotations;
use crate::api::conditions::{READY, Reason};
use crate::git::reader::Reader;
use crate::ledger::branch::BranchError;
use crate::ledger::stub::Secrets;
use crate::render::policy::Lock;
use crate::settings::target::Routes;
use crate::source::event::{Key, Observed};

/// Characters of what was asked that go into a commit.
const LONGEST_ASKED: usize = 100;

/// What a worker needs.
pub struct Worker<'a> {
    /// In the numbers of the routes.
    pub desks: Vec<Desk<'a>>,
    pub routes: &'a Routes,
    pub queue: &'a Queue,
    pub locks: &'a Locks,
    /// Looks for data that is there, where there is a cluster.
    pub finder: Option<&'a Finder>,
    pub report: &'a (dyn Fn(&Key, Report) + Sync),
}

/// What a worker needs for one target.
pub struct Desk<'a> {
    pub inputs: &'a Inputs,
    pub reader: Reader,
    pub plans: SyncSender<Order>,
}

/// Why a job did not become a plan.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error(transparent)]
    Roots(#[from] RootsError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error("rendering stopped in a way it never should: {0}; please report this with the resource")]
    Panic(String),
}

impl WorkError {
    fn class(&self) -> Class {
        match self {
            WorkError::Prepare(_) | WorkError::Branch(_) => Class::User,
            WorkError::Plan(error) => error.class(),
            // as the writer would have it
            WorkError::Roots(RootsError::Branch(Unfit::Marker(_))) => Class::Conflict,
            WorkError::Roots(RootsError::Branch(Unfit::Read(_))) => Class::Transient,
            WorkError::Roots(RootsError::Root(_)) => Class::User,
            WorkError::Lock(error) if error.is_final() => Class::User,
            WorkError::Lock(_) => Class::Transient,
            WorkError::Panic(_) => Class::Bug,
        }
    }

    fn reason(&self) -> Reason {
        match self {
            WorkError::Prepare(PrepareError::Prometheus(_)) => Reason::InvalidConfig,
            WorkError::Plan(PlanError::Forbidden(_)) => Reason::InvalidConfig,
            WorkError::Prepare(_) | WorkError::Lock(_) | WorkError::Panic(_) => Reason::RenderFailed,
            WorkError::Branch(_) | WorkError::Roots(RootsError::Branch(Unfit::Marker(_))) => {
                Reason::BranchNotManaged
            }
            WorkError::Roots(RootsError::Root(_)) => Reason::RenderFailed,
            WorkError::Plan(PlanError::Read(_)) | WorkError::Roots(RootsError::Branch(Unfit::Read(_))) => {
                Reason::CommitFailed
            }
        }
    }
}

impl<'a> Worker<'a> {
    /// Works until the queue is closed and empty.
    pub fn run(mut self) {
        while let Some(job) = self.queue.next() {
            match self.plan(&job.work) {
                Ok(Plan::Unchanged(secrets)) => self.unchanged(job.work, secrets, false),
                Ok(Plan::Held(secrets)) => self.unchanged(job.work, secrets, true),
                Ok(Plan::Change(change)) => {
                    let key = job.work.key().clone();
                    if self.desk(&key).plans.send(Order::Write(Box::new(Planned::new(job, *change)))).is_err()
                    {
                        // The writer is gone: the process ends, and the next one plans this again.
                        self.queue.done(&key);
                    }
                }
                Err(error) => self.fail(job, &error),
            }
        }
    }

    fn desk(&mut self, key: &Key) -> &mut Desk<'a> {
        &mut self.desks[self.routes.of(&key.namespace)]
    }

    fn unchanged(&mut self, work: Work, secrets: Secrets, is_held: bool) {
        let key = work.key().clone();
        // Planning has named the branch just now.
        let branch = self.desk(&key).inputs.branches.of(&key.namespace).unwrap_or_default();
        let of = key.clone();
        (self.report)(&key, Report::Unchanged { key: of, branch, work, secrets, is_held, pushed: false });
        self.queue.done(&key);
    }

    /// A panic is a bug that concerns one cluster, not the agent.
    fn plan(&mut self, work: &Work) -> Result<Plan, WorkError> {
        let attempt = std::panic::AssertUnwindSafe(|| self.try_plan(work));
        std::panic::catch_unwind(attempt)
            .unwrap_or_else(|payload| Err(WorkError::Panic(class::panic_words(&*payload))))
    }

    fn try_plan(&mut self, work: &Work) -> Result<Plan, WorkError> {
        let (locks, finder) = (self.locks, self.finder);
        let desk = self.desk(work.key());
        let branch = desk.inputs.branches.of(&work.key().namespace)?;
        desk.reader.refresh().map_err(|error| PlanError::Read(error.into()))?;
        match work {
            Work::Delete(deleted) => {
                locks.forget(&deleted.key)?;
                let mut plan = plan::remove(&desk.reader, &branch, deleted)?;
                if let (Plan::Change(change), Some(finder)) = (&mut plan, finder) {
                    change.leave(finder.beyond(&deleted.key.namespace, &change.sets));
                }
                Ok(plan)
            }
            // Suspended: nothing is rendered and nothing committed; what the branch holds stays.
            Work::Apply(observed) if observed.cluster.spec.suspend => {
                tracing::info!(cluster = %observed.key, "suspended: left as it is");
                Ok(Plan::Unchanged(Secrets::default()))
            }
            Work::Undo(undo) => Ok(undo::plan(&desk.reader, &branch, undo)?),
            Work::Apply(observed) => {
                let prepared = prepare(desk.inputs, locks, observed)?;
                for warning in &prepared.warnings {
                    tracing::warn!(cluster = %observed.key, "{warning}");
                }
                // said at the start, not only when there is something to write
                let tip = branch::tip(&desk.reader, &branch, &desk.inputs.marker(&observed.key.namespace))
                    .map_err(RootsError::from)?;
                let mut plan = plan::write(&desk.reader, &branch, prepared, observed)?;
                if let (Plan::Unchanged(secrets), Some(tip)) = (&plan, tip)
                    && let Some(change) =
                        roots::plan(&desk.reader, desk.inputs, (&branch, tip), observed, secrets)?
                {
                    return Ok(Plan::Change(Box::new(change)));
                }
                if let (Plan::Change(change), Some(finder)) = (&mut plan, finder) {
                    change.attach(finder.find(&observed.key.namespace, &change.sets));
                }
                Ok(may_be_held(desk, &branch, observed, plan)?)
            }
        }
    }

    fn fail(&self, job: Job, error: &WorkError) {
        let work = job.work.clone();
        let (key, origin, class) = (work.key().clone(), work.origin(), error.class());
        let again = self.queue.fail(job, class) != Next::Never;
        let (reason, message, of) = (error.reason(), error.to_string(), key.clone());
        (self.report)(&of, Report::Failed { key, origin, class, reason, message, again, work });
    }
}

/// What was taken back as it is comes again only after a pause, and not for ever; at once where somebody asks for it.
fn may_be_held(desk: &Desk<'_>, branch: &str, observed: &Observed, plan: Plan) -> Result<Plan, PlanError> {
    let mut change = match (plan, observed.generation) {
        (Plan::Change(change), Some(_)) => change,
        // nothing is delivered from a folder
        (plan, _) => return Ok(plan),
    };
    let Some(tip) = desk.reader.tip(branch)?.filter(|_| !is_up(observed)) else {
        return Ok(Plan::Change(change));
    };
    if let Some(asked) = asked(observed) {
        change.trailers.push((ASKED_TRAILER, asked));
        return Ok(Plan::Change(change));
    }
    let Kind::Write { files, .. } = &change.kind else { return Ok(Plan::Change(change)) };
    let wanted = footprint::wanted(files);
    let max_retries = undo::max_retries(&observed.cluster, desk.inputs.max_retries);
    let name = &observed.key.name;
    let is_unlikely = !says_nothing_or_taken_back(observed);
    let again = Again { wanted: &wanted, max_retries, now: Timestamp::now(), is_unlikely };
    match undo::holds(&desk.reader, tip, name, &again)? {
        true => Ok(Plan::Held(change.secrets)),
        false => Ok(Plan::Change(change)),
    }
}

/// The resource says that all is well: nothing was taken back.
fn is_up(observed: &Observed) -> bool {
    let conditions = observed.cluster.status.iter().flat_map(|status| &status.conditions);
    let is_of = |generation: Option<i64>| generation == observed.generation;
    conditions.into_iter().any(|condition| {
        condition.type_ == READY && condition.status == "True" && is_of(condition.observed_generation)
    })
}

/// The status was lost, or says that a change was taken back.
fn says_nothing_or_taken_back(observed: &Observed) -> bool {
    let status = observed.cluster.status.as_ref();
    let ready = status.and_then(|status| status.conditions.iter().find(|found| found.type_ == READY));
    ready.is_none_or(|ready| ready.reason == Reason::RolledBack.as_str())
}

/// What is asked by the annotation, and was not acted on.
fn asked(observed: &Observed) -> Option<String> {
    let asked = observed.cluster.metadata.annotations.as_ref()?.get(annotations::RECONCILE_AT)?;
    let handled =
        observed.cluster.status.as_ref().and_then(|status| status.last_handled_reconcile_at.as_ref());
    (handled != Some(asked)).then(|| cut(asked, LONGEST_ASKED))
}

/// Renders; a chart that draws random values gets the lock of its release. Most draw none, and none is made for them.
fn prepare(inputs: &Inputs, locks: &Locks, observed: &Observed) -> Result<Prepared, WorkError> {
    let prepare = |lock: Option<&Lock>| prepare::prepare(&observed.key, &observed.cluster, inputs, lock);
    match prepare(locks.known(observed).as_ref()) {
        Err(error) if error.wants_lock() => {
            let lock = locks.of(observed, Timestamp::now())?;
            Ok(prepare(Some(&lock))?)
        }
        prepared => Ok(prepared?),
    }
}
