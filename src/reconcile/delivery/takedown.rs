//! A deleted resource turned into nothing: its objects, then its finalizer.

use tokio::time::sleep;

use super::actor::Actor;
use super::backoff::Attempts;
use super::phase::Phase;
use super::release::{self, Part, Release};
use super::settled::Settled;
use crate::api::conditions::Reason;
use crate::api::names::FINALIZER;
use crate::api::spec::delivery::Mode;
use crate::cluster::apply::ApplyError;
use crate::cluster::publish::Tone;
use crate::cluster::remove::{self, Removed};
use crate::reconcile::report::Report;

/// What was done to the objects of a release.
#[derive(Default)]
struct Taken {
    deleted: usize,
    /// Kept because the chart says so, or because they belong to somebody else.
    left: Vec<String>,
}

impl Actor {
    /// Takes down what the cluster had, and lets the resource go.
    pub(super) async fn remove(&mut self, settled: &Settled, branch: &str) {
        if !settled.has_finalizer() {
            return;
        }
        // What another tool applied it takes down itself; it does not know of the Secrets.
        let part = if self.mode(settled) == Mode::Apply { Part::All } else { Part::Secrets };
        if let Some(release) = self.last(settled, branch, part).await
            && (part == Part::All || !release.objects.is_empty())
        {
            self.take_down(settled, release).await;
        }
        if part == Part::All {
            self.end_history().await;
        }
        let mut attempts = Attempts::default();
        while let Err(error) = self.shared.publisher.finalizer(&settled.subject, false).await {
            tracing::warn!(cluster = %self.key, %error, "the finalizer cannot be removed; it is tried again");
            sleep(attempts.failed(false)).await;
        }
        tracing::info!(cluster = %self.key, "deleted");
    }

    /// What the cluster had last; none if it never had anything. A repository that does not know the cluster, though its
    /// status names a commit, is another one: to let the resource go would leave all of its objects behind.
    async fn last(&mut self, settled: &Settled, branch: &str, part: Part) -> Option<Release> {
        let mut attempts = Attempts::default();
        loop {
            let (branch, name) = (branch.to_string(), self.key.name.clone());
            let last = self.read(move |reader| release::last(reader, &branch, &name, part)).await;
            let commit = self.status.as_ref().and_then(|status| status.commit.as_ref());
            let (None, Some(commit), Part::All) = (&last, commit, part) else { return last };
            let why = format!(
                "the repository does not hold commit {}, which says what to delete; give the agent the repository that \
                 has it, or delete the objects by hand and then take the finalizer {FINALIZER} off",
                commit.revision
            );
            tracing::warn!(cluster = %self.key, why, "not deleted; it is tried again");
            self.stuck(settled, &why).await;
            sleep(attempts.failed(true)).await;
        }
    }

    pub(super) async fn take_down(&mut self, settled: &Settled, mut release: Release) {
        remove::sort(&mut release.objects);
        let mut attempts = Attempts::default();
        let shared = self.shared.clone();
        loop {
            let error = match shared.in_turn(self.try_take_down(&release)).await {
                Ok(Taken { deleted, left }) => {
                    let objects = if deleted == 1 { "object" } else { "objects" };
                    let left = match left.as_slice() {
                        [] => String::new(),
                        some => format!(", and left {}", some.join(", ")),
                    };
                    let note = format!(
                        "Deleted {deleted} {objects}{left}; what the volumes hold is kept as the spec says"
                    );
                    let publisher = &self.shared.publisher;
                    publisher.event(&settled.subject, Tone::Normal, "Deleted", "Delete", &note).await;
                    return;
                }
                Err(error) => error,
            };
            tracing::warn!(cluster = %self.key, %error, "not deleted; it is tried again");
            if attempts.is_news(error.is_final()) {
                self.stuck(settled, &error.to_string()).await;
            }
            sleep(attempts.failed(error.is_final())).await;
        }
    }

    /// Says why the resource is still there, and what lets it go.
    async fn stuck(&mut self, settled: &Settled, why: &str) {
        let phase = Phase::Terminating { message: format!("being deleted: {why}") };
        if self.publish(settled, &phase, None).await {
            self.warn(settled, Reason::DeleteFailed, "Delete", why).await;
            let message = phase.message().to_string();
            (self.shared.report)(Report::NotReady { key: self.key.clone(), message, outcome: None });
        }
        self.busy.set(false);
    }

    /// Deletes what can be deleted; one object that cannot be keeps none of the others.
    async fn try_take_down(&self, release: &Release) -> Result<Taken, ApplyError> {
        let applier = self.applier();
        let (mut taken, mut failed) = (Taken::default(), None);
        for object in &release.objects {
            match applier.remove(object).await {
                Ok(Removed::Deleted) => taken.deleted += 1,
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
