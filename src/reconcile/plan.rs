//! What a commit would change, as a value: the agent executes it, `promgit diff` prints it.

use jiff::Timestamp;
use serde_json::Value as Json;

use super::before::{Before, Sides};
use super::class::Class;
use super::footprint::{self, Footprint, IN_PLACE};
use super::owners::{self, Objects as Owned};
use super::prepare::Prepared;
use super::strangers::{self, OVERWRITES_TRAILER};
use crate::api::{self, PrometheusCluster, annotations};
use crate::cluster::claims::Claim;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::claims;
use crate::ledger::folder::Files;
use crate::ledger::message::Words;
use crate::ledger::record::Record;
use crate::ledger::root::Row;
use crate::ledger::state::State;
use crate::ledger::stub::Secrets;
use crate::ledger::words::effects::effects;
use crate::ledger::words::objects;
use crate::ledger::words::subject::{self, Side};
use crate::source::event::{Deleted, Key, Observed};

/// What to do for one cluster.
#[derive(Debug)]
pub enum Plan {
    /// The branch says it already. What is applied and not on the branch is here.
    Unchanged(Secrets),
    /// What is asked for was taken back, and waits: the branch says what was before.
    Held(Secrets),
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
    /// What is applied and not committed.
    pub secrets: Secrets,
    pub words: Words,
    /// StatefulSets with storage of a cluster that is new, which may find the data of an earlier one of its name, or of one that goes.
    pub sets: Vec<Json>,
    /// Trailers that follow from the content; the writer adds the generation.
    pub trailers: Vec<(&'static str, String)>,
    pub requested_by: Option<String>,
    /// When the resource was changed.
    pub at: Timestamp,
    pub generation: Generation,
}

impl Change {
    /// Says which claims the new cluster finds again.
    pub fn attach(&mut self, claims: Vec<String>) {
        if claims.is_empty() {
            return;
        }
        let changes = [subject::CREATED.to_string(), subject::attached(claims.len())];
        self.words.subject = subject::subject(&self.key.to_string(), &changes);
        self.words.attached = claims;
    }

