//! Events of the source, carried into the queue.
#![allow(clippy::disallowed_methods)] // when an absent cluster went is written nowhere

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::errors::RunError;
use super::shared::Shared;
use super::until::Until;
use crate::git::reader::Reader;
use crate::reconcile::idle;
use crate::reconcile::prune::{self, Absent};
use crate::reconcile::queue::Work;
use crate::reconcile::report::Report;
use crate::source::event::{Deleted, Event, Kept, Key, Scope};

/// Carries events into the queue until they end, or until the first listing is complete.
pub async fn pump(
    mut events: mpsc::Receiver<Event>,
    until: Until,
    shared: &Shared,
    mut readers: Vec<Reader>,
) -> Result<(), RunError> {
    let mut listed = BTreeMap::new();
    while let Some(event) = events.recv().await {
        match event {
            Event::Init => listed.clear(),
            Event::Listed(observed) => {
                listed.insert(observed.key.clone(), observed.clone());
                shared.push(Work::Apply(observed));
            }
            Event::Applied(observed) => shared.push(Work::Apply(observed)),
            Event::Deleted(deleted) => {
                if let (None, Some(engine)) = (&deleted.terminating, &shared.engine) {
                    engine.forget(&deleted.key);
                }
                shared.push(Work::Delete(deleted));
            }
            Event::Lost { keys, reason } => lost(shared, &keys, &reason),
            Event::Trouble(text) if until == Until::Done => return Err(RunError::Trouble(text)),
            Event::Trouble(text) => shared.report(Report::Notice(format!("{text} (it is tried again)"))),
            Event::Refused(refused) => shared.report(Report::Refused(refused)),
            Event::Ready { kept, scope } => {
                for reader in &mut readers {
                    reader.refresh()?;
                }
                let listed = std::mem::take(&mut listed);
                let mut busy: BTreeSet<String> = listed
                    .values()
                    .filter(|observed| !observed.cluster.spec.suspend)
                    .map(|observed| observed.key.namespace.clone())
                    .collect();
                let gone = absent(&readers, shared, listed.keys().cloned().collect(), kept, &scope)?;
                busy.extend(gone.iter().map(|deleted| deleted.key.namespace.clone()));
                // once a listing: a commit of any cluster looks by itself, and nobody polls a branch of none
                for (reader, target) in readers.iter().zip(&shared.targets) {
                    let found = idle::look(reader, &target.inputs, &busy, &scope)?;
                    found.into_iter().for_each(|text| shared.report(Report::Notice(text)));
                }
                let absent = gone.iter().map(|deleted| deleted.key.clone()).collect();
                // Told before the first deletion can be reported.
                shared.report(Report::Listed { clusters: listed.into_values().collect(), absent });
                shared.probes.ready();
                gone.into_iter().for_each(|deleted| shared.push(Work::Delete(deleted)));
                if until == Until::Done {
                    return Ok(());
                }
            }
        }
    }
    Ok(())
}

/// Nothing is known of these clusters any more; they stay on the branches, and are gone on with when their resources are back.
fn lost(shared: &Shared, keys: &[Key], reason: &str) {
    for key in keys {
        shared.engine.iter().for_each(|engine| engine.abandon(key));
    }
    shared.report(Report::Notice(left(reason, keys.len(), shared)));
}

/// What is said of clusters that no listing names, and that stay all the same.
fn left(reason: &str, count: usize, shared: &Shared) -> String {
    let (place, way_out) = match shared.engine {
        Some(_) => ("API server", "delete its resource"),
        None => ("folder", "remove its file"),
    };
    format!(
        "{reason}, so {count} clusters that are on the branches and not in the {place} are left as they are; \
         to delete one, {way_out} while the agent runs"
    )
}

/// What the branches hold and the listing did not name, and may be deleted.
fn absent(
    readers: &[Reader],
    shared: &Shared,
    mut present: BTreeSet<Key>,
    kept: Kept,
    scope: &Scope,
) -> Result<Vec<Deleted>, RunError> {
    let why_all = match kept {
        Kept::Only(keys) => {
            present.extend(keys);
            None
        }
        Kept::All(reason) => Some(reason),
    };
    let mut absent = Vec::new();
    for (reader, target) in readers.iter().zip(&shared.targets) {
        let Absent { clusters, unread } =
            prune::absent(reader, &target.inputs, &present, scope, Timestamp::now())?;
        absent.extend(clusters);
        for branch in unread {
            shared.report(Report::Notice(format!("{branch}; no cluster of it is deleted")));
        }
    }
    let Some(reason) = why_all else { return Ok(absent) };
    if !absent.is_empty() {
        shared.report(Report::Notice(left(&reason, absent.len(), shared)));
    }
    Ok(Vec::new())
}
