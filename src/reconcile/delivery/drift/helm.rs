//! What somebody's own helm did to a release, turned into one more delivery over it, or into words.
#![allow(clippy::disallowed_methods)] // when to correct, and what is too old

use std::ops::ControlFlow;
use std::time::Instant;

use jiff::Timestamp;

use super::foreign::{Foreign, foreign};
use super::said::Said;
use super::state::{State, Takeover};
use super::takeover::{TakenOver, TakeoverError};
use crate::api::conditions::Reason;
use crate::api::spec::delivery::Drift as Policy;
use crate::cluster::publish::Tone;
use crate::cluster::revisions::{Newest, Sight};
use crate::metrics::labels::Drifted;
use crate::reconcile::delivery::actor::Actor;
use crate::reconcile::delivery::settled::Settled;
use crate::reconcile::delivery::watch::Watch;
use crate::release::status::Status;

impl Actor {
    /// What of the release is somebody else's.
    pub(super) fn release_drift(&self, watch: &mut Watch<'_>) -> Foreign {
        if !self.shared.defaults.records {
            return Foreign::Nothing;
        }
        let sight = self.shared.revisions.newest(&self.key.namespace, &self.key.name);
        if let Some(Sight::Newest(newest)) = sight {
            watch.drift.passed = watch.drift.passed.max(newest.revision);
        }
        foreign(self.release.as_ref(), sight, watch.drift.passed, Timestamp::now())
    }

    /// Has the resource ask for what somebody's helm deployed, where the settings want that. `Break`: nothing else is to be done until
    /// then, or until the resource is news. `Continue`: it stays somebody's change, and why it could not be taken over.
    pub(super) async fn follow_helm(
        &mut self,
        watch: &mut Watch<'_>,
        newest: Newest,
    ) -> ControlFlow<Option<Instant>, Option<String>> {
        let follows = self.shared.defaults.drift.follows_helm(watch.settled.delivery());
        if !follows || newest.is_ours || newest.status != Status::Deployed {
            return ControlFlow::Continue(None);
        }
        match watch.drift.takeover.as_ref().filter(|takeover| takeover.revision == newest.revision) {
            Some(Takeover { state: State::Asked, .. }) => return ControlFlow::Break(None),
            Some(Takeover { state: State::Refused(why), .. }) => {
                return ControlFlow::Continue(Some(why.clone()));
            }
            Some(Takeover { state: State::Later(again), .. }) if *again > Instant::now() => {
                return ControlFlow::Break(Some(*again));
            }
            Some(_) | None => {}
        }
        let taken = self.shared.in_turn(self.take_over(watch.settled, newest.revision)).await;
        let (state, flow) = match taken {
            Ok(TakenOver::Same) => return ControlFlow::Continue(None),
            Ok(TakenOver::Asked(fields)) => {
                watch.drift.release = None;
                self.tell_taken_over(watch.settled, newest, &fields).await;
                (State::Asked, ControlFlow::Break(None))
            }
            Err(error) if !error.is_passing() => {
                let why = error.to_string();
                (State::Refused(why.clone()), ControlFlow::Continue(Some(why)))
            }
            // the next look sees what came between, or the API server as it is then
            later => {
                if let Err(error) = later
                    && watch.drift.attempts.is_news(false)
                {
                    watch.drift.release = Some(not_yet(newest, &error));
                }
                let again = Instant::now() + watch.drift.attempts.failed(false);
                (State::Later(again), ControlFlow::Break(Some(again)))
            }
        };
        watch.drift.takeover = Some(Takeover { revision: newest.revision, state });
        flow
    }

    async fn tell_taken_over(&self, settled: &Settled, newest: Newest, fields: &[String]) {
        let fields: Vec<String> = fields.iter().map(|field| format!("spec.{field}")).collect();
        let words = helm_words(Some(newest));
        let note =
            format!("{words}; the PrometheusCluster asks for it from now on, in {}", fields.join(", "));
        tracing::info!(cluster = %self.key, "{note}");
        self.shared.metrics.drifted(Drifted::TakenOver);
        let publisher = &self.shared.publisher;
        publisher.event(&settled.subject, Tone::Normal, "HelmTakenOver", "Amend", &note).await;
    }

    /// Somebody's own helm was at the release: the commit is delivered over it, or that is said. `why`: it could not be taken over.
    pub(super) async fn helm_changed(
        &mut self,
        watch: &mut Watch<'_>,
        newest: Option<Newest>,
        why: Option<&str>,
    ) {
        let mut words = helm_words(newest);
        words.extend(why.map(|why| format!("; it cannot be taken over, because {why}")));
        let is_corrected = watch.drift.policy == Policy::Correct;
        let may = is_corrected && self.helm.next(Instant::now()) <= Instant::now();
        let way = match (is_corrected, may) {
            (true, true) => {
                "the commit on the branch is applied over it. To keep such a change, make it in the PrometheusCluster"
            }
            (true, false) => "it is done again and again, and put back less and less often",
            (false, _) => "it is left as it is, because delivery.drift is Report",
        };
        let message = format!("{words}; {way}");
        if may {
            self.helm_event(watch.settled, &message).await;
            self.helm.corrected(Instant::now());
            self.shared.metrics.drifted(Drifted::Corrected);
            self.release = newest.map(|newest| self.told_release(newest));
            self.redelivers = true;
            return;
        }
        watch.drift.release = Some(Said { reason: Reason::HelmChanged, message });
    }
}

fn not_yet(newest: Newest, error: &TakeoverError) -> Said {
    let words = helm_words(Some(newest));
    let message = format!(
        "{words}; it is taken over as soon as that can be, and nothing is put back until then: {error}"
    );
    Said { reason: Reason::HelmChanged, message }
}

fn helm_words(newest: Option<Newest>) -> String {
    match newest {
        Some(Newest { revision, status, is_ours: false, .. }) => {
            format!("Revision {revision} of the release ({status}) was made by somebody's helm")
        }
        Some(Newest { revision, status, .. }) => {
            format!("Revision {revision} of the release is {status}, by somebody's helm")
        }
        None => "The newest record of the release was deleted, as helm uninstall does it".into(),
    }
}