    /// Says which other claims the removed cluster leaves, or takes with it: those of pods that it had once.
    pub fn leave(&mut self, claims: Vec<Claim>) {
        for claim in claims {
            let list = if claim.goes { &mut self.words.lost } else { &mut self.words.claims };
            list.push(claim.name);
        }
        self.words.changes = vec![subject::deleted(self.words.claims.len())];
        self.words.subject = subject::subject(&self.key.to_string(), &self.words.changes);
    }
}

#[derive(Debug)]
pub enum Kind {
    /// The folder gets these files and loses our others.
    Write { files: Files, row: Row, objects: Owned },
    /// The folder goes.
    Remove,
    /// The folder is as it should be; the files at the root are put right, which somebody changed.
    Root,
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

impl Generation {
    /// Where the branch itself does not say the last number any more.
    fn after(self, last: Option<i64>) -> Self {
        match (self, last) {
            (Generation::Next, Some(last)) => Generation::Given(last + 1),
            (Generation::Same, Some(last)) => Generation::Given(last),
            (same, _) => same,
        }
    }
}

/// Characters of the change cause in a commit message: a page. `cluster.yaml` keeps all of it.
const LONGEST_CAUSE: usize = 1_000;

/// The trailer that names what somebody did past git, and the commit now asks for.
const TAKES_OVER_TRAILER: &str = "Takes-Over";

/// Characters of who asked: name and address, both as long as mail servers take them.
const LONGEST_REQUESTER: usize = 320;

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
    let Prepared { key, cluster, files, order, secrets, objects, row, warnings: _ } = prepared;
    let base = footprint::of(reader, branch, &key.name)?;
    let wanted = footprint::wanted(&files);
    if base == wanted {
        return Ok(Plan::Unchanged(secrets));
    }
    let tip = reader.tip(branch)?;
    let sides = Sides { reader, tip, key: &key, base: &base, wanted: &wanted, files: &files, order: &order };
    let Before { old, new, is_first, restored, by, generation } = sides.before()?;
    allowed(old.cluster.as_ref(), &cluster)?;
    let changes = match is_first {
        true => vec![subject::CREATED.to_string()],
        false => subject::changes(Side::of(&old), Side::of(&new), restored),
    };
    let words = Words {
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        subject: subject::subject(&key.to_string(), &changes),
        changes,
        effects: if is_first {
            Vec::new()
        } else {
            effects([old.cluster.as_ref(), new.cluster.as_ref()], &old.objects, &new.objects)
        },
        objects: objects::lines(&old.objects, &new.objects),
        cause: annotation(&cluster, annotations::CHANGE_CAUSE)
            .map_or(String::new(), |cause| cut(&cause, LONGEST_CAUSE)),
        ..Words::default()
    };
    let sets = if is_first && is_new_resource(observed) { sets(&new) } else { Vec::new() };
    let generation = match observed.generation {
        Some(number) => Generation::Given(number),
        None if is_first => Generation::Next,
        None => counted(&old, &new).after(generation),
    };
    let requested_by = observed.cluster.metadata.annotations.as_ref();
    let requested_by = requested_by.and_then(|all| all.get(annotations::REQUESTED_BY));
    let requested_by = requested_by.map(|who| cut(who, LONGEST_REQUESTER));
    let mut trailers = new.record.as_ref().map(trailers).unwrap_or_default();
    trailers.extend(by.into_iter().map(|who| (OVERWRITES_TRAILER, who)));
    trailers.extend(taken_over(observed).map(|revision| (TAKES_OVER_TRAILER, revision)));
    Ok(Plan::Change(Box::new(Change {
        branch: branch.to_string(),
        base,
        kind: Kind::Write { files, row, objects: owners::objects(objects) },
        secrets,
        words,
        sets,
        trailers,
        requested_by,
        at: observed.changed_at,
        generation,
        key,
    })))
}

/// What somebody's helm did, where the resource asks for it because of that.
fn taken_over(observed: &Observed) -> Option<String> {
    let all = observed.cluster.metadata.annotations.as_ref()?;
    let revision = annotations::revision_taken_over(all, observed.generation?)?;
    Some(format!("revision {revision} of the Helm release"))
}

/// Applies the rules of the resource that compare with what was: an API server knows the old object, a folder does
/// not, and the branch does, over restarts too. A removed cluster has no past: it may come back in any form.
fn allowed(old: Option<&Json>, new: &Json) -> Result<(), PlanError> {
    let Some(old) = old else { return Ok(()) };
    let old: PrometheusCluster = match serde_json::from_value(old.clone()) {
        Ok(old) => old,
        // Of a version that did not record who wrote it: there is nothing to compare with.
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
    let base = footprint::of(reader, branch, &key.name)?;
    // A file in the folder's place that was never a folder of ours is somebody's.
    if base.is_empty() || (base.contains_key(IN_PLACE) && !footprint::was_ours(reader, branch, &key.name)?) {
        return Ok(Plan::Unchanged(Secrets::default()));
    }
    // a folder that somebody put there is removed as one, and who did is named
    let named = match reader.tip(branch)? {
        Some(tip) => strangers::since(reader, tip, &key.name)?,
        None => Vec::new(),
    };
    let mut old = footprint::state(reader, &base)?;
    old.name_unread(&State::default());
    let bodies: Vec<Json> = old.objects.values().cloned().collect();
    let claims = claims::retained(&bodies);
    let changes = vec![subject::deleted(claims.len())];
    let words = Words {
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        subject: subject::subject(&key.to_string(), &changes),
        changes,
        objects: objects::lines(&old.objects, &objects::Objects::new()),
        claims,
        lost: claims::lost(&bodies),
        ..Words::default()
    };
    Ok(Plan::Change(Box::new(Change {
        key,
        branch: branch.to_string(),
        base,
        kind: Kind::Remove,
        secrets: Secrets::default(),
        words,
        sets: sets(&old),
        trailers: named.into_iter().map(|who| (OVERWRITES_TRAILER, who)).collect(),
        requested_by: None,
        at: deleted.changed_at,
        generation: Generation::Same,
    })))
}

/// Its status names no commit: nothing of it was ever applied.
fn is_new_resource(observed: &Observed) -> bool {
    observed.cluster.status.as_ref().is_none_or(|status| status.commit.is_none())
}

/// The StatefulSets that want claims.
fn sets(new: &State) -> Vec<Json> {
    let wants = |object: &&Json| !claims::wanted(std::slice::from_ref(*object)).is_empty();
    new.objects.values().filter(wants).cloned().collect()
}

/// Whether the resource changed since it was last committed. Where nobody can tell what it was, its values decide.
fn counted(old: &State, new: &State) -> Generation {
    let [before, after] = [old, new].map(|state| state.record.as_ref().map(|record| &record.values_digest));
    let same = match (&old.cluster, &new.cluster) {
        (Some(old), Some(new)) => old["spec"] == new["spec"],
        _ => before.is_none() || before == after,
    };
    if same { Generation::Same } else { Generation::Next }
}

fn trailers(record: &Record) -> Vec<(&'static str, String)> {
    let chart = &record.chart;
    vec![
        ("Chart", format!("{}-{} {}", chart.name, chart.version, chart.digest)),
        ("Values-Digest", record.values_digest.clone()),
        ("Manifest-Digest", record.manifest_digest.clone()),
    ]
}

/// The text, or its beginning with an ellipsis.
pub fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_string(),
    }
}

fn annotation(cluster: &Json, name: &str) -> Option<String> {
    Some(cluster["metadata"]["annotations"].get(name)?.as_str()?.to_string())
}
