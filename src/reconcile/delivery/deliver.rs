//! A commit turned into objects of the cluster that are followed from then on.
#![allow(clippy::disallowed_methods)] // time-outs

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use super::actor::Actor;
use super::bring::What;
use super::drift::state::Drift;
use super::folder::ReleaseError;
use super::hooks::ask::Ask;
use super::phase::{Applied, Described};
use super::release::{self, Head, Newest, Part};
use super::settled::{New, Settled};
use super::status::condition;
use super::tell::reconcile_at;
use super::watch::{self, Wait, Watch};
use crate::api::PrometheusClusterStatus;
use crate::api::conditions::APPLIED;
use crate::api::spec::delivery::Mode;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::stub::Secrets;

impl Actor {
    /// Brings a commit to the cluster and follows what becomes of it. Ends only where nothing more can come, or where the commit is to be
    /// delivered once more.
    pub(super) async fn deliver(
        &mut self,
        settled: &Settled,
        branch: &str,
        new: Option<&New>,
        secrets: &Secrets,
    ) {
        // boxed: what it takes to bring it is not kept while it is followed
        let brought = Box::pin(self.bring_up(settled, branch, new, secrets)).await;
        if let Some((commit, mut watch)) = brought {
            self.follow(commit, &mut watch).await;
        }
    }

