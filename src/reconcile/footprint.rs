//! What a branch holds of ours for a cluster, by ids, and what somebody else did to it.

use std::collections::{BTreeMap, BTreeSet};

use crate::git::history;
use crate::git::object::{MODE_FILE, TreeEntry};
use crate::git::oid::{Oid, blob_id};
use crate::git::reader::{ReadError, Reader};
use crate::ledger::folder::{CLUSTER, Files, KUSTOMIZATION, OWN, RELEASE, VALUES};
use crate::ledger::state::State;

/// What is ours in a cluster's folder: path below it → what is there. What the branch holds is compared with
/// this, not read, to tell «unchanged»; and a plan is only executed on the footprint it was made for.
pub type Footprint = BTreeMap<String, Held>;

/// The path of what stands where the folder belongs, when that is no folder.
pub const IN_PLACE: &str = "";

/// A file, link or submodule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    pub mode: u32,
    pub oid: Oid,
}

impl Held {
    /// A file as we write it.
    pub fn file(oid: Oid) -> Self {
        Held { mode: MODE_FILE, oid }
    }

    /// The bytes of a file; nothing for what is none.
    pub fn bytes(self, reader: &Reader) -> Result<Option<Vec<u8>>, ReadError> {
        let is_file = TreeEntry { mode: self.mode, name: Vec::new(), oid: self.oid }.is_file();
        is_file.then(|| reader.blob(self.oid)).transpose()
    }
}

impl From<TreeEntry> for Held {
    fn from(TreeEntry { mode, name: _, oid }: TreeEntry) -> Self {
        Held { mode, oid }
    }
}

/// What these files are once they are committed.
pub fn wanted(files: &Files) -> Footprint {
    files.iter().map(|(path, bytes)| (path.clone(), Held::file(blob_id(bytes)))).collect()
}

/// What the tip of the branch holds of ours for a cluster; empty where there is nothing.
pub fn of(reader: &Reader, branch: &str, cluster: &str) -> Result<Footprint, ReadError> {
    match reader.tip(branch)? {
        Some(tip) => at(reader, tip, cluster),
        None => Ok(Footprint::new()),
    }
}

/// The same of any commit.
pub fn at(reader: &Reader, commit: Oid, cluster: &str) -> Result<Footprint, ReadError> {
    at_tree(reader, reader.commit(commit)?.tree, cluster)
}

/// The same of the tree of one.
pub fn at_tree(reader: &Reader, tree: Oid, cluster: &str) -> Result<Footprint, ReadError> {
    let Some(entry) = reader.entry_in_tree(tree, cluster)? else { return Ok(Footprint::new()) };
    if !entry.is_tree() {
        return Ok(Footprint::from([(IN_PLACE.to_string(), entry.into())]));
    }
    of_folder(reader, entry.oid)
}

/// What a cluster's folder holds of ours.
pub fn of_folder(reader: &Reader, folder: Oid) -> Result<Footprint, ReadError> {
    let listed = reader.list(folder)?.into_iter();
    let own = listed.filter(|(path, _)| OWN.contains(&top(path)));
    Ok(own.map(|(path, entry)| (path, entry.into())).collect())
}

fn top(path: &str) -> &str {
    path.split('/').next().unwrap_or_default()
}

/// Whether the branch ever had a folder of this cluster. Looks through the history: for rare moments.
pub fn was_ours(reader: &Reader, branch: &str, cluster: &str) -> Result<bool, ReadError> {
    let record = format!("{cluster}/{RELEASE}");
    for commit in history::log(reader, reader.tip(branch)?, cluster) {
        if reader.entry_in_tree(commit?.1.tree, &record)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// What these files say.
pub fn state<'a>(
    reader: &Reader,
    files: impl IntoIterator<Item = (&'a String, &'a Held)>,
) -> Result<State, ReadError> {
    let mut state = State::default();
    for (path, held) in files {
        state.add(path, held.bytes(reader)?.as_deref());
    }
    Ok(state)
}

/// Our files that are not as our last commit left them, as far as `release.yaml` tells: it holds the digests of
/// all others. Paths below the folder, without those that a change of resource, chart or mapping explains.
pub fn by_hand(base: &Footprint, wanted: &Footprint, old: &State, new: &State) -> Vec<String> {
    let paths: BTreeSet<&String> = base.keys().chain(wanted.keys()).collect();
    let differs = |path: &&String| base.get(*path) != wanted.get(*path);
    let own = |path: &&String| {
        let same = base.get(*path).zip(wanted.get(*path)).is_some_and(|(old, new)| old.oid == new.oid);
        // The same bytes under another mode come from no render.
        same || is_odd(path, old, new)
    };
    let found: BTreeSet<&str> =
        paths.into_iter().filter(differs).filter(own).map(|path| shown(path)).collect();
    found.into_iter().map(str::to_string).collect()
}

/// Our files that somebody else left otherwise than promgit, and that are about to be written again. `was`: as promgit left them.
pub fn overwritten(base: &Footprint, wanted: &Footprint, was: &Footprint) -> Vec<String> {
    let paths: BTreeSet<&String> = base.keys().chain(wanted.keys()).chain(was.keys()).collect();
    let found = paths.into_iter().filter(|path| {
        let is = base.get(*path);
        is != was.get(*path) && is != wanted.get(*path)
    });
    let found: BTreeSet<&str> = found.map(|path| shown(path)).collect();
    found.into_iter().map(str::to_string).collect()
}

fn is_odd(path: &str, old: &State, new: &State) -> bool {
    let (Some(before), Some(after)) = (&old.record, &new.record) else { return true };
    match top(path) {
        RELEASE => before == after,
        CLUSTER if before.cluster_digest.is_empty() => old.cluster.is_none(),
        CLUSTER => old.digests.get(CLUSTER) != Some(&before.cluster_digest),
        VALUES => old.digests.get(VALUES) != Some(&before.values_digest),
        _ => before.manifest_digest == after.manifest_digest,
    }
}

/// A file of ours that became a folder is named once.
fn shown(path: &str) -> &str {
    let top = top(path);
    if [RELEASE, CLUSTER, VALUES, KUSTOMIZATION].contains(&top) { top } else { path }
}
