//! The one thread that writes the repository: plans in, durable commits out.
//!
//! Plans that arrive within a short window share one flush (one pack, one round of fsync), still one commit
//! each. A commit is reported only after it is durable.
#![allow(clippy::disallowed_methods)] // the window is a time

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use super::branch::{self, Branch, BranchError, CLUSTER_TRAILER, GENERATION_TRAILER};
use super::class::{self, Class};
use super::inputs::Inputs;
use super::plan::{self, Change, Generation, Kind};
use super::queue::{Job, Next, Queue};
use super::report::Report;
use crate::api::conditions::Reason;
use crate::git::batch::{Batch, CommitError, CommitSpec, FlushError, Outcome, RefUpdate};
use crate::git::consolidate;
use crate::git::message::{Message, MessageError};
use crate::git::object::Signature;
use crate::git::objects::ObjectError;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::ref_update::Refusal;
use crate::git::store::Store;
use crate::git::trailers;
use crate::git::tree_edit::Edit;
use crate::ledger::folder::OWN;
use crate::ledger::message as words;
use crate::ledger::root::{self, Marker, RootError};
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

/// More plans than this are flushed in several rounds, so that the first are reported early.
const MOST_PLANS: usize = 512;

/// How long a plan waits for an earlier one of its namespace, so that the same changes make the same history.
/// A render takes milliseconds; one that takes longer loses its place instead of delaying the others.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often it is looked whether the earlier one has come or failed.
const LOOK: Duration = Duration::from_millis(5);

/// The writer and what it knows.
pub struct Writer<'a> {
    pub inputs: &'a Inputs,
    pub queue: &'a Queue,
    pub store: Store,
    pub reader: Reader,
    pub window: Duration,
    pub report: &'a (dyn Fn(Report) + Sync),
    pub branches: BTreeMap<String, Branch>,
}

