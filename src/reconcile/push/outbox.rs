//! Reports of commits turned into branches that wait for the remote, and into what is told at once or only when it has them.
#![allow(clippy::disallowed_methods)] // a retry waits for a moment in time

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::pause;
use super::trouble::Trouble;
use super::waiting::{Entry, State, Turn, Waiting, commit};
use crate::git::oid::Oid;
use crate::git::path::called;
use crate::metrics::Metrics;
use crate::reconcile::queue::{Queue, Work};
use crate::reconcile::report::Report;
use crate::settings::remote::Push;
use crate::source::event::Key;

/// Who hears what is told, and who is to wait for it.
pub struct Around<'a> {
    pub queue: &'a Queue,
    pub report: &'a (dyn Fn(Report) + Sync),
}

/// Branches that wait for the remote, each with the newest report of its clusters. Shared by the writer, the workers and the
/// pusher; whoever tells something waits for none of them.
pub struct Outbox {
    is_required: bool,
    state: Mutex<State>,
    changed: Condvar,
    /// As many branches the metrics were told of.
    counted: AtomicUsize,
}

/// Gives reports of commits of a branch that the remote got, but for those that are told of.
pub type Late<'a> = dyn Fn(&str, &BTreeSet<Oid>) -> Vec<Report> + 'a;

/// Where no commit came.
pub fn none_late(_: &str, _: &BTreeSet<Oid>) -> Vec<Report> {
    Vec::new()
}

impl Outbox {
    /// An empty one. `push` is not `never`: then there is nothing to wait for.
    pub fn new(push: Push) -> Self {
        let is_required = push == Push::Required;
        Outbox { is_required, state: Mutex::default(), changed: Condvar::new(), counted: AtomicUsize::new(0) }
    }

    /// What the remote has is not known, or not what it was believed to be: it is to be asked.
    pub fn doubt(&self, around: &Around<'_>) {
        let mut state = self.lock();
        state.unasked = true;
        self.settle(state, around.queue);
    }

    /// It was asked, and what it lacks is here.
    pub fn asked(&self, around: &Around<'_>) {
        let mut state = self.lock();
        (state.asking, state.pause, state.failures) = (false, None, 0);
        self.settle(state, around.queue);
    }

    /// Branches that the remote is not known to have as they are here. Those that are on their way are, and those that were given up have no later.
    pub fn lack(&self, branches: Vec<String>, around: &Around<'_>) {
        let mut state = self.lock();
        for branch in branches {
            if !state.given_up.contains_key(&branch) && !state.flying.contains_key(&branch) {
                state.waiting.entry(branch).or_default();
            }
        }
        self.settle(state, around.queue);
    }

    /// Tags of commits on a branch: the remote gets none whose commit it does not have by then.
    pub fn follow(&self, branch: &str, tags: Vec<String>, around: &Around<'_>) {
        let mut state = self.lock();
        let State { waiting, flying, given_up, .. } = &mut *state;
        match waiting.get_mut(branch).or_else(|| flying.get_mut(branch)) {
            Some(first) => first.tags.extend(tags),
            // it is there, or was given up, and the next start looks
            None if given_up.contains_key(branch) => {}
            None => waiting.extend(tags.into_iter().map(|tag| (tag, Waiting::default()))),
        }
        self.settle(state, around.queue);
    }

    /// Takes in reports, those of one flush together. What does not concern the remote is told at once.
    pub fn tell(&self, reports: Vec<Report>, around: &Around<'_>) {
        let mut state = self.lock();
        for report in reports {
            match report {
                Report::Committed { ref key, ref branch, .. } => {
                    let at = (key.clone(), branch.clone());
                    self.hold(&mut state, at, report, around);
                }
                Report::Unchanged { ref key, ref branch, ref work, .. } => {
                    let pushed = !state.lacks(branch);
                    let at = (key.clone(), branch.clone());
                    let is_idle = matches!(work, Work::Apply(observed) if observed.cluster.spec.suspend);
                    let report = if pushed { report.as_pushed() } else { report };
                    match pushed || is_idle {
                        true => (around.report)(report),
                        false => self.hold(&mut state, at, report, around),
                    }
                }
                other => {
                    other.failed().into_iter().for_each(|key| state.forget(key));
                    (around.report)(other);
                }
            }
        }
        self.settle(state, around.queue);
    }

