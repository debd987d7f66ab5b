//! What is to be done, one entry a cluster: a newer event replaces a waiting one, and a cluster is never
//! worked on twice at the same time.
#![allow(clippy::disallowed_methods)] // a retry waits for a moment in time

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::class::{Class, Retry};
use super::undo::Undo;
use crate::source::event::{Deleted, Key, Observed, Origin};

/// What a source wants done for a cluster.
#[derive(Clone, Debug)]
pub enum Work {
    Apply(Observed),
    Delete(Deleted),
    /// From the delivery: what was applied did not come up.
    Undo(Box<Undo>),
}

impl Work {
    pub fn key(&self) -> &Key {
        match self {
            Work::Apply(observed) => &observed.key,
            Work::Delete(deleted) => &deleted.key,
            Work::Undo(undo) => &undo.observed.key,
        }
    }

    /// Where the resource stands; what is gone stands nowhere.
    pub fn origin(&self) -> Option<Origin> {
        match self {
            Work::Apply(observed) => Some(observed.origin.clone()),
            Work::Undo(undo) => Some(undo.observed.origin.clone()),
            Work::Delete(_) => None,
        }
    }
}

/// Work handed out. How often it failed decides how long the next retry waits.
#[derive(Clone, Debug)]
pub struct Job {
    pub work: Work,
    /// When the source told of it.
    pub since: Instant,
    /// 0 at first.
    pub attempt: u32,
    /// Counts the jobs in the order in which they were handed out; 0 before.
    pub ticket: u64,
}

/// What becomes of a job that failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// It is handed out again at once, even when the queue is closed: what is missing is a new look.
    Again,
    /// It is handed out again after a pause.
    Later,
    /// It is given up until the cluster changes or the agent starts anew.
    Never,
}

/// The queue. Shared by the source, the workers and the writer.
#[derive(Default)]
pub struct Queue {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: BTreeMap<Key, Job>,
    /// Keys of `waiting` in order of arrival; may hold keys that are gone.
    order: VecDeque<Key>,
    /// Given out and not yet finished, with their tickets.
    running: BTreeMap<Key, u64>,
    /// The ticket that was handed out last.
    ticket: u64,
    /// Failed for a passing reason: not before this moment.
    later: BTreeMap<Key, (Instant, Job)>,
    /// Others that may hand something back: what is on its way to a remote.
    holds: usize,
    closed: bool,
    /// What runs is not waited for.
    abandoned: bool,
}

impl Queue {
    /// Adds work, or replaces what is waiting for the same cluster.
    pub fn push(&self, work: Work) {
        let mut state = self.lock();
        let key = work.key().clone();
        state.later.remove(&key);
        if state
            .waiting
            .insert(key.clone(), Job { work, since: Instant::now(), attempt: 0, ticket: 0 })
            .is_none()
        {
            state.order.push_back(key);
        }
        self.changed.notify_one();
    }

    /// Adds work that anything newer of the cluster makes void; false when the queue takes no more.
    pub fn offer(&self, work: Work) -> bool {
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        state.put(work.key().clone(), Job { work, since: Instant::now(), attempt: 0, ticket: 0 });
        self.changed.notify_one();
        true
    }

