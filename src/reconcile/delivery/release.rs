//! A commit turned into the objects that it describes.

use serde_json::Value;

use crate::cluster::object::Object;
use crate::git::history;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::tracking;
use crate::git::trailers;
use crate::ledger::folder::{CRDS, KUSTOMIZATION, RELEASE};
use crate::ledger::record::{Item, Record};
use crate::ledger::stub::{self, STUBS, Secrets};
use crate::reconcile::footprint;
use crate::reconcile::undo::{self, REVERTS_TRAILER, Undone};
use crate::yaml::{convert, read};

/// What a commit says of a cluster, without its manifests: they are most of it, and needed only while they are applied.
#[derive(Clone, Debug)]
pub struct Head {
    pub commit: Oid,
    /// `prometheus-cluster-0.1.0`
    pub chart: String,
    /// In apply order.
    pub inventory: Vec<Item>,
    /// It takes another one back.
    pub undone: Option<Undone>,
}

/// What the newest commit of a cluster says.
#[derive(Clone, Debug)]
pub enum Newest {
    Describes(Head),
    /// The cluster was taken off the branch again, because it never came up.
    Undone(Undone),
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

/// Which objects of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    All,
    /// What a tool that follows the branch applies.
    Listed,
    /// The Secrets, of which the branch holds stubs.
    Secrets,
}

impl Part {
    /// Whether the object in this file, below the folder of the cluster, is of the part.
    pub fn holds(self, path: &str) -> bool {
        match self {
            Part::All => true,
            Part::Listed => !is_stub(path),
            Part::Secrets => is_stub(path),
        }
    }
}

/// Why a commit cannot be delivered.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("branch {branch} does not hold {cluster} any more; it is committed again by the next change")]
    Absent { branch: String, cluster: String },
    #[error(
        "{path} in commit {} stands for a Secret whose values are not in memory; it is rendered again by the next change",
        commit.short()
    )]
    Withheld { path: String, commit: Oid },
    #[error("{path} in commit {} cannot be read: {reason}; it was not written by promgit", commit.short())]
    File { path: String, commit: Oid, reason: String },
}

/// Reads what the branch says of a cluster: by `new`, a commit that was made just now, or as [`describing`] finds it.
pub fn newest(
    reader: &Reader,
    branch: &str,
    cluster: &str,
    new: Option<Oid>,
    known: Option<&str>,
) -> Result<Newest, ReleaseError> {
    let at = match new {
        Some(commit) => Some(commit),
        None => reader.tip(branch)?,
    };
    if let Some(at) = at
        && reader.entry(at, cluster)?.is_none()
        && let Some(undone) = undo::undone(reader, at, cluster)?
    {
        return Ok(Newest::Undone(undone));
    }
    let commit = match new {
        Some(commit) if changes(reader, commit, cluster)? => commit,
        _ => describing(reader, branch, cluster, known)?,
    };
    head(reader, commit, cluster).map(Newest::Describes)
}

/// Whether a commit changed the folder of the cluster, not only files at the root of the branch.
fn changes(reader: &Reader, commit: Oid, cluster: &str) -> Result<bool, ReadError> {
    let parent = reader.commit(commit)?.parents.first().copied();
    let before = parent.map(|parent| reader.entry(parent, cluster)).transpose()?.flatten();
    Ok(before != reader.entry(commit, cluster)?)
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
        && (!tracking::is_superseded(reader, branch)? || history::holds(reader, tip, known)?)
    {
        return Ok(known);
    }
    let last = history::log(reader, Some(tip), cluster).next().transpose()?;
    last.map(|(commit, _)| commit).ok_or_else(absent)
}

/// The last state of a cluster whose folder is gone: what the commit before its removal held. None if the branch never
/// had it.
pub fn last(
    reader: &Reader,
    branch: &str,
    cluster: &str,
    part: Part,
) -> Result<Option<Release>, ReleaseError> {
    let last = last_commit(reader, branch, cluster)?;
    last.map(|commit| load(reader, commit, cluster, part)).transpose()
}

