//! A phase turned into the status that users see. Pure: the same phase over the same status is the same status, so that
//! what has not changed is not written.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{Condition, Time};

use super::drift::said::{Found, Said};
use super::onward::Onward;
use super::phase::{Applied, Described, Phase};
use crate::api::PrometheusClusterStatus;
use crate::api::conditions::{APPLIED, COMMITTED, DRIFTED, READY, RECONCILING, Reason, STALLED, TESTED};
use crate::api::status::{Change, Commit, MAX_HISTORY, Release};
use crate::health::Replicas;

/// Longest message of a condition (`maxLength` in apimachinery's `Condition`).
const MOST_MESSAGE: usize = 32_768;

/// Outcome of a change that came up.
const SUCCEEDED: &str = "Succeeded";

/// What the status says beside the phase.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    pub generation: i64,
    /// Annotation `promgit.dev/reconcile-at`, when it was acted on.
    pub reconcile_at: Option<String>,
    /// Of the workload, where it is known.
    pub replicas: Option<Replicas>,
    /// Whether the remote has the commit.
    pub onward: Onward,
    /// The newest revision of Helm's history.
    pub release: Option<Release>,
    /// Tests that ran since this agent works on the cluster.
    pub tested: Option<Tested>,
    pub drift: Found,
    /// What promgit owns of the objects, where that is known.
    pub ownership: Option<String>,
}

/// What became of the tests of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tested {
    /// Annotation `promgit.dev/test-at`, as it asked for them.
    pub asked: String,
    pub is_passed: bool,
    pub reason: Reason,
    pub message: String,
}

/// The status of a cluster in `phase`, over the one it had.
pub fn compose(
    old: &PrometheusClusterStatus,
    phase: &Phase,
    facts: &Facts,
    now: Timestamp,
) -> PrometheusClusterStatus {
    let mut status = old.clone();
    status.observed_generation = Some(facts.generation);
    status.last_handled_reconcile_at.clone_from(&facts.reconcile_at);
    if let Some(replicas) = &facts.replicas {
        status.replicas = Some(replicas.current);
        status.ready_replicas = Some(replicas.ready);
        status.selector = Some(replicas.selector.clone());
    }
    if let Some(release) = release(phase) {
        let was_pushed = |known: &Commit| known.revision == release.commit && known.pushed;
        let pushed = facts.onward == Onward::There || old.commit.as_ref().is_some_and(was_pushed);
        status.chart = Some(release.chart.clone());
        status.commit = Some(Commit {
            branch: release.branch.clone(),
            revision: release.commit.clone(),
            short: Some(release.short.clone()),
            pushed,
        });
    }
    status.release.clone_from(&facts.release);
    if let Some(tested) = &facts.tested {
        status.last_handled_test_at = Some(tested.asked.clone());
    }
    if facts.ownership.is_some() {
        status.ownership.clone_from(&facts.ownership);
    }
    let mut conditions = Conditions { old: &old.conditions, new: Vec::new(), facts, now };
    conditions.fill(phase);
    conditions.drifted();
    conditions.tested();
    status.conditions = conditions.new;
    record(&mut status.history, phase, facts, now);
    // each cluster keeps one for as long as it lives
    status.conditions.shrink_to_fit();
    status.history.shrink_to_fit();
    status
}

/// The newest commit that was up, as far as the status remembers.
pub fn last_good(status: &PrometheusClusterStatus) -> Option<&str> {
    let good = status.history.iter().find(|change| change.outcome == SUCCEEDED)?;
    Some(good.commit.as_str())
}

/// Whether this commit was up at some time.
pub fn was_up(status: &PrometheusClusterStatus, commit: &str) -> bool {
    status.history.iter().any(|change| change.outcome == SUCCEEDED && change.commit == commit)
}

/// Whether the cluster holds the commit that the status names.
pub fn is_applied(status: &PrometheusClusterStatus) -> bool {
    condition(status, APPLIED).is_some_and(|(status, _)| status == "True")
}

/// Status and generation of a condition.
pub fn condition<'a>(status: &'a PrometheusClusterStatus, kind: &str) -> Option<(&'a str, i64)> {
    let found = status.conditions.iter().find(|condition| condition.type_ == kind)?;
    Some((found.status.as_str(), found.observed_generation.unwrap_or_default()))
}

