//! A cluster that is taken down turned into the hooks that run before and after (Helm `pkg/action/uninstall.go`).
#![allow(clippy::disallowed_methods)] // time-outs

use std::ops::ControlFlow;
use std::time::Instant;

use tokio::time::sleep;

use super::ask::{Ask, skips_hooks};
use super::commit::Hook;
use super::failure::HookError;
use super::run::{Stage, Telling};
use super::runs::Runs;
use crate::api::conditions::Reason;
use crate::git::oid::Oid;
use crate::ledger::stub::Secrets;
use crate::reconcile::delivery::actor::Actor;
use crate::reconcile::delivery::backoff::Attempts;
use crate::reconcile::delivery::records::Pending;
use crate::reconcile::delivery::release;
use crate::reconcile::delivery::settled::Settled;
use crate::render::hook::Event;

/// What lets a resource go whose hook fails.
const WAY_OUT: &str = "; correct what it needs and annotate the resource with a new promgit.dev/reconcile-at to run it again, or with \
                       promgit.dev/skip-hooks=true to delete it without its hooks (docs/how-to/delete.md)";

/// The hooks of a cluster that goes.
pub struct Farewell {
    commit: Oid,
    hooks: Vec<Hook>,
    record: Option<Pending>,
    again: bool,
}

impl Actor {
    /// What is to be run for a cluster that goes; none where its charts has nothing of the kind.
    pub(in crate::reconcile::delivery) async fn farewell(
        &mut self,
        settled: &Settled,
        branch: &str,
    ) -> Option<Farewell> {
        self.runs = Runs::default();
        if skips_hooks(settled) {
            return None;
        }
        let (branch, name) = (branch.to_owned(), self.key.name.clone());
        let commit = self.read(move |reader| release::last_commit(reader, &branch, &name)).await?;
        let ask = Ask { commit, secrets: &Secrets::default(), is_new: false, bad: None };
        let hooks = self.hooks_of(&ask).await;
        let is_about_it = |event: &Event| matches!(event, Event::PreDelete | Event::PostDelete);
        if !hooks.iter().any(|hook| hook.terms.events.iter().any(is_about_it)) {
            return None;
        }
        let revision = self.release.as_ref().and_then(|release| u32::try_from(release.revision).ok());
        let record = revision.filter(|_| self.shared.defaults.records).map(Pending::known);
        Some(Farewell { commit, hooks, record, again: self.asks_again(settled) })
    }

    /// Runs what comes before anything is deleted. A resource that is deleted waits for it: `Break` if its namespace goes meanwhile. An
    /// install that failed is removed in any case.
    pub(in crate::reconcile::delivery) async fn before_it_goes(
        &mut self,
        settled: &Settled,
        farewell: Option<&Farewell>,
    ) -> ControlFlow<()> {
        let Some(farewell) = farewell else { return ControlFlow::Continue(()) };
        let mut attempts = Attempts::default();
        loop {
            let stage = self.leaving(settled, farewell, Event::PreDelete);
            let Err(error) = self.run_hooks(settled, &stage).await else { return ControlFlow::Continue(()) };
            self.outlook().await?;
            tracing::warn!(cluster = %self.key, %error, "a hook failed");
            let is_for_good = matches!(error, HookError::Failed(_));
            if is_for_good && !settled.is_terminating() {
                self.warn(settled, Reason::HookFailed, "Delete", &error.to_string()).await;
                return ControlFlow::Continue(());
            }
            if is_for_good || attempts.is_news(true) {
                self.stuck(settled, &format!("{error}{WAY_OUT}")).await;
            }
            sleep(attempts.failed(true)).await;
            self.outlook().await?;
        }
    }

    /// Runs what comes when all is gone. A failure holds up nobody any more, and is told.
    pub(in crate::reconcile::delivery) async fn after_it_went(
        &mut self,
        settled: &Settled,
        farewell: Option<&Farewell>,
    ) -> ControlFlow<()> {
        let Some(farewell) = farewell else { return ControlFlow::Continue(()) };
        let (began, mut attempts) = (Instant::now(), Attempts::default());
        loop {
            let stage = self.leaving(settled, farewell, Event::PostDelete);
            let Err(error) = self.run_hooks(settled, &stage).await else { return ControlFlow::Continue(()) };
            self.outlook().await?;
            tracing::warn!(cluster = %self.key, %error, "a hook failed");
            let passes = matches!(&error, HookError::Apply(error) if !error.is_final());
            if !passes || began.elapsed() > stage.limit {
                self.warn(settled, Reason::HookFailed, "Delete", &error.to_string()).await;
                return ControlFlow::Continue(());
            }
            sleep(attempts.failed(false)).await;
        }
    }

    fn leaving<'a>(&self, settled: &Settled, farewell: &'a Farewell, event: Event) -> Stage<'a> {
        let Farewell { commit, hooks, record, again } = farewell;
        let telling = if settled.is_terminating() { Telling::Deletion } else { Telling::Nothing };
        let (run, limit) = (format!("{event}@{commit}"), self.limit(settled));
        Stage { event, hooks, run, again: *again, limit, record: record.as_ref(), telling }
    }
}
