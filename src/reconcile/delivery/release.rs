//! A commit turned into the objects that it describes.

use std::sync::Arc;

use serde_json::Value;

use super::folder::{Folder, ReleaseError};
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
    /// In apply order. Shared by all who deliver it.
    pub inventory: Arc<[Item]>,
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

/// Reads what a commit says of a cluster.
pub fn head(reader: &Reader, commit: Oid, cluster: &str) -> Result<Head, ReleaseError> {
    let Record { chart, inventory, .. } = record(reader, commit, cluster)?;
    let chart = format!("{}-{}", chart.name, chart.version);
    let message = reader.commit(commit)?.message;
    let undone = match trailers::find(&trailers::parse(&message), REVERTS_TRAILER) {
        Some(_) => undo::undone(reader, commit, cluster)?,
        None => None,
    };
    Ok(Head { commit, chart, inventory: inventory.into(), undone })
}

/// What a commit has of a cluster, in apply order.
pub fn inventory(reader: &Reader, commit: Oid, cluster: &str) -> Result<Vec<Item>, ReleaseError> {
    Ok(record(reader, commit, cluster)?.inventory)
}

/// Reads `release.yaml`. Definitions are in no inventory: they are never pruned.
fn record(reader: &Reader, commit: Oid, cluster: &str) -> Result<Record, ReleaseError> {
    let path = format!("{cluster}/{RELEASE}");
    let broken = |reason| ReleaseError::File { path: path.clone(), commit, reason };
    let text = reader.file(commit, &path)?.ok_or_else(|| broken("it is missing".into()))?;
    let mut record = Record::parse(&text).map_err(broken)?;
    record.inventory.retain(|item| !item.file.starts_with(CRDS));
    Ok(record)
}

/// Reads the objects of a cluster at a commit. A Secret has digests in the place of its values: it is to be named, not
/// applied.
pub fn load(reader: &Reader, commit: Oid, cluster: &str, part: Part) -> Result<Release, ReleaseError> {
    let inventory = inventory(reader, commit, cluster)?;
    let folder = Folder::open(reader, commit, cluster)?;
    objects(&folder, &inventory, part, |path| yaml(&folder, path).map(stub::as_secret))
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

/// Reads the objects of a folder, with the Secrets that it has only stubs of.
pub fn whole(
    folder: &Folder<'_>,
    inventory: &[Item],
    part: Part,
    secrets: &Secrets,
) -> Result<Release, ReleaseError> {
    objects(folder, inventory, part, |path| delivered(folder, path, secrets))
}

/// The same without the Secrets whose values are not in memory: they stay as the cluster has them.
pub fn most(
    folder: &Folder<'_>,
    inventory: &[Item],
    part: Part,
    secrets: &Secrets,
) -> Result<Release, ReleaseError> {
    let is_known = |item: &&Item| !is_stub(&item.file) || secrets.get(&item.file).is_some();
    let known: Vec<Item> = inventory.iter().filter(is_known).cloned().collect();
    whole(folder, &known, part, secrets)
}

/// One object of a folder; a Secret has digests in the place of its values.
pub fn named(folder: &Folder<'_>, item: &Item) -> Result<Object, ReleaseError> {
    yaml(folder, &item.file).map(|json| object(stub::as_secret(json)))
}

/// One object of a commit as it is delivered; none for a Secret whose values are not in memory.
pub fn delivered_at(
    reader: &Reader,
    commit: Oid,
    cluster: &str,
    file: &str,
    secrets: &Secrets,
) -> Result<Option<Object>, ReleaseError> {
    let folder = Folder::open(reader, commit, cluster)?;
    match is_stub(file) && secrets.get(file).is_none() {
        true => Ok(None),
        false => delivered(&folder, file, secrets).map(object).map(Some),
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

fn objects(
    folder: &Folder<'_>,
    inventory: &[Item],
    part: Part,
    json: impl Fn(&str) -> Result<Value, ReleaseError>,
) -> Result<Release, ReleaseError> {
    let mut release = Release::default();
    for path in definitions(folder)?.iter().filter(|path| part.holds(path)) {
        release.definitions.push(object(json(path)?));
    }
    for Item { file, .. } in inventory.iter().filter(|item| part.holds(&item.file)) {
        release.objects.push(object(json(file)?));
    }
    Ok(release)
}

/// The files of definitions, in the order in which they are applied.
fn definitions(folder: &Folder<'_>) -> Result<Vec<String>, ReleaseError> {
    if !folder.files().keys().any(|path| path.starts_with(CRDS)) {
        return Ok(Vec::new());
    }
    let listed = yaml(folder, KUSTOMIZATION)?;
    let listed = listed["resources"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Ok(listed.filter(|path| path.starts_with(CRDS)).map(str::to_string).collect())
}

/// What a file says as it is delivered: of a Secret the values, not their digests.
fn delivered(folder: &Folder<'_>, path: &str, secrets: &Secrets) -> Result<Value, ReleaseError> {
    match secrets.get(path) {
        _ if !is_stub(path) => yaml(folder, path),
        Some(text) => parsed(folder, path, text.as_bytes()),
        None => Err(folder.withheld(path)),
    }
}

fn yaml(folder: &Folder<'_>, path: &str) -> Result<Value, ReleaseError> {
    parsed(folder, path, &folder.bytes(path)?)
}

fn parsed(folder: &Folder<'_>, path: &str, text: &[u8]) -> Result<Value, ReleaseError> {
    let value = read::value(text).map_err(|error| folder.broken(path, error.to_string()))?;
    Ok(convert::to_json(&value))
}