fn release(phase: &Phase) -> Option<&Described> {
    match phase {
        Phase::NotCommitted { .. } | Phase::Suspended | Phase::Terminating { .. } => None,
        Phase::NotApplied { release, .. }
        | Phase::Progressing { release, .. }
        | Phase::Late { release, .. }
        | Phase::RolledBack { release, .. }
        | Phase::Ready { release, .. } => Some(release),
    }
}

struct Conditions<'a> {
    old: &'a [Condition],
    new: Vec<Condition>,
    facts: &'a Facts,
    now: Timestamp,
}

impl Conditions<'_> {
    fn fill(&mut self, phase: &Phase) {
        match phase {
            Phase::NotCommitted { reason, message, again } => {
                self.set(COMMITTED, false, *reason, message);
                self.keep(APPLIED);
                self.set(READY, false, *reason, message);
                match again {
                    true => self.set(RECONCILING, true, *reason, "it is tried again"),
                    false => self.set(STALLED, true, *reason, message),
                }
            }
            Phase::Suspended => {
                self.keep(COMMITTED);
                self.keep(APPLIED);
                let message = "suspended: what was asked for since is neither committed nor applied";
                self.set(READY, false, Reason::Suspended, message);
            }
            Phase::Terminating { reason, message } => {
                self.keep(COMMITTED);
                self.keep(APPLIED);
                self.set(READY, false, *reason, message);
                let again = if *reason == Reason::Progressing { message } else { "it is tried again" };
                self.set(RECONCILING, true, *reason, again);
            }
            Phase::NotApplied { release, reason, message } => {
                self.committed(release);
                let again = if *reason == Reason::Progressing { message } else { "it is tried again" };
                self.set(APPLIED, false, *reason, message);
                self.set(READY, false, *reason, message);
                match reason {
                    Reason::HookFailed => self.set(STALLED, true, *reason, message),
                    _ => self.set(RECONCILING, true, *reason, again),
                }
            }
            Phase::Progressing { release, applied, message } => {
                self.committed(release);
                self.applied(release, applied);
                self.set(READY, false, Reason::Progressing, message);
                self.set(RECONCILING, true, Reason::Progressing, message);
            }
            Phase::Late { release, applied, message } => {
                self.committed(release);
                self.applied(release, applied);
                self.set(READY, false, Reason::Stalled, message);
                self.set(STALLED, true, Reason::Stalled, message);
            }
            Phase::RolledBack { release, message, is_removed, again, bad: _ } => {
                self.committed(release);
                match is_removed {
                    true => self.set(APPLIED, false, Reason::RolledBack, message),
                    false => self.applied(release, &Applied::ByUs),
                }
                self.set(READY, false, Reason::RolledBack, message);
                match again {
                    true => self.set(RECONCILING, true, Reason::RolledBack, "it is tried again"),
                    false => self.set(STALLED, true, Reason::RolledBack, message),
                }
            }
            Phase::Ready { release, applied, message } => {
                self.committed(release);
                self.applied(release, applied);
                self.set(READY, true, Reason::Succeeded, message);
            }
        }
    }

    /// Said by whoever asked for it: nothing else changes it.
    fn tested(&mut self) {
        match &self.facts.tested {
            Some(Tested { is_passed, reason, message, asked: _ }) => {
                self.set(TESTED, *is_passed, *reason, message);
            }
            None => self.keep(TESTED),
        }
    }

    fn drifted(&mut self) {
        match &self.facts.drift {
            Found::Unknown => self.keep(DRIFTED),
            Found::Nothing => {}
            Found::Some(Said { reason, message }) => self.set(DRIFTED, true, *reason, message),
        }
    }

    fn committed(&mut self, release: &Described) {
        let Described { branch, short, .. } = release;
        let is_in_git = format!("commit {short} on {branch}");
        match &self.facts.onward {
            Onward::Failed { reason, message } => {
                self.set(COMMITTED, true, *reason, &format!("{is_in_git}, and not on the remote: {message}"));
            }
            Onward::Here | Onward::There => self.set(COMMITTED, true, Reason::Succeeded, &is_in_git),
        }
    }

    fn applied(&mut self, release: &Described, applied: &Applied) {
        let short = &release.short;
        match applied {
            Applied::ByUs => {
                self.set(APPLIED, true, Reason::Succeeded, &format!("the cluster holds commit {short}"));
            }
            Applied::ByOthers => {
                let message = format!("the cluster holds what commit {short} says");
                self.set(APPLIED, true, Reason::External, &message);
            }
            Applied::NotYet(why) => self.set(APPLIED, false, Reason::External, why),
        }
    }

    /// The time of a transition is that of its status, not of its message
    /// (<https://github.com/kubernetes/community/blob/master/contributors/devel/sig-architecture/api-conventions.md#typical-status-properties>).
    fn set(&mut self, kind: &str, is_true: bool, reason: Reason, message: &str) {
        let status = if is_true { "True" } else { "False" };
        let before = self.old.iter().find(|condition| condition.type_ == kind);
        let same = before.filter(|condition| condition.status == status);
        // Work on another generation, or another part of it, is other work: a time-out counts from its beginning.
        let same = same.filter(|condition| {
            kind != RECONCILING
                || condition.reason == reason.as_str()
                    && condition.observed_generation == Some(self.facts.generation)
        });
        self.new.push(Condition {
            type_: kind.to_string(),
            status: status.to_string(),
            reason: reason.to_string(),
            message: crate::cluster::publish::cut(message, MOST_MESSAGE),
            observed_generation: Some(self.facts.generation),
            last_transition_time: same
                .map_or(Time(self.now), |condition| condition.last_transition_time.clone()),
        });
    }

    /// Leaves a condition as it was: it speaks of the generation that it names.
    fn keep(&mut self, kind: &str) {
        let before = self.old.iter().find(|condition| condition.type_ == kind);
        self.new.extend(before.cloned());
    }
}

