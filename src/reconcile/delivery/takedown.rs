//! A deleted resource turned into nothing: its objects, then its finalizer.

use std::ops::ControlFlow;

use tokio::time::{sleep, timeout};

use super::actor::Actor;
use super::backoff::Attempts;
use super::departure::{self, Departure};
use super::phase::Phase;
use super::release::{self, Part, Release};
use super::settled::Settled;
use crate::api::conditions::Reason;
use crate::api::names::FINALIZER;
use crate::api::spec::delivery::Mode;
use crate::cluster::apply::ApplyError;
use crate::cluster::leaving;
use crate::cluster::publish::Tone;
use crate::cluster::remove::{self, Removed};
use crate::reconcile::report::Report;

/// What was done to the objects of a release.
#[derive(Default)]
struct Taken {
    deleted: usize,
    /// Places of those that are still there for a while.
    going: Vec<usize>,
    /// Kept because the chart says so, or because they belong to somebody else.
    left: Vec<String>,
}

/// The namespace of the cluster goes, and all that is in it: nothing of that is waited for, and nothing may hold it.
pub(super) type Outlook = ControlFlow<()>;

impl Actor {
    /// Takes down what the cluster had, and lets the resource go.
    pub(super) async fn remove(&mut self, settled: &Settled, branch: &str) {
        if !settled.has_finalizer() {
            return;
        }
        if self.is_namespace_going().await || self.take_all_down(settled, branch).await.is_break() {
            self.leave_with_namespace(settled, branch).await;
        } else if self.mode(settled) == Mode::Apply {
            self.end_history().await;
        }
        let mut attempts = Attempts::default();
        while let Err(error) = self.shared.publisher.finalizer(&settled.subject, false).await {
            tracing::warn!(cluster = %self.key, %error, "the finalizer cannot be removed; it is tried again");
            sleep(attempts.failed(false)).await;
        }
        tracing::info!(cluster = %self.key, "deleted");
    }

    async fn take_all_down(&mut self, settled: &Settled, branch: &str) -> Outlook {
        // What another tool applied it takes down itself; it does not know of the Secrets.
        let part = if self.mode(settled) == Mode::Apply { Part::All } else { Part::Secrets };
        match self.last(settled, branch, part).await? {
            Some(release) if part == Part::All => self.see_off(settled, branch, release).await,
            Some(release) if !release.objects.is_empty() => self.take_down(settled, release).await,
            _ => Outlook::Continue(()),
        }
    }

    /// Takes down a release, with the hooks that it has for that.
    pub(super) async fn see_off(&mut self, settled: &Settled, branch: &str, release: Release) -> Outlook {
        let farewell = self.farewell(settled, branch).await;
        self.before_it_goes(settled, farewell.as_ref()).await?;
        self.take_down(settled, release).await?;
        self.after_it_went(settled, farewell.as_ref()).await
    }

    async fn is_namespace_going(&self) -> bool {
        leaving::is_namespace_going(&self.shared.client, &self.key.namespace).await
    }

    /// `Break` if the namespace goes: asked before something is tried again.
    pub(super) async fn outlook(&self) -> Outlook {
        if self.is_namespace_going().await { Outlook::Break(()) } else { Outlook::Continue(()) }
    }

    /// What the cluster had last; none if it never had anything. A repository that does not know the cluster, though its
    /// status names a commit, is another one: to let the resource go would leave all of its objects behind.
    async fn last(
        &mut self,
        settled: &Settled,
        branch: &str,
        part: Part,
    ) -> ControlFlow<(), Option<Release>> {
        let mut attempts = Attempts::default();
        loop {
            let (branch, name) = (branch.to_string(), self.key.name.clone());
            let last = self.read(move |reader| release::last(reader, &branch, &name, part)).await;
            let commit = self.status.as_ref().and_then(|status| status.commit.as_ref());
            let (None, Some(commit), Part::All) = (&last, commit, part) else {
                return ControlFlow::Continue(last);
            };
            let why = format!(
                "the repository does not hold commit {}, which says what to delete; give the agent the repository that \
                 has it, or delete the objects by hand and then take the finalizer {FINALIZER} off \
                 (docs/how-to/delete.md)",
                commit.revision
            );
            tracing::warn!(cluster = %self.key, why, "not deleted; it is tried again");
            self.stuck(settled, &why).await;
            sleep(attempts.failed(true)).await;
            self.outlook().await?;
        }
    }

