//! A commit turned into the objects that it describes.

use serde_json::Value;

use crate::cluster::object::Object;
use crate::git::history;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::folder::{CRDS, KUSTOMIZATION, RELEASE};
use crate::ledger::record::{Item, Record};
use crate::yaml::{convert, read};

/// What a commit says of a cluster, without its manifests: they are most of it, and needed only while they are applied.
#[derive(Clone, Debug)]
pub struct Head {
    pub commit: Oid,
    /// `prometheus-cluster-0.1.0`
    pub chart: String,
    /// In apply order.
    pub inventory: Vec<Item>,
}

/// The objects of a cluster as one commit describes it.
#[derive(Clone, Debug, Default)]
pub struct Release {
    /// Custom resource definitions of the chart: made where they are missing, never changed or deleted, as Helm has it
    /// (<https://helm.sh/docs/chart_best_practices/custom_resource_definitions/>).
    pub definitions: Vec<Object>,
    /// In apply order.
    pub objects: Vec<Object>,
}

/// Why a commit cannot be delivered.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("branch {branch} does not hold {cluster} any more; it is committed again by the next change")]
    Absent { branch: String, cluster: String },
    #[error("{path} in commit {} cannot be read: {reason}; it was not written by promgit", commit.short())]
    File { path: String, commit: Oid, reason: String },
}

/// The commit that describes the cluster at the tip of its branch: the last one that changed its folder. `known`, a
/// commit that did so once, spares the walk through the history where the folder is still the same.
pub fn describing(
    reader: &Reader,
    branch: &str,
    cluster: &str,
    known: Option<&str>,
) -> Result<Oid, ReleaseError> {
    let absent = || ReleaseError::Absent { branch: branch.into(), cluster: cluster.into() };
    let tip = reader.tip(branch)?.ok_or_else(absent)?;
    let folder = |commit| reader.entry(commit, cluster);
    let Some(now) = folder(tip)? else { return Err(absent()) };
    let known = known.and_then(|known| known.parse::<Oid>().ok());
    if let Some(known) = known
        && let Ok(Some(then)) = folder(known)
        && then.oid == now.oid
    {
        return Ok(known);
    }
    let last = history::log(reader, Some(tip), cluster).next().transpose()?;
    last.map(|(commit, _)| commit).ok_or_else(absent)
}

/// The last state of a cluster whose folder is gone: what the commit before its removal held. None if the branch never
/// had it.
pub fn last(reader: &Reader, branch: &str, cluster: &str) -> Result<Option<Release>, ReleaseError> {
    for commit in history::log(reader, reader.tip(branch)?, cluster) {
        let (commit, about) = commit?;
        for commit in [Some(commit), about.parents.first().copied()].into_iter().flatten() {
            if reader.entry(commit, cluster)?.is_some_and(|entry| entry.is_tree()) {
                return load(reader, commit, cluster).map(Some);
            }
        }
    }
    Ok(None)
}

/// Reads the record of a cluster at a commit.
pub fn head(reader: &Reader, commit: Oid, cluster: &str) -> Result<Head, ReleaseError> {
    let at = At { reader, commit, cluster };
    let record = at.file(RELEASE)?;
    let record = Record::parse(&record).map_err(|reason| at.broken(RELEASE, reason))?;
    let chart = format!("{}-{}", record.chart.name, record.chart.version);
    let inventory = record.inventory.into_iter().filter(|item| !item.file.starts_with(CRDS));
    Ok(Head { commit, chart, inventory: inventory.collect() })
}

/// Reads the objects of a cluster at a commit.
pub fn load(reader: &Reader, commit: Oid, cluster: &str) -> Result<Release, ReleaseError> {
    let at = At { reader, commit, cluster };
    let mut release = Release::default();
    for path in at.resources()? {
        let object = at.object(&path)?;
        match path.starts_with(CRDS) {
            true => release.definitions.push(object),
            false => release.objects.push(object),
        }
    }
    Ok(release)
}

/// A cluster's folder in a commit.
struct At<'a> {
    reader: &'a Reader,
    commit: Oid,
    cluster: &'a str,
}

impl At<'_> {
    fn file(&self, path: &str) -> Result<Vec<u8>, ReleaseError> {
        let found = self.reader.file(self.commit, &format!("{}/{path}", self.cluster))?;
        found.ok_or_else(|| self.broken(path, "it is missing".into()))
    }

    fn yaml(&self, path: &str) -> Result<Value, ReleaseError> {
        let value = read::value(&self.file(path)?).map_err(|error| self.broken(path, error.to_string()))?;
        Ok(convert::to_json(&value))
    }

    /// The files that are applied, in their order.
    fn resources(&self) -> Result<Vec<String>, ReleaseError> {
        let listed = self.yaml(KUSTOMIZATION)?;
        let paths = listed["resources"].as_array().into_iter().flatten();
        Ok(paths.filter_map(Value::as_str).map(str::to_string).collect())
    }

    fn object(&self, path: &str) -> Result<Object, ReleaseError> {
        let json = self.yaml(path)?;
        let text =
            |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_string();
        let [api_version, kind] = ["/apiVersion", "/kind"].map(text);
        let [namespace, name] = ["/metadata/namespace", "/metadata/name"].map(text);
        Ok(Object { api_version, kind, namespace, name, json })
    }

    fn broken(&self, path: &str, reason: String) -> ReleaseError {
        ReleaseError::File { path: format!("{}/{path}", self.cluster), commit: self.commit, reason }
    }
}