/// Notes how the newest commit ended: once it was up, what happens later is not its outcome any more.
fn record(history: &mut Vec<Change>, phase: &Phase, facts: &Facts, now: Timestamp) {
    let generation = facts.generation;
    let (of, outcome) = match phase {
        Phase::Ready { release, .. } => (&release.commit, SUCCEEDED),
        Phase::Late { release, .. } => (&release.commit, "Failed"),
        Phase::RolledBack { bad, .. } => (bad, "RolledBack"),
        _ => return,
    };
    let is_first = |change: &Change| change.commit == *of && change.generation == generation;
    match history.first_mut().filter(|change| is_first(change)) {
        // it was delivered once more over what somebody's helm did
        Some(first) if first.outcome == SUCCEEDED && outcome == SUCCEEDED => {
            let newest = facts.release.as_ref().map(|release| release.revision);
            first.helm_revision = newest.or(first.helm_revision);
            return;
        }
        Some(first) if first.outcome == outcome || first.outcome == SUCCEEDED => return,
        Some(first) => {
            first.outcome = outcome.to_string();
            first.at = Time(now);
            return;
        }
        None => {}
    }
    let commit = of.clone();
    // that of a change which was taken back is another one
    let helm_revision = match phase {
        Phase::RolledBack { .. } => None,
        _ => facts.release.as_ref().map(|release| release.revision),
    };
    history
        .insert(0, Change { generation, commit, helm_revision, outcome: outcome.to_string(), at: Time(now) });
    // what to go back to is not forgotten, however often something else fails
    let good = history.iter().position(|change| change.outcome == SUCCEEDED);
    if let Some(good) = good.filter(|at| *at >= MAX_HISTORY) {
        history.swap(MAX_HISTORY - 1, good);
    }
    history.truncate(MAX_HISTORY);
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn described(commit: &str) -> Arc<Described> {
        Arc::new(Described {
            branch: "deploy/n".into(),
            commit: commit.repeat(40),
            short: commit.repeat(7),
            chart: "c-1".into(),
        })
    }

    fn ready(commit: &str) -> Phase {
        Phase::Ready { release: described(commit), applied: Applied::ByUs, message: "up".into() }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn facts(generation: i64) -> Facts {
        Facts { generation, ..Facts::default() }
    }

    fn shown(status: &PrometheusClusterStatus) -> Vec<String> {
        let show = |condition: &Condition| {
            let generation = condition.observed_generation.unwrap_or_default();
            format!("{}={} {} @{generation}", condition.type_, condition.status, condition.reason)
        };
        status.conditions.iter().map(show).collect()
    }

    #[test]
    fn the_same_phase_again_is_the_same_status() {
        let first = compose(&PrometheusClusterStatus::default(), &ready("a"), &facts(1), at(1));
        assert_eq!(compose(&first, &ready("a"), &facts(1), at(2)), first);
    }

    #[test]
    fn a_refused_generation_leaves_what_runs_as_it_was() {
        let first = compose(&PrometheusClusterStatus::default(), &ready("a"), &facts(1), at(1));
        let phase =
            Phase::NotCommitted { reason: Reason::InvalidConfig, message: "bad".into(), again: false };
        let second = compose(&first, &phase, &facts(2), at(2));
        let expected = [
            "Committed=False InvalidConfig @2",
            "Applied=True Succeeded @1",
            "Ready=False InvalidConfig @2",
            "Stalled=True InvalidConfig @2",
        ];
        assert_eq!(shown(&second), expected);
        assert_eq!(second.commit, first.commit);
        assert_eq!(second.observed_generation, Some(2));
        let third = compose(&second, &ready("b"), &facts(3), at(3));
        assert_eq!(
            shown(&third),
            ["Committed=True Succeeded @3", "Applied=True Succeeded @3", "Ready=True Succeeded @3"]
        );
        let times: Vec<i64> =
            third.conditions.iter().map(|condition| condition.last_transition_time.0.as_second()).collect();
        assert_eq!(times, [3, 1, 3]);
    }

    #[test]
    fn a_commit_that_the_remote_has_is_said_once_and_for_all() {
        let of = |onward: Onward| Facts { onward, ..facts(1) };
        let failed = Onward::Failed { reason: Reason::RemoteUnavailable, message: "gone".into() };
        let mut status = PrometheusClusterStatus::default();
        for (onward, commit, expected, pushed) in [
            (Onward::Here, "a", "Committed=True Succeeded @1", false),
            (failed.clone(), "a", "Committed=True RemoteUnavailable @1", false),
            (Onward::There, "a", "Committed=True Succeeded @1", true),
            // after a start nothing is known of it yet
            (Onward::Here, "a", "Committed=True Succeeded @1", true),
            (Onward::Here, "b", "Committed=True Succeeded @1", false),
        ] {
            status = compose(&status, &ready(commit), &of(onward), at(1));
            let is = status.commit.clone().unwrap();
            assert_eq!((shown(&status)[0].as_str(), is.pushed), (expected, pushed), "{commit}");
        }
        let message = compose(&status, &ready("c"), &of(failed), at(1)).conditions[0].message.clone();
        assert_eq!(message, "commit ccccccc on deploy/n, and not on the remote: gone");
    }

    #[test]
    fn the_history_is_short_and_says_how_each_ended() {
        let mut status = PrometheusClusterStatus::default();
        for number in 0..15 {
            status = compose(&status, &ready(&format!("{:x}", number % 16)), &facts(number), at(number));
        }
        assert_eq!(status.history.len(), MAX_HISTORY);
        assert_eq!(status.history[0].generation, 14);
        let late = Phase::Late { release: described("f"), applied: Applied::ByUs, message: "late".into() };
        for (phase, generation, expected) in
            [(&late, 15, "Failed"), (&ready("f"), 15, "Succeeded"), (&late, 15, "Succeeded")]
        {
            status = compose(&status, phase, &facts(generation), at(20));
            assert_eq!((status.history.len(), status.history[0].outcome.as_str()), (MAX_HISTORY, expected));
        }
    }

    #[test]
    fn what_is_being_deleted_says_why_it_is_still_there() {
        let first = compose(&PrometheusClusterStatus::default(), &ready("a"), &facts(1), at(1));
        let phase = Phase::Terminating { reason: Reason::DeleteFailed, message: "being deleted: no".into() };
        let expected = [
            "Committed=True Succeeded @1",
            "Applied=True Succeeded @1",
            "Ready=False DeleteFailed @2",
            "Reconciling=True DeleteFailed @2",
        ];
        assert_eq!(shown(&compose(&first, &phase, &facts(2), at(2))), expected);
    }

    #[test]
    fn another_tool_is_waited_for() {
        let applied = Applied::NotYet("StatefulSet/a does not exist".into());
        let phase = Phase::Progressing { release: described("a"), applied, message: "waiting".into() };
        let status = compose(&PrometheusClusterStatus::default(), &phase, &facts(1), at(1));
        assert_eq!(shown(&status)[1], "Applied=False External @1");
    }
}
