//! What somebody else did to a cluster, put back, said, or left, as its settings want it.
#![allow(clippy::disallowed_methods)] // when to correct, and what is too old

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::foreign::Foreign;
use super::look::{Looked, look};
use super::owned::{self, Fault, Owned};
use super::said::{Found, Said};
use super::state::Drift;
use crate::api::conditions::{DRIFTED, Reason};
use crate::api::spec::delivery::Drift as Policy;
use crate::cluster::apply::{Applier, ApplyError, namespace};
use crate::cluster::ignore::Rule;
use crate::cluster::live::Target;
use crate::cluster::object::Object;
use crate::cluster::publish::{Tone, cut};
use crate::git::oid::Oid;
use crate::ledger::record::Item;
use crate::metrics::labels::Drifted;
use crate::reconcile::delivery::actor::Actor;
use crate::reconcile::delivery::attempt::Brought;
use crate::reconcile::delivery::phase::Applied;
use crate::reconcile::delivery::release;
use crate::reconcile::delivery::settled::{Outcome, Settled};
use crate::reconcile::delivery::watch::Watch;

/// Longest words of a condition about what drifted: some objects, each with its difference.
const MOST_MESSAGE: usize = 2_000;

impl Actor {
    /// What of a cluster stays as somebody else has set it.
    pub(in crate::reconcile::delivery) fn ignored(&self, settled: &Settled) -> Arc<[Rule]> {
        self.shared.defaults.drift.ignored(settled.delivery())
    }

    /// Follows all objects of a commit, and the history of the release.
    pub(in crate::reconcile::delivery) async fn drifts(
        &mut self,
        settled: &Settled,
        inventory: &[Item],
        brought: &[Brought],
        is_external: bool,
        is_held: bool,
    ) -> Drift {
        let policy = self.shared.defaults.drift.drift(settled.delivery());
        let drift = Drift::new(policy, self.ignored(settled), Instant::now());
        // The other tool sees to it: what is put there is its own, with its own marks.
        if is_external || drift.is_off() {
            return Drift::none(Instant::now());
        }
        let mut owned = Vec::with_capacity(inventory.len());
        for item in inventory {
            owned.extend(self.own(item, brought).await);
        }
        let before = self.status.as_ref().and_then(|status| status.ownership.clone()).filter(|_| is_held);
        let mut drift = drift.of(owned, before);
        if self.shared.defaults.records {
            let Self { shared, key, changed, .. } = self;
            shared.revisions.follow(&key.namespace, &key.name, changed);
            let written = self.release.as_ref().filter(|_| is_held).map(|release| release.revision);
            drift.passed = written.and_then(|revision| u32::try_from(revision).ok()).unwrap_or_default();
        }
        drift
    }

    /// Follows one object. Those outside of the release's namespace are nobody's business here.
    async fn own(&self, item: &Item, brought: &[Brought]) -> Option<Owned> {
        let Item { api_version, kind, namespace: at, name, file } = item.clone();
        if !at.is_empty() && at != self.key.namespace {
            return None;
        }
        let served = self.shared.kinds.of(&api_version, &kind).await.ok()?;
        let is_same = |object: &&Brought| {
            (&object.api_version, &object.kind, &object.name) == (&api_version, &kind, &name)
        };
        let mark = brought.iter().find(is_same).map(|object| object.version.mark);
        let mut target = Target::new(served.kind.clone(), namespace(&served, &self.key.namespace), name);
        // what no commit has changed was not applied, and is what it was
        let id = owned::id(&target);
        let known = self.known.iter().find(|(known, _)| *known == id).map(|(_, mark)| *mark);
        let mark = mark.or(known);
        self.shared.live.follow(&mut target, &self.changed).await.ok()?;
        Some(Owned::new(target, file, mark))
    }

    /// Looks at what somebody did, and does about it what the settings say. Returns when to come back without being woken.
    pub(in crate::reconcile::delivery) async fn mind(
        &mut self,
        commit: Oid,
        watch: &mut Watch<'_>,
    ) -> Option<Instant> {
        if watch.drift.is_off() {
            self.drift = Found::Nothing;
            return None;
        }
        if watch.is_undoing || matches!(watch.applied, Applied::NotYet(_)) {
            return None;
        }
        match self.release_drift(watch) {
            Foreign::AtWork(left) => {
                return Some(Instant::now() + Duration::try_from(left).unwrap_or_default());
            }
            Foreign::Changed(newest) => match self.follow_helm(watch, newest).await {
                ControlFlow::Break(again) => {
                    return [again, self.conclude(watch).await].into_iter().flatten().min();
                }
                ControlFlow::Continue(why) => self.helm_changed(watch, Some(newest), why.as_deref()).await,
            },
            Foreign::Gone => self.helm_changed(watch, None, None).await,
            Foreign::Nothing => watch.drift.release = None,
        }
        if self.redelivers {
            return None;
        }
        let looked = self.look_at_all(commit, watch).await;
        let corrected = self.correct_all(commit, watch).await;
        let concluded = self.conclude(watch).await;
        let helm = watch.drift.release.as_ref().map(|_| self.helm.next(Instant::now()));
        let helm = helm.filter(|at| *at > Instant::now());
        [looked, corrected, concluded, helm].into_iter().flatten().min()
    }