    /// The next piece of work, waiting for one; `None` when the queue is closed and no work is left, also none
    /// that runs and could come back. Every job is to be ended by [`Self::done`] or [`Self::fail`].
    pub fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if !state.closed {
                state.wake(|_, at| *at <= Instant::now());
            }
            if let Some(job) = state.take() {
                return Some(job);
            }
            let is_idle = state.running.is_empty() && state.holds == 0;
            if state.closed && state.waiting.is_empty() && (is_idle || state.abandoned) {
                return None;
            }
            let pauses = state.later.values().map(|(at, _)| at.saturating_duration_since(Instant::now()));
            let pause = pauses.min().filter(|_| !state.closed).unwrap_or(LONG);
            let waited = self.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
        }
    }

    /// The cluster's work is finished; newer work for it may begin.
    pub fn done(&self, key: &Key) {
        self.lock().running.remove(key);
        self.changed.notify_all();
    }

    /// Somebody has work under way that may come back: the queue does not end before [`Self::release`].
    pub fn hold(&self) {
        self.lock().holds += 1;
    }

    /// It will not any more.
    pub fn release(&self) {
        let mut state = self.lock();
        state.holds = state.holds.saturating_sub(1);
        drop(state);
        self.changed.notify_all();
    }

    /// What waits for a retry in this namespace is handed out at once, also when the queue is closed: something
    /// that may have been in its way is gone.
    pub fn hurry(&self, namespace: &str) {
        self.lock().wake(|key, _| key.namespace == namespace);
        self.changed.notify_all();
    }

    /// The work failed: again at once, after a pause, or not at all, as its class has it. Newer work for the
    /// cluster takes its place, and a closed queue has no later unless it is told to [`Self::hurry`].
    pub fn fail(&self, job: Job, class: Class) -> Next {
        let mut state = self.lock();
        let key = job.work.key().clone();
        state.running.remove(&key);
        let newer = state.waiting.contains_key(&key);
        let next = class.next(job.attempt);
        let job = Job { attempt: job.attempt.saturating_add(1), ..job };
        let next = match next {
            Retry::Now if state.abandoned => Next::Never,
            Retry::Now => {
                state.put(key, job);
                Next::Again
            }
            Retry::After(_) if newer => Next::Again,
            Retry::After(_) if state.abandoned => Next::Never,
            Retry::After(pause) => {
                state.later.insert(key, (Instant::now() + pause, job));
                if state.closed { Next::Never } else { Next::Later }
            }
            Retry::Never => Next::Never,
        };
        drop(state);
        self.changed.notify_all();
        next
    }

    /// True while a job of this namespace that was handed out before `ticket` is worked on, other than those in
    /// `held`.
    pub fn is_early(&self, namespace: &str, ticket: u64, held: &BTreeSet<u64>) -> bool {
        let state = self.lock();
        let first = Key { namespace: namespace.to_string(), name: String::new() };
        let of_namespace = state.running.range(first..).take_while(|(key, _)| key.namespace == namespace);
        of_namespace.into_iter().any(|(_, other)| *other < ticket && !held.contains(other))
    }

    /// True while more jobs wait or are worked on than the `planned` ones that wait for the writer.
    pub fn is_busy(&self, planned: usize) -> bool {
        let state = self.lock();
        state.waiting.len() + state.running.len() > planned
    }

    /// No more work will come; what waits is still handed out, what waits for a retry is not.
    pub fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Forgets what nobody works on yet, and closes: the second signal of a shutdown.
    pub fn abandon(&self) {
        let mut state = self.lock();
        let (running, ticket) = (std::mem::take(&mut state.running), state.ticket);
        *state = State { running, ticket, closed: true, abandoned: true, ..State::default() };
        drop(state);
        self.changed.notify_all();
    }

    /// Clusters that wait or are worked on.
    pub fn len(&self) -> usize {
        let state = self.lock();
        state.waiting.len() + state.running.len() + state.later.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A thread that panicked left the state whole: every change of it is one step.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait without an end in sight; every change wakes it.
const LONG: Duration = Duration::from_secs(3600);

impl State {
    fn wake(&mut self, is_due: impl Fn(&Key, &Instant) -> bool) {
        for (key, (_, job)) in self.later.extract_if(.., |key, (at, _)| is_due(key, at)).collect::<Vec<_>>() {
            self.put(key, job);
        }
    }

    /// Puts a job back, unless newer work for the cluster waits.
    fn put(&mut self, key: Key, job: Job) {
        if !self.waiting.contains_key(&key) {
            self.waiting.insert(key.clone(), job);
            self.order.push_back(key);
        }
    }

    fn take(&mut self) -> Option<Job> {
        let at = self.order.iter().position(|key| !self.running.contains_key(key))?;
        let key = self.order.remove(at)?;
        let job = self.waiting.remove(&key)?;
        self.ticket += 1;
        self.running.insert(key, self.ticket);
        Some(Job { ticket: self.ticket, ..job })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;

    fn delete(name: &str, second: i64) -> Work {
        let key = Key { namespace: "n".into(), name: name.into() };
        Work::Delete(Deleted::gone(key, Timestamp::from_second(second).unwrap()))
    }

    fn taken(queue: &Queue) -> (String, i64) {
        match queue.next().unwrap().work {
            Work::Delete(deleted) => (deleted.key.name, deleted.changed_at.as_second()),
            Work::Apply(_) | Work::Undo(_) => unreachable!(),
        }
    }

    #[test]
    fn the_newest_wins_in_the_place_of_the_first() {
        let queue = Queue::default();
        for (name, second) in [("a", 1), ("b", 2), ("a", 3)] {
            queue.push(delete(name, second));
        }
        assert_eq!([taken(&queue), taken(&queue)], [("a".into(), 3), ("b".into(), 2)]);
    }

    #[test]
    fn a_running_cluster_waits_and_delays_no_other() {
        let queue = Queue::default();
        queue.push(delete("a", 1));
        let key = queue.next().unwrap().work.key().clone();
        queue.push(delete("a", 2));
        queue.push(delete("b", 3));
        assert_eq!(taken(&queue).0, "b");
        queue.done(&key);
        assert_eq!(taken(&queue), ("a".into(), 2));
    }

    #[test]
    fn closed_and_empty_ends_the_workers() {
        let queue = Queue::default();
        queue.push(delete("a", 1));
        queue.close();
        let job = queue.next().unwrap();
        queue.done(job.work.key());
        assert!(queue.next().is_none());
    }

    #[test]
    fn a_conflict_comes_back_at_once_also_while_draining() {
        let queue = Queue::default();
        queue.push(delete("a", 1));
        let job = queue.next().unwrap();
        queue.close();
        assert_eq!(queue.fail(job, Class::Conflict), Next::Again);
        let job = queue.next().unwrap();
        assert_eq!(job.attempt, 1);
        assert_eq!(queue.fail(job, Class::Transient), Next::Never);
        assert!(queue.next().is_none());
    }

    #[test]
    fn what_waits_for_another_cluster_is_hurried_also_while_draining() {
        let queue = Queue::default();
        for name in ["a", "b"] {
            queue.push(delete(name, 1));
        }
        let [a, b] = [(); 2].map(|()| queue.next().unwrap());
        assert_eq!(queue.fail(Job { attempt: 9, ..b }, Class::Conflict), Next::Later);
        queue.close();
        queue.hurry("elsewhere");
        assert_eq!(queue.len(), 2);
        queue.hurry("n");
        queue.done(a.work.key());
        assert_eq!(taken(&queue).0, "b");
    }

    #[test]
    fn newer_work_replaces_a_retry() {
        let queue = Queue::default();
        queue.push(delete("a", 1));
        let job = queue.next().unwrap();
        queue.push(delete("a", 2));
        assert_eq!(queue.fail(job, Class::Transient), Next::Again);
        let job = queue.next().unwrap();
        assert_eq!((job.attempt, queue.len()), (0, 1));
    }

    #[test]
    fn the_queue_is_busy_with_what_is_not_planned_yet() {
        let queue = Queue::default();
        queue.push(delete("a", 1));
        queue.push(delete("b", 1));
        let job = queue.next().unwrap();
        assert!(queue.is_busy(1), "b waits");
        queue.next();
        assert!(queue.is_busy(1) && !queue.is_busy(2));
        queue.done(job.work.key());
        assert!(!queue.is_busy(1));
    }

    #[test]
    fn a_job_is_early_while_one_before_it_is_worked_on() {
        let queue = Queue::default();
        for name in ["a", "b", "c"] {
            queue.push(delete(name, 1));
        }
        let [a, b, c] = [(); 3].map(|()| queue.next().unwrap());
        let none = BTreeSet::new();
        assert!(!queue.is_early("n", a.ticket, &none));
        assert!(queue.is_early("n", c.ticket, &none) && !queue.is_early("m", c.ticket, &none));
        assert!(!queue.is_early("n", c.ticket, &BTreeSet::from([a.ticket, b.ticket])));
        queue.done(a.work.key());
        assert!(!queue.is_early("n", b.ticket, &none));
    }

    #[test]
    fn abandoning_leaves_only_what_runs() {
        let queue = Queue::default();
        queue.push(delete("a", 1));
        queue.push(delete("b", 1));
        let job = queue.next().unwrap();
        queue.abandon();
        assert!(queue.next().is_none());
        queue.done(job.work.key());
        assert!(queue.is_empty());
    }
}
