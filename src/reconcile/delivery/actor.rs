//! The life of one cluster after its commits: each is applied, waited for and watched, until the next one.
#![allow(clippy::disallowed_methods)] // time-outs and the times of transitions

use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::Notify;
use tokio::sync::watch::Receiver;

use super::backoff::Owed;
use super::drift::contest::Contest;
use super::drift::said::Found;
use super::gauges::{Busy, Gauge};
use super::hooks::runs::Runs;
use super::onward::Onward;
use super::phase::Phase;
use super::settled::{New, Outcome, Settled};
use super::shared::Shared;
use super::status::{Tested, is_applied};
use crate::api::PrometheusClusterStatus;
use crate::api::conditions::Reason;
use crate::api::spec::delivery::Mode;
use crate::api::status::Release;
use crate::cluster::mark::Mark;
use crate::cluster::publish::Tone;
use crate::git::oid::Oid;
use crate::reconcile::report::Report;
use crate::source::event::Key;

/// One cluster.
pub struct Actor {
    pub(super) shared: Arc<Shared>,
    pub(super) key: Key,
    news: Receiver<Arc<Settled>>,
    /// Whether the remote has the newest commit.
    pub(super) onward: Receiver<Onward>,
    /// What was told of that.
    pub(super) onward_told: Onward,
    /// The resource that all below is about; another one of the same name is another one.
    uid: String,
    /// What the resource says now, as far as this agent wrote it.
    pub(super) status: Option<PrometheusClusterStatus>,
    /// A write of the status was sent and its answer not seen: what the resource says is not known.
    pub(super) is_unsure: bool,
    /// What could not be written of it.
    pub(super) owed: Option<Owed>,
    /// When the newest state came.
    pub(super) began: Instant,
    /// Notified when a live object of the cluster changes.
    pub(super) changed: Arc<Notify>,
    pub(super) busy: Busy,
    /// Our finalizer is on the resource.
    pub(super) is_held: bool,
    pub(super) gauge: Gauge,
    /// The newest revision of Helm's history, as far as this agent wrote it or the status says it.
    pub(super) release: Option<Release>,
    /// Revisions that were written for commits, the newest first.
    pub(super) written: Vec<(Oid, i64)>,
    /// What hooks did for the commit that is being delivered.
    pub(super) runs: Runs,
    /// What became of tests that were asked for.
    pub(super) tested: Option<Tested>,
    /// What somebody did to the objects of the newest commit.
    pub(super) drift: Found,
    /// Objects that were what the commit said, each by the digest of its name: a commit that does not change one does not apply it.
    pub(super) known: Vec<(u64, Mark)>,
    /// What promgit owns of them, where they are what the commit says.
    pub(super) ownership: Option<String>,
    /// The commit is to be delivered once more, over what somebody's helm did.
    pub(super) redelivers: bool,
    /// How often that was so.
    pub(super) helm: Contest,
}

impl Actor {
    /// An actor that counts as busy from now on.
    pub fn new(
        shared: Arc<Shared>,
        key: Key,
        news: Receiver<Arc<Settled>>,
        onward: Receiver<Onward>,
    ) -> Self {
        let mut busy = Busy::new(shared.busy.clone());
        busy.set(true);
        let gauge = Gauge::new(shared.metrics.clone());
        Actor {
            shared,
            key,
            news,
            onward,
            onward_told: Onward::default(),
            uid: String::new(),
            status: None,
            is_unsure: false,
            owed: None,
            began: Instant::now(),
            changed: Arc::default(),
            busy,
            is_held: false,
            gauge,
            release: None,
            written: Vec::new(),
            runs: Runs::default(),
            tested: None,
            drift: Found::default(),
            known: Vec::new(),
            ownership: None,
            redelivers: false,
            helm: Contest::default(),
        }
    }

    /// Runs until the cluster is gone. Boxed: a future keeps what it is given beside what it makes of it.
    pub async fn run(mut self: Box<Self>) {
        loop {
            self.busy.set(true);
            let settled = self.news.borrow_and_update().clone();
            let mut news = self.news.clone();
            // What is done for an older state ends as soon as there is a newer one.
            let done = tokio::select! {
                biased;
                changed = news.changed() => match changed {
                    Ok(()) => continue,
                    Err(_) => return,
                },
                done = Box::pin(self.handle(&settled)) => done,
            };
            self.busy.set(false);
            if done.is_break() && self.shared.retire(&self.key, &self.news) {
                return;
            }
            if self.news.changed().await.is_err() {
                return;
            }
        }
    }

    /// Does what the newest state asks for; `Break` when the cluster is gone.
    async fn handle(&mut self, settled: &Settled) -> ControlFlow<()> {
        self.began = Instant::now();
        self.owed = None;
        (self.drift, self.ownership, self.redelivers) = (Found::Unknown, None, false);
        if self.uid != settled.subject.uid {
            self.uid.clone_from(&settled.subject.uid);
            self.status = Some(settled.cluster.status.clone().unwrap_or_default());
            self.release = self.status.as_ref().and_then(|status| status.release.clone());
            self.is_unsure = false;
            self.tested = None;
        }
        self.is_held = settled.has_finalizer();
        match &settled.outcome {
            Outcome::Committed { branch, new, secrets, .. } => {
                self.shared.in_turn(async { Box::pin(self.told(settled, new.as_ref(), branch)).await }).await;
                self.deliver(settled, branch, new.as_ref(), secrets).await;
                while self.redelivers {
                    self.deliver(settled, branch, new.as_ref(), secrets).await;
                }
            }
            Outcome::Suspended => {
                Box::pin(self.publish_at_last(settled, &Phase::Suspended)).await;
            }
            Outcome::Failed { reason, message, again } => {
                let phase = Phase::NotCommitted { reason: *reason, message: message.clone(), again: *again };
                // What the status said before is no news: an agent that starts tells nothing again.
                if Box::pin(self.publish_at_last(settled, &phase)).await {
                    Box::pin(self.warn(settled, *reason, "Commit", message)).await;
                }
            }
            Outcome::Removed { branch } => {
                Box::pin(self.remove(settled, branch)).await;
                return ControlFlow::Break(());
            }
            Outcome::Gone { is_removed } => {
                if !is_removed {
                    self.bereaved(settled);
                }
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// The resource went without waiting for us: somebody took the finalizer off. What it had is not looked for: it may
    /// have been left on purpose.
    fn bereaved(&self, settled: &Settled) {
        let is_applied = self.status.as_ref().is_some_and(is_applied);
        if is_applied && self.mode(settled) == Mode::Apply {
            let words = format!(
                "{} was deleted without waiting for promgit, because somebody took its finalizer off; what it had in the \
                 cluster is still there, and the commit before its removal says what that is",
                self.key
            );
            (self.shared.report)(Report::Notice(words));
        }
    }

    async fn told(&self, settled: &Settled, new: Option<&New>, branch: &str) {
        let Some(New { commit, subject }) = new else { return };
        let subject = subject.split_once(": ").map_or(subject.as_str(), |(_, words)| words);
        let note = format!("Committed {} to {branch}: {subject}", commit.short());
        let publisher = &self.shared.publisher;
        publisher.event(&settled.subject, Tone::Normal, "Committed", "Commit", &note).await;
    }

    pub(super) async fn warn(&self, settled: &Settled, reason: Reason, action: &str, message: &str) {
        let publisher = &self.shared.publisher;
        publisher.event(&settled.subject, Tone::Warning, reason.as_str(), action, message).await;
    }
}
