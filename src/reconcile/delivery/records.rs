//! A commit that is delivered turned into a revision of Helm's own history: pending while it is on its way, then how it ended.
//!
//! The records are for people and for Helm. What is in one is in git, so that a delivery whose record cannot be written goes on, with
//! a warning.
#![allow(clippy::disallowed_methods)] // when a revision was deployed

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::sleep;

use super::actor::Actor;
use super::charts::ChartError;
use super::recorded::{self, Recorded};
use super::settled::Settled;
use crate::api::annotations::revision_taken_over;
use crate::api::status::Release as Told;
use crate::cluster::call::CallError;
use crate::cluster::object;
use crate::cluster::publish::Tone;
use crate::cluster::records::Records;
use crate::cluster::revisions::{Newest, Sight};
use crate::git::oid::Oid;
use crate::ledger::record::Item;
use crate::ledger::stub::Secrets;
use crate::reconcile::report::Outcome;
use crate::release::draft::{Draft, Written};
use crate::release::history::{ABANDONED, Entry, History};
use crate::release::pack::{PackError, Packed};
use crate::release::record::Release;
use crate::release::status::Status;
use crate::release::stored::{Rollback, StoredError};
use crate::release::{marks, secret};

/// How often a revision is numbered anew because somebody's helm was faster.
const MOST_RACES: u32 = 5;

/// Pauses before a record is written again that the API server did not take: it is no reason to hold up a delivery.
const PAUSES: [Duration; 3] = [Duration::from_millis(200), Duration::from_secs(1), Duration::from_secs(3)];

