//! What a commit would change, as a value: the agent executes it, `promgit diff` prints it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::class::Class;
use super::owners::{self, Objects as Owned};
use super::prepare::Prepared;
use crate::api::{self, PrometheusCluster, annotations};
use crate::git::oid::{Oid, blob_id};
use crate::git::reader::{ReadError, Reader};
use crate::ledger::claims;
use crate::ledger::folder::{self, Files, OWN};
use crate::ledger::message::Words;
use crate::ledger::record::Record;
use crate::ledger::root::Row;
use crate::ledger::words::objects::{self, Objects};
use crate::ledger::words::subject::{self, Side};
use crate::source::event::{Deleted, Key, Observed};
use crate::yaml::{convert, read};

/// What is ours in a cluster's folder: path below it → id of the file. What the branch holds is compared with
/// this, not read, to tell «unchanged»; and a plan is only executed on the footprint it was made for.
pub type Footprint = BTreeMap<String, Oid>;

/// What to do for one cluster.
#[derive(Debug)]
pub enum Plan {
    /// The branch says it already.
    Unchanged,
    Change(Box<Change>),
}

/// One commit to be.
#[derive(Debug)]
pub struct Change {
    pub key: Key,
    pub branch: String,
    /// What the branch held when this was planned.
    pub base: Footprint,
    pub kind: Kind,
    pub words: Words,
    /// Trailers that follow from the content; the writer adds the generation.
    pub trailers: Vec<(&'static str, String)>,
    pub requested_by: Option<String>,
    /// When the resource was changed.
    pub at: Timestamp,
    pub generation: Generation,
}

#[derive(Debug)]
pub enum Kind {
    /// The folder gets these files and loses our others.
    Write { files: Files, row: Row, objects: Owned },
    /// The folder goes.
    Remove,
}

/// The number that the commit gives the state of the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// As the API server counts.
    Given(i64),
    /// One more than the last commit's: the resource changed.
    Next,
    /// As the last commit's: chart, mapping or capabilities changed, the resource did not.
    Same,
}

/// Why nothing could be planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Read(#[from] ReadError),
    /// What an API server would answer to the change.
    #[error("{0}")]
    Forbidden(String),
}

impl PlanError {
    pub fn class(&self) -> Class {
        match self {
            PlanError::Read(_) => Class::Transient,
            PlanError::Forbidden(_) => Class::User,
        }
    }
}

/// Compares a prepared cluster with the tip of its branch.
pub fn write(
    reader: &Reader,
    branch: &str,
    prepared: Prepared,
    observed: &Observed,
) -> Result<Plan, PlanError> {
    let Prepared { key, cluster, files, objects, row, warnings: _ } = prepared;
    let base = footprint(reader, branch, &key.name)?;
    let wanted: Footprint = files.iter().map(|(path, bytes)| (path.clone(), blob_id(bytes))).collect();
    if base == wanted {
        return Ok(Plan::Unchanged);
    }
    let differs = |path: &String| base.get(path) != wanted.get(path);
    let mut new = State::default();
    files
        .iter()
        .filter(|(path, _)| differs(path) || is_told(path))
        .for_each(|(path, bytes)| new.add(path, bytes));
    let old = state(reader, base.iter().filter(|(path, _)| differs(path) || is_told(path)))?;
    allowed(&old.cluster, &cluster)?;
    let changes = match (&old.record, &new.record) {
        (Some(before), Some(after)) => {
            let [before, after] = [(&old.cluster, before), (&new.cluster, after)];
            let side = |(cluster, record)| Side { cluster, record };
            subject::changes(side(before), side(after))
        }
        _ => vec![subject::CREATED.to_string()],
    };
    let words = Words {
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        subject: subject::subject(&key.to_string(), &changes),
        changes,
        objects: objects::lines(&old.objects, &new.objects),
        claims: Vec::new(),
        cause: annotation(&cluster, annotations::CHANGE_CAUSE).unwrap_or_default(),
    };
    let generation = match observed.generation {
        Some(number) => Generation::Given(number),
        None if old.cluster["spec"] == new.cluster["spec"] => Generation::Same,
        None => Generation::Next,
    };
    let requested_by = observed.cluster.metadata.annotations.as_ref();
    let requested_by = requested_by.and_then(|all| all.get(annotations::REQUESTED_BY).cloned());
    let trailers = new.record.as_ref().map(trailers).unwrap_or_default();
    Ok(Plan::Change(Box::new(Change {
        branch: branch.to_string(),
        base,
        kind: Kind::Write { files, row, objects: owners::objects(objects) },
        words,
        trailers,
        requested_by,
        at: observed.changed_at,
        generation,
        key,
    })))
}

