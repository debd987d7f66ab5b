//! The stages of a delivery turned into the hooks that run there: before the first object is applied, and when all are up.
#![allow(clippy::disallowed_methods)] // time-outs

use std::sync::Arc;
use std::time::Instant;

use tokio::time::sleep;

use super::commit;
use super::due::Due;
use super::failure::{Failure, HookError, What};
use super::run::{Stage, Telling};
use crate::api::conditions::Reason;
use crate::cluster::apply::ApplyError;
use crate::reconcile::delivery::actor::Actor;
use crate::reconcile::delivery::backoff::Attempts;
use crate::reconcile::delivery::phase::{Applied, Described, Phase};
use crate::reconcile::delivery::records::Pending;
use crate::reconcile::delivery::settled::Settled;
use crate::reconcile::delivery::watch::Watch;
use crate::reconcile::report::Report;
use crate::release::marks;
use crate::release::status::Status;
use crate::render::hook::Event;

/// Said behind a failure that nobody takes back.
const WAY_OUT: &str = "; correct what it needs and annotate the resource with a new promgit.dev/reconcile-at to run it again, or change the spec";

impl Actor {
    /// Asks about the hooks that are to come, before anything is changed.
    pub(in crate::reconcile::delivery) async fn rehearse_hooks(
        &self,
        due: Option<&Due>,
        record: Option<&Pending>,
    ) -> Result<(), ApplyError> {
        // on the way back a hook that is refused holds up nothing
        let Some(due) = due.filter(|due| !due.is_back) else { return Ok(()) };
        for event in self.events(record, due.is_back) {
            for hook in commit::at(&due.hooks, event).iter().filter(|hook| !hook.is_withheld) {
                self.shared.in_turn(self.applier().rehearse_hook(&hook.object)).await?;
            }
        }
        Ok(())
    }

    /// Runs what comes before the first object.
    pub(in crate::reconcile::delivery) async fn before(
        &mut self,
        settled: &Settled,
        due: Option<&Due>,
        record: Option<&Pending>,
        described: &Arc<Described>,
    ) -> Result<(), HookError> {
        let Some(due) = due else { return Ok(()) };
        let [event, _] = self.events(record, due.is_back);
        let stage = self.stage(settled, due, event, record, Telling::Before(described));
        match self.run_hooks(settled, &stage).await {
            Err(HookError::Failed(failure)) if due.is_back => {
                self.failed_on_the_way_back(settled, &failure).await;
            }
            Err(HookError::Apply(error)) if due.is_back && error.is_final() => {
                self.failed_on_the_way_back(settled, &refused(event, &error)).await;
            }
            other => return other,
        }
        Ok(())
    }

    /// Helm gives up on a rollback whose hook fails, and what does not work stays. Here the branch says what is to run, and it does.
    async fn failed_on_the_way_back(&self, settled: &Settled, failure: &Failure) {
        let words = format!("{failure}; the change is taken back all the same");
        tracing::warn!(cluster = %self.key, words, "a hook failed");
        self.warn(settled, Reason::HookFailed, "Rollback", &words).await;
    }

    /// Runs what comes when all is up; what fails is kept in the watch.
    pub(in crate::reconcile::delivery) async fn after(&mut self, watch: &mut Watch<'_>) {
        let Some(due) = watch.hooks.take() else { return };
        let (settled, record) = (watch.settled, watch.record.as_ref());
        let [_, event] = self.events(record, due.is_back);
        let stage = self.stage(settled, &due, event, record, Telling::After(&watch.described));
        let (began, mut attempts) = (Instant::now(), Attempts::default());
        watch.failed = loop {
            let error = match self.run_hooks(settled, &stage).await {
                Ok(()) => break None,
                Err(HookError::Failed(failure)) => break Some(failure),
                Err(HookError::Apply(error)) => error,
            };
            if error.is_of_content() || began.elapsed() > stage.limit {
                break Some(refused(event, &error));
            }
            let message = format!("{event} hooks: {error}; it is tried again");
            tracing::warn!(cluster = %self.key, message);
            let (release, applied) = (watch.described.clone(), Applied::ByUs);
            self.publish(settled, &Phase::Progressing { release, applied, message }, None).await;
            sleep(attempts.failed(error.is_final())).await;
        };
        if let Some(failure) = watch.failed.take_if(|_| due.is_back) {
            self.failed_on_the_way_back(settled, &failure).await;
        }
        if let Some(failure) = &watch.failed
            && let Some(record) = watch.record.take()
        {
            // At once: the commit may be taken back before anything else is told.
            let why = marks::description(&watch.described.short, &failure.to_string());
            self.end_record(&record, Status::Failed, Some(&why)).await;
            watch.record = Some(record.failed());
        }
    }

    fn stage<'a>(
        &self,
        settled: &Settled,
        due: &'a Due,
        event: Event,
        record: Option<&'a Pending>,
        telling: Telling<'a>,
    ) -> Stage<'a> {
        let run = format!("{event}@{}", due.commit);
        Stage { event, hooks: &due.hooks, run, again: due.again, limit: self.limit(settled), record, telling }
    }

    /// A hook failed before anything was applied: the commit is taken back, or stays as it is until somebody does something. Never
    /// returns: what comes next is other news.
    pub(in crate::reconcile::delivery) async fn stopped_by<T>(
        &mut self,
        settled: &Settled,
        described: &Arc<Described>,
        record: Option<&Pending>,
        failure: &Failure,
        taken_back: impl FnOnce(&Self, String) -> bool,
    ) -> T {
        let words = failure.to_string();
        tracing::warn!(cluster = %self.key, words, "a hook failed");
        if let Some(record) = record {
            let why = marks::description(&described.short, &words);
            self.end_record(record, Status::Failed, Some(&why)).await;
        }
        if taken_back(self, failure.outline()) {
            self.being_taken_back(settled, described, &words).await;
        }
        let message = words + WAY_OUT;
        let (release, reason) = (described.clone(), Reason::HookFailed);
        if self
            .publish_at_last(settled, &Phase::NotApplied { release, reason, message: message.clone() })
            .await
        {
            self.warn(settled, reason, "Apply", &message).await;
        }
        let (key, outcome) = (self.key.clone(), self.outcome(&described.commit, failure.outline()));
        (self.shared.report)(Report::NotReady { key, message, outcome });
        self.busy.set(false);
        std::future::pending().await
    }
}

fn refused(event: Event, error: &ApplyError) -> Failure {
    let text = error.outline();
    let (title, reason) = match error {
        ApplyError::NotOurs { title, .. } => (title.as_str(), text[title.len()..].trim_start()),
        _ => text.split_once(": ").unwrap_or((&text, "")),
    };
    let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
    Failure { event, title: title.to_owned(), what: What::Refused, reason }
}
