//! The life of one cluster after its commits: each is applied, waited for and watched, until the next one.
#![allow(clippy::disallowed_methods)] // time-outs and the times of transitions

use std::ops::ControlFlow;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use tokio::sync::Notify;
use tokio::sync::watch::{Receiver, Sender};
use tokio::task;
use tokio::time::sleep;

use super::backoff::{FINAL, PASSING};
use super::phase::{Applied, Described, Phase};
use super::release::{self, Release, ReleaseError};
use super::settled::{New, Outcome, Settled};
use super::shared::Shared;
use super::status::{self, Facts};
use super::watch::{self, Wait, Watch};
use crate::api::conditions::{APPLIED, READY, Reason};
use crate::api::spec::delivery::Mode;
use crate::api::{PrometheusClusterStatus, annotations};
use crate::cluster::publish::{Tone, cut};
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::health::Replicas;
use crate::metrics::Metrics;
use crate::metrics::labels::State;
use crate::source::event::Key;

/// One cluster.
pub struct Actor {
    pub(super) shared: Arc<Shared>,
    pub(super) key: Key,
    news: Receiver<Arc<Settled>>,
    /// The resource that all below is about; another one of the same name is another one.
    uid: String,
    /// What the resource says now, as far as this agent wrote it.
    pub(super) status: Option<PrometheusClusterStatus>,
    /// A write of the status was sent and its answer not seen: what the resource says is not known.
    is_unsure: bool,
    /// When the newest state came.
    pub(super) began: Instant,
    /// Notified when a live object of the cluster changes.
    pub(super) changed: Arc<Notify>,
    pub(super) busy: Busy,
    /// Our finalizer was put on the resource by this agent.
    pub(super) is_held: bool,
    gauge: Gauge,
}

/// Counts the actor among the busy ones while it is.
pub(super) struct Busy {
    count: Sender<usize>,
    is: bool,
}

impl Busy {
    pub(super) fn set(&mut self, busy: bool) {
        if std::mem::replace(&mut self.is, busy) != busy {
            self.count.send_modify(|count| *count = if busy { *count + 1 } else { count.saturating_sub(1) });
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.set(false);
    }
}

/// Counts the actor's cluster where it stands.
struct Gauge {
    metrics: Arc<Metrics>,
    state: Option<State>,
}

impl Gauge {
    fn set(&mut self, state: State) {
        let from = self.state.replace(state);
        self.metrics.moved(from, Some(state));
    }
}

impl Drop for Gauge {
    fn drop(&mut self) {
        self.metrics.moved(self.state, None);
    }
}

impl Actor {
    /// An actor that counts as busy from now on.
    pub fn new(shared: Arc<Shared>, key: Key, news: Receiver<Arc<Settled>>) -> Self {
        let mut busy = Busy { count: shared.busy.clone(), is: false };
        busy.set(true);
        let gauge = Gauge { metrics: shared.metrics.clone(), state: None };
        Actor {
            shared,
            key,
            news,
            uid: String::new(),
            status: None,
            is_unsure: false,
            began: Instant::now(),
            changed: Arc::default(),
            busy,
            is_held: false,
            gauge,
        }
    }

    /// Runs until the cluster is gone.
    pub async fn run(mut self) {
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
        if self.uid != settled.subject.uid {
            self.uid.clone_from(&settled.subject.uid);
            self.status = Some(settled.cluster.status.clone().unwrap_or_default());
            (self.is_unsure, self.is_held) = (false, false);
        }
        match &settled.outcome {
            Outcome::Committed { branch, new } => {
                self.told(settled, new.as_ref(), branch).await;
                self.deliver(settled, branch, new.as_ref()).await;
            }
            Outcome::Suspended => {
                self.publish(settled, &Phase::Suspended, None).await;
            }
            Outcome::Failed { reason, message, again } => {
                let phase = Phase::NotCommitted { reason: *reason, message: message.clone(), again: *again };
                self.publish(settled, &phase, None).await;
                self.warn(settled, *reason, "Commit", message).await;
            }
            Outcome::Removed { branch } => {
                self.remove(settled, branch).await;
                return ControlFlow::Break(());
            }
            Outcome::Gone => return ControlFlow::Break(()),
        }
        ControlFlow::Continue(())
    }

