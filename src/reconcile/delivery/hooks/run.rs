//! The hooks of one stage turned into what they led to: each made, waited for, and cleared as it asks (Helm `pkg/action/hooks.go`,
//! `execHookWithDelayedShutdown`).
#![allow(clippy::disallowed_methods)] // time-outs, and when a hook ran

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::time::sleep;

use super::commit::{self, BEFORE, FAILED, Hook, SUCCEEDED};
use super::failure::{Failure, HookError, What};
use crate::api::conditions::Reason;
use crate::cluster::apply::ApplyError;
use crate::cluster::explain;
use crate::cluster::hook::Found;
use crate::health::Ended;
use crate::reconcile::delivery::actor::Actor;
use crate::reconcile::delivery::phase::{Applied, Described, Phase};
use crate::reconcile::delivery::records::Pending;
use crate::reconcile::delivery::settled::Settled;
use crate::release::hook::Phase as RunPhase;
use crate::render::hook::Event;

/// The first look at a hook that runs, and the longest pause between two. It is looked at, not watched: one object, for as long as it
/// runs, and whoever may make it may get it.
const LOOKS: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(2));

/// What takes longer than this is told.
const QUIET: Duration = Duration::from_secs(5);

/// The hooks of one event, about to run.
pub struct Stage<'a> {
    pub event: Event,
    /// All of the commit.
    pub hooks: &'a [Hook],
    /// Tells this run from all others: `pre-upgrade@1a2b3c4d5e`.
    pub run: String,
    /// One that failed in this run is run once more.
    pub again: bool,
    /// How long each hook may take, as in Helm.
    pub limit: Duration,
    /// Helm's record, which is told how they ran.
    pub record: Option<&'a Pending>,
    pub telling: Telling<'a>,
}

/// What the resource says while a hook runs.
#[derive(Clone, Copy)]
pub enum Telling<'a> {
    /// Nothing of the commit is applied yet.
    Before(&'a Arc<Described>),
    /// All of it is up.
    After(&'a Arc<Described>),
    Deletion,
    Nothing,
}

impl Telling<'_> {
    fn phase(self, message: String) -> Option<Phase> {
        match self {
            Telling::Before(release) => {
                Some(Phase::NotApplied { release: release.clone(), reason: Reason::Progressing, message })
            }
            Telling::After(release) => {
                Some(Phase::Progressing { release: release.clone(), applied: Applied::ByUs, message })
            }
            Telling::Deletion => {
                let message = format!("being deleted: {message}");
                Some(Phase::Terminating { reason: Reason::Progressing, message })
            }
            Telling::Nothing => None,
        }
    }
}

impl Actor {
    /// Runs the hooks of a stage, one after the other. What ran already is not run again.
    pub(super) async fn run_hooks(&mut self, settled: &Settled, stage: &Stage<'_>) -> Result<(), HookError> {
        if self.runs.is_over(stage.event) {
            return Ok(());
        }
        let hooks = commit::at(stage.hooks, stage.event);
        for (at, hook) in hooks.iter().enumerate() {
            if let Err(error) = self.run_hook(settled, stage, hook).await {
                if matches!(error, HookError::Failed(_)) {
                    let before = hooks.iter().take(at).filter(|hook| hook.goes(SUCCEEDED));
                    for hook in Some(hook).filter(|hook| hook.goes(FAILED)).into_iter().chain(before) {
                        self.clear_failed(hook).await;
                    }
                }
                return Err(error);
            }
        }
        let going: Vec<&Hook> = hooks.iter().rev().filter(|hook| hook.goes(SUCCEEDED)).collect();
        if !going.is_empty() {
            // While they stand they say that they ran; then the record does.
            self.note_runs(stage.record).await;
        }
        for hook in going {
            self.shared.in_turn(self.applier().clear_hook(&hook.object)).await?;
        }
        self.runs.end(stage.event);
        Ok(())
    }

    /// After a failure there is something worse to tell than what cannot be cleared.
    async fn clear_failed(&self, hook: &Hook) {
        if let Err(error) = self.shared.in_turn(self.applier().clear_hook(&hook.object)).await {
            tracing::warn!(cluster = %self.key, %error, "a hook cannot be deleted after a failure");
        }
    }

