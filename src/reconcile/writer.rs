//! The one thread that writes the repository: plans in, durable commits out.
//!
//! Plans that arrive within a short window share one flush (one pack, one round of fsync), still one commit
//! each. A commit is reported only after it is durable. Who has nothing to wait for does not wait: the window is
//! open only while other clusters are being worked on, and grows while plans keep coming.
#![allow(clippy::disallowed_methods)] // the window is a time

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use super::branch::Branch;
use super::class::Class;
use super::inputs::Inputs;
use super::notes;
use super::plan::Change;
use super::push::land::{LandError, Landed, Moved, land};
use super::queue::{Job, Next, Queue, Work};
use super::report::{Outcome, Report};
use super::stage::{Done, Stage, WriteError, moved};
use crate::git::batch::{Batch, CommitError, FlushError, RefUpdate};
use crate::git::consolidate;
use crate::git::notes::REFERENCE;
use crate::git::reader::Reader;
use crate::git::ref_update::Refusal;
use crate::git::store::Store;
use crate::source::event::Key;

/// A plan with the job that it answers.
pub struct Planned {
    pub job: Job,
    pub change: Change,
    /// When the plan was made.
    pub since: Instant,
}

impl Planned {
    pub fn new(job: Job, change: Change) -> Self {
        Planned { job, change, since: Instant::now() }
    }
}

/// A branch that the remote moved, and who waits for it.
pub struct Landing {
    pub moved: Moved,
    pub answer: SyncSender<Result<Landed, LandError>>,
}

/// Outcomes to keep beside their commits, and who waits until they are durable.
pub struct Noting {
    pub outcomes: Vec<(Key, Outcome)>,
    pub answer: SyncSender<()>,
}

/// What the writer is asked for.
pub enum Order {
    Write(Box<Planned>),
    Land(Landing),
    Note(Noting),
}

/// More plans than this are flushed in several rounds, so that the first are reported early.
const MOST_PLANS: usize = 512;

/// How long a plan waits for an earlier one of its namespace, so that the same changes make the same history.
/// A render takes milliseconds; one that takes longer loses its place instead of delaying the others.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked whether the earlier one has come or failed.
const LOOK: Duration = Duration::from_millis(5);

/// How many windows a flush waits at most while plans keep coming: under load, few large flushes cost less than many
/// small ones, and nobody waits longer than a render and its flush would have taken.
const MOST_WINDOWS: u32 = 10;

/// The writer and what it knows.
pub struct Writer<'a> {
    pub inputs: &'a Inputs,
    pub queue: &'a Queue,
    pub store: Store,
    pub reader: Reader,
    pub window: Duration,
    /// Told of all that became of one flush together.
    pub tell: &'a (dyn Fn(Vec<Report>) + Sync),
    /// Given references that go to the remote along with the branches, or behind the one that is named.
    pub along: &'a (dyn Fn(Option<&str>, Vec<String>) + Sync),
    pub branches: BTreeMap<String, Branch>,
}

/// A commit of the batch that is not durable yet.
struct Staged {
    planned: Planned,
    done: Done,
}

