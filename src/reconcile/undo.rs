//! A commit that did not come up turned into one that takes it back, and such commits into when the change is tried again.
//!
//! Git alone says what was taken back and how often: an agent that starts anew, without a status, goes on there.

use std::time::Duration;

use jiff::Timestamp;

use super::branch;
use super::footprint::{self, Footprint};
use super::owners;
use super::plan::{Change, Generation, Kind, Plan, PlanError};
use crate::api::PrometheusCluster;
use crate::git::history;
use crate::git::object::TreeEntry;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::trailers;
use crate::ledger::folder::Files;
use crate::ledger::message::Words;
use crate::ledger::stub::Secrets;
use crate::ledger::words::{objects, subject};
use crate::source::event::{Key, Observed};

/// Names the commit that is taken back.
pub const REVERTS_TRAILER: &str = "Reverts";
/// What was done and why, in full: a subject is cut.
const REASON_TRAILER: &str = "Reason";
/// `no` where trying again without a change leads to nothing else.
pub const RETRY_TRAILER: &str = "Retry";
const NEVER: &str = "no";
/// What was asked by `promgit.dev/reconcile-at`: attempts are counted from there.
pub const ASKED_TRAILER: &str = "Reconcile-At";

/// The pause before the second attempt; each later one is twice as long.
const FIRST: Duration = Duration::from_secs(10);
const LONGEST: Duration = Duration::from_secs(600);

/// More attempts are not counted: nobody may have more (`maxRetries`).
const MOST_ATTEMPTS: u32 = 101;

/// What a cluster goes back to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Good {
    /// The last commit that was up.
    Commit(Oid),
    /// None ever was: what was begun is removed.
    Nothing,
    /// Nobody knows: the commit before, if there is one.
    Unknown,
}

/// What is to be taken back.
#[derive(Clone, Debug)]
pub struct Undo {
    pub observed: Observed,
    pub bad: Oid,
    pub good: Good,
    /// In one line, of words that may be kept in a commit.
    pub reason: String,
    /// Trying again without a change leads to nothing else.
    pub is_final: bool,
    pub at: Timestamp,
    /// Those of the commit that is taken back.
    pub secrets: Secrets,
}

/// A change that was taken back by the newest commit of its cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undone {
    /// The commit that took it back.
    pub commit: Oid,
    /// The one that was taken back.
    pub bad: Oid,
    /// How often the same was tried.
    pub attempts: u32,
    pub is_final: bool,
    /// When it was taken back, in unix seconds.
    pub at: i64,
    /// `rolled back to 1a2b3c4d5e: …`
    pub words: String,
}

/// How often a change of this cluster may be tried again; `default`: where its resource does not say.
pub fn max_retries(cluster: &PrometheusCluster, default: u32) -> u32 {
    let own = cluster.spec.delivery.as_ref().and_then(|delivery| delivery.max_retries);
    own.and_then(|count| u32::try_from(count).ok()).unwrap_or(default)
}

impl Undone {
    /// When it is to be tried again; none when all attempts were made.
    pub fn again(&self, max_retries: u32) -> Option<Timestamp> {
        if self.is_final || self.attempts > max_retries {
            return None;
        }
        let pause = FIRST.saturating_mul(1 << (self.attempts - 1).min(16)).min(LONGEST);
        Timestamp::from_second(self.at.saturating_add(pause.as_secs() as i64)).ok()
    }
}

/// Plans the commit that takes a change back; nothing to do where the branch has moved on since.
pub fn plan(reader: &Reader, branch: &str, undo: &Undo) -> Result<Plan, PlanError> {
    let key = undo.observed.key.clone();
    let base = footprint::of(reader, branch, &key.name)?;
    let bad = footprint::at(reader, undo.bad, &key.name)?;
    let tip = reader.tip(branch)?;
    let is_newest = tip.is_some() && base == bad && !base.is_empty();
    if !is_newest || is_undone(reader, tip, &key.name)? {
        return Ok(Plan::Held(undo.secrets.clone()));
    }
    let good = good(reader, tip, &key.name, undo)?;
    let what = match good {
        Some(good) => format!("rolled back to {}: {}", good.short(), undo.reason),
        None => format!("removed again: {}", undo.reason),
    };
    let (kind, generation, after) = match good {
        Some(good) => back(reader, &key, good)?,
        None => (Kind::Remove, Generation::Same, Footprint::new()),
    };
    let (old, new) = (footprint::state(reader, &base)?, footprint::state(reader, &after)?);
    let words = Words {
        namespace: key.namespace.clone(),
        name: key.name.clone(),
        subject: subject::subject(&key.to_string(), std::slice::from_ref(&what)),
        changes: vec![what.clone()],
        objects: objects::lines(&old.objects, &new.objects),
        ..Words::default()
    };
    let mut trailers = vec![(REASON_TRAILER, what.clone()), (REVERTS_TRAILER, undo.bad.to_string())];
    if undo.is_final {
        trailers.push((RETRY_TRAILER, NEVER.to_owned()));
    }
    Ok(Plan::Change(Box::new(Change {
        key,
        branch: branch.to_owned(),
        base,
        kind,
        secrets: undo.secrets.clone(),
        words,
        sets: Vec::new(),
        trailers,
        requested_by: None,
        at: undo.at,
        generation,
    })))
}

