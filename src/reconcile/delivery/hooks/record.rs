//! What hooks did turned into what Helm's record of the release says of them, and back where an agent before this one ran them.
#![allow(clippy::disallowed_methods)] // when a record was written

use jiff::Timestamp;

use super::commit::Hook;
use crate::git::oid::Oid;
use crate::reconcile::delivery::actor::Actor;
use crate::reconcile::delivery::records::{Pending, RecordError};
use crate::release::hook::Hook as Recorded;
use crate::release::status::Status;
use crate::release::stored::Stored;
use crate::yaml::{convert, read};

/// A revision that an agent before this one wrote for a commit.
pub struct Earlier {
    pub revision: u32,
    pub status: Status,
    pub hooks: Vec<Recorded>,
}

impl Actor {
    /// Tells the record how hooks ran so far, as Helm does before each. One that cannot be written holds up nothing.
    pub(super) async fn note_runs(&self, record: Option<&Pending>) {
        let Some(record) = record else { return };
        if let Err(error) = self.try_note(record).await {
            self.unrecorded(&error);
        }
    }

    async fn try_note(&self, record: &Pending) -> Result<(), RecordError> {
        let records = self.records();
        let (stored, status) = match (record.written(), &self.release) {
            (Some(written), Some(told)) => (written.stored()?, told.status.parse().unwrap_or_default()),
            _ => match records.get(record.revision).await? {
                Some(held) => (held.stored()?, held.entry.status),
                None => return Ok(()),
            },
        };
        let stored = self.with_runs(&stored)?;
        Ok(records.update(record.revision, status, &stored.pack()?, Timestamp::now()).await?)
    }

    /// The same record, with what hooks did.
    pub(in crate::reconcile::delivery) fn with_runs(&self, stored: &Stored) -> Result<Stored, RecordError> {
        match self.runs.is_empty() {
            true => Ok(stored.clone()),
            false => Ok(stored.with_runs(|hook| self.runs.last(&hook.kind, &hook.name).cloned())?),
        }
    }

    /// The newest revision of a commit, where there is one.
    pub(super) async fn earlier(&self, commit: Oid) -> Option<Earlier> {
        if !self.shared.defaults.records {
            return None;
        }
        let commit = commit.to_string();
        let asked = async {
            let records = self.records();
            let history = records.history().await?;
            let mut newest = history.entries().iter().rev();
            let Some(entry) = newest.find(|entry| entry.commit.as_ref() == Some(&commit)) else {
                return Ok::<_, RecordError>(None);
            };
            let Some(held) = records.get(entry.revision).await? else { return Ok(None) };
            let hooks = held.stored()?.record()?.hooks;
            Ok(Some(Earlier { revision: entry.revision, status: held.entry.status, hooks }))
        };
        asked.await.unwrap_or_else(|error| {
            tracing::warn!(cluster = %self.key, %error, "Helm's record cannot say which hooks ran already");
            None
        })
    }

    /// Secrets among the hooks get their values from the record, where they are not in memory.
    pub(super) async fn fill(&self, hooks: &mut [Hook]) {
        if !hooks.iter().any(|hook| hook.is_withheld) || !self.shared.defaults.records {
            return;
        }
        let Ok(recorded) = self.deployed_hooks().await else { return };
        for hook in hooks.iter_mut().filter(|hook| hook.is_withheld) {
            let is_same = |of: &&Recorded| (&of.kind, &of.name) == (&hook.object.kind, &hook.object.name);
            let Some(found) = recorded.iter().find(is_same) else { continue };
            let Ok(value) = read::value(found.manifest.as_bytes()) else { continue };
            let json = convert::to_json(&value);
            // a stub is of another kind: it was withheld there too
            if json["kind"] == *hook.object.kind {
                hook.object.json = json;
                hook.is_withheld = false;
            }
        }
    }

    /// Those of the revision that runs; of the newest where none does. What a commit goes back to is what runs.
    async fn deployed_hooks(&self) -> Result<Vec<Recorded>, RecordError> {
        let records = self.records();
        let history = records.history().await?;
        let Some(entry) = history.deployed().or(history.entries().last()) else { return Ok(Vec::new()) };
        let Some(held) = records.get(entry.revision).await? else { return Ok(Vec::new()) };
        Ok(held.stored()?.record()?.hooks)
    }
}