/// Why a plan did not become a commit.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error("{branch} was changed by someone else while {key} was planned; it is planned again")]
    Moved { branch: String, key: Key },
    #[error(transparent)]
    Root(#[from] RootError),
    #[error(transparent)]
    Words(#[from] words::MessageError),
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Begin(#[from] ObjectError),
    #[error(transparent)]
    Flush(#[from] FlushError),
    #[error("{0}")]
    Refused(String),
    #[error("writing stopped in a way it never should: {0}; please report this with the resource")]
    Panic(String),
}

impl From<ReadError> for WriteError {
    fn from(error: ReadError) -> Self {
        WriteError::Branch(error.into())
    }
}

impl WriteError {
    fn class(&self) -> Class {
        match self {
            WriteError::Root(_) | WriteError::Words(_) => Class::User,
            WriteError::Commit(CommitError::TooLarge { .. }) => Class::User,
            // somebody's branch, or somebody's file where a folder of ours belongs
            WriteError::Branch(BranchError::Marker(_)) => Class::Conflict,
            WriteError::Commit(CommitError::Conflict { .. } | CommitError::Edit { .. }) => Class::Conflict,
            WriteError::Moved { .. } => Class::Conflict,
            WriteError::Message(_) | WriteError::Panic(_) => Class::Bug,
            WriteError::Branch(BranchError::Read(_)) | WriteError::Commit(_) => Class::Transient,
            WriteError::Begin(_) | WriteError::Flush(_) | WriteError::Refused(_) => Class::Transient,
        }
    }
}

impl WriteError {
    fn reason(&self) -> Reason {
        match self {
            WriteError::Branch(BranchError::Marker(_)) => Reason::BranchNotManaged,
            WriteError::Root(_) | WriteError::Words(_) => Reason::RenderFailed,
            _ => Reason::CommitFailed,
        }
    }
}

/// A commit of the batch that is not durable yet.
struct Staged {
    planned: Planned,
    commit: Oid,
    subject: String,
}

impl Writer<'_> {
    /// Writes until all senders are gone.
    pub fn run(mut self, plans: &Receiver<Planned>) {
        let mut early: Vec<Planned> = Vec::new();
        loop {
            let mut waiting = std::mem::take(&mut early);
            let window = if waiting.is_empty() { self.window } else { LOOK };
            if waiting.is_empty() {
                let Ok(first) = plans.recv() else { return };
                waiting.push(first);
            }
            let end = Instant::now() + window;
            while waiting.len() < MOST_PLANS {
                match plans.recv_timeout(end.saturating_duration_since(Instant::now())) {
                    Ok(planned) => waiting.push(planned),
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                }
            }
            let mut ready;
            (ready, early) = self.in_order(waiting);
            if ready.is_empty() {
                continue;
            }
            while !ready.is_empty() {
                ready = self.write(ready);
            }
            self.consolidate();
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
        let mut in_batch = BTreeSet::new();
        for planned in waiting {
            if !rest.is_empty() {
                rest.push(planned);
                continue;
            }
            let name = planned.change.branch.clone();
            let mut stage = Stage { inputs, reader, branches, fresh: !in_batch.contains(&name) };
            match stage.attempt(&mut batch, &planned.change) {
                Ok((commit, subject)) => {
                    in_batch.insert(name);
                    staged.push(Staged { planned, commit, subject });
                }
                Err(WriteError::Commit(CommitError::Full { .. })) if !batch.is_empty() => rest.push(planned),
                Err(error) => failed.push((planned, error)),
            }
        }
        let flushed = batch.flush();
        for (planned, error) in failed {
            self.fail(planned, &error);
        }
        self.conclude(staged, flushed);
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
        for Staged { planned, commit, subject } in staged {
            if let Some(refusal) = refused.get(&planned.change.branch) {
                let error = match refusal {
                    Refusal::Conflict { .. } => moved(&planned.change),
                    other => WriteError::Refused(other.to_string()),
                };
                self.fail(planned, &error);
                continue;
            }
            let Planned { job, change, .. } = planned;
            let Change { key, branch, .. } = change;
            self.queue.done(&key);
            (self.report)(Report::Committed { key, branch, commit, subject, work: job.work });
        }
    }

    fn fail_all(&mut self, waiting: Vec<Planned>, error: &WriteError) {
        waiting.into_iter().for_each(|planned| self.fail(planned, error));
    }

    fn fail(&mut self, planned: Planned, error: &WriteError) {
        let Planned { job, change, since: _ } = planned;
        self.branches.remove(&change.branch);
        let (class, origin, work) = (error.class(), job.work.origin(), job.work.clone());
        let next = self.queue.fail(job, class);
        if (class, next) == (Class::Conflict, Next::Again) {
            tracing::info!(cluster = %change.key, %error, "planned again");
            return;
        }
        let again = next != Next::Never;
        let (key, reason, message) = (change.key, error.reason(), error.to_string());
        (self.report)(Report::Failed { key, origin, class, reason, message, again, work });
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

/// Puts one change into the batch.
struct Stage<'a> {
    inputs: &'a Inputs,
    reader: &'a Reader,
    branches: &'a mut BTreeMap<String, Branch>,
    /// The branch has no commit in this batch yet: what the repository says of it is the truth.
    fresh: bool,
}

impl Stage<'_> {
    /// A panic is a bug that concerns one cluster: the batch takes a commit in as its last step, so what is
    /// left of this one is at most objects that nothing names.
    fn attempt(&mut self, batch: &mut Batch<'_>, change: &Change) -> Result<(Oid, String), WriteError> {
        let attempt = std::panic::AssertUnwindSafe(|| self.commit(batch, change));
        std::panic::catch_unwind(attempt)
            .unwrap_or_else(|payload| Err(WriteError::Panic(class::panic_words(&*payload))))
    }

    fn commit(&mut self, batch: &mut Batch<'_>, change: &Change) -> Result<(Oid, String), WriteError> {
        let marker = Marker::new(&self.inputs.agent.name, &change.key.namespace);
        self.look(change, &marker)?;
        let mut branch = self.branches.get(&change.branch).cloned().unwrap_or_default();
        match &change.kind {
            Kind::Write { row, .. } => branch.rows.insert(change.key.name.clone(), row.clone()),
            Kind::Remove => branch.rows.remove(&change.key.name),
        };
        let last = branch.generations.get(&change.key.name).copied();
        let generation = match change.generation {
            Generation::Given(number) => number,
            Generation::Next => last.unwrap_or(0) + 1,
            Generation::Same => last.unwrap_or(1),
        };
        branch.generations.insert(change.key.name.clone(), generation);
        branch.time = branch.time.max(change.at.as_second());
        let message = self.message(change, generation)?;
        let spec = CommitSpec {
            branch: change.branch.clone(),
            expected: branch.tip,
            edits: self.edits(change, &marker, &branch)?,
            author: self.author(change),
            committer: self.agent(branch.time),
            message,
        };
        let commit = match batch.commit(&spec)? {
            Outcome::Committed(commit) => commit,
            // The footprint differed and the tree does not: only possible if someone moved the branch.
            Outcome::Unchanged => return Err(moved(change)),
        };
        branch.tip = Some(commit);
        if matches!(change.kind, Kind::Remove) {
            // A cluster of this name that comes later is another one, and counts from 1: also after a restart.
            branch.generations.remove(&change.key.name);
        }
        self.branches.insert(change.branch.clone(), branch);
        Ok((commit, change.words.subject.clone()))
    }

    /// Makes sure that what we know of the branch is what the repository says, and that the plan still fits
    /// (a cluster occurs at most once in a batch, so the repository before the batch is what to compare with).
    fn look(&mut self, change: &Change, marker: &Marker) -> Result<(), WriteError> {
        if self.fresh {
            let tip = self.reader.tip(&change.branch)?;
            let known = self.branches.get(&change.branch);
            if known.is_none_or(|branch| branch.tip != tip || tip.is_none()) {
                let loaded = branch::load(self.reader, &change.branch, marker)?;
                self.branches.insert(change.branch.clone(), loaded);
            }
        }
        if plan::footprint(self.reader, &change.branch, &change.key.name)? != change.base {
            return Err(moved(change));
        }
        Ok(())
    }

    fn edits(&self, change: &Change, marker: &Marker, branch: &Branch) -> Result<Vec<Edit>, RootError> {
        let name = &change.key.name;
        let mut edits: Vec<Edit> =
            OWN.iter().map(|own| Edit::Remove { path: format!("{name}/{own}") }).collect();
        if let Kind::Write { files, .. } = &change.kind {
            let put = |(path, bytes): (&String, &Vec<u8>)| Edit::Put {
                path: format!("{name}/{path}"),
                bytes: bytes.clone(),
            };
            edits.extend(files.iter().map(put));
        }
        let roots = root::files(marker, &change.branch, &branch.rows, &self.inputs.readme)?;
        edits.extend(roots.into_iter().map(|(path, bytes)| Edit::Put { path, bytes }));
        Ok(edits)
    }

    fn message(&self, change: &Change, generation: i64) -> Result<String, WriteError> {
        let text = self.inputs.message.render(&change.words)?;
        let (subject, body) = text.split_once('\n').unwrap_or((&text, ""));
        let mut message = Message::new(subject).paragraph(body.trim());
        message = message.trailer(CLUSTER_TRAILER, &change.key.to_string());
        message = message.trailer(GENERATION_TRAILER, &generation.to_string());
        for (key, value) in &change.trailers {
            message = message.trailer(key, value);
        }
        if let Some(who) = &change.requested_by {
            message = message.trailer("Requested-By", who);
        }
        Ok(message.build()?)
    }

    /// Who asked, else the agent.
    fn author(&self, change: &Change) -> Signature {
        let seconds = change.at.as_second();
        match &change.requested_by {
            None => self.agent(seconds),
            Some(who) => {
                let (name, email) = person(who);
                Signature { name, email, seconds: seconds.max(0), offset: 0 }
            }
        }
    }

    fn agent(&self, seconds: i64) -> Signature {
        let agent = &self.inputs.agent;
        let (name, email) = (agent.name.clone(), agent.email.clone());
        Signature { name, email, seconds: seconds.max(0), offset: 0 }
    }
}

/// `Jane Doe <jane@example.com>`, `jane@example.com` or `jane` as name and address.
fn person(who: &str) -> (String, String) {
    let who = trailers::one_line(who);
    if let Some((name, rest)) = who.split_once('<')
        && let Some((email, "")) = rest.split_once('>')
    {
        return (name.trim().to_string(), email.trim().to_string());
    }
    let email = if who.contains('@') { who.clone() } else { String::new() };
    (who, email)
}

fn moved(change: &Change) -> WriteError {
    WriteError::Moved { branch: change.branch.clone(), key: change.key.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asked_is_read_as_git_writes_it() {
        let table = [
            ("Jane Doe <jane@example.com>", ("Jane Doe", "jane@example.com")),
            ("jane@example.com", ("jane@example.com", "jane@example.com")),
            ("jane", ("jane", "")),
            ("a <b> c", ("a <b> c", "")),
        ];
        for (who, (name, email)) in table {
            assert_eq!(person(who), (name.to_string(), email.to_string()), "{who}");
        }
    }
}
