//! A commit that does not come up turned into the wish to take it back, and one that was taken back into what is left to do.
#![allow(clippy::disallowed_methods)] // when it is tried again

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::{sleep, sleep_until};

use super::actor::Actor;
use super::backoff::Attempts;
use super::phase::{Applied, Described, Phase};
use super::progress::Awaited;
use super::release::{self, Part, Release};
use super::settled::{Outcome, Settled};
use super::status::{last_good, was_up};
use crate::api::PrometheusCluster;
use crate::api::conditions::{READY, Reason};
use crate::cluster::publish::Tone;
use crate::git::oid::Oid;
use crate::reconcile::queue::Work;
use crate::reconcile::undo::{Good, Undo, Undone, max_retries};
use crate::source::event::Observed;

/// Parts of a message, between colons, that may go into a commit: `not ready within 3m: StatefulSet/a: 0 of 1 pod ready: pod a-0
/// crash-looping`. Behind them may stand what a pod logged.
const PARTS: usize = 4;

impl Actor {
    /// Whether a commit is to be taken back if it does not come up: one that was up at some time is not, whatever becomes of it later.
    pub(super) fn may_undo(&self, settled: &Settled, commit: &str) -> bool {
        let own = settled.cluster.spec.delivery.as_ref().and_then(|delivery| delivery.atomic);
        let is_atomic = own.unwrap_or(self.shared.defaults.atomic);
        is_atomic
            && settled.observed.is_some()
            && !self.status.as_ref().is_some_and(|status| was_up(status, commit))
    }

    /// Asks for the commit to be taken back; false where nobody would hear it.
    pub(super) fn take_back(&self, settled: &Settled, bad: Oid, message: &str, is_final: bool) -> bool {
        let line = message.lines().next().unwrap_or_default();
        let parts: Vec<&str> = line.split(": ").take(PARTS).collect();
        let reason = match (is_final, parts.get(PARTS - 1)) {
            (true, _) => line.to_owned(),
            (false, Some(pod)) => (*pod).to_owned(),
            (false, None) => parts.join(": "),
        };
        self.take_back_for(settled, bad, reason, is_final)
    }

    /// The same, for a reason that may stand in a commit.
    pub(super) fn take_back_for(&self, settled: &Settled, bad: Oid, reason: String, is_final: bool) -> bool {
        let Some(observed) = self.observed(settled) else { return false };
        let Outcome::Committed { secrets, .. } = &settled.outcome else { return false };
        let (good, at, secrets) = (self.good(), Timestamp::now(), secrets.clone());
        let undo = Undo { observed, bad, good, reason, is_final, at, secrets };
        (self.shared.offer)(Work::Undo(Box::new(undo)))
    }

    /// What the status remembers; one that is empty was lost, or there never was one.
    fn good(&self) -> Good {
        let Some(status) = &self.status else { return Good::Unknown };
        match last_good(status).and_then(|commit| commit.parse().ok()) {
            Some(good) => Good::Commit(good),
            None if status.conditions.is_empty() => Good::Unknown,
            None => Good::Nothing,
        }
    }

    /// The set was refused, and its commit is being taken back: the commit that does so is the next news.
    pub(super) async fn being_taken_back(
        &mut self,
        settled: &Settled,
        described: &Arc<Described>,
        why: &str,
    ) {
        let phase = Phase::NotApplied {
            release: described.clone(),
            reason: Reason::ApplyFailed,
            message: format!("{why}; the commit is being taken back"),
        };
        self.publish(settled, &phase, None).await;
        std::future::pending::<()>().await;
    }

    /// When a change that was taken back is tried again.
    pub(super) fn again(&self, settled: &Settled, undone: &Undone) -> Option<Instant> {
        let most = max_retries(&settled.cluster, self.shared.defaults.max_retries);
        let pause = undone.again(most)?.duration_since(Timestamp::now());
        Some(Instant::now() + Duration::try_from(pause).unwrap_or_default())
    }