/// The files of a commit, to be written again.
fn back(reader: &Reader, key: &Key, good: Oid) -> Result<(Kind, Generation, Footprint), PlanError> {
    let after = footprint::at(reader, good, &key.name)?;
    let mut files = Files::new();
    for (path, held) in &after {
        if let Some(bytes) = held.bytes(reader)? {
            files.insert(path.clone(), bytes);
        }
    }
    let folder = reader.entry(good, &key.name)?.filter(TreeEntry::is_tree);
    let found = folder
        .map(|folder| branch::cluster(reader, folder.oid, &key.namespace, &key.name))
        .transpose()?
        .flatten();
    let (row, objects) = found.unwrap_or_else(|| (crate::ledger::root::Row::unknown(), Vec::new()));
    let number = branch::last_generation(reader, good, &key.name)?;
    let generation = number.map_or(Generation::Same, Generation::Given);
    Ok((Kind::Write { files, row, objects: owners::objects(objects) }, generation, after))
}

/// The commit to go back to.
fn good(reader: &Reader, tip: Option<Oid>, cluster: &str, undo: &Undo) -> Result<Option<Oid>, ReadError> {
    let has_folder =
        |commit: Oid| Ok::<_, ReadError>(reader.entry(commit, cluster)?.is_some_and(|entry| entry.is_tree()));
    if undo.good == Good::Nothing {
        return Ok(None);
    }
    if let (Good::Commit(good), Some(tip)) = (&undo.good, tip)
        && history::holds(reader, tip, *good)?
        && has_folder(*good)?
    {
        return Ok(Some(*good));
    }
    let before = history::log(reader, Some(undo.bad), cluster).nth(1).transpose()?;
    match before {
        Some((commit, _)) if has_folder(commit)? => Ok(Some(commit)),
        _ => Ok(None),
    }
}

fn is_undone(reader: &Reader, tip: Option<Oid>, cluster: &str) -> Result<bool, ReadError> {
    let Some(tip) = tip else { return Ok(false) };
    Ok(undone(reader, tip, cluster)?.is_some())
}

/// Whether the newest commit of a cluster takes a change back, and how often that change was tried since somebody asked for it.
pub fn undone(reader: &Reader, tip: Oid, cluster: &str) -> Result<Option<Undone>, ReadError> {
    lately(reader, tip, cluster, usize::MAX)
}

/// The same, as far as so many commits of the branch tell.
fn lately(reader: &Reader, tip: Oid, cluster: &str, most: usize) -> Result<Option<Undone>, ReadError> {
    let mut log = history::recent(reader, Some(tip), cluster, most);
    let Some((commit, about)) = log.next().transpose()? else { return Ok(None) };
    let all = trailers::parse(&about.message);
    let Some(bad) = reverted(&all) else { return Ok(None) };
    let tried = footprint::at(reader, bad, cluster)?;
    let mut attempts = 1;
    while let (Some(change), Some(before)) = (log.next().transpose()?, log.next().transpose()?) {
        let is_asked = trailers::find(&trailers::parse(&change.1.message), ASKED_TRAILER).is_some();
        let same = match reverted(&trailers::parse(&before.1.message)) {
            Some(other) => footprint::at(reader, other, cluster)? == tried,
            None => false,
        };
        if is_asked || !same || attempts == MOST_ATTEMPTS {
            break;
        }
        attempts += 1;
    }
    let is_final = trailers::find(&all, RETRY_TRAILER) == Some(NEVER);
    let words = trailers::find(&all, REASON_TRAILER).unwrap_or_default().to_owned();
    Ok(Some(Undone { commit, bad, attempts, is_final, at: about.committer.seconds, words }))
}

fn reverted(all: &[trailers::Trailer]) -> Option<Oid> {
    trailers::find(all, REVERTS_TRAILER)?.parse().ok()
}

/// What decides whether a change is committed again that was taken back as it is.
pub struct Again<'a> {
    pub wanted: &'a Footprint,
    pub max_retries: u32,
    pub now: Timestamp,
    /// Nothing says that it was taken back: the newest commits are looked at all the same, because what is said may be old.
    pub is_unlikely: bool,
}

/// Commits that are looked at where it is unlikely that something was taken back.
const FEW: usize = 64;

/// Whether these files are not to be committed now, because they were taken back as they are.
pub fn holds(reader: &Reader, tip: Oid, cluster: &str, again: &Again<'_>) -> Result<bool, ReadError> {
    let most = if again.is_unlikely { FEW } else { usize::MAX };
    let Some(undone) = lately(reader, tip, cluster, most)? else { return Ok(false) };
    if footprint::at(reader, undone.bad, cluster)? != *again.wanted {
        return Ok(false);
    }
    Ok(undone.again(again.max_retries).is_none_or(|due| again.now < due))
}