impl Writer<'_> {
    /// Writes until all senders are gone.
    pub fn run(mut self, plans: &Receiver<Order>) {
        // Before the first flush: an agent that dies in maintenance again and again would leave one pack more each time.
        self.consolidate();
        let mut early: Vec<Planned> = Vec::new();
        loop {
            let mut waiting = std::mem::take(&mut early);
            if waiting.is_empty() {
                let Ok(first) = plans.recv() else { return };
                self.take(first, &mut waiting);
                self.gather(plans, &mut waiting);
            } else if let Ok(next) = plans.recv_timeout(LOOK) {
                self.take(next, &mut waiting);
            }
            for order in plans.try_iter().take(MOST_PLANS.saturating_sub(waiting.len())) {
                self.take(order, &mut waiting);
            }
            let mut ready;
            (ready, early) = self.in_order(waiting);
            // Without plans it was a note or a landing, which leaves a pack as well.
            if ready.is_empty() && !early.is_empty() {
                continue;
            }
            while !ready.is_empty() {
                ready = self.write(ready);
            }
            self.consolidate();
        }
    }

    /// Between batches, so a branch can be put elsewhere at once.
    fn take(&mut self, order: Order, waiting: &mut Vec<Planned>) {
        match order {
            Order::Write(planned) => waiting.push(*planned),
            Order::Land(Landing { moved, answer }) => {
                self.branches.remove(&moved.branch);
                let landed = land(self.inputs, &mut self.store, &mut self.reader, &moved);
                // Who does not wait any more sees it in the repository.
                let _ = answer.send(landed);
            }
            Order::Note(Noting { outcomes, answer }) => {
                match notes::keep(self.inputs, &mut self.store, &mut self.reader, &outcomes) {
                    Ok(()) => (self.along)(None, vec![REFERENCE.to_owned()]),
                    // The status says it, too.
                    Err(error) => tracing::warn!(%error, "what became of a commit cannot be noted"),
                }
                let _ = answer.send(());
            }
        }
    }

    /// Adds the plans that come while the window is open.
    fn gather(&mut self, plans: &Receiver<Order>, waiting: &mut Vec<Planned>) {
        let first = Instant::now();
        let latest = first + self.window * MOST_WINDOWS;
        let mut end = first + self.window;
        while waiting.len() < MOST_PLANS && self.queue.is_busy(waiting.len()) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            match plans.recv_timeout(left.min(LOOK)) {
                Ok(order) => {
                    self.take(order, waiting);
                    end = latest.min(Instant::now() + self.window);
                }
                // What was worked on may have led to nothing.
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    /// The plans in the order in which their jobs were handed out; apart from them those that an earlier job
    /// of their namespace, still being rendered, is to come before.
    fn in_order(&self, mut waiting: Vec<Planned>) -> (Vec<Planned>, Vec<Planned>) {
        waiting.sort_by_key(|planned| planned.job.ticket);
        let held: BTreeSet<u64> = waiting.iter().map(|planned| planned.job.ticket).collect();
        let full = waiting.len() >= MOST_PLANS;
        let is_ready = |planned: &Planned| {
            let namespace = &planned.change.key.namespace;
            full || planned.since.elapsed() >= PATIENCE
                || !self.queue.is_early(namespace, planned.job.ticket, &held)
        };
        waiting.into_iter().partition(is_ready)
    }

    /// Commits what fits into one batch; returns the rest.
    fn write(&mut self, waiting: Vec<Planned>) -> Vec<Planned> {
        if let Err(error) = self.reader.refresh() {
            self.fail_all(waiting, &WriteError::Begin(error));
            return Vec::new();
        }
        let Writer { inputs, store, reader, branches, .. } = self;
        let mut batch = match Batch::begin(store) {
            Ok(batch) => batch,
            Err(error) => {
                self.fail_all(waiting, &WriteError::Begin(error));
                return Vec::new();
            }
        };
        let (mut staged, mut failed, mut rest) = (Vec::new(), Vec::new(), Vec::new());
        let (mut in_batch, mut tags) = (BTreeSet::new(), Vec::new());
        for planned in waiting {
            if !rest.is_empty() {
                rest.push(planned);
                continue;
            }
            let name = planned.change.branch.clone();
            let mut stage = Stage { inputs, reader, branches, fresh: !in_batch.contains(&name) };
            match stage.attempt(&mut batch, &planned.change) {
                Ok(done) => {
                    in_batch.insert(name);
                    let tag = inputs.tag(&planned.change.key, done.generation);
                    tags.extend(tag.map(|tag| (tag, done.commit, planned.change.branch.clone())));
                    staged.push(Staged { planned, done });
                }
                Err(WriteError::Commit(CommitError::Full { .. })) if !batch.is_empty() => rest.push(planned),
                Err(error) => failed.push((planned, error)),
            }
        }
        for (tag, commit, _) in &tags {
            // a name that git does not take costs the tag, not the commit
            if let Err(error) = batch.tag(tag, *commit) {
                tracing::warn!(tag, %error, "the commit gets no tag");
            }
        }
        let flushed = batch.flush();
        for (planned, error) in failed {
            self.fail(planned, &error);
        }
        self.conclude(staged, flushed);
        for (tag, _, branch) in tags {
            (self.along)(Some(&branch), vec![format!("refs/tags/{tag}")]);
        }
        rest
    }

    /// Reports what became durable; a branch that was refused has none of its commits.
    fn conclude(&mut self, staged: Vec<Staged>, flushed: Result<Vec<RefUpdate>, FlushError>) {
        let updates = match flushed {
            Ok(updates) => updates,
            Err(error) => {
                self.branches.clear();
                let error = WriteError::Flush(error);
                staged.into_iter().for_each(|staged| self.fail(staged.planned, &error));
                return;
            }
        };
        let mut refused = BTreeMap::new();
        for update in updates {
            if let Err(refusal) = update.result {
                self.branches.remove(&update.branch);
                refused.insert(update.branch, refusal);
            }
        }
        let (mut reports, mut committed) = (Vec::new(), Vec::new());
        for Staged { planned, done } in staged {
            if let Some(refusal) = refused.get(&planned.change.branch) {
                let error = match refusal {
                    Refusal::Conflict { .. } => moved(&planned.change),
                    other => WriteError::Refused(other.to_string()),
                };
                self.fail(planned, &error);
                continue;
            }
            let Planned { job, change, .. } = planned;
            let Change { key, branch, words, secrets, .. } = change;
            committed.push((key.clone(), done.freed));
            let (commit, subject) = (done.commit, words.told());
            let (work, took) = (job.work, job.since.elapsed());
            let is_held = matches!(work, Work::Undo(_));
            reports.push(Report::Committed {
                key,
                branch,
                commit,
                subject,
                work,
                took,
                secrets,
                is_held,
                pushed: false,
            });
        }
        // Told first: the queue is not to be empty while something is on its way to the remote.
        (self.tell)(reports);
        for (key, freed) in committed {
            self.queue.done(&key);
            if freed {
                self.queue.hurry(&key.namespace);
            }
        }
    }

    fn fail_all(&mut self, waiting: Vec<Planned>, error: &WriteError) {
        waiting.into_iter().for_each(|planned| self.fail(planned, error));
    }

    fn fail(&mut self, planned: Planned, error: &WriteError) {
        let Planned { job, change, since: _ } = planned;
        if !error.is_ours() {
            self.branches.remove(&change.branch);
        }
        let (class, origin, work) = (error.class(), job.work.origin(), job.work.clone());
        let next = self.queue.fail(job, class);
        if (class, next) == (Class::Conflict, Next::Again) {
            tracing::info!(cluster = %change.key, %error, "planned again");
            return;
        }
        let again = next != Next::Never;
        let (key, reason, message) = (change.key, error.reason(), error.to_string());
        (self.tell)(vec![Report::Failed { key, origin, class, reason, message, again, work }]);
    }

    /// Keeps the number of packs and loose objects small; a failure costs speed, not data.
    fn consolidate(&mut self) {
        let result = match consolidate::is_due(&self.store) {
            Ok(false) => return,
            Ok(true) => consolidate::run(&mut self.store).map(|_| ()).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if let Err(error) = result {
            tracing::warn!(error, "the repository could not be consolidated; it works on, slower");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::oid::Oid;
    use crate::git::store::Options;
    use crate::settings::Settings;
    use std::sync::mpsc::sync_channel;

    #[test]
    fn notes_alone_do_not_pile_up_packs() {
        let folder = tempfile::tempdir().unwrap();
        let all = Inputs::load(&Settings::default()).unwrap();
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        let reader = store.reader().unwrap();
        let (orders, received) = sync_channel(1);
        let writer = Writer {
            inputs: &all.each[0],
            queue: &Queue::default(),
            store,
            reader,
            window: Duration::ZERO,
            tell: &|_| {},
            along: &|_, _| {},
            branches: BTreeMap::new(),
        };
        let asks = std::thread::spawn(move || {
            for number in 0..2 * consolidate::MAX_PACKS {
                let commit: Oid = format!("{number:040x}").parse().unwrap();
                let key = Key { namespace: "n".into(), name: "a".into() };
                let outcome = Outcome { commit, words: "ready".into(), revision: None };
                let (answer, kept) = sync_channel(1);
                orders.send(Order::Note(Noting { outcomes: vec![(key, outcome)], answer })).unwrap();
                kept.recv().unwrap();
            }
        });
        writer.run(&received);
        asks.join().unwrap();
        let store = Store::open(folder.path(), &Options::default()).unwrap();
        let packs = consolidate::stored(&store).unwrap().packs;
        assert!((1..=consolidate::MAX_PACKS).contains(&packs), "{packs} packs");
    }
}
