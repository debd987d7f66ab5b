//! Live objects turned into what users are told, for as long as a commit is the newest one.
#![allow(clippy::disallowed_methods)] // time-outs

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::{sleep, sleep_until};

use super::actor::Actor;
use super::attempt::Brought;
use super::backoff::Owed;
use super::onward::Onward;
use super::pace::Pace;
use super::phase::{Applied, Described, Phase};
use super::progress::{self, Awaited, Progress, Standing};
use super::release::{self, Part};
use super::watch::Watch;
use crate::api::PrometheusClusterStatus;
use crate::api::conditions::{Reason, STALLED};
use crate::cluster::apply::namespace;
use crate::cluster::explain;
use crate::cluster::kinds::Kind;
use crate::cluster::live::{Sight, Target};
use crate::cluster::publish::{Tone, cut};
use crate::git::oid::Oid;
use crate::health;
use crate::ledger::record::Item;
use crate::reconcile::report::Report;
use crate::release::marks;
use crate::release::status::Status;

/// Changes of live objects within this time are looked at together.
const GATHER: Duration = Duration::from_millis(100);

/// What could not be written into Helm's history is tried again after this.
const RECORD_AGAIN: Duration = Duration::from_secs(5);

/// Longest part of a message that a difference may take.
const MOST_DIFFERENCE: usize = 500;

impl Actor {
    /// The objects that have a readiness. Those outside of the release's namespace are nobody's business here.
    pub(super) async fn awaited(&self, inventory: &[Item], brought: &[Brought]) -> Vec<Awaited> {
        let mut awaited = Vec::new();
        let own = &self.key.namespace;
        for Item { api_version, kind, namespace, name, file: _ } in inventory.iter().cloned() {
            let is_foreign = !namespace.is_empty() && namespace != *own;
            if !health::is_watched(&api_version, &kind) || is_foreign {
                continue;
            }
            let is_same = |object: &&Brought| {
                (&object.api_version, &object.kind, &object.name) == (&api_version, &kind, &name)
            };
            let applied = brought.iter().find(is_same).map(|object| object.version.clone());
            let target = Target::new(Arc::new(Kind { api_version, kind }), own, name);
            let mut object = Awaited { target, applied, trouble: None };
            self.watch(&mut object).await;
            awaited.push(object);
        }
        awaited.shrink_to_fit();
        awaited
    }

    /// Starts to follow an object, or notes what is in the way.
    async fn watch(&self, awaited: &mut Awaited) {
        let target = &mut awaited.target;
        let served = self.shared.kinds.of(&target.of.api_version, &target.of.kind).await;
        let followed = match served {
            Ok(served) => {
                let at = namespace(&served, &self.key.namespace);
                *target = Target::new(served.kind, at, target.name().to_owned());
                self.shared.live.follow(target, &self.changed).await
            }
            Err(error) => Err(error),
        };
        awaited.trouble = followed.err().map(|error| error.to_string());
    }

    /// Follows the live objects, and tells what users have to know, for as long as this state is the newest. This is where
    /// a cluster spends its life: what is done now and then is boxed, so that it takes no room in between.
    pub(super) async fn follow(&mut self, commit: Oid, watch: &mut Watch<'_>) {
        let mut pace = Pace::new(Instant::now());
        let mut is_woken = true;
        loop {
            for awaited in watch.awaited.iter_mut().filter(|awaited| awaited.trouble.is_some()) {
                Box::pin(self.watch(awaited)).await;
            }
            let progress = progress::look(&watch.awaited, |target| self.shared.live.sight(target));
            if matches!(watch.applied, Applied::NotYet(_)) && pace.compares(is_woken, Instant::now()) {
                Box::pin(self.compare(commit, watch, &progress)).await;
            }
            let minds = Box::pin(self.mind(commit, watch)).await;
            if self.redelivers {
                return;
            }
            watch.wait.look(watch.is_up(&progress), Instant::now());
            Box::pin(self.explain(watch, &progress, &mut pace)).await;
            let phase = watch.phase(&progress, pace.reason.as_deref(), Instant::now());
            if watch.hooks.is_some() && matches!(phase, Phase::Ready { .. } | Phase::RolledBack { .. }) {
                Box::pin(self.after(watch)).await;
                continue;
            }
            // with its reason, before it is taken back
            Box::pin(self.settle_record(watch, &phase)).await;
            let phase = self.judge(commit, watch, phase);
            Box::pin(self.tell(watch, &phase, &progress, &mut pace)).await;
            if matches!(phase, Phase::Ready { .. })
                && let Some(asked) = self.wants_trial(watch.settled)
            {
                Box::pin(self.trial(watch.settled, commit, watch.is_external, asked)).await;
                continue;
            }
            let due = pace.due(watch, &phase, Instant::now());
            if let (Phase::RolledBack { .. }, Some((_, Some(again)))) = (&phase, &watch.undone)
                && *again <= Instant::now()
            {
                self.try_again(watch.settled);
                watch.undone.iter_mut().for_each(|(_, again)| *again = None);
                // what is committed next is the next news
                std::future::pending::<()>().await;
            }
            let due = self.owed.as_ref().and_then(Owed::again).map_or(due, |again| due.min(again));
            let due = match watch.owes_record(&phase) {
                true => due.min(Instant::now() + RECORD_AGAIN),
                false => due,
            };
            let due = minds.map_or(due, |minds| due.min(minds));
            is_woken = tokio::select! {
                () = self.changed.notified() => {
                    sleep(GATHER).await;
                    true
                }
                Ok(()) = self.onward.changed() => false,
                () = sleep_until(due.into()) => false,
            };
        }
    }