/// Applies the rules of the resource that compare with what was: an API server knows the old object, a folder does
/// not, and the branch does, over restarts too. A removed cluster has no past: it may come back in any form.
fn allowed(old: &Json, new: &Json) -> Result<(), PlanError> {
    if old.is_null() {
        return Ok(());
    }
    let old: PrometheusCluster = match serde_json::from_value(old.clone()) {
        Ok(old) => old,
        // Somebody edited the branch: there is nothing to compare with.
        Err(error) => {
            tracing::warn!(%error, "cluster.yaml on the branch cannot be read: the change is not compared");
            return Ok(());
        }
    };
    match api::accept_change(new.clone(), &old) {
        Ok(_) => Ok(()),
        Err(refusals) => {
            let reasons: Vec<String> = refusals.into_iter().map(|refusal| refusal.message).collect();
            Err(PlanError::Forbidden(reasons.join("; ")))
        }
    }
}

/// Plans the removal of a cluster's folder.
pub fn remove(reader: &Reader, branch: &str, deleted: &Deleted) -> Result<Plan, PlanError> {
    let key = deleted.key.clone();
    let base = footprint(reader, branch, &key.name)?;
    if base.is_empty() {
        return Ok(Plan::Unchanged);
    }
    let old = state(reader, &base)?;
    let bodies: Vec<Json> = old.objects.values().cloned().collect();
    let claims = claims::retained(&bodies);
    let changes = vec![subject::deleted(claims.len())];
    let words = Words {
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        subject: subject::subject(&key.to_string(), &changes),
        changes,
        objects: objects::lines(&old.objects, &Objects::new()),
        claims,
        cause: String::new(),
    };
    Ok(Plan::Change(Box::new(Change {
        key,
        branch: branch.to_string(),
        base,
        kind: Kind::Remove,
        words,
        trailers: Vec::new(),
        requested_by: None,
        at: deleted.changed_at,
        generation: Generation::Same,
    })))
}

/// What the tip of the branch holds of ours for a cluster; empty where there is nothing.
pub fn footprint(reader: &Reader, branch: &str, cluster: &str) -> Result<Footprint, ReadError> {
    let Some(tip) = reader.tip(branch)? else { return Ok(Footprint::new()) };
    let Some(entry) = reader.entry(tip, cluster)?.filter(|entry| entry.is_tree()) else {
        return Ok(Footprint::new());
    };
    let listed = reader.list(entry.oid)?.into_iter();
    let own = listed.filter(|(path, _)| OWN.contains(&path.split('/').next().unwrap_or_default()));
    Ok(own.map(|(path, entry)| (path, entry.oid)).collect())
}

/// A folder's contents as the words need them.
#[derive(Default)]
struct State {
    cluster: Json,
    record: Option<Record>,
    objects: Objects,
}

impl State {
    /// A file that cannot be read (somebody edited the branch) counts as absent: the words get poorer, the
    /// commit is right all the same.
    fn add(&mut self, path: &str, bytes: &[u8]) {
        match path {
            folder::CLUSTER => self.cluster = json(bytes).unwrap_or_default(),
            folder::RELEASE => self.record = Record::parse(bytes).ok(),
            path if path.contains('/') => {
                if let Some(object) = json(bytes) {
                    let text = |pointer: &str| object.pointer(pointer).and_then(Json::as_str).unwrap_or("?");
                    let title = format!("{}/{}", text("/kind"), text("/metadata/name"));
                    self.objects.insert(title, object);
                }
            }
            _ => {}
        }
    }
}

fn json(bytes: &[u8]) -> Option<Json> {
    read::value(bytes).ok().map(|value| convert::to_json(&value))
}

/// Files that the words are made of even where they stayed the same; objects that did are not told, so they are
/// not parsed either.
fn is_told(path: &str) -> bool {
    matches!(path, folder::CLUSTER | folder::RELEASE)
}

/// What the branch holds in these files.
fn state<'a>(
    reader: &Reader,
    files: impl IntoIterator<Item = (&'a String, &'a Oid)>,
) -> Result<State, ReadError> {
    let mut state = State::default();
    for (path, oid) in files {
        state.add(path, &reader.blob(*oid)?);
    }
    Ok(state)
}

fn trailers(record: &Record) -> Vec<(&'static str, String)> {
    let chart = &record.chart;
    vec![
        ("Chart", format!("{}-{} {}", chart.name, chart.version, chart.digest)),
        ("Values-Digest", record.values_digest.clone()),
        ("Manifest-Digest", record.manifest_digest.clone()),
    ]
}

fn annotation(cluster: &Json, name: &str) -> Option<String> {
    Some(cluster["metadata"]["annotations"].get(name)?.as_str()?.to_string())
}
