//! A commit turned into objects of the cluster that are followed from then on.
#![allow(clippy::disallowed_methods)] // time-outs

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Condition;
use tokio::task;
use tokio::time::sleep;

use super::actor::Actor;
use super::backoff::Attempts;
use super::phase::{Applied, Described};
use super::release::{self, Release, ReleaseError};
use super::settled::{New, Settled};
use super::tell::{condition, reconcile_at};
use super::watch::{self, Wait, Watch};
use crate::api::PrometheusClusterStatus;
use crate::api::conditions::{APPLIED, Reason};
use crate::api::spec::delivery::Mode;
use crate::git::oid::Oid;
use crate::git::reader::Reader;

impl Actor {
    /// Brings a commit to the cluster and follows what becomes of it. Ends only where nothing more can come.
    pub(super) async fn deliver(&mut self, settled: &Settled, branch: &str, new: Option<&New>) {
        let release = Box::pin(self.release(settled, branch, new)).await;
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
            watch.awaited = Box::pin(self.awaited(&release, &[])).await;
            watch.applied = match is_held {
                true => Applied::ByOthers,
                false => {
                    Applied::NotYet(format!("another tool is to apply {branch} at {}", watch.described.short))
                }
            };
        } else {
            let generations = match is_held {
                true => Vec::new(),
                false => Box::pin(self.apply(settled, &release, &watch.described)).await,
            };
            watch.awaited = Box::pin(self.awaited(&release, &generations)).await;
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
        let mut attempts = Attempts::default();
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
            sleep(attempts.failed(false)).await;
        }
    }
}