    /// Helm's history says how the revision ended, once that is known.
    async fn settle_record(&mut self, watch: &mut Watch<'_>, phase: &Phase) {
        let (status, why) = match phase {
            Phase::Ready { .. } | Phase::RolledBack { .. } => (Status::Deployed, None),
            Phase::Late { message, .. } => (Status::Failed, Some(message.as_str())),
            _ => return,
        };
        let is_failed = status == Status::Failed;
        let Some(pending) = watch.record.take_if(|pending| !(is_failed && pending.is_failed)) else { return };
        let short = &watch.described.short;
        let why = why.map(|why| marks::description(short, why));
        if !self.end_record(&pending, status, why.as_deref()).await {
            watch.record = Some(pending);
        } else if is_failed {
            watch.record = Some(pending.failed());
        }
    }

    /// A commit that is up is there to stay; one that does not come up is taken back, if it may be.
    fn judge(&self, commit: Oid, watch: &mut Watch<'_>, phase: Phase) -> Phase {
        match &phase {
            Phase::Ready { .. } => watch.may_undo = false,
            Phase::Late { message, .. } if watch.may_undo => {
                let take_back = || match &watch.failed {
                    Some(failure) => self.take_back_for(watch.settled, commit, failure.outline(), false),
                    None => self.take_back(watch.settled, commit, message, false),
                };
                if watch.is_undoing || take_back() {
                    watch.is_undoing = true;
                    return Actor::undoing(&phase);
                }
                watch.may_undo = false;
            }
            _ => {}
        }
        phase
    }

    /// While another tool applies: whether the cluster holds the commit by now.
    async fn compare(&self, commit: Oid, watch: &mut Watch<'_>, progress: &Progress) {
        // What is awaited is watched: as long as some of it does not even exist there is nothing to ask for.
        if let Standing::OnItsWay { about, .. } = &progress.standing
            && let Some(object) = watch.awaited.get(*about)
            && matches!(self.shared.live.sight(&object.target), Sight::Absent)
        {
            let Described { branch, short, .. } = &*watch.described;
            let missing = format!("{}/{}", object.target.kind(), object.target.name());
            watch.applied = Applied::NotYet(format!(
                "another tool is to apply {branch} at {short}: {missing} does not exist yet"
            ));
            return;
        }
        let name = self.key.name.clone();
        let release = self.read(move |reader| release::load(reader, commit, &name, Part::Listed)).await;
        match self.shared.in_turn(self.applier().difference(&release.objects)).await {
            None => watch.applied = Applied::ByOthers,
            Some(difference) => {
                let Described { branch, short, .. } = &*watch.described;
                watch.applied = Applied::NotYet(format!(
                    "another tool is to apply {branch} at {short}: {}",
                    cut(&difference, MOST_DIFFERENCE)
                ));
            }
        }
    }

