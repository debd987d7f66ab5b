//! A release turned into applied objects: all of them, in order, until the API server has taken them.
#![allow(clippy::disallowed_methods)] // how long it took

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, timeout};

use super::actor::Actor;
use super::attempt::{Attempt, Brought, Done, Pruned, applier};
use super::backoff::Attempts;
use super::hooks::due::Due;
use super::hooks::failure::HookError;
use super::phase::{Described, Phase};
use super::records::{Delivered, Pending};
use super::release::Part;
use super::settled::Settled;
use super::status::{is_applied, last_good};
use super::tell::reconcile_at;
use super::turn::Turn;
use crate::api::conditions::{APPLIED, Reason};
use crate::cluster::adopt::Adopt;
use crate::cluster::apply::{Applier, ApplyError};
use crate::cluster::publish::Tone;
use crate::git::oid::Oid;
use crate::ledger::record::Item;
use crate::ledger::stub::Secrets;
use crate::reconcile::report::Report;

/// An apply that takes longer than this is told, so that no status stays empty for long.
const QUIET: Duration = Duration::from_secs(5);

/// What is to be applied.
pub struct What<'a> {
    pub commit: Oid,
    /// Of the commit.
    pub inventory: &'a Arc<[Item]>,
    pub part: Part,
    /// Of the newest state.
    pub secrets: &'a Secrets,
    /// Those of the commit, as far as they are known: others where it takes one back.
    pub known: Secrets,
    /// The commit that this one takes back: the Secrets are those of that one.
    pub bad: Option<Oid>,
    /// The commit is taken back if it is refused for what it says.
    pub may_undo: bool,
    /// Somebody's helm was at it: also what no commit has changed is applied.
    pub is_again: bool,
    /// Helm's history gets a revision for it.
    pub is_recorded: bool,
    /// What is to be run before, and after.
    pub hooks: Option<&'a Due>,
}

/// The record of a revision, written once however often it is tried to apply it.
struct Recording {
    is_due: bool,
    pending: Option<Pending>,
}

impl Actor {
    /// Applies all objects, again and again until the API server has taken them.
    pub(super) async fn apply(
        &mut self,
        settled: &Settled,
        what: &What<'_>,
        described: &Arc<Described>,
    ) -> (Vec<Brought>, Option<Pending>) {
        let (mut attempts, began, mut told) = (Attempts::default(), Instant::now(), None);
        // what an agent before this one began is gone on with
        let left = what.hooks.and_then(|due| due.left).map(Pending::known);
        let mut record = Recording { is_due: what.is_recorded && left.is_none(), pending: left };
        let mut turn = Turn::new(&self.shared.applying);
        loop {
            // Boxed when its turn has come: a thousand clusters may wait for theirs.
            turn.take().await;
            let tried = Box::pin(self.try_apply(settled, what, described, &mut record, &mut turn)).await;
            turn.end();
            let error = match tried {
                Ok(Done { brought, pruned, taken, unknown }) => {
                    Box::pin(self.pruned(settled, &pruned, &described.short)).await;
                    Box::pin(self.adopted(settled, &taken, &unknown)).await;
                    let took = began.elapsed().as_millis();
                    let Described { short, .. } = &**described;
                    tracing::info!(cluster = %self.key, generation = settled.generation(), commit = short, took, "applied");
                    return (brought, record.pending);
                }
                Err(HookError::Apply(error)) => error,
                Err(HookError::Failed(failure)) => {
                    let take_back = |actor: &Self, outline| {
                        what.may_undo && actor.take_back_for(settled, what.commit, outline, false)
                    };
                    let record = record.pending.as_ref();
                    return Box::pin(self.stopped_by(settled, described, record, &failure, take_back)).await;
                }
            };
            tracing::warn!(cluster = %self.key, %error, "not applied; it is tried again");
            let is_final = error.is_final();
            if what.may_undo
                && error.is_of_content()
                && self.take_back(settled, what.commit, &error.outline(), true)
            {
                Box::pin(self.being_taken_back(settled, described, &error.to_string())).await;
            }
            if attempts.is_news(is_final) {
                Box::pin(self.not_applied(settled, described, &error, &mut told)).await;
            }
            sleep(attempts.failed(is_final)).await;
        }
    }

    async fn pruned(&self, settled: &Settled, pruned: &Pruned, short: &str) {
        let Some(words) = pruned.words() else { return };
        let words = format!("Commit {short} does not name them: {words}");
        tracing::info!(cluster = %self.key, "{words}");
        self.shared.publisher.event(&settled.subject, Tone::Normal, "Pruned", "Apply", &words).await;
    }