    /// Whether the resource says that this very commit is up.
    pub(super) fn says_ready(&self, generation: i64, commit: &str) -> bool {
        let Some(status) = &self.status else { return false };
        condition(status, READY) == Some(("True", generation)) && watch::is_of(status, commit)
    }

    /// Whether the resource says how this very commit is.
    pub(super) fn says(&self, generation: i64, commit: &str) -> bool {
        let Some(status) = &self.status else { return false };
        condition(status, READY).is_some_and(|(_, of)| of == generation) && watch::is_of(status, commit)
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

    /// Brings a commit to the cluster and follows what becomes of it. Ends only where nothing more can come.
    async fn deliver(&mut self, settled: &Settled, branch: &str, new: Option<&New>) {
        let release = self.release(settled, branch, new).await;
        let described = Described {
            branch: branch.to_string(),
            commit: release.commit.to_string(),
            short: release.commit.short(),
            chart: release.chart.clone(),
        };
        let is_external = self.mode(settled) == Mode::External;
        let is_held = self.holds(settled, &described.commit, is_external);
        let is_ready = self.says_ready(settled.generation(), &described.commit);
        let before = match is_held || is_external {
            true => self.waited(settled, &described.commit),
            false => Duration::ZERO,
        };
        let limit = self.limit(settled);
        let mut watch = Watch {
            settled,
            described,
            awaited: Vec::new(),
            applied: Applied::ByUs,
            is_external,
            wait: Wait::new(None, before, limit),
        };
        if watch.is_external {
            watch.awaited = self.awaited(&release, &[]).await;
            watch.applied = match is_held {
                true => Applied::ByOthers,
                false => {
                    Applied::NotYet(format!("another tool is to apply {branch} at {}", watch.described.short))
                }
            };
        } else {
            let generations = match is_held {
                true => Vec::new(),
                false => self.apply(settled, &release, &watch.described).await,
            };
            watch.awaited = self.awaited(&release, &generations).await;
        }
        watch.wait = Wait::new((!is_ready).then(Instant::now), before, limit);
        // Following lasts, and needs none of the manifests: they would be most of what a quiet cluster costs.
        let commit = release.commit;
        drop(release);
        self.follow(commit, watch).await;
    }

    /// True if the status says that the cluster holds this commit already, and nobody asked to look again.
    fn holds(&self, settled: &Settled, commit: &str, is_external: bool) -> bool {
        let Some(status) = &self.status else { return false };
        // What another tool applied does not carry our marks yet.
        let by_others = |condition: &&Condition| condition.reason == Reason::External.as_str();
        let applied = status.conditions.iter().find(|condition| condition.type_ == APPLIED);
        watch::is_of(status, commit)
            && condition(status, APPLIED) == Some(("True", settled.generation()))
            && (is_external || applied.filter(by_others).is_none())
            && status.last_handled_reconcile_at == reconcile_at(settled)
    }

    pub(super) fn mode(&self, settled: &Settled) -> Mode {
        let own = settled.cluster.spec.delivery.as_ref().and_then(|delivery| delivery.mode);
        own.unwrap_or(self.shared.defaults.mode)
    }

    fn limit(&self, settled: &Settled) -> Duration {
        let own = settled.cluster.spec.delivery.as_ref().and_then(|delivery| delivery.timeout.as_deref());
        let own = own.and_then(|text| text.parse::<SignedDuration>().ok());
        own.and_then(|span| Duration::try_from(span).ok()).unwrap_or(self.shared.defaults.timeout)
    }

    /// How long an agent before this one waited, unless somebody asked to look again.
    fn waited(&self, settled: &Settled, commit: &str) -> Duration {
        let same =
            |status: &&PrometheusClusterStatus| status.last_handled_reconcile_at == reconcile_at(settled);
        let status = self.status.as_ref().filter(same);
        status.map_or(Duration::ZERO, |status| {
            watch::waited(status, settled.generation(), commit, Timestamp::now())
        })
    }

    /// Reads the commit that describes the cluster; a repository that cannot be read is tried again.
    async fn release(&self, settled: &Settled, branch: &str, new: Option<&New>) -> Release {
        let known = self.status.as_ref().and_then(|status| status.commit.as_ref());
        let known = known.map(|commit| commit.revision.clone());
        let (branch, name) = (branch.to_string(), settled.key.name.clone());
        let new = new.map(|new| new.commit);
        self.read(move |reader| {
            let commit: Oid = match new {
                Some(commit) => commit,
                None => release::describing(reader, &branch, &name, known.as_deref())?,
            };
            release::load(reader, commit, &name)
        })
        .await
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        ask: impl Fn(&Reader) -> Result<T, ReleaseError> + Clone + Send + 'static,
    ) -> T {
        let mut attempt = 0;
        loop {
            let (shared, ask) = (self.shared.clone(), ask.clone());
            let asked = task::spawn_blocking(move || {
                let mut reader = shared.reader.lock().unwrap_or_else(PoisonError::into_inner);
                reader.refresh().map_err(|error| error.to_string())?;
                ask(&reader).map_err(|error| error.to_string())
            });
            let reason = match asked.await {
                Ok(Ok(found)) => return found,
                Ok(Err(reason)) => reason,
                Err(_) => "reading ended in a way it never should; please report this".to_string(),
            };
            tracing::warn!(cluster = %self.key, reason, "what was committed cannot be read; it is tried again");
            sleep(PASSING.pause(attempt)).await;
            attempt += 1;
        }
    }

    /// Writes the status of a phase, unless the resource says it already; until it is written, or nobody is there to
    /// read it. True if something was written.
    pub(super) async fn publish(
        &mut self,
        settled: &Settled,
        phase: &Phase,
        replicas: Option<&Replicas>,
    ) -> bool {
        let old = self.status.clone().unwrap_or_default();
        self.gauge.set(phase.state());
        let facts = Facts {
            generation: settled.generation(),
            reconcile_at: reconcile_at(settled),
            replicas: replicas.cloned(),
        };
        let new = status::compose(&old, phase, &facts, Timestamp::now());
        if new == old && !self.is_unsure {
            return false;
        }
        let mut attempt = 0;
        loop {
            // Newer news may end this here, with the request on its way.
            self.is_unsure = true;
            match self.shared.publisher.status(&settled.subject, &new).await {
                Ok(()) => {
                    self.is_unsure = false;
                    self.status = Some(new);
                    return true;
                }
                // Gone, or another resource of that name.
                Err(error) if error.is_not_found() || error.is_conflict() => return false,
                Err(error) => {
                    tracing::warn!(cluster = %self.key, %error, "the status cannot be written; it is tried again");
                    let pause = if error.is_final() { FINAL } else { PASSING };
                    sleep(pause.pause(attempt)).await;
                    attempt += 1;
                }
            }
        }
    }
}

/// Status and generation of a condition.
pub(super) fn condition<'a>(status: &'a PrometheusClusterStatus, kind: &str) -> Option<(&'a str, i64)> {
    let found = status.conditions.iter().find(|condition| condition.type_ == kind)?;
    Some((found.status.as_str(), found.observed_generation.unwrap_or_default()))
}

/// Longest value that the status takes back.
const MOST_RECONCILE_AT: usize = 1_024;

fn reconcile_at(settled: &Settled) -> Option<String> {
    let asked = settled.cluster.metadata.annotations.as_ref()?.get(annotations::RECONCILE_AT)?;
    Some(cut(asked, MOST_RECONCILE_AT))
}