    /// Whether the status does not say yet what was found.
    pub(in crate::reconcile::delivery) fn is_drift_news(&self) -> bool {
        let told = self.told_drift();
        match &self.drift {
            Found::Unknown => false,
            Found::Nothing => told.is_some(),
            Found::Some(said) => told.is_none_or(|told| told != said.message),
        }
    }

    fn told_drift(&self) -> Option<&str> {
        let conditions = &self.status.as_ref()?.conditions;
        let told = conditions.iter().find(|condition| condition.type_ == DRIFTED)?;
        Some(told.message.as_str())
    }

    async fn look_at_all(&self, commit: Oid, watch: &mut Watch<'_>) -> Option<Instant> {
        let now = Instant::now();
        if let Some(again) = watch.drift.again.filter(|again| now < *again) {
            return Some(again);
        }
        watch.drift.again = None;
        if !watch.drift.begin(|target| self.shared.live.sight(target)) {
            return None;
        }
        let settles = watch.drift.settles();
        let keeps = watch.drift.policy == Policy::Correct;
        for place in 0..watch.drift.owned.len() {
            let glimpse = self.shared.live.sight(&watch.drift.owned[place].target).into();
            if !watch.drift.owned[place].is_due(glimpse, now >= settles) {
                continue;
            }
            let Some(object) = self.wanted(commit, watch, place).await else {
                watch.drift.owned[place].finish();
                continue;
            };
            let applier = self.over(&watch.drift);
            let looked = self.shared.in_turn(look(&applier, &object, glimpse, keeps)).await;
            match looked {
                Ok(Looked::Right(mark)) => watch.drift.owned[place].accept(mark),
                Ok(Looked::Done) => watch.drift.owned[place].finish(),
                Ok(Looked::Wrong(wrong)) => {
                    tracing::info!(cluster = %self.key, words = wrong.words, by = wrong.by, "drifted");
                    watch.drift.owned[place].reject(wrong);
                }
                Err(error) => {
                    let again = now + watch.drift.attempts.failed(error.is_final());
                    // what may pass is no news
                    let message = format!("cannot be compared with the commit: {error}");
                    watch.drift.failed = error.is_final().then(|| said(&error, &message));
                    watch.drift.again = Some(again);
                    return Some(again);
                }
            }
        }
        watch.drift.looked();
        // what was deleted before the watch could tell of it
        watch.drift.owned.iter().any(Owned::is_unseen).then_some(settles).filter(|settles| *settles > now)
    }

    /// Puts back what is not as the commit says, one after the other.
    async fn correct_all(&mut self, commit: Oid, watch: &mut Watch<'_>) -> Option<Instant> {
        if watch.drift.policy != Policy::Correct || watch.drift.again.is_some() {
            return None;
        }
        if let Some(retry) = watch.drift.retry.filter(|retry| Instant::now() < *retry) {
            return Some(retry);
        }
        watch.drift.retry = None;
        let mut due = None::<Instant>;
        let mut done = Vec::new();
        for place in 0..watch.drift.owned.len() {
            let now = Instant::now();
            let owned = &watch.drift.owned[place];
            let Some(wrong) = owned.wrong().filter(|wrong| wrong.what != Fault::Going).cloned() else {
                continue;
            };
            let next = owned.contest.next(now);
            let next = wrong.refused.as_ref().map_or(next, |(again, _)| next.max(*again));
            if next > now {
                due = Some(due.map_or(next, |due| due.min(next)));
                continue;
            }
            let Some(object) = self.wanted(commit, watch, place).await else { continue };
            let applier = self.over(&watch.drift);
            let is_there = wrong.what == Fault::Differs;
            match self.shared.in_turn(applier.put_back(&object, is_there)).await {
                Ok(version) => {
                    let words = wrong.sentence();
                    watch.corrected(place, version, &words, Instant::now());
                    done.push(words);
                    self.shared.metrics.drifted(Drifted::Corrected);
                }
                Err(error) => {
                    self.shared.metrics.drifted(Drifted::Failed);
                    let again = now + watch.drift.attempts.failed(error.is_final());
                    due = Some(due.map_or(again, |due| due.min(again)));
                    if !error.is_final() {
                        watch.drift.retry = Some(again);
                        break;
                    }
                    let message = format!("{}; it cannot be put back: {error}", wrong.sentence());
                    watch.drift.owned[place].refuse(again, said(&error, &message));
                }
            }
        }
        if !done.is_empty() {
            let short = &watch.described.short;
            let note = format!("Put back to commit {short}: {}", done.join("; "));
            tracing::info!(cluster = %self.key, "{note}");
            let publisher = &self.shared.publisher;
            publisher.event(&watch.settled.subject, Tone::Normal, "DriftCorrected", "Correct", &note).await;
        }
        due
    }