    /// Asks why an object is not ready, now and then.
    async fn explain(&self, watch: &Watch<'_>, progress: &Progress, pace: &mut Pace) {
        let about = match &progress.standing {
            Standing::Up { .. } => return pace.calm(Instant::now()),
            Standing::OnItsWay { about, .. } | Standing::Broken { about, .. } => *about,
        };
        let Some(object) = watch.awaited.get(about) else { return };
        let Sight::Seen(seen) = self.shared.live.sight(&object.target) else { return };
        let now = Instant::now();
        if !pace.explains(watch.wait.is_over(now), now) {
            return;
        }
        pace.reason = explain::why(&self.shared.client, &object.target, seen.replicas.as_deref()).await;
    }

    fn report(&self, phase: &Phase, took: Duration) {
        let (key, message) = (self.key.clone(), phase.message().to_string());
        let seconds = took.as_secs_f64();
        (self.shared.report)(match phase {
            Phase::Ready { release, message: up, .. } => {
                let outcome = self.outcome(&release.commit, format!("ready after {seconds:.1}s: {up}"));
                Report::Ready { key, message, outcome }
            }
            Phase::Late { release, message: late, .. } => {
                // `not ready within 3m: StatefulSet/simple`; behind that may stand what a pod logged
                let words: Vec<&str> = late.split(": ").take(2).collect();
                let outcome = self.outcome(&release.commit, words.join(": "));
                Report::NotReady { key, message, outcome }
            }
            Phase::RolledBack { bad, message: words, .. } => {
                let outcome = self.outcome(bad, words.clone());
                Report::NotReady { key, message, outcome }
            }
            _ => Report::NotReady { key, message, outcome: None },
        });
    }

    /// Writes the status if there is something new to say, and events at the turns of the way.
    async fn tell(&mut self, watch: &Watch<'_>, phase: &Phase, progress: &Progress, pace: &mut Pace) {
        let (generation, commit) = (watch.settled.generation(), &watch.described.commit);
        let was_ready = self.says_ready(generation, commit);
        let was_late = self.status.as_ref().is_some_and(|status| is_late(status, generation, commit));
        let was_told = self.is_told(commit);
        // Right after a start nothing is seen yet, which is no news of a cluster that was spoken of before.
        let onward = self.onward.borrow().clone();
        let is_news = onward != self.onward_told;
        let is_urgent = is_news || self.is_drift_news();
        if progress.is_blind && self.says(generation, commit)
            || !pace.may_tell(phase, was_ready, Instant::now()) && !is_urgent
        {
            return;
        }
        let changed = self.publish(watch.settled, phase, progress.replicas.as_ref()).await;
        if self.owed.is_none() {
            pace.told(phase, Instant::now());
            self.onward_told.clone_from(&onward);
        }
        if let (true, true, Onward::Failed { reason, message }) = (changed, is_news, &onward) {
            self.warn(watch.settled, *reason, "Push", message).await;
        }
        let is_owed = self.owed.as_ref().is_some_and(|owed| !owed.is_told());
        self.busy.set(is_owed || matches!(phase, Phase::Progressing { .. }));
        let is_turn = match phase {
            Phase::Ready { .. } => !was_ready,
            Phase::Late { .. } => !was_late,
            Phase::RolledBack { .. } => !was_told,
            _ => was_ready,
        };
        if !changed || !is_turn {
            return;
        }
        let Described { short, .. } = &*watch.described;
        let took = self.began.elapsed();
        let publisher = &self.shared.publisher;
        let subject = &watch.settled.subject;
        self.report(phase, took);
        match phase {
            Phase::Ready { message, .. } => {
                self.shared.metrics.became_ready(took);
                tracing::info!(cluster = %self.key, commit = short, seconds = took.as_secs_f64(), "ready");
                let note = format!("Commit {short} is up: {message}");
                publisher.event(subject, Tone::Normal, "Ready", "Wait", &note).await;
            }
            Phase::RolledBack { message, .. } => self.rolled_back(watch.settled, message).await,
            Phase::Late { message, .. } => {
                publisher.event(subject, Tone::Warning, "Stalled", "Wait", message).await;
            }
            Phase::Progressing { message, .. } => {
                publisher.event(subject, Tone::Warning, "NotReady", "Watch", message).await;
            }
            _ => {}
        }
    }
}

/// Whether the status says that this commit did not come up in time.
fn is_late(status: &PrometheusClusterStatus, generation: i64, commit: &str) -> bool {
    let is_stalled = status.conditions.iter().any(|condition| {
        condition.type_ == STALLED
            && condition.reason == Reason::Stalled.as_str()
            && condition.observed_generation == Some(generation)
    });
    is_stalled && status.commit.as_ref().is_some_and(|known| known.revision == commit)
}