    /// Applies the commit where that is due; none where nothing is to be followed.
    async fn bring_up<'a>(
        &mut self,
        settled: &'a Settled,
        branch: &str,
        new: Option<&New>,
        secrets: &Secrets,
    ) -> Option<(Oid, Box<Watch<'a>>)> {
        let newest = async { Box::pin(self.newest(settled, branch, new)).await };
        let Head { commit, chart, inventory, undone } = match self.shared.in_turn(newest).await {
            Newest::Describes(head) => head,
            Newest::Undone(undone) => {
                Box::pin(self.gone_again(settled, branch, &undone)).await;
                return None;
            }
        };
        let described = Arc::new(Described {
            branch: branch.to_string(),
            commit: commit.to_string(),
            short: commit.short(),
            chart,
        });
        let is_external = self.mode(settled) == Mode::External;
        let is_again = std::mem::take(&mut self.redelivers);
        let is_held = !is_again && self.holds(settled, &described.commit, is_external);
        let is_ready = self.says_ready(settled.generation(), &described.commit);
        if self.says_hook_failed(settled, &described.commit) {
            // nothing of it is applied, and nothing is until somebody does something
            self.busy.set(false);
            return std::future::pending().await;
        }
        let bad = undone.as_ref().map(|undone| undone.bad);
        // a resource that asks for what was before asks for nothing that was taken back
        let undone = undone.filter(|_| settled.is_held());
        let hooks = match is_external || is_ready {
            true => None,
            false => {
                let ask = Ask { commit, secrets, is_new: new.is_some(), bad };
                let shared = self.shared.clone();
                shared.in_turn(async { Box::pin(self.due_hooks(settled, &ask)).await }).await
            }
        };
        let before = match is_held || is_external {
            true => self.waited(settled, &described.commit),
            false => Duration::ZERO,
        };
        let limit = self.limit(settled);
        let again = undone.as_ref().and_then(|undone| self.again(settled, undone));
        let may_undo = bad.is_none() && !is_external && self.may_undo(settled, &described.commit);
        let mut watch = Watch {
            settled,
            described,
            awaited: Vec::new(),
            applied: Applied::ByUs,
            is_external,
            wait: Wait::new(None, before, limit),
            undone: undone.map(|undone| (undone, again)),
            may_undo,
            is_undoing: false,
            record: None,
            hooks,
            failed: None,
            drift: Drift::none(Instant::now()),
        };
        // Nobody else has the values of a Secret.
        let part = if is_external { Part::Secrets } else { Part::All };
        let has_any = !is_external || inventory.iter().any(|item| release::is_stub(&item.file));
        let applied = match is_held || !has_any {
            true => Vec::new(),
            false => {
                // a set that was refused has no revision, and going back from it needs none, unless somebody's helm has made one
                let has_revision = !is_again
                    && self.is_deployed()
                    && (bad.is_some() || self.is_recorded(&watch.described.commit));
                let is_recorded = !is_external && !has_revision;
                if !is_recorded {
                    watch.hooks = None;
                }
                let hooks = watch.hooks.as_ref();
                let known = match bad.filter(|_| settled.is_held()) {
                    Some(bad) => Box::pin(self.secrets_of(settled, commit, bad, secrets)).await,
                    None => secrets.clone(),
                };
                let inventory = &inventory;
                let what = What {
                    commit,
                    inventory,
                    part,
                    secrets,
                    known,
                    bad,
                    may_undo,
                    is_again,
                    is_recorded,
                    hooks,
                };
                let (brought, record) = Box::pin(self.apply(settled, &what, &watch.described)).await;
                watch.record = record;
                brought
            }
        };
        if is_held && !is_external {
            watch.record = self.left_pending();
            watch.record.iter().for_each(|record| self.wrote(commit, record.revision));
        }
        watch.awaited = Box::pin(self.awaited(&inventory, &applied)).await;
        watch.drift = Box::pin(self.drifts(settled, &inventory, &applied, is_external, is_held)).await;
        if bad.is_some() && !is_held {
            Box::pin(self.unpin(&watch.awaited)).await;
        }
        if watch.is_external {
            watch.applied = match is_held {
                true => Applied::ByOthers,
                false => {
                    Applied::NotYet(format!("another tool is to apply {branch} at {}", watch.described.short))
                }
            };
        }
        watch.wait = Wait::new((!is_ready).then(Instant::now), before, limit);
        Some((commit, Box::new(watch)))
    }

    /// True if the status says that the cluster holds this commit already, and nobody asked to look again.
    fn holds(&self, settled: &Settled, commit: &str, is_external: bool) -> bool {
        let Some(status) = &self.status else { return false };
        watch::is_of(status, commit)
            && condition(status, APPLIED) == Some(("True", settled.generation()))
            && (is_external || !self.is_by_others() && settled.has_finalizer())
            && status.last_handled_reconcile_at == reconcile_at(settled)
    }

    pub(super) fn mode(&self, settled: &Settled) -> Mode {
        let own = settled.cluster.spec.delivery.as_ref().and_then(|delivery| delivery.mode);
        own.unwrap_or(self.shared.defaults.mode)
    }

    pub(super) fn limit(&self, settled: &Settled) -> Duration {
        let own = settled.cluster.spec.delivery.as_ref().and_then(|delivery| delivery.timeout.as_deref());
        let own = own.and_then(|text| text.parse::<SignedDuration>().ok());
        own.and_then(|span| Duration::try_from(span).ok()).unwrap_or(self.shared.defaults.timeout)
    }

    /// How long an agent before this one waited, unless somebody asked to look again.
    fn waited(&self, settled: &Settled, commit: &str) -> Duration {
        let same =
            |status: &&PrometheusClusterStatus| status.last_handled_reconcile_at == reconcile_at(settled);
        let status = self.status.as_ref().filter(same);
        status.map_or(Duration::ZERO, |status| {
            watch::waited(status, settled.generation(), commit, Timestamp::now())
        })
    }

    /// Reads the commit that describes the cluster; a repository that cannot be read is tried again.
    async fn newest(&self, settled: &Settled, branch: &str, new: Option<&New>) -> Newest {
        let known = self.status.as_ref().and_then(|status| status.commit.as_ref());
        let known = known.map(|commit| commit.revision.clone());
        let (branch, name) = (branch.to_string(), settled.key.name.clone());
        let new = new.map(|new| new.commit);
        self.read(move |reader| release::newest(reader, &branch, &name, new, known.as_deref())).await
    }

    pub(super) async fn read<T: Send + 'static>(
        &self,
        ask: impl Fn(&Reader) -> Result<T, ReleaseError> + Clone + Send + 'static,
    ) -> T {
        self.shared.read(&self.key, ask).await
    }
}