    /// Says what is left.
    async fn conclude(&mut self, watch: &Watch<'_>) -> Option<Instant> {
        let now = Instant::now();
        self.ownership = watch.drift.ownership();
        self.known = watch.drift.owned.iter().filter_map(Owned::known).collect();
        let contested = watch.drift.owned.iter().filter_map(|owned| Some((owned, owned.contest.until(now)?)));
        let contested: Vec<(&Owned, Instant)> = contested.collect();
        let found = match (watch.drift.trouble(), &watch.drift.release) {
            (Some(failed), _) => Some(failed.clone()),
            (None, Some(release)) => Some(and(release, left(&watch.drift))),
            (None, None) if contested.is_empty() => left(&watch.drift),
            (None, None) => Some(contest(&contested)),
        };
        self.drift = match found {
            Some(said) => Found::Some(said),
            None if watch.drift.is_pending() => Found::Unknown,
            None => Found::Nothing,
        };
        if let Found::Some(said) = &self.drift
            && self.is_drift_news()
        {
            let reason = match said.reason {
                Reason::Changed => "Drifted",
                Reason::Contested => "DriftContested",
                other => other.as_str(),
            };
            if said.reason == Reason::Changed || said.reason == Reason::HelmChanged {
                self.shared.metrics.drifted(Drifted::Reported);
            }
            let publisher = &self.shared.publisher;
            let (subject, note) = (&watch.settled.subject, &said.message);
            publisher.event(subject, Tone::Warning, reason, "Watch", note).await;
        }
        contested.iter().map(|(_, until)| *until).min()
    }

    /// The object as it is to be; none for a Secret whose values nobody has.
    async fn wanted(&self, commit: Oid, watch: &Watch<'_>, place: usize) -> Option<Object> {
        let Outcome::Committed { secrets, .. } = &watch.settled.outcome else { return None };
        let file = watch.drift.owned[place].file.clone();
        let undone = watch.undone.as_ref().filter(|_| release::is_stub(&file));
        let secrets = match undone {
            Some((undone, _)) => self.secrets_of(watch.settled, commit, undone.bad, secrets).await,
            None => secrets.clone(),
        };
        let name = self.key.name.clone();
        self.read(move |reader| release::delivered_at(reader, commit, &name, &file, &secrets)).await
    }

    fn over(&self, drift: &Drift) -> Applier<'_> {
        Applier { ignored: drift.ignored.clone(), ..self.applier() }
    }
}

fn said(error: &ApplyError, message: &str) -> Said {
    let reason = match error {
        ApplyError::NotOurs { .. } => Reason::NotOurs,
        _ => Reason::ApplyFailed,
    };
    Said { reason, message: cut(message, MOST_MESSAGE) }
}

/// What is not as the commit says, and stays so for now.
fn left(drift: &Drift) -> Option<Said> {
    let words: Vec<String> =
        drift.owned.iter().filter_map(Owned::wrong).map(|wrong| wrong.sentence()).collect();
    let way = match drift.policy {
        Policy::Report => "; it is left as it is, because delivery.drift is Report",
        Policy::Correct | Policy::Ignore => "; it is put back as soon as that can be",
    };
    let message = format!("{}{way}", cut(&words.join("; "), MOST_MESSAGE));
    (!words.is_empty()).then_some(Said { reason: Reason::Changed, message })
}

fn and(release: &Said, left: Option<Said>) -> Said {
    let more = left.map(|left| format!("; {}", left.message)).unwrap_or_default();
    Said { reason: release.reason, message: cut(&format!("{}{more}", release.message), MOST_MESSAGE) }
}

fn contest(contested: &[(&Owned, Instant)]) -> Said {
    let words: BTreeSet<&str> = contested.iter().map(|(owned, _)| owned.corrected()).collect();
    let words: Vec<&str> = words.into_iter().collect();
    let message = format!(
        "changed again and again: {}; it is put back less and less often. Let one of the two go, or leave the field out with \
         delivery.ignoreDifferences",
        cut(&words.join("; "), MOST_MESSAGE)
    );
    Said { reason: Reason::Contested, message }
}
