//! What a branch records of a cluster turned into the files of its folder, by rendering it again.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::charts::Charts;
use crate::git::object::TreeEntry;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::folder::{CLUSTER, Files, RELEASE, VALUES};
use crate::ledger::record::{ChartRef, Record};
use crate::ledger::text::TextError;
use crate::reconcile::lock::file::Files as Locks;
use crate::reconcile::lock::{Keeper, Owner};
use crate::reconcile::prepare::{self, Fixed, PrepareError, RENDERER};
use crate::render::capabilities::Capabilities;
use crate::render::kube_version;
use crate::render::policy::Lock;
use crate::source::event::Key;
use crate::yaml::{convert, read};

/// What promgit wrote down of a cluster.
pub struct Recorded {
    pub cluster: Json,
    pub values: Json,
    pub record: Record,
}

/// What the record renders to.
#[derive(Debug, Default)]
pub struct Again {
    pub files: Files,
    /// Files that hold random values whose seed is not here: only their names are known.
    pub random: BTreeSet<String>,
    /// Paths of all objects, as `manifestDigest` takes them.
    pub order: Vec<String>,
}

/// Why a record does not render.
#[derive(Debug, thiserror::Error)]
pub enum AgainError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{0} of the commit that promgit made cannot be read: {1}; nothing can be rendered from it")]
    Broken(&'static str, String),
    #[error("{0}")]
    Chart(String),
    #[error(
        "was rendered as {0}, and this promgit renders as {RENDERER}; verify it with a promgit of that time"
    )]
    Renderer(String),
    #[error("capabilities.kubeVersion of release.yaml: {0}")]
    KubeVersion(#[from] kube_version::KubeVersionError),
    #[error("lockedAt of release.yaml is no time: {0}")]
    LockedAt(String),
    #[error(
        "the chart draws random names, and their lock is not here; verify it where the agent keeps its locks (beside \
         its repository)"
    )]
    Names,
    #[error("release.yaml cannot be written: {0}")]
    Text(#[from] TextError),
    #[error("does not render any more: {0}")]
    Prepare(#[from] PrepareError),
}

impl Recorded {
    /// Reads it from a folder.
    pub fn read(reader: &Reader, folder: Oid) -> Result<Self, AgainError> {
        let record = Record::parse(&file(reader, folder, RELEASE)?);
        Ok(Recorded {
            cluster: json(reader, folder, CLUSTER)?,
            values: json(reader, folder, VALUES)?,
            record: record.map_err(|reason| AgainError::Broken(RELEASE, reason))?,
        })
    }
}

fn file(reader: &Reader, folder: Oid, name: &'static str) -> Result<Vec<u8>, AgainError> {
    let entry = reader.entry_in_tree(folder, name)?.filter(TreeEntry::is_file);
    let entry = entry.ok_or_else(|| AgainError::Broken(name, "there is no such file".into()))?;
    Ok(reader.blob(entry.oid)?)
}

fn json(reader: &Reader, folder: Oid, name: &'static str) -> Result<Json, AgainError> {
    let value = read::value(&file(reader, folder, name)?);
    value.map(|value| convert::to_json(&value)).map_err(|error| AgainError::Broken(name, error.to_string()))
}

/// Two seeds that nothing was ever drawn from. What comes out the same with both depends on none.
const PLACEHOLDERS: [[u8; 32]; 2] = [Lock::PLACEHOLDER.seed, [1; 32]];

/// Renders the record; must run on a deep stack. The lock of random values is taken from where an agent on a folder keeps
/// it, beside the repository.
pub fn render(key: &Key, recorded: &Recorded, charts: &Charts, locks: &Locks) -> Result<Again, AgainError> {
    let record = &recorded.record;
    if record.renderer != RENDERER {
        return Err(AgainError::Renderer(record.renderer.clone()));
    }
    let once = |lock: Option<Lock>| once(key, recorded, charts, lock.as_ref());
    if record.locked_at.is_empty() {
        return once(None);
    }
    let at: Timestamp =
        record.locked_at.parse().map_err(|_| AgainError::LockedAt(record.locked_at.clone()))?;
    let kept = locks.read(&Owner { key, uid: None }).ok().flatten();
    if let Some(kept) = kept.filter(|kept| kept.lock.at == at) {
        return once(Some(kept.lock));
    }
    let [first, second] = PLACEHOLDERS.map(|seed| once(Some(Lock { seed, at })));
    alike(first?, &second?, record)
}

/// What two renders with different seeds have in common. `release.yaml` differs by the digest of all objects alone.
fn alike(mut first: Again, second: &Again, record: &Record) -> Result<Again, AgainError> {
    if !first.files.keys().eq(second.files.keys()) {
        return Err(AgainError::Names);
    }
    let same = |(path, text): &(&String, &Vec<u8>)| second.files.get(*path) == Some(text);
    first.random = first.files.iter().filter(|file| !same(file)).map(|(path, _)| path.clone()).collect();
    if first.random.remove(RELEASE) {
        let text = first.files.get(RELEASE).map(Vec::as_slice).unwrap_or_default();
        let rendered = Record::parse(text).map_err(|reason| AgainError::Broken(RELEASE, reason))?;
        let rendered = Record { manifest_digest: record.manifest_digest.clone(), ..rendered };
        first.files.insert(RELEASE.into(), rendered.to_yaml()?.into_bytes());
    }
    Ok(first)
}

fn once(key: &Key, recorded: &Recorded, charts: &Charts, lock: Option<&Lock>) -> Result<Again, AgainError> {
    let Recorded { cluster, values, record } = recorded;
    let found = charts.find(&record.chart).map_err(AgainError::Chart)?;
    let chart_ref = ChartRef { source: record.chart.source.clone(), ..found.reference.clone() };
    let more = record.capabilities.api_versions.clone();
    let mut capabilities = Capabilities::default().with_api_versions(more);
    capabilities.kube_version = kube_version::parse(&record.capabilities.kube_version)?;
    let fixed = Fixed {
        chart: &found.chart,
        chart_ref: &chart_ref,
        capabilities: &capabilities,
        recorded: &record.capabilities,
    };
    let prepared = prepare::release(key, cluster.clone(), values, &fixed, lock, |_| Ok(()))?;
    Ok(Again { files: prepared.files, random: BTreeSet::new(), order: prepared.order })
}