    async fn run_hook(&mut self, settled: &Settled, stage: &Stage<'_>, hook: &Hook) -> Result<(), HookError> {
        let (event, id) = (stage.event, hook.id());
        if self.runs.has_succeeded(event, &id) {
            return Ok(());
        }
        let found = self.shared.in_turn(self.applier().look_at_hook(&hook.object, &stage.run)).await?;
        let (ended, made) = match found {
            Found::Of { ended: Ended::Failed(_), .. } if stage.again => self.make(stage, hook, true).await?,
            Found::Of { ended, made } => (ended, made),
            Found::Absent if !stage.again && self.runs.is_known_to_have_failed(&id) => {
                return Err(self.failed(stage, hook, What::Ended, None, Timestamp::now()).await);
            }
            Found::Absent => self.make(stage, hook, false).await?,
            Found::Earlier => self.make(stage, hook, true).await?,
        };
        self.wait_for_hook(settled, stage, hook, ended, made).await?;
        self.runs.ended(event, id, made, RunPhase::Succeeded, Timestamp::now());
        Ok(())
    }

    /// Makes a hook; `is_there`: an older one stands in its place.
    async fn make(
        &mut self,
        stage: &Stage<'_>,
        hook: &Hook,
        is_there: bool,
    ) -> Result<(Ended, Timestamp), HookError> {
        if hook.is_withheld {
            return Err(self.failed(stage, hook, What::Withheld, None, Timestamp::now()).await);
        }
        if is_there && hook.goes(BEFORE) {
            self.shared.in_turn(self.applier().clear_hook(&hook.object)).await?;
        }
        let now = Timestamp::now();
        self.runs.started(hook.id(), now);
        self.note_runs(stage.record).await;
        tracing::info!(cluster = %self.key, hook = hook.object.title(), event = stage.event.as_str(), "hook");
        let made = self.shared.in_turn(self.applier().make_hook(&hook.object, &stage.run)).await;
        Ok((made?, now))
    }

    async fn wait_for_hook(
        &mut self,
        settled: &Settled,
        stage: &Stage<'_>,
        hook: &Hook,
        mut ended: Ended,
        made: Timestamp,
    ) -> Result<(), HookError> {
        let passed = Duration::try_from(Timestamp::now().duration_since(made)).unwrap_or_default();
        let (began, limit) = (Instant::now(), stage.limit.saturating_sub(passed));
        let (mut pause, mut is_told) = (LOOKS.0, stage.limit < QUIET);
        loop {
            match ended {
                Ended::Succeeded => return Ok(()),
                Ended::Failed(why) => return Err(self.failed(stage, hook, What::Ended, why, made).await),
                Ended::Runs if began.elapsed() >= limit => {
                    return Err(self.failed(stage, hook, What::Late(stage.limit), None, made).await);
                }
                Ended::Runs => {}
            }
            if began.elapsed() >= QUIET && !std::mem::replace(&mut is_told, true) {
                self.tell_of_hook(settled, stage, hook).await;
            }
            sleep(pause.min(limit.saturating_sub(began.elapsed()))).await;
            pause = (2 * pause).min(LOOKS.1);
            let found = self.applier().look_at_hook(&hook.object, &stage.run).await;
            ended = match found {
                Ok(Found::Of { ended, .. }) => ended,
                Ok(Found::Absent | Found::Earlier) | Err(ApplyError::NotOurs { .. }) => {
                    return Err(self.failed(stage, hook, What::Deleted, None, made).await);
                }
                // It is not known how it is: it runs on, and so does its time.
                Err(error) if !error.is_final() => Ended::Runs,
                Err(error) => return Err(error.into()),
            };
        }
    }

    async fn tell_of_hook(&mut self, settled: &Settled, stage: &Stage<'_>, hook: &Hook) {
        let message = format!("{} hook {} runs", stage.event, hook.object.title());
        if let Some(phase) = stage.telling.phase(message) {
            self.publish(settled, &phase, None).await;
        }
    }

    async fn failed(
        &mut self,
        stage: &Stage<'_>,
        hook: &Hook,
        what: What,
        why: Option<String>,
        made: Timestamp,
    ) -> HookError {
        let asked = match what {
            What::Ended | What::Late(_) => {
                explain::why_ended(&self.shared.client, &self.key.namespace, &hook.object).await
            }
            _ => None,
        };
        let (event, title, reason) = (stage.event, hook.object.title(), asked.or(why));
        self.runs.ended(event, hook.id(), made, RunPhase::Failed, Timestamp::now());
        HookError::Failed(Failure { event, title, what, reason })
    }
}