    async fn take_down(&mut self, settled: &Settled, mut release: Release) -> Outlook {
        remove::sort(&mut release.objects);
        let claims = departure::claims(&self.shared, &self.key.namespace, &release.objects).await;
        let mut attempts = Attempts::default();
        let shared = self.shared.clone();
        loop {
            let error = match shared.in_turn(self.try_take_down(&release, !settled.is_terminating())).await {
                Ok(Taken { deleted, going, left }) => {
                    let going = going.into_iter().filter_map(|at| release.objects.get(at).cloned()).collect();
                    release.objects.retain(|object| !left.contains(&object.title()));
                    let still = self.depart(settled, &release.objects, going).await;
                    let departure = Departure { deleted, left, claims, still, limit: self.limit(settled) };
                    let tone = if departure.still.is_empty() { Tone::Normal } else { Tone::Warning };
                    let publisher = &self.shared.publisher;
                    publisher.event(&settled.subject, tone, "Deleted", "Delete", &departure.note()).await;
                    return Outlook::Continue(());
                }
                Err(error) => error,
            };
            self.outlook().await?;
            tracing::warn!(cluster = %self.key, %error, "not deleted; it is tried again");
            if attempts.is_news(error.is_final()) {
                self.stuck(settled, &error.to_string()).await;
            }
            sleep(attempts.failed(error.is_final())).await;
        }
    }

    /// Deletes what is outside of a namespace that goes, in the time that a change has: nobody may hold up the namespace for
    /// longer. No event is possible in there any more.
    async fn leave_with_namespace(&self, settled: &Settled, branch: &str) {
        if self.mode(settled) != Mode::Apply {
            return;
        }
        if timeout(self.limit(settled), self.take_shared_down(branch)).await.is_err() {
            let words = format!(
                "{} went with its namespace, and what it had outside of that could not be deleted in time; the commit before its \
                 removal says what that is",
                self.key
            );
            (self.shared.report)(Report::Notice(words));
        }
    }

    async fn take_shared_down(&self, branch: &str) {
        let (branch, name) = (branch.to_string(), self.key.name.clone());
        let last = self.read(move |reader| release::last(reader, &branch, &name, Part::All)).await;
        let mut shared = Release::default();
        for object in last.unwrap_or_default().objects {
            let served = self.shared.kinds.of(&object.api_version, &object.kind).await;
            if served.is_ok_and(|served| !served.is_namespaced) {
                shared.objects.push(object);
            }
        }
        remove::sort(&mut shared.objects);
        let mut attempts = Attempts::default();
        while let Err(error) = self.shared.in_turn(self.try_take_down(&shared, false)).await {
            tracing::warn!(cluster = %self.key, %error, "not deleted; it is tried again");
            sleep(attempts.failed(error.is_final())).await;
        }
    }

    /// Says why the resource is still there, and what lets it go.
    pub(super) async fn stuck(&mut self, settled: &Settled, why: &str) {
        let (reason, message) = (Reason::DeleteFailed, format!("being deleted: {why}"));
        let phase = Phase::Terminating { reason, message };
        if self.publish(settled, &phase, None).await {
            self.warn(settled, Reason::DeleteFailed, "Delete", why).await;
            let message = phase.message().to_string();
            (self.shared.report)(Report::NotReady { key: self.key.clone(), message, outcome: None });
        }
        self.busy.set(false);
    }

    /// Deletes what can be deleted; one object that cannot be keeps none of the others. `is_undo`: of an install that failed, so that
    /// what it took from somebody is given back.
    async fn try_take_down(&self, release: &Release, is_undo: bool) -> Result<Taken, ApplyError> {
        let applier = self.applier();
        let (mut taken, mut failed) = (Taken::default(), None);
        for (at, object) in release.objects.iter().enumerate() {
            match applier.remove_or_give_back(object, is_undo).await {
                Ok(Removed::Deleted) => taken.deleted += 1,
                Ok(Removed::Going) => {
                    taken.deleted += 1;
                    taken.going.push(at);
                }
                Ok(Removed::Absent) => {}
                Ok(Removed::Kept) => taken.left.push(object.title()),
                // The API server has a problem with more than this object.
                Err(error) if !error.is_final() => return Err(error),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(taken), Err)
    }
}
