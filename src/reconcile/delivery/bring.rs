//! A release turned into applied objects: all of them, in order, until the API server has taken them.
#![allow(clippy::disallowed_methods)] // how long it took

use std::time::Instant;

use tokio::time::sleep;

use super::actor::Actor;
use super::backoff::Attempts;
use super::phase::{Described, Phase};
use super::release::{self, Release};
use super::settled::Settled;
use super::shared::Shared;
use super::tell::condition;
use crate::api::conditions::{APPLIED, Reason};
use crate::cluster::apply::{Applier, ApplyError};
use crate::cluster::object::{self, Object};
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::reconcile::report::Report;

impl Actor {
    /// The objects that the cluster holds already for this release, as its status says. A repository that does not
    /// hold that commit any more (it was made anew) knows of none.
    async fn held(&self) -> Vec<Object> {
        let Some(status) = &self.status else { return Vec::new() };
        let is_applied = condition(status, APPLIED).is_some_and(|(status, _)| status == "True");
        let Some(commit) = status.commit.as_ref().filter(|_| is_applied) else { return Vec::new() };
        let Ok(commit) = commit.revision.parse::<Oid>() else { return Vec::new() };
        let name = self.key.name.clone();
        let load = move |reader: &Reader| {
            Ok(release::load(reader, commit, &name).map(|release| release.objects).unwrap_or_default())
        };
        self.read(load).await
    }

    /// Applies all objects, again and again until the API server has taken them; returns their generations.
    pub(super) async fn apply(
        &mut self,
        settled: &Settled,
        release: &Release,
        described: &Described,
    ) -> Vec<i64> {
        let (mut attempts, began, mut told) = (Attempts::default(), Instant::now(), None);
        let held = self.held().await;
        loop {
            let error = match self.try_apply(settled, release, &held).await {
                Ok(generations) => {
                    let took = began.elapsed().as_millis();
                    let Described { short, .. } = described;
                    tracing::info!(cluster = %self.key, generation = settled.generation(), commit = short, took, "applied");
                    return generations;
                }
                Err(error) => error,
            };
            tracing::warn!(cluster = %self.key, %error, "not applied; it is tried again");
            let is_final = error.is_final();
            if attempts.is_news(is_final) {
                let reason = match error {
                    ApplyError::NotOurs { .. } => Reason::NotOurs,
                    _ => Reason::ApplyFailed,
                };
                let message = error.to_string();
                let phase =
                    Phase::NotApplied { release: described.clone(), reason, message: message.clone() };
                self.publish(settled, &phase, None).await;
                self.warn(settled, reason, "Apply", &message).await;
                if told.as_ref() != Some(&message) {
                    let (key, message) = (self.key.clone(), message.clone());
                    (self.shared.report)(Report::NotReady { key, message });
                }
                told = Some(message);
                self.busy.set(false);
            }
            sleep(attempts.failed(is_final)).await;
        }
    }

    async fn try_apply(
        &mut self,
        settled: &Settled,
        release: &Release,
        held: &[Object],
    ) -> Result<Vec<i64>, ApplyError> {
        // The semaphore is never closed.
        let shared = self.shared.clone();
        let _permit = shared.applying.acquire().await;
        let applier = self.applier();
        // Before anything is changed: half a release helps nobody.
        for object in release.definitions.iter().chain(&release.objects) {
            applier.may_apply(object).await?;
        }
        for object in release.objects.iter().filter(|object| !held.iter().any(|known| known.is_same(object)))
        {
            applier.is_free(object).await?;
        }
        self.hold(settled).await?;
        let applier = self.applier();
        for definition in &release.definitions {
            applier.define(definition).await?;
        }
        let mut generations = Vec::with_capacity(release.objects.len());
        for object in &release.objects {
            let live = applier.apply(object).await?;
            generations.push(live["metadata"]["generation"].as_i64().unwrap_or_default());
        }
        Ok(generations)
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
        let Shared { client, kinds, defaults, .. } = &*self.shared;
        Applier { client, kinds, release: self.marks(), cluster_scoped: &defaults.cluster_scoped }
    }

    /// How the objects of this cluster are marked.
    pub(super) fn marks(&self) -> object::Release<'_> {
        object::Release { namespace: &self.key.namespace, name: &self.key.name }
    }
}
