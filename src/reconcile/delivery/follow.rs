//! Live objects turned into what users are told, for as long as a commit is the newest one.
#![allow(clippy::disallowed_methods)] // time-outs

use std::time::Duration;

use tokio::time::{sleep, sleep_until};

use super::actor::Actor;
use super::backoff::PASSING;
use super::pace::Pace;
use super::phase::{Applied, Described, Phase};
use super::progress::{self, Awaited, Progress, Standing};
use super::release::Release;
use super::watch::Watch;
use crate::cluster::apply::namespace;
use crate::cluster::explain;
use crate::cluster::live::{Sight, Target};
use crate::cluster::object::{self, Object};
use crate::cluster::publish::{Tone, cut};
use crate::health;
use crate::reconcile::report::Report;

/// Changes of live objects within this time are looked at together.
const GATHER: Duration = Duration::from_millis(100);

/// Longest part of a message that a difference may take.
const MOST_DIFFERENCE: usize = 500;

impl Actor {
    /// Starts to follow the objects that have a readiness.
    pub(super) async fn awaited(&self, release: &Release, generations: &[i64]) -> Vec<Awaited> {
        let mut awaited = Vec::new();
        for (number, object) in release.objects.iter().enumerate() {
            if !health::is_watched(&object.api_version, &object.kind) {
                continue;
            }
            let target = self.target(object).await;
            awaited
                .push(Awaited { target, generation: generations.get(number).copied().unwrap_or_default() });
        }
        awaited
    }

    async fn target(&self, object: &Object) -> Target {
        let mut attempt = 0;
        loop {
            let release = object::Release { namespace: &self.key.namespace, name: &self.key.name };
            let served = self.shared.kinds.of(&object.api_version, &object.kind).await;
            let followed = match served {
                Ok(served) => {
                    let Object { api_version, kind, name, .. } = object.clone();
                    let namespace = namespace(&served, object, release).to_string();
                    let target = Target { api_version, kind, namespace, name };
                    self.shared.live.follow(&target, &self.changed).await.map(|()| target)
                }
                Err(error) => Err(error),
            };
            match followed {
                Ok(target) => return target,
                Err(error) => {
                    tracing::warn!(cluster = %self.key, %error, "cannot be followed; it is tried again")
                }
            }
            sleep(PASSING.pause(attempt)).await;
            attempt += 1;
        }
    }

    /// Follows the live objects, and tells what users have to know, for as long as this state is the newest.
    pub(super) async fn follow(&mut self, release: &Release, mut watch: Watch<'_>) {
        let mut pace = Pace::new(watch.began);
        loop {
            let progress = progress::look(&watch.awaited, |target| self.shared.live.sight(target));
            self.compare(release, &mut watch, &progress, &mut pace).await;
            self.explain(&watch, &progress, &mut pace).await;
            let phase = watch.phase(&progress, pace.reason.as_deref());
            self.tell(&watch, &phase, &progress, &mut pace).await;
            let due = pace.due(&watch, &phase);
            tokio::select! {
                () = self.changed.notified() => sleep(GATHER).await,
                () = sleep_until(due.into()) => {}
            }
        }
    }

    /// While another tool applies: whether the cluster holds the commit by now.
    async fn compare(&self, release: &Release, watch: &mut Watch<'_>, progress: &Progress, pace: &mut Pace) {
        if !matches!(watch.applied, Applied::NotYet(_)) || !pace.compares() {
            return;
        }
        // What is awaited is watched: as long as some of it does not even exist there is nothing to ask for.
        if let Standing::OnItsWay { about, .. } = &progress.standing
            && let Some(object) = watch.awaited.get(*about)
            && matches!(self.shared.live.sight(&object.target), Sight::Absent)
        {
            let Described { branch, short, .. } = &watch.described;
            let missing = format!("{}/{}", object.target.kind, object.target.name);
            watch.applied = Applied::NotYet(format!(
                "another tool is to apply {branch} at {short}: {missing} does not exist yet"
            ));
            return;
        }
        match self.applier().difference(&release.objects).await {
            None => watch.applied = Applied::ByOthers,
            Some(difference) => {
                let Described { branch, short, .. } = &watch.described;
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
            Standing::Up { .. } => {
                pace.reason = None;
                return;
            }
            Standing::OnItsWay { about, .. } | Standing::Broken { about, .. } => *about,
        };
        let Some(object) = watch.awaited.get(about) else { return };
        let Sight::Seen(seen) = self.shared.live.sight(&object.target) else { return };
        let is_late = watch.began.elapsed() >= watch.limit;
        if !pace.explains(is_late) {
            return;
        }
        pace.reason = explain::why(&self.shared.client, &object.target, seen.replicas.as_ref()).await;
    }

    fn report(&self, phase: &Phase) {
        let (key, message) = (self.key.clone(), phase.message().to_string());
        (self.shared.report)(match phase {
            Phase::Ready { .. } => Report::Ready { key, message },
            _ => Report::NotReady { key, message },
        });
    }

    /// Writes the status if there is something new to say, and events at the turns of the way.
    async fn tell(&mut self, watch: &Watch<'_>, phase: &Phase, progress: &Progress, pace: &mut Pace) {
        let is_ready = matches!(phase, Phase::Ready { .. });
        let was = self.says_ready(watch.settled.generation(), &watch.described.commit);
        // Right after a start nothing is seen yet, which is no news of a cluster that was up.
        if was && progress.is_blind || !pace.may_tell(phase, was) {
            return;
        }
        let replicas = progress.replicas.as_ref();
        let changed = self.publish(watch.settled, phase, replicas).await;
        pace.told(phase);
        self.busy.set(matches!(phase, Phase::Progressing { .. }));
        if !changed || was == is_ready && !matches!(phase, Phase::Late { .. }) {
            return;
        }
        let Described { short, .. } = &watch.described;
        let took = watch.began.elapsed();
        let publisher = &self.shared.publisher;
        let subject = &watch.settled.subject;
        self.report(phase);
        match phase {
            Phase::Ready { message, .. } => {
                self.shared.metrics.became_ready(took);
                tracing::info!(cluster = %self.key, commit = short, seconds = took.as_secs_f64(), "ready");
                let note = format!("Commit {short} is up: {message}");
                publisher.event(subject, Tone::Normal, "Ready", "Wait", &note).await;
            }
            Phase::Late { message, .. } => {
                publisher.event(subject, Tone::Warning, "Stalled", "Wait", message).await;
            }
            Phase::Progressing { message, .. } if was => {
                publisher.event(subject, Tone::Warning, "NotReady", "Watch", message).await;
            }
            _ => {}
        }
    }
}