/// The newest commit that holds the folder of a cluster.
pub fn last_commit(reader: &Reader, branch: &str, cluster: &str) -> Result<Option<Oid>, ReleaseError> {
    for commit in history::log(reader, reader.tip(branch)?, cluster) {
        let (commit, about) = commit?;
        for commit in [Some(commit), about.parents.first().copied()].into_iter().flatten() {
            if reader.entry(commit, cluster)?.is_some_and(|entry| entry.is_tree()) {
                return Ok(Some(commit));
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
    let message = reader.commit(commit)?.message;
    let undone = match trailers::find(&trailers::parse(&message), REVERTS_TRAILER) {
        Some(_) => undo::undone(reader, commit, cluster)?,
        None => None,
    };
    Ok(Head { commit, chart, inventory: inventory.collect(), undone })
}

/// Reads the objects of a cluster at a commit. A Secret has digests in the place of its values: it is to be named, not
/// applied.
pub fn load(reader: &Reader, commit: Oid, cluster: &str, part: Part) -> Result<Release, ReleaseError> {
    let at = At { reader, commit, cluster };
    at.objects(at.files(part)?, |path| at.yaml(path).map(stub::as_secret))
}

/// Of these Secrets, those that are at `commit` what they are at `other`: their digests are the same.
pub fn alike(
    reader: &Reader,
    commit: Oid,
    other: Oid,
    cluster: &str,
    secrets: &Secrets,
) -> Result<Secrets, ReleaseError> {
    let (now, then) = (footprint::at(reader, commit, cluster)?, footprint::at(reader, other, cluster)?);
    Ok(secrets.only(|path| now.get(path).is_some_and(|held| then.get(path) == Some(held))))
}

/// Reads the objects of a cluster at a commit, with the Secrets that it has only stubs of.
pub fn whole(
    reader: &Reader,
    commit: Oid,
    cluster: &str,
    part: Part,
    secrets: &Secrets,
) -> Result<Release, ReleaseError> {
    let at = At { reader, commit, cluster };
    at.objects(at.files(part)?, |path| at.delivered(path, secrets))
}

/// The same without the Secrets whose values are not in memory: they stay as the cluster has them.
pub fn most(
    reader: &Reader,
    commit: Oid,
    cluster: &str,
    part: Part,
    secrets: &Secrets,
) -> Result<Release, ReleaseError> {
    let at = At { reader, commit, cluster };
    let files = at.files(part)?.into_iter().filter(|path| !is_stub(path) || secrets.get(path).is_some());
    at.objects(files, |path| at.delivered(path, secrets))
}

/// One object of a commit; a Secret has digests in the place of its values.
pub fn object_at(reader: &Reader, commit: Oid, cluster: &str, item: &Item) -> Result<Object, ReleaseError> {
    At { reader, commit, cluster }.yaml(&item.file).map(|json| object(stub::as_secret(json)))
}

/// One object of a commit as it is delivered; none for a Secret whose values are not in memory.
pub fn delivered_at(
    reader: &Reader,
    commit: Oid,
    cluster: &str,
    file: &str,
    secrets: &Secrets,
) -> Result<Option<Object>, ReleaseError> {
    let at = At { reader, commit, cluster };
    match is_stub(file) && secrets.get(file).is_none() {
        true => Ok(None),
        false => at.delivered(file, secrets).map(object).map(Some),
    }
}

/// Whether a file stands for a Secret.
pub fn is_stub(path: &str) -> bool {
    path.split('/').next() == Some(STUBS)
}

/// What a manifest describes.
pub fn object(json: Value) -> Object {
    let text = |pointer: &str| json.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_string();
    let [api_version, kind] = ["/apiVersion", "/kind"].map(text);
    let [namespace, name] = ["/metadata/namespace", "/metadata/name"].map(text);
    Object { api_version, kind, namespace, name, json }
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
        self.parsed(path, &self.file(path)?)
    }

    fn parsed(&self, path: &str, text: &[u8]) -> Result<Value, ReleaseError> {
        let value = read::value(text).map_err(|error| self.broken(path, error.to_string()))?;
        Ok(convert::to_json(&value))
    }

    /// What a file says as it is delivered: of a Secret the values, not their digests.
    fn delivered(&self, path: &str, secrets: &Secrets) -> Result<Value, ReleaseError> {
        let (cluster, commit) = (self.cluster, self.commit);
        match secrets.get(path) {
            _ if !is_stub(path) => self.yaml(path),
            Some(text) => self.parsed(path, text.as_bytes()),
            None => Err(ReleaseError::Withheld { path: format!("{cluster}/{path}"), commit }),
        }
    }

    fn objects(
        &self,
        files: impl IntoIterator<Item = String>,
        json: impl Fn(&str) -> Result<Value, ReleaseError>,
    ) -> Result<Release, ReleaseError> {
        let mut release = Release::default();
        for path in files {
            let object = object(json(&path)?);
            match path.starts_with(CRDS) {
                true => release.definitions.push(object),
                false => release.objects.push(object),
            }
        }
        Ok(release)
    }

    /// The files of what is applied, in its order: definitions, then the inventory.
    fn files(&self, part: Part) -> Result<Vec<String>, ReleaseError> {
        let listed = self.yaml(KUSTOMIZATION)?;
        let listed = listed["resources"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let definitions: Vec<String> =
            listed.filter(|path| path.starts_with(CRDS)).map(str::to_string).collect();
        let record = Record::parse(&self.file(RELEASE)?).map_err(|reason| self.broken(RELEASE, reason))?;
        let inventory = record.inventory.into_iter().map(|item| item.file);
        Ok(definitions.into_iter().chain(inventory).filter(|path| part.holds(path)).collect())
    }

    fn broken(&self, path: &str, reason: String) -> ReleaseError {
        ReleaseError::File { path: format!("{}/{path}", self.cluster), commit: self.commit, reason }
    }
}
