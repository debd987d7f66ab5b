//! A release turned into applied objects: all of them, in order, until the API server has taken them.
#![allow(clippy::disallowed_methods)] // how long it took

use std::time::Instant;

use tokio::time::sleep;

use super::actor::Actor;
use super::backoff::{FINAL, PASSING};
use super::phase::{Described, Phase};
use super::release::Release;
use super::settled::Settled;
use crate::api::conditions::Reason;
use crate::cluster::apply::{Applier, ApplyError};
use crate::cluster::object;
use crate::reconcile::report::Report;

/// Failures that pass are told from this attempt on.
const TOLD_FROM: u32 = 2;

impl Actor {
    /// Applies all objects, again and again until the API server has taken them; returns their generations.
    pub(super) async fn apply(
        &mut self,
        settled: &Settled,
        release: &Release,
        described: &Described,
    ) -> Vec<i64> {
        let (mut attempt, began) = (0, Instant::now());
        loop {
            let error = match self.try_apply(settled, release).await {
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
            // What passes with the next attempt is no news.
            if is_final || attempt >= TOLD_FROM {
                let reason = match error {
                    ApplyError::NotOurs { .. } => Reason::NotOurs,
                    _ => Reason::ApplyFailed,
                };
                let message = error.to_string();
                let phase =
                    Phase::NotApplied { release: described.clone(), reason, message: message.clone() };
                self.publish(settled, &phase, None).await;
                self.warn(settled, reason, "Apply", &message).await;
                (self.shared.report)(Report::NotReady { key: self.key.clone(), message });
                self.busy.set(false);
            }
            sleep(if is_final { FINAL.pause(attempt) } else { PASSING.pause(attempt) }).await;
            attempt += 1;
        }
    }

    async fn try_apply(&mut self, settled: &Settled, release: &Release) -> Result<Vec<i64>, ApplyError> {
        // The semaphore is never closed.
        let shared = self.shared.clone();
        let _permit = shared.applying.acquire().await;
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
        let release = object::Release { namespace: &self.key.namespace, name: &self.key.name };
        Applier { client: &self.shared.client, kinds: &self.shared.kinds, release }
    }
}
