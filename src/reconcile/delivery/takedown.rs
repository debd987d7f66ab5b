//! A deleted resource turned into nothing: its objects, then its finalizer.

use tokio::time::sleep;

use super::actor::Actor;
use super::backoff::{FINAL, PASSING};
use super::release::{self, Release};
use super::settled::Settled;
use crate::api::conditions::Reason;
use crate::api::spec::delivery::Mode;
use crate::cluster::apply::ApplyError;
use crate::cluster::publish::Tone;
use crate::cluster::remove::{self, Removed};

impl Actor {
    /// Takes down what the cluster had, and lets the resource go.
    pub(super) async fn remove(&mut self, settled: &Settled, branch: &str) {
        if !settled.has_finalizer() {
            return;
        }
        if self.mode(settled) == Mode::Apply {
            let (branch, name) = (branch.to_string(), self.key.name.clone());
            let last = self.read(move |reader| release::last(reader, &branch, &name)).await;
            if let Some(release) = last {
                self.take_down(settled, release).await;
            }
        }
        let mut attempt = 0;
        while let Err(error) = self.shared.publisher.finalizer(&settled.subject, false).await {
            tracing::warn!(cluster = %self.key, %error, "the finalizer cannot be removed; it is tried again");
            sleep(PASSING.pause(attempt)).await;
            attempt += 1;
        }
        tracing::info!(cluster = %self.key, "deleted");
    }

    async fn take_down(&mut self, settled: &Settled, mut release: Release) {
        remove::sort(&mut release.objects);
        let mut attempt = 0;
        loop {
            let error = match self.try_take_down(&release).await {
                Ok(deleted) => {
                    let note =
                        format!("Deleted {deleted} objects; what the volumes hold is kept as the spec says");
                    let publisher = &self.shared.publisher;
                    publisher.event(&settled.subject, Tone::Normal, "Deleted", "Delete", &note).await;
                    return;
                }
                Err(error) => error,
            };
            tracing::warn!(cluster = %self.key, %error, "not deleted; it is tried again");
            self.warn(settled, Reason::ApplyFailed, "Delete", &error.to_string()).await;
            sleep(if error.is_final() { FINAL.pause(attempt) } else { PASSING.pause(attempt) }).await;
            attempt += 1;
        }
    }

    async fn try_take_down(&self, release: &Release) -> Result<usize, ApplyError> {
        let _permit = self.shared.applying.acquire().await;
        let applier = self.applier();
        let mut deleted = 0;
        for object in &release.objects {
            deleted += usize::from(applier.remove(object).await? == Removed::Deleted);
        }
        Ok(deleted)
    }
}
