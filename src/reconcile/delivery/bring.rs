//! A release turned into applied objects: all of them, in order, until the API server has taken them.
#![allow(clippy::disallowed_methods)] // how long it took

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::actor::Actor;
use super::backoff::Attempts;
use super::phase::{Described, Phase, outcome};
use super::release::{self, Part, Release};
use super::settled::Settled;
use super::shared::Shared;
use super::status::is_applied;
use crate::api::conditions::Reason;
use crate::cluster::apply::{Applier, ApplyError, Version};
use crate::cluster::object::{self, Object};
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::stub::Secrets;
use crate::reconcile::report::Report;
use crate::source::event::Key;

/// An apply that takes longer than this is told, so that no status stays empty for long.
const QUIET: Duration = Duration::from_secs(5);

/// An object that was applied.
pub struct Brought {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub version: Version,
}

/// What is to be applied.
pub struct What<'a> {
    pub commit: Oid,
    pub part: Part,
    pub secrets: &'a Secrets,
}

impl Actor {
    /// Applies all objects, again and again until the API server has taken them.
    pub(super) async fn apply(
        &mut self,
        settled: &Settled,
        what: &What<'_>,
        described: &Described,
    ) -> Vec<Brought> {
        let (mut attempts, began, mut told) = (Attempts::default(), Instant::now(), None);
        loop {
            let error = match self.try_apply(settled, what, described).await {
                Ok(brought) => {
                    let took = began.elapsed().as_millis();
                    let Described { short, .. } = described;
                    tracing::info!(cluster = %self.key, generation = settled.generation(), commit = short, took, "applied");
                    return brought;
                }
                Err(error) => error,
            };
            tracing::warn!(cluster = %self.key, %error, "not applied; it is tried again");
            let is_final = error.is_final();
            if attempts.is_news(is_final) {
                self.not_applied(settled, described, &error, &mut told).await;
            }
            sleep(attempts.failed(is_final)).await;
        }
    }

    async fn not_applied(
        &mut self,
        settled: &Settled,
        described: &Described,
        error: &ApplyError,
        told: &mut Option<String>,
    ) {
        let reason = match error {
            ApplyError::NotOurs { .. } => Reason::NotOurs,
            _ => Reason::ApplyFailed,
        };
        let message = error.to_string();
        let phase = Phase::NotApplied { release: described.clone(), reason, message: message.clone() };
        if self.publish(settled, &phase, None).await {
            self.warn(settled, reason, "Apply", &message).await;
        }
        if told.as_ref() != Some(&message) {
            let (key, message) = (self.key.clone(), message.clone());
            let outcome = outcome(described, format!("not applied: {}", reason.as_str()));
            (self.shared.report)(Report::NotReady { key, message, outcome });
        }
        *told = Some(message);
        self.busy.set(false);
    }

    async fn try_apply(
        &mut self,
        settled: &Settled,
        what: &What<'_>,
        described: &Described,
    ) -> Result<Vec<Brought>, ApplyError> {
        self.hold(settled).await?;
        let bringing = Bringing {
            shared: self.shared.clone(),
            key: self.key.clone(),
            commit: what.commit,
            part: what.part,
            secrets: what.secrets.clone(),
            held: self.held_commit(),
        };
        let shared = self.shared.clone();
        let mut work = pin!(shared.in_turn(bringing.all()));
        if let Ok(done) = timeout(QUIET, &mut work).await {
            return done;
        }
        let phase = Phase::NotApplied {
            release: described.clone(),
            reason: Reason::Progressing,
            message: "committed, and being applied".into(),
        };
        let (done, _) = tokio::join!(work, self.publish(settled, &phase, None));
        done
    }

    /// The commit that the cluster holds already, as its status says.
    fn held_commit(&self) -> Option<Oid> {
        let status = self.status.as_ref()?;
        status.commit.as_ref().filter(|_| is_applied(status))?.revision.parse().ok()
    }

    /// Makes sure that the resource stays until its objects are deleted.
    async fn hold(&mut self, settled: &Settled) -> Result<(), ApplyError> {
        if !self.is_held && !settled.has_finalizer() {
            let title = || format!("PrometheusCluster/{}", self.key.name);
            let added = self.shared.publisher.finalizer(&settled.subject, true).await;
            added.map_err(|source| ApplyError::Call { title: title(), source })?;
        }
        self.is_held = true;
        Ok(())
    }

    pub(super) fn applier(&self) -> Applier<'_> {
        applier(&self.shared, &self.key)
    }
}

/// One attempt to apply a commit.
struct Bringing {
    shared: Arc<Shared>,
    key: Key,
    commit: Oid,
    part: Part,
    secrets: Secrets,
    /// What the cluster holds already.
    held: Option<Oid>,
}

impl Bringing {
    /// The manifests are read when their turn has come: hundreds of clusters may wait for it.
    async fn all(&self) -> Result<Vec<Brought>, ApplyError> {
        let applier = applier(&self.shared, &self.key);
        let (release, held) = self.read().await;
        // Before anything is changed: half a release helps nobody.
        for object in release.definitions.iter().chain(&release.objects) {
            applier.may_apply(object).await?;
        }
        for object in release.objects.iter().filter(|object| !held.iter().any(|known| known.is_same(object)))
        {
            applier.is_free(object).await?;
        }
        for definition in &release.definitions {
            applier.define(definition).await?;
        }
        let mut brought = Vec::with_capacity(release.objects.len());
        for object in release.objects {
            let version = applier.apply(&object).await?;
            let Object { api_version, kind, name, .. } = object;
            brought.push(Brought { api_version, kind, name, version });
        }
        Ok(brought)
    }

    /// The objects of the commit, and those that the cluster holds already. A repository that does not hold that commit any
    /// more (it was made anew) knows of none.
    async fn read(&self) -> (Release, Vec<Object>) {
        let (commit, held, name, part) = (self.commit, self.held, self.key.name.clone(), self.part);
        let secrets = self.secrets.clone();
        let load = move |reader: &Reader| {
            let known = held.and_then(|held| release::load(reader, held, &name, part).ok());
            Ok((release::whole(reader, commit, &name, part, &secrets)?, known.unwrap_or_default().objects))
        };
        self.shared.read(&self.key, load).await
    }
}

fn applier<'a>(shared: &'a Shared, key: &'a Key) -> Applier<'a> {
    let Shared { client, kinds, defaults, .. } = shared;
    Applier { client, kinds, release: marks(key), cluster_scoped: &defaults.cluster_scoped }
}

fn marks(key: &Key) -> object::Release<'_> {
    object::Release { namespace: &key.namespace, name: &key.name }
}
