//! What the writer has to know of a branch to write its root files and number its commits.

use std::collections::BTreeMap;

use super::owners::{self, Objects, Owners};
use crate::git::history;
use crate::git::object::TreeEntry;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::trailers::{self, Trailer};
use crate::ledger::folder::{CLUSTER, CRDS, KUSTOMIZATION, MANIFESTS, RELEASE};
use crate::ledger::names::{Identity, ObjectId};
use crate::ledger::record::Record;
use crate::ledger::root::{MARKER, Marker, MarkerError, Row};
use crate::ledger::stub::{self, STUBS};
use crate::yaml::{convert, read};

/// Trailer keys that are read back.
pub const CLUSTER_TRAILER: &str = "Cluster";
pub const GENERATION_TRAILER: &str = "Generation";

/// Commits that are looked at for the last generation of each cluster; older ones begin again at 1.
const MOST_COMMITS: usize = 10_000;

/// The state of a branch at one commit.
#[derive(Debug, Default)]
pub struct Branch {
    pub tip: Option<Oid>,
    /// Cluster → its line in the README.
    pub rows: BTreeMap<String, Row>,
    pub generations: BTreeMap<String, i64>,
    pub owners: Owners,
    /// The tip's kustomization and mark are what we would write now: the clusters are the same since we did.
    pub is_listed: bool,
    /// The same of its README: the rows are the same.
    pub is_shown: bool,
    /// Whose changes of the files at the root the next commit overwrites.
    pub overwrites: Vec<String>,
    /// Committer time of the tip, in unix seconds: no commit is older than its parent.
    pub time: i64,
}

/// What a branch says of one cluster; all empty where there is none.
#[derive(Debug, Default)]
pub struct Known {
    pub row: Option<Row>,
    pub generation: Option<i64>,
    pub objects: Option<Objects>,
}

impl Branch {
    /// Says this of a cluster from now on; returns what was said before.
    pub fn set(&mut self, cluster: &str, known: Known) -> Known {
        fn put<T>(map: &mut BTreeMap<String, T>, key: &str, value: Option<T>) -> Option<T> {
            match value {
                Some(value) => map.insert(key.to_string(), value),
                None => map.remove(key),
            }
        }
        let Known { row, generation, objects } = known;
        self.is_listed &= self.rows.contains_key(cluster) == row.is_some();
        self.is_shown &= self.rows.get(cluster) == row.as_ref();
        Known {
            row: put(&mut self.rows, cluster, row),
            generation: put(&mut self.generations, cluster, generation),
            objects: self.owners.set(cluster, objects),
        }
    }
}

/// Why a branch cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum BranchError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Marker(#[from] MarkerError),
}

/// Reads the state of `name` at its tip, after checking that the branch is ours.
pub fn load(reader: &Reader, name: &str, marker: &Marker) -> Result<Branch, BranchError> {
    match reader.tip(name)? {
        Some(tip) => load_at(reader, name, tip, marker),
        None => Ok(Branch::default()),
    }
}

/// The same with another tip than the branch has.
pub fn load_at(reader: &Reader, name: &str, tip: Oid, marker: &Marker) -> Result<Branch, BranchError> {
    check(reader, name, tip, marker)?;
    let commit = reader.commit(tip)?;
    let mut branch = Branch { tip: Some(tip), time: commit.committer.seconds, ..Branch::default() };
    for entry in reader.tree(commit.tree)? {
        if !entry.is_tree() {
            continue;
        }
        let name = String::from_utf8_lossy(&entry.name).into_owned();
        let Some((row, objects)) = cluster(reader, entry.oid, &marker.namespace, &name)? else { continue };
        branch.owners.set(&name, Some(owners::objects(objects)));
        branch.rows.insert(name, row);
    }
    branch.generations = generations(reader, tip, &branch.rows)?;
    Ok(branch)
}

/// The tip of a branch, after checking that it is ours; none where there is no branch.
pub fn tip(reader: &Reader, name: &str, marker: &Marker) -> Result<Option<Oid>, BranchError> {
    let tip = reader.tip(name)?;
    if let Some(tip) = tip {
        check(reader, name, tip, marker)?;
    }
    Ok(tip)
}

/// Checks that the branch is ours.
pub fn check(reader: &Reader, name: &str, tip: Oid, marker: &Marker) -> Result<(), BranchError> {
    let found = match reader.entry(tip, MARKER)? {
        Some(entry) if entry.is_file() => Some(reader.blob(entry.oid)?),
        Some(_) => {
            let (branch, reason) = (name.to_string(), "it is no file".to_string());
            return Err(MarkerError::Unreadable { branch, reason }.into());
        }
        None => None,
    };
    Ok(marker.check(name, found.as_deref())?)
}

/// The clusters that a branch holds, after checking that it is ours.
pub fn clusters(reader: &Reader, name: &str, marker: &Marker) -> Result<Vec<String>, BranchError> {
    let Some(tip) = reader.tip(name)? else { return Ok(Vec::new()) };
    check(reader, name, tip, marker)?;
    Ok(clusters_at(reader, tip)?)
}