/// Why a record was not written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error(transparent)]
    Pack(#[from] PackError),
    #[error(transparent)]
    Stored(#[from] StoredError),
    #[error(transparent)]
    Chart(#[from] ChartError),
    #[error("revision {0} is being written by somebody else all the time")]
    Raced(u32),
}

impl RecordError {
    /// The same may be taken a moment later, or was, and the answer got lost.
    fn is_passing(&self) -> bool {
        matches!(self, RecordError::Call(error) if !error.is_final())
    }
}

/// A revision that is on its way.
pub struct Pending {
    pub revision: u32,
    /// What was written; none where an agent before this one did.
    written: Option<Written>,
    /// Revisions that are not the deployed one any more when this one is; none where that has to be looked up.
    supersedes: Option<Vec<u32>>,
    /// It is said to have failed, and may still come up.
    pub is_failed: bool,
    /// Somebody's helm has made a revision since: nothing is as it was applied.
    pub is_overtaken: bool,
}

/// What is being delivered.
pub struct Delivered<'a> {
    pub commit: Oid,
    pub short: &'a str,
    /// The commit goes back to what was deployed last.
    pub is_back: bool,
    /// No release of this name runs.
    pub is_new: bool,
    pub inventory: &'a Arc<[Item]>,
    pub secrets: &'a Secrets,
}

impl Pending {
    /// One that was written before, and is read again when it is written anew.
    pub fn known(revision: u32) -> Self {
        Pending { revision, written: None, supersedes: None, is_failed: false, is_overtaken: false }
    }

    /// What was written.
    pub fn written(&self) -> Option<&Written> {
        self.written.as_ref()
    }

    /// It failed, and its text is of no more use: it is read again should it come up.
    pub fn failed(self) -> Self {
        Pending { written: None, is_failed: true, ..self }
    }
}

impl Actor {
    /// Writes the record of a revision that is about to be applied. None where records are not kept, or cannot be.
    pub(super) async fn begin_record(&mut self, settled: &Settled, what: &Delivered<'_>) -> Option<Pending> {
        if !self.shared.defaults.records {
            return None;
        }
        match tenaciously(|| self.try_begin(settled, what)).await {
            Ok(pending) => {
                self.wrote(what.commit, pending.revision);
                let status = pending_status(pending.revision, what.is_back);
                self.release = Some(told(&self.key.name, pending.revision, status));
                Some(pending)
            }
            Err(error) => {
                self.unrecorded(&error);
                None
            }
        }
    }

    /// Says how a revision ended; false if that is to be said again later.
    pub(super) async fn end_record(&mut self, pending: &Pending, status: Status, why: Option<&str>) -> bool {
        let revision = pending.revision;
        match self.try_end(pending, status, why).await {
            Ok(()) => self.release = Some(told(&self.key.name, revision, status)),
            Err(error) => {
                self.unrecorded(&error);
                return !error.is_passing();
            }
        }
        true
    }

    /// The revision of a commit that is being delivered.
    pub(super) fn wrote(&mut self, commit: Oid, revision: u32) {
        self.written.retain(|(of, _)| *of != commit);
        self.written.insert(0, (commit, revision.into()));
        // a commit, and the one that it takes back
        self.written.truncate(2);
    }

    /// What became of a commit, with its revision.
    pub(super) fn outcome(&self, commit: &str, words: String) -> Option<Outcome> {
        let commit = Oid::from_hex(commit.as_bytes())?;
        let written = self.written.iter().find(|(of, _)| *of == commit);
        Some(Outcome { commit, words, revision: written.map(|(_, revision)| *revision) })
    }

    /// The newest revision is of this commit: to apply it again is no change of the release.
    pub(super) fn is_recorded(&self, commit: &str) -> bool {
        let newest = self.status.as_ref().and_then(|status| status.history.first());
        let revision = self.release.as_ref().map(|release| release.revision);
        newest.is_some_and(|newest| newest.commit == commit && newest.helm_revision == revision)
    }

    /// The newest revision is the one that runs, as far as is known.
    pub(super) fn is_deployed(&self) -> bool {
        self.release.as_ref().is_some_and(|release| release.status == Status::Deployed.as_str())
    }

    /// The revision that an agent before this one was at, as the status says.
    pub(super) fn left_pending(&self) -> Option<Pending> {
        let release = self.release.as_ref()?;
        let status: Status = release.status.parse().unwrap_or_default();
        let revision = u32::try_from(release.revision).ok()?;
        let is_failed = status == Status::Failed;
        let is_open = is_failed || status.is_pending();
        is_open.then(|| Pending { is_failed, ..Pending::known(revision) })
    }

    /// The release is uninstalled: its history goes with it, as `helm uninstall` has it.
    pub(super) async fn end_history(&mut self) {
        if !self.shared.defaults.records {
            return;
        }
        let all = async {
            let records = self.records();
            for entry in records.history().await?.entries() {
                records.delete(entry.revision).await?;
            }
            Ok::<_, RecordError>(())
        };
        match all.await {
            Ok(()) => self.release = None,
            Err(error) => self.unrecorded(&error),
        }
    }

    /// The newest revision, whoever made it.
    pub(super) fn told_release(&self, newest: Newest) -> Told {
        told(&self.key.name, newest.revision, newest.status)
    }

    pub(super) fn unrecorded(&self, error: &RecordError) {
        tracing::warn!(cluster = %self.key, %error, "Helm's record of the release could not be written; the delivery goes on");
    }

    pub(super) fn records(&self) -> Records<'_> {
        let release = object::Release { namespace: &self.key.namespace, name: &self.key.name };
        Records { client: self.shared.clients.of(&self.key.namespace), release }
    }

    async fn try_begin(&self, settled: &Settled, what: &Delivered<'_>) -> Result<Pending, RecordError> {
        // What the status says spares a look, where it can be believed.
        let deployed = self.release.as_ref().filter(|_| self.is_deployed());
        let known = deployed.and_then(|release| u32::try_from(release.revision).ok());
        let is_sure = known.is_none_or(|known| self.is_newest(known));
        let known = known.filter(|_| is_sure);
        let mut history = match known {
            Some(_) if !what.is_back => None,
            // a history that is there all the same is in the way of the first revision
            None if what.is_new => None,
            _ => Some(self.repaired(what.commit).await?),
        };
        let at = Timestamp::now();
        let mut is_overtaken = match &history {
            Some(history) if !is_sure => self.others(settled, history).await,
            _ => false,
        };
        for _ in 0..MOST_RACES {
            if let Some(entry) =
                history.as_ref().and_then(|history| history.of_commit(&what.commit.to_string()))
            {
                return Ok(Pending { is_overtaken, ..Pending::known(entry.revision) });
            }
            let revision = match (&history, known) {
                (Some(history), _) => history.next(),
                (None, known) => known.unwrap_or_default().saturating_add(1),
            };
            let back = match (&history, what.is_back) {
                (Some(history), true) => self.back(settled, history, revision, what, at).await?,
                _ => None,
            };
            let written = match back {
                Some(packed) => Written::Again(packed),
                None => Written::Draft(self.draft(settled, revision, what, at).await?),
            };
            match self.create(history.as_ref(), revision, &written.packed(), what, at).await {
                Ok(()) => {
                    self.trim(history.as_ref(), revision).await?;
                    let supersedes = match &history {
                        Some(history) => history.superseded_by(revision),
                        None => known.into_iter().collect(),
                    };
                    let (written, supersedes) = (Some(written), Some(supersedes));
                    return Ok(Pending { revision, written, supersedes, is_failed: false, is_overtaken });
                }
                Err(error) if error.is_conflict() => {
                    let found = self.repaired(what.commit).await?;
                    is_overtaken |= self.others(settled, &found).await;
                    history = Some(found);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(RecordError::Raced(history.map_or(0, |history| history.next())))
    }

    /// Whether the watch shows no later revision. Its number need not be the next one: helm may have pruned that already.
    fn is_newest(&self, revision: u32) -> bool {
        match self.shared.revisions.newest(&self.key.namespace, &self.key.name) {
            Some(Sight::Newest(newest)) => newest.revision <= revision,
            Some(Sight::Nothing) => true,
            None => false,
        }
    }

    async fn create(
        &self,
        history: Option<&History>,
        revision: u32,
        packed: &Packed,
        what: &Delivered<'_>,
        at: Timestamp,
    ) -> Result<(), CallError> {
        let status = pending_status(revision, what.is_back);
        let labels = history.map(History::inherited).unwrap_or_default();
        let (name, namespace) = (&self.key.name, &self.key.namespace);
        let commit = what.commit.to_string();
        let new = secret::New { name, namespace, revision, status, commit: &commit, labels: &labels, at };
        self.records().create(&new.secret(packed)).await
    }

    /// The records that there are; what a crash left pending is failed, but for that of the commit which is delivered again.
    async fn repaired(&self, commit: Oid) -> Result<History, RecordError> {
        let records = self.records();
        let now = Timestamp::now();
        let history = records.history().await?;
        let resumed = history.of_commit(&commit.to_string());
        let left = history.abandoned(resumed.map(|entry| entry.revision), now);
        for revision in &left {
            self.restate(*revision, Status::Failed, Some(ABANDONED)).await?;
        }
        Ok(history)
    }

    /// Somebody's helm has made revisions since: what it did is put back by what is applied now.
    async fn others(&self, settled: &Settled, history: &History) -> bool {
        let Some(Entry { revision, status, .. }) = history.taken_by_others() else { return false };
        let annotations = settled.cluster.metadata.annotations.as_ref();
        if annotations.and_then(|all| revision_taken_over(all, settled.generation())) == Some(*revision) {
            return true;
        }
        let note = format!(
            "Revision {revision} of the release ({status}) was made by somebody's helm; the commit on the branch is applied over it. \
             To keep such a change, make it in the PrometheusCluster"
        );
        self.helm_event(settled, &note).await;
        true
    }

    pub(super) async fn helm_event(&self, settled: &Settled, note: &str) {
        let publisher = &self.shared.publisher;
        publisher.event(&settled.subject, Tone::Warning, "HelmChanged", "Apply", note).await;
    }

    /// What `helm rollback` would write: the record of what was up, again.
    async fn back(
        &self,
        settled: &Settled,
        history: &History,
        revision: u32,
        what: &Delivered<'_>,
        at: Timestamp,
    ) -> Result<Option<Packed>, RecordError> {
        let Some(good) = self.gone_back_to(what.commit, history).await else { return Ok(None) };
        let Some(held) = self.records().get(good).await? else { return Ok(None) };
        let words = marks::description(what.short, &format!("rollback to {good}"));
        let next = Rollback {
            revision,
            status: pending_status(revision, true),
            description: &words,
            first_deployed: first_deployed(settled, at),
            at,
        };
        Ok(Some(held.stored()?.rolled_back(&next)?.pack()?))
    }

    async fn draft(
        &self,
        settled: &Settled,
        revision: u32,
        what: &Delivered<'_>,
        at: Timestamp,
    ) -> Result<Draft, RecordError> {
        let (commit, name, inventory) = (what.commit, self.key.name.clone(), what.inventory.clone());
        // those in memory are of the commit that is taken back
        let secrets = if what.is_back { Secrets::default() } else { what.secrets.clone() };
        let Recorded { words, manifest, config, hooks, notes } =
            self.read(move |reader| recorded::read(reader, commit, &name, &inventory, &secrets)).await;
        let chart = self.shared.charts.text(&config)?;
        Ok(Draft::of(&Release {
            name: &self.key.name,
            namespace: &self.key.namespace,
            revision,
            status: pending_status(revision, false),
            description: &marks::description(what.short, &words),
            first_deployed: first_deployed(settled, at),
            last_deployed: at,
            deleted: None,
            rollback: None,
            notes: &notes,
            chart: &chart,
            config: &config,
            manifest: &manifest,
            hooks: &hooks,
        })?)
    }

    /// At most as many as Helm keeps. Without a listing, the one that has become too old is known by its number.
    async fn trim(&self, history: Option<&History>, revision: u32) -> Result<(), RecordError> {
        let most = self.shared.defaults.history_max;
        let old = match history {
            Some(history) => history.trimmed_for_next(most),
            None => {
                let last = u32::try_from(most).ok().filter(|most| *most > 0);
                last.and_then(|most| revision.checked_sub(most)).filter(|old| *old > 0).into_iter().collect()
            }
        };
        for revision in old {
            self.records().delete(revision).await?;
        }
        Ok(())
    }

    async fn try_end(&self, pending: &Pending, status: Status, why: Option<&str>) -> Result<(), RecordError> {
        let &Pending { revision, ref written, ref supersedes, .. } = pending;
        let packed = match written {
            Some(written) if self.runs.is_empty() => written.with_status(status, why)?,
            _ => {
                let stored = match written {
                    Some(written) => Some(written.stored()?),
                    None => self.records().get(revision).await?.map(|held| held.stored()).transpose()?,
                };
                let Some(stored) = stored else { return Ok(()) };
                self.with_runs(&stored.with_status(status, why)?)?.pack()?
            }
        };
        self.records().update(revision, status, &packed, Timestamp::now()).await?;
        if status != Status::Deployed {
            return Ok(());
        }
        let superseded = match supersedes {
            Some(revisions) => revisions.clone(),
            None => self.records().history().await?.superseded_by(revision),
        };
        for revision in superseded {
            self.restate(revision, Status::Superseded, None).await?;
        }
        Ok(())
    }

    /// Changes the status of a record that is there. One of somebody else that nobody can read stays as it is: the history goes on.
    async fn restate(&self, revision: u32, status: Status, why: Option<&str>) -> Result<(), RecordError> {
        let records = self.records();
        let Some(held) = records.get(revision).await? else { return Ok(()) };
        match held.stored().and_then(|stored| stored.with_status(status, why)?.pack()) {
            Ok(packed) => Ok(records.update(revision, status, &packed, Timestamp::now()).await?),
            Err(error) => {
                tracing::warn!(cluster = %self.key, revision, %error, "Helm's record of a former revision cannot be read, and stays as it is");
                Ok(())
            }
        }
    }
}

/// Does it again a few times where what failed may pass.
async fn tenaciously<T, F: Future<Output = Result<T, RecordError>>>(
    work: impl Fn() -> F,
) -> Result<T, RecordError> {
    for pause in PAUSES {
        match work().await {
            Err(error) if error.is_passing() => sleep(pause).await,
            done => return done,
        }
    }
    work().await
}

fn pending_status(revision: u32, is_back: bool) -> Status {
    match revision {
        _ if is_back => Status::PendingRollback,
        1 => Status::PendingInstall,
        _ => Status::PendingUpgrade,
    }
}

/// When the first revision was deployed: as good as when the resource was made, and told without asking.
fn first_deployed(settled: &Settled, at: Timestamp) -> Timestamp {
    let made = settled.cluster.metadata.creation_timestamp.as_ref();
    made.map_or(at, |time| time.0)
}

fn told(name: &str, revision: u32, status: Status) -> Told {
    Told { name: name.to_owned(), revision: revision.into(), status: status.to_string() }
}