    /// It is time to try again.
    pub(super) fn try_again(&self, settled: &Settled) {
        if let Some(observed) = self.observed(settled) {
            (self.shared.offer)(Work::Apply(observed));
        }
    }

    /// The resource with the status that it has by now: what was asked for is handled.
    fn observed(&self, settled: &Settled) -> Option<Observed> {
        let observed = settled.observed.clone()?;
        let cluster = PrometheusCluster { status: self.status.clone(), ..(*observed.cluster).clone() };
        Some(Observed { cluster: Arc::new(cluster), ..observed })
    }

    /// The first commit of a cluster did not come up, and its folder is off the branch again: so are its objects.
    pub(super) async fn gone_again(&mut self, settled: &Settled, branch: &str, undone: &Undone) {
        let commit = undone.commit.to_string();
        if !self.is_told(&commit) {
            let (of, name) = (branch.to_owned(), self.key.name.clone());
            let last = self.read(move |reader| release::last(reader, &of, &name, Part::All)).await;
            if let Some(release) = last {
                self.keep_data(&release).await;
                if self.see_off(settled, branch, release).await.is_break() {
                    return;
                }
                self.end_history().await;
            }
        }
        let again = self.again(settled, undone);
        let chart = self.status.as_ref().and_then(|status| status.chart.clone()).unwrap_or_default();
        let short = undone.commit.short();
        let release = Arc::new(Described { branch: branch.to_owned(), commit, short, chart });
        let message = undone.words.clone();
        let bad = undone.bad.to_string();
        let phase = Phase::RolledBack { release, bad, message, is_removed: true, again: again.is_some() };
        if self.publish_at_last(settled, &phase).await {
            self.rolled_back(settled, phase.message()).await;
        }
        self.busy.set(false);
        if let Some(again) = again {
            sleep_until(again.into()).await;
            self.try_again(settled);
        }
    }

    /// A policy that lets claims go with their cluster is about one that is deleted, not about one that failed.
    async fn keep_data(&self, release: &Release) {
        for set in release.objects.iter().filter(|object| object.kind == "StatefulSet") {
            let mut attempts = Attempts::default();
            while let Err(error) = self.shared.in_turn(self.applier().remove_without_data(set)).await {
                tracing::warn!(cluster = %self.key, %error, "not removed yet; it is tried again");
                sleep(attempts.failed(error.is_final())).await;
            }
        }
    }

    /// Tells that a change was taken back.
    pub(super) async fn rolled_back(&self, settled: &Settled, message: &str) {
        let publisher = &self.shared.publisher;
        publisher.event(&settled.subject, Tone::Warning, "RolledBack", "Rollback", message).await;
    }

    /// Whether the resource says that the commit took a change back, and everything was done for that.
    pub(super) fn is_told(&self, commit: &str) -> bool {
        let Some(status) = &self.status else { return false };
        let mut conditions = status.conditions.iter();
        super::watch::is_of(status, commit)
            && conditions
                .any(|condition| condition.type_ == READY && condition.reason == Reason::RolledBack.as_str())
    }

    /// Pods of the change that was taken back and never came up are in the way of those that did: a StatefulSet waits for them
    /// (<https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback>).
    pub(super) async fn unpin(&self, awaited: &[Awaited]) {
        for Awaited { target, .. } in awaited.iter().filter(|awaited| awaited.target.kind() == "StatefulSet")
        {
            match self.shared.in_turn(self.applier().unpin(target.name())).await {
                Ok(0) => {}
                Ok(pods) => {
                    tracing::info!(cluster = %self.key, set = target.name(), pods, "pods of the change that was taken back are replaced")
                }
                Err(error) => {
                    tracing::warn!(cluster = %self.key, %error, "pods of the change that was taken back cannot be replaced")
                }
            }
        }
    }

    /// What is said while a change is being taken back.
    pub(super) fn undoing(phase: &Phase) -> Phase {
        match phase {
            Phase::Late { release, message, .. } => Phase::Progressing {
                release: release.clone(),
                applied: Applied::ByUs,
                message: format!("{message}; it is being taken back"),
            },
            other => other.clone(),
        }
    }
}