    fn hold(&self, state: &mut State, at: (Key, String), report: Report, around: &Around<'_>) {
        let (key, branch) = at;
        if let Some(trouble) = state.given_up.get(&branch).filter(|_| !report.is_commit()) {
            let told = trouble.told(&key, &branch, &report, self.is_required, false);
            if !self.is_required {
                (around.report)(report);
            }
            return (around.report)(told);
        }
        state.given_up.remove(&branch);
        state.count += 1;
        let count = state.count;
        let waiting = state.waiting.entry(branch).or_default();
        // something new may be what the remote takes
        if report.is_commit() {
            waiting.pause = None;
            waiting.tell(commit(&report).filter(|_| !self.is_required));
        }
        let entry = match self.is_required {
            true => Entry::Held(Box::new(report)),
            false => {
                (around.report)(report);
                Entry::Told
            }
        };
        let before = waiting.clusters.remove(&key);
        let entry = match (before, entry) {
            (Some((_, Entry::Held(before))), Entry::Held(report)) => {
                Entry::Held(Box::new(before.followed_by(*report)))
            }
            (_, entry) => entry,
        };
        waiting.clusters.insert(key, (count, entry));
    }

    /// The branches whose turn it is, waiting for some; none when no more will come.
    pub fn take(&self) -> Option<Turn> {
        let mut state = self.lock();
        loop {
            let now = Instant::now();
            let turn = state.due(now);
            if turn.ask || !turn.branches.is_empty() {
                state.begin(&turn);
                return Some(turn);
            }
            if state.finished {
                return None;
            }
            let pause = state.next(now).unwrap_or(LONG);
            state = self.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// The remote has these branches, with everything that was reported of them before they were taken. `late` gives what it got beside
    /// the commits that are told of now.
    pub fn pushed(&self, branches: &[String], late: &Late<'_>, around: &Around<'_>) {
        // nothing that was pushed says nothing of the remote
        if branches.is_empty() {
            return;
        }
        let mut state = self.lock();
        let mut told = Vec::new();
        for branch in branches {
            state.given_up.remove(branch);
            state.gone.remove(branch);
            let Some(Waiting { clusters, tags, told: mut known, has_forgotten, .. }) =
                state.flying.remove(branch)
            else {
                continue;
            };
            if !has_forgotten {
                known.extend(clusters.values().filter_map(|(_, entry)| entry.commit()));
                late(branch, &known).into_iter().for_each(|report| (around.report)(report));
            }
            state.waiting.extend(tags.into_iter().map(|tag| (tag, Waiting::default())));
            if let Some(again) = state.waiting.get_mut(branch) {
                (again.pause, again.failures) = (None, 0);
            }
            let newer = state.waiting.get(branch).map(|waiting| &waiting.clusters);
            for (key, (count, entry)) in clusters {
                match entry {
                    Entry::Held(report) => told.push((count, report.as_pushed())),
                    // the newest commit is another one
                    Entry::Told if newer.is_some_and(|newer| newer.contains_key(&key)) => {}
                    Entry::Told => told.push((count, Report::Pushed { key, branch: branch.clone() })),
                }
            }
        }
        (state.pause, state.failures) = (None, 0);
        told.sort_by_key(|(count, _)| *count);
        told.into_iter().for_each(|(_, report)| (around.report)(report));
        self.settle(state, around.queue);
    }

    /// These branches stand where they stood. `all`: the remote failed as a whole.
    pub fn failed(&self, branches: &[String], trouble: &Trouble, all: bool, around: &Around<'_>) {
        let mut state = self.lock();
        let again = !state.draining;
        for branch in branches {
            let flown = state.flying.remove(branch).or_else(|| state.waiting.remove(branch));
            let Some(flown) = flown else { continue };
            let failures = flown.failures.saturating_add(1);
            state.put_back(branch, flown);
            let Some(waiting) = state.waiting.get_mut(branch) else { continue };
            waiting.failures = failures;
            waiting.pause = (!all).then(|| Instant::now() + pause::after(failures));
            for (key, (_, entry)) in &waiting.clusters {
                (around.report)(match entry {
                    Entry::Held(report) => trouble.told(key, branch, report, true, again),
                    Entry::Told => trouble.about(key, branch, again),
                });
            }
            // nobody waits for it: once is enough
            if waiting.clusters.is_empty() && failures == 1 {
                (around.report)(Report::Notice(format!("{}: {}", called(branch), trouble.message)));
            }
            if !again {
                state.waiting.remove(branch);
                state.given_up.insert(branch.clone(), trouble.clone());
            }
        }
        if all {
            state.failures = state.failures.saturating_add(1);
            state.pause = Some(Instant::now() + pause::after(state.failures));
            // another repository may answer when one does again
            (state.unasked, state.asking) = (again, false);
            if branches.is_empty() {
                (around.report)(Report::Unasked { message: trouble.message.clone(), again });
            }
        }
        self.settle(state, around.queue);
    }

    /// Those of these branches that nobody was told of to be gone from the remote since it had them last.
    pub fn gone(&self, branches: &[String]) -> Vec<String> {
        let mut state = self.lock();
        branches.iter().filter(|branch| state.gone.insert((*branch).clone())).cloned().collect()
    }

    /// These branches are to be pushed anew, at once; commits that are held may have other names now.
    pub fn again(&self, branch: &str, renamed: &BTreeMap<Oid, Option<Oid>>) -> u32 {
        let mut state = self.lock();
        let Some(mut flown) = state.flying.remove(branch) else { return 0 };
        flown.failures = flown.failures.saturating_add(1);
        let moves = flown.failures;
        state.put_back(branch, flown);
        if let Some(waiting) = state.waiting.get_mut(branch) {
            let now = |commit: Oid| renamed.get(&commit).copied().unwrap_or(Some(commit));
            waiting.told = std::mem::take(&mut waiting.told).into_iter().filter_map(now).collect();
            for (_, entry) in waiting.clusters.values_mut() {
                if let Entry::Held(report) = entry {
                    report.rename(renamed);
                }
            }
        }
        self.changed.notify_all();
        moves
    }

    /// Tells how many branches wait, beside those of other outboxes.
    pub fn count(&self, metrics: &Metrics) {
        let now = self.len();
        metrics.unpushed(now, self.counted.swap(now, Ordering::Relaxed));
    }

    /// Branches that wait or are being pushed.
    pub fn len(&self) -> usize {
        let state = self.lock();
        state.waiting.len()
            + state.flying.keys().filter(|branch| !state.waiting.contains_key(*branch)).count()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// There is no later any more: everything is tried once, and given up if it fails.
    pub fn drain(&self) {
        self.lock().draining = true;
        self.changed.notify_all();
    }

    /// Nothing will come any more.
    pub fn finish(&self) {
        let mut state = self.lock();
        (state.draining, state.finished) = (true, true);
        drop(state);
        self.changed.notify_all();
    }

    /// Lets the queue wait as long as something is on its way, and wakes the pusher.
    fn settle(&self, mut state: MutexGuard<'_, State>, queue: &Queue) {
        let holds = state.unasked || state.asking || !state.waiting.is_empty() || !state.flying.is_empty();
        match (state.holds, holds) {
            (false, true) => queue.hold(),
            (true, false) => queue.release(),
            _ => {}
        }
        state.holds = holds;
        drop(state);
        self.changed.notify_all();
    }

    /// A thread that panicked left the state whole: every change of it is one step.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A wait without an end in sight; every change wakes it.
const LONG: Duration = Duration::from_secs(3600);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::conditions::Reason;
    use crate::source::event::Deleted;
    use jiff::Timestamp;

    const ONE: Oid = Oid::from_bytes([1; 20]);
    const TWO: Oid = Oid::from_bytes([2; 20]);

    fn key(name: &str) -> Key {
        Key { namespace: "n".into(), name: name.into() }
    }

    fn work(name: &str) -> Work {
        Work::Delete(Deleted::gone(key(name), Timestamp::UNIX_EPOCH))
    }

    fn commit(name: &str, commit: Oid) -> Report {
        Report::Committed {
            key: key(name),
            branch: "b".into(),
            commit,
            subject: "s".into(),
            work: work(name),
            took: Duration::ZERO,
            secrets: Default::default(),
            is_held: false,
            pushed: false,
        }
    }

    fn unchanged(name: &str) -> Report {
        let (key, branch) = (key(name), "b".to_owned());
        let (work, secrets) = (work(name), Default::default());
        Report::Unchanged { key, branch, work, secrets, is_held: false, pushed: false }
    }

    fn trouble() -> Trouble {
        Trouble { reason: Reason::RemoteRejected, message: "no".into() }
    }

    fn shown(report: &Report) -> String {
        let there = |pushed: &bool| if *pushed { " there" } else { "" };
        match report {
            Report::Committed { key, commit, pushed, .. } => {
                format!("{} {:02x}{}", key.name, commit.as_bytes()[0], there(pushed))
            }
            Report::Unchanged { key, pushed, .. } => format!("{} same{}", key.name, there(pushed)),
            Report::Pushed { key, .. } => format!("{} pushed", key.name),
            Report::NotPushed { key, again, .. } => format!("{} not pushed, again {again}", key.name),
            Report::Failed { key, again, .. } => format!("{} failed, again {again}", key.name),
            Report::Notice(text) => text.clone(),
            Report::Unasked { message, again } => format!("{message}: not asked, again {again}"),
            other => format!("{other:?}"),
        }
    }

    /// What is told while something is done with an outbox.
    fn told(outbox: &Outbox, act: impl FnOnce(&Outbox, &Around<'_>)) -> Vec<String> {
        let (queue, heard) = (Queue::default(), Mutex::new(Vec::new()));
        let report = |report: Report| heard.lock().unwrap().push(shown(&report));
        act(outbox, &Around { queue: &queue, report: &report });
        heard.into_inner().unwrap()
    }

    fn tell(outbox: &Outbox, reports: Vec<Report>) -> Vec<String> {
        told(outbox, |outbox, around| outbox.tell(reports, around))
    }

    fn push(outbox: &Outbox) -> Vec<String> {
        let branches = outbox.take().unwrap().branches;
        told(outbox, |outbox, around| outbox.pushed(&branches, &none_late, around))
    }

    #[test]
    fn what_is_required_is_told_when_it_is_there_in_the_order_of_the_commits() {
        let outbox = Outbox::new(Push::Required);
        assert_eq!(tell(&outbox, vec![unchanged("a")]), ["a same there"], "nothing waits");
        assert!(tell(&outbox, vec![commit("b", ONE), commit("a", TWO), unchanged("c")]).is_empty());
        assert_eq!(push(&outbox), ["b 01 there", "a 02 there", "c same there"]);
        assert!(outbox.is_empty());
    }

    #[test]
    fn what_comes_while_a_push_is_under_way_goes_with_the_next_one() {
        for (policy, first, second) in [
            (Push::Required, vec!["a 01 there"], vec!["a 02 there"]),
            // the newest commit is not there yet
            (Push::Async, vec![], vec!["a pushed"]),
        ] {
            let outbox = Outbox::new(policy);
            tell(&outbox, vec![commit("a", ONE)]);
            let flying = outbox.take().unwrap().branches;
            tell(&outbox, vec![commit("a", TWO)]);
            assert_eq!(outbox.len(), 1);
            assert_eq!(told(&outbox, |outbox, around| outbox.pushed(&flying, &none_late, around)), first);
            assert_eq!(push(&outbox), second);
        }
    }

    #[test]
    fn a_look_that_finds_nothing_new_leaves_a_commit_a_commit() {
        let outbox = Outbox::new(Push::Required);
        tell(&outbox, vec![commit("a", ONE), unchanged("a")]);
        assert_eq!(push(&outbox), ["a 01 there"]);
        // made anew, or there before
        for (new, expected) in [(Some(TWO), "a 02 there"), (None, "a same there")] {
            tell(&outbox, vec![commit("a", ONE)]);
            assert_eq!(outbox.take().unwrap().branches, ["b"]);
            assert_eq!(outbox.again("b", &BTreeMap::from([(ONE, new)])), 1);
            assert_eq!(push(&outbox), [expected]);
        }
    }

    #[test]
    fn a_failure_is_told_of_who_waits_and_a_newer_one_of_the_cluster_hides_it() {
        let outbox = Outbox::new(Push::Required);
        tell(&outbox, vec![commit("a", ONE), commit("b", TWO)]);
        let fail = |outbox: &Outbox| {
            let branches = outbox.take().unwrap().branches;
            told(outbox, |outbox, around| outbox.failed(&branches, &trouble(), false, around))
        };
        assert_eq!(fail(&outbox), ["a failed, again true", "b failed, again true"]);
        let broken = trouble().told(&key("a"), "b", &commit("a", ONE), true, false);
        assert_eq!(tell(&outbox, vec![broken]), ["a failed, again false"]);
        outbox.drain();
        assert_eq!(fail(&outbox), ["b failed, again false"]);
        assert!(outbox.is_empty());
        // given up, and still not there
        assert_eq!(tell(&outbox, vec![unchanged("b")]), ["b failed, again false"]);
        assert!(tell(&outbox, vec![commit("b", ONE)]).is_empty());
        assert_eq!(push(&outbox), ["b 01 there"]);
    }

    #[test]
    fn a_remote_that_came_back_is_asked_what_it_has() {
        let outbox = Outbox::new(Push::Required);
        told(&outbox, |outbox, around| outbox.doubt(around));
        assert_eq!(outbox.take().unwrap(), Turn { branches: Vec::new(), ask: true });
        let fail =
            |outbox: &Outbox| told(outbox, |outbox, around| outbox.failed(&[], &trouble(), true, around));
        assert_eq!(fail(&outbox), ["no: not asked, again true"]);
        assert!(!outbox.lock().due(Instant::now()).ask, "there is a pause");
        outbox.lock().pause = None;
        assert!(outbox.take().unwrap().ask);
        told(&outbox, |outbox, around| outbox.asked(around));
        assert!(!outbox.lock().due(Instant::now()).ask && !outbox.lock().holds);
        // a branch that fails with everything else leaves the same doubt
        tell(&outbox, vec![commit("a", ONE)]);
        let branches = outbox.take().unwrap().branches;
        told(&outbox, |outbox, around| outbox.failed(&branches, &trouble(), true, around));
        outbox.drain();
        assert_eq!(outbox.take().unwrap(), Turn { branches: branches.clone(), ask: true });
        told(&outbox, |outbox, around| outbox.failed(&branches, &trouble(), true, around));
        assert!(!outbox.lock().holds, "there is no later");
    }

    #[test]
    fn a_remote_that_is_down_is_not_asked_with_every_commit() {
        let outbox = Outbox::new(Push::Async);
        tell(&outbox, vec![commit("a", ONE)]);
        let branches = outbox.take().unwrap().branches;
        let failed = told(&outbox, |outbox, around| outbox.failed(&branches, &trouble(), true, around));
        assert_eq!(failed, ["a not pushed, again true"]);
        tell(&outbox, vec![commit("a", TWO)]);
        assert!(outbox.lock().due(Instant::now()).branches.is_empty());
        // a round that pushed nothing is no sign of life
        told(&outbox, |outbox, around| outbox.pushed(&[], &none_late, around));
        assert_eq!(outbox.lock().failures, 1);
        assert!(outbox.lock().due(Instant::now()).branches.is_empty());
        // one branch that is refused does not stop the others, and something new of it may be taken
        let other = Outbox::new(Push::Async);
        tell(&other, vec![commit("a", ONE)]);
        let branches = other.take().unwrap().branches;
        told(&other, |other, around| other.failed(&branches, &trouble(), false, around));
        assert!(other.lock().due(Instant::now()).branches.is_empty());
        tell(&other, vec![commit("a", TWO)]);
        assert_eq!(other.lock().due(Instant::now()).branches, ["b"]);
    }
}