/// The clusters that a commit holds.
pub fn clusters_at(reader: &Reader, commit: Oid) -> Result<Vec<String>, ReadError> {
    let tree = reader.commit(commit)?.tree;
    let folders = reader.tree(tree)?.into_iter().filter(|entry| entry.is_tree());
    let mut found = Vec::new();
    for folder in folders {
        let name = String::from_utf8_lossy(&folder.name).into_owned();
        if reader.entry_in_tree(folder.oid, RELEASE)?.is_some_and(|entry| entry.is_file()) {
            found.push(name);
        }
    }
    Ok(found)
}

/// The row of a folder and the objects it owns; none for a folder that is not a cluster's. One whose files somebody
/// broke is still a cluster: left out of the root's kustomization, it would be pruned. One that says to be another cluster, because
/// somebody moved or copied it there, owns nothing: it would keep that one from being put right.
pub fn cluster(
    reader: &Reader,
    folder: Oid,
    namespace: &str,
    name: &str,
) -> Result<Option<(Row, Vec<ObjectId>)>, ReadError> {
    let file = |name: &str| {
        let entry = reader.entry_in_tree(folder, name)?.filter(TreeEntry::is_file);
        entry.map(|entry| reader.blob(entry.oid)).transpose()
    };
    let record = match file(RELEASE)? {
        Some(record) => Record::parse(&record).ok(),
        None if file(CLUSTER)?.is_some() && file(KUSTOMIZATION)?.is_some() => None,
        None => return Ok(None),
    };
    let mut objects = match &record {
        Some(record) => record.objects(namespace),
        None => [parsed(reader, folder, MANIFESTS, namespace)?, parsed(reader, folder, STUBS, namespace)?]
            .concat(),
    };
    objects.extend(parsed(reader, folder, CRDS, namespace)?);
    let asked = file(CLUSTER)?.and_then(|text| read::value(&text).ok()).map(|asked| convert::to_json(&asked));
    let says = asked.as_ref().and_then(|asked| asked["metadata"]["name"].as_str());
    if says.is_some_and(|says| says != name) {
        objects.clear();
    }
    let row = match (asked, record) {
        (Some(asked), Some(record)) => Row::of(&asked, &record.chart),
        _ => Row::unknown(),
    };
    Ok(Some((row, objects)))
}

/// The objects in the files of one part of a cluster's folder.
fn parsed(reader: &Reader, folder: Oid, part: &str, namespace: &str) -> Result<Vec<ObjectId>, ReadError> {
    let Some(part) = reader.entry_in_tree(folder, part)?.filter(TreeEntry::is_tree) else {
        return Ok(Vec::new());
    };
    let mut objects = Vec::new();
    for file in reader.tree(part.oid)?.iter().filter(|entry| entry.is_file()) {
        let value = read::value(&reader.blob(file.oid)?).ok();
        let json = value.map(|value| stub::as_secret(convert::to_json(&value)));
        let identity = json.and_then(|json| Identity::of(&json));
        objects.extend(identity.map(|identity| identity.object(namespace)));
    }
    Ok(objects)
}

/// The generation that a commit says it is of.
pub fn generation(trailers: &[Trailer]) -> Option<i64> {
    trailers::find(trailers, GENERATION_TRAILER)?.parse().ok()
}

/// The generation that the newest commit of a cluster says, looking back from this one.
pub fn last_generation(reader: &Reader, from: Oid, cluster: &str) -> Result<Option<i64>, ReadError> {
    let Some((_, commit)) = history::log(reader, Some(from), cluster).next().transpose()? else {
        return Ok(None);
    };
    let all = trailers::parse(&commit.message);
    // where the history is not all here, its first commit may be about another one
    let about = trailers::find(&all, CLUSTER_TRAILER).and_then(|key| key.split('/').nth(1));
    Ok(generation(&all).filter(|_| about == Some(cluster)))
}

fn generations(
    reader: &Reader,
    tip: Oid,
    rows: &BTreeMap<String, Row>,
) -> Result<BTreeMap<String, i64>, ReadError> {
    let mut found = BTreeMap::new();
    for commit in history::log(reader, Some(tip), "").take(MOST_COMMITS) {
        if rows.keys().all(|cluster| found.contains_key(cluster)) {
            break;
        }
        let all = trailers::parse(&commit?.1.message);
        let cluster = trailers::find(&all, CLUSTER_TRAILER).and_then(|key| key.split('/').nth(1));
        let number = generation(&all);
        if let (Some(cluster), Some(number)) = (cluster, number) {
            found.entry(cluster.to_string()).or_insert(number);
        }
    }
    // A cluster that was deleted and comes back is another one.
    found.retain(|cluster, _| rows.contains_key(cluster));
    Ok(found)
}