    /// Tells what was taken from somebody else, and which names are of nothing.
    async fn adopted(&self, settled: &Settled, taken: &[String], unknown: &[String]) {
        let publisher = &self.shared.publisher;
        if !taken.is_empty() {
            let words = format!("Took over {}", taken.join(", "));
            tracing::info!(cluster = %self.key, "{words}");
            publisher.event(&settled.subject, Tone::Normal, "Adopted", "Apply", &words).await;
        }
        if !unknown.is_empty() {
            let words = format!(
                "spec.delivery.adopt names {}, and no object of the commit is called so: correct that, or take it out",
                unknown.join(", ")
            );
            publisher.event(&settled.subject, Tone::Warning, "NothingToAdopt", "Apply", &words).await;
        }
    }

    async fn not_applied(
        &mut self,
        settled: &Settled,
        described: &Arc<Described>,
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
            let outcome = self.outcome(&described.commit, format!("not applied: {}", reason.as_str()));
            (self.shared.report)(Report::NotReady { key, message, outcome });
        }
        *told = Some(message);
        self.busy.set(false);
    }

    async fn try_apply(
        &mut self,
        settled: &Settled,
        what: &What<'_>,
        described: &Arc<Described>,
        record: &mut Recording,
        turn: &mut Turn,
    ) -> Result<Done, HookError> {
        turn.over(self.hold(settled)).await?;
        let held = self.held_commit();
        let attempt = Attempt {
            shared: self.shared.clone(),
            key: self.key.clone(),
            commit: what.commit,
            inventory: what.inventory.clone(),
            part: what.part,
            secrets: what.known.clone(),
            is_back: what.bad.is_some(),
            held,
            good: self.status.as_ref().and_then(last_good).and_then(|commit| commit.parse().ok()),
            is_whole: what.is_again || self.is_asked(settled) || self.is_by_others(),
            is_install: held.is_none()
                && what.may_undo
                && self.release.is_none()
                && !what.hooks.is_some_and(Due::comes_first),
            ignored: self.ignored(settled),
            adopt: self.adopt(settled),
        };
        let asked = self.patiently(settled, described, turn.over(attempt.ask())).await?;
        // Hooks take turns of their own, and as long as they like.
        let aside = |turn: &mut Turn| what.hooks.iter().for_each(|_| turn.end());
        aside(turn);
        if record.is_due {
            self.rehearse_hooks(what.hooks, record.pending.as_ref()).await?;
        }
        // the first write of all, so that a crash after it is seen
        if std::mem::take(&mut record.is_due) {
            let (commit, short, is_back) = (what.commit, &*described.short, what.bad.is_some());
            let (is_new, inventory, secrets) = (asked.is_new(), what.inventory, what.secrets);
            let delivered = Delivered { commit, short, is_back, is_new, inventory, secrets };
            record.pending = turn.over(self.begin_record(settled, &delivered)).await;
            aside(turn);
        }
        Box::pin(self.before(settled, what.hooks, record.pending.as_ref(), described)).await?;
        let is_overtaken = record.pending.as_ref().is_some_and(|pending| pending.is_overtaken);
        Ok(self.patiently(settled, described, turn.over(attempt.bring(asked, is_overtaken))).await?)
    }

    /// Waits for what may wait for somebody else, and says so.
    async fn patiently<T>(
        &mut self,
        settled: &Settled,
        described: &Arc<Described>,
        work: impl Future<Output = T>,
    ) -> T {
        let mut work = pin!(work);
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

    /// Somebody wants it to be looked at again, whatever is known of it.
    fn is_asked(&self, settled: &Settled) -> bool {
        let handled = self.status.as_ref().and_then(|status| status.last_handled_reconcile_at.as_ref());
        let asked = reconcile_at(settled);
        asked.is_some() && asked.as_ref() != handled
    }

    /// What may be taken from others.
    fn adopt(&self, settled: &Settled) -> Adopt {
        let own = settled.cluster.spec.delivery.as_ref();
        let names = own.map(|own| own.adopt.as_slice()).unwrap_or_default();
        Adopt::new(names, self.shared.defaults.allow_adopt)
    }

    /// What the cluster holds, another tool has applied: it does not carry our marks.
    pub(super) fn is_by_others(&self) -> bool {
        let conditions = self.status.iter().flat_map(|status| &status.conditions);
        let applied = conditions.into_iter().find(|condition| condition.type_ == APPLIED);
        applied.is_some_and(|applied| applied.reason == Reason::External.as_str())
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
