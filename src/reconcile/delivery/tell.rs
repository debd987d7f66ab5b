//! A phase turned into the status that the API server keeps.
#![allow(clippy::disallowed_methods)] // the times of transitions, and when to try again

use std::time::Instant;

use jiff::Timestamp;
use tokio::time::sleep_until;

use super::actor::Actor;
use super::backoff::Owed;
use super::phase::Phase;
use super::settled::Settled;
use super::status::{self, Facts, condition};
use super::watch;
use crate::api::annotations;
use crate::api::conditions::READY;
use crate::cluster::call::CallError;
use crate::cluster::publish::cut;
use crate::health::Replicas;
use crate::reconcile::report::Report;

impl Actor {
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

    /// Writes the status of a phase, unless the resource says it already; true if something was written. What cannot be
    /// written is owed, and tried again by the first call after its pause.
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
            onward: self.onward.borrow().clone(),
            release: self.release.clone(),
            tested: self.tested.clone(),
            drift: self.drift.clone(),
            ownership: self.ownership.clone(),
        };
        let new = status::compose(&old, phase, &facts, Timestamp::now());
        if new == old && !self.is_unsure {
            self.owed = None;
            return false;
        }
        if self.owed.as_ref().and_then(Owed::again).is_some_and(|again| Instant::now() < again) {
            return false;
        }
        // Newer news may end this here, with the request on its way.
        self.is_unsure = true;
        match self.shared.publisher.status(&settled.subject, &new).await {
            Ok(()) => {
                (self.is_unsure, self.owed) = (false, None);
                self.status = Some(new);
                true
            }
            // Gone, or another resource of that name.
            Err(error) if error.is_not_found() || error.is_conflict() => {
                self.owed = None;
                false
            }
            Err(error) => {
                self.owe(&error);
                false
            }
        }
    }

    /// The same, again and again until it is written: for a phase after which nothing else is to be done.
    pub(super) async fn publish_at_last(&mut self, settled: &Settled, phase: &Phase) -> bool {
        loop {
            let is_written = self.publish(settled, phase, None).await;
            let Some(again) = self.owed.as_ref().and_then(Owed::again) else { return is_written };
            if self.owed.as_ref().is_some_and(Owed::is_told) {
                self.busy.set(false);
            }
            sleep_until(again.into()).await;
        }
    }

    fn owe(&mut self, error: &CallError) {
        tracing::warn!(cluster = %self.key, %error, "the status cannot be written; it is tried again");
        let owed = self.owed.get_or_insert_default();
        if owed.fail(error.is_final(), Instant::now()) {
            let message = format!("its status cannot be written: {error}");
            (self.shared.report)(Report::NotReady { key: self.key.clone(), message, outcome: None });
        }
    }
}

/// Longest value that the status takes back.
const MOST_RECONCILE_AT: usize = 1_024;

/// What the annotation asks for.
pub(super) fn reconcile_at(settled: &Settled) -> Option<String> {
    let asked = settled.cluster.metadata.annotations.as_ref()?.get(annotations::RECONCILE_AT)?;
    Some(cut(asked, MOST_RECONCILE_AT))
}
