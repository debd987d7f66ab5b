//! A branch turned into the commits that promgit did not make, the jobs that its clusters are, and how its root differs.

use std::collections::{BTreeMap, BTreeSet};

use super::finding::{At, Finding, How, Report, Unverified, What};
use super::jobs::Job;
use super::made::{self, Stranger};
use super::root::{OWN, compare};
use super::select::Chosen;
use crate::git::object::{Commit, TreeEntry};
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::{signing, trailers};
use crate::ledger::folder::{CLUSTER, RELEASE};
use crate::ledger::record::Record;
use crate::ledger::root::{MARKER, Marker, Readme, Row};
use crate::reconcile::branch;
use crate::source::event::Key;
use crate::yaml::{convert, read};

/// One branch to go through.
pub struct Walk<'a> {
    pub reader: &'a Reader,
    pub readme: &'a Readme,
    pub branch: Chosen,
    /// Every commit, not only the tip.
    pub all: bool,
}

/// What is said of a branch whose history is not all here, and of its clusters.
const CUT: &str = "older commits are not in this repository, which is a shallow one; get them with `git fetch --unshallow`, or verify a \
                   full clone";
const CUT_OF: &str = "the commit that promgit made for it is not in this repository, which is a shallow one; get it with \
                      `git fetch --unshallow`, or verify a full clone";

/// The commits of a branch, newest first.
struct Steps {
    all: Vec<Step>,
    /// The last one has parents that are not here.
    is_cut: bool,
}

/// A commit, as far as it is needed later.
struct Step {
    commit: Oid,
    tree: Oid,
    /// The cluster that promgit made it for; nothing if somebody else made it.
    cluster: Option<String>,
}

/// What promgit has recorded up to a commit.
#[derive(Default)]
struct State {
    /// Cluster → its folder as promgit left it; `None`: it removed it.
    folders: BTreeMap<String, Option<Oid>>,
    rows: BTreeMap<String, Row>,
    /// Files at the root that were told to differ already: the commits that follow are not to be told again.
    told: BTreeSet<String>,
    /// Clusters whose commits are older than those that are here, so that nobody can say what they should hold.
    unknown: BTreeSet<String>,
    /// The same of the lists at the root.
    is_unsure: bool,
}

/// The root of a commit, and what of it is to be looked at.
struct Root<'a> {
    entries: &'a [TreeEntry],
    /// Names that the parent has otherwise; `None`: everything is to be looked at.
    changed: Option<BTreeSet<String>>,
}

impl<'a> Root<'a> {
    fn new(entries: &'a [TreeEntry], before: Option<&[TreeEntry]>) -> Self {
        Root { entries, changed: before.map(|before| changed(before, entries)) }
    }

    fn changes(&self, name: &str) -> bool {
        self.changed.as_ref().is_none_or(|changed| changed.contains(name))
    }

    /// What is to be looked at; among it the cluster that the commit is about.
    fn names(&self, state: &State, cluster: Option<&str>) -> BTreeSet<String> {
        let mut names: BTreeSet<String> = match &self.changed {
            Some(changed) => changed.clone(),
            None => {
                let there =
                    self.entries.iter().map(|entry| String::from_utf8_lossy(&entry.name).into_owned());
                there.chain(state.folders.keys().chain(&state.unknown).cloned()).collect()
            }
        };
        names.extend(cluster.map(str::to_string));
        names
    }

    fn folder(&self, name: &str) -> Option<Oid> {
        let found = self.entries.iter().find(|entry| entry.name == name.as_bytes());
        found.filter(|entry| entry.is_tree()).map(|entry| entry.oid)
    }
}

/// Names that differ between two roots. A commit changes few of many entries, and both are in git's order: what they begin
/// and end with alike is passed over.
fn changed<'a>(before: &'a [TreeEntry], now: &'a [TreeEntry]) -> BTreeSet<String> {
    let alike = |(a, b): &(&TreeEntry, &TreeEntry)| a == b;
    let start = before.iter().zip(now).take_while(alike).count();
    let [before, now] = [&before[start..], &now[start..]];
    let end = before.iter().rev().zip(now.iter().rev()).take_while(alike).count();
    let [before, now] = [&before[..before.len() - end], &now[..now.len() - end]];
    let index = |entries: &'a [TreeEntry]| -> BTreeMap<&'a [u8], &'a TreeEntry> {
        entries.iter().map(|entry| (&entry.name[..], entry)).collect()
    };
    let (before, now) = (index(before), index(now));
    let names = before.keys().chain(now.keys()).filter(|name| before.get(*name) != now.get(*name));
    names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

impl Walk<'_> {
    /// Adds what is found to the report, and what is to be rendered to the jobs.
    pub fn run(&self, jobs: &mut BTreeMap<Job, Vec<At>>, report: &mut Report) -> Result<(), ReadError> {
        let Steps { all: steps, is_cut } = self.steps(report)?;
        let mut state = State::default();
        if let Some(first) = steps.last().filter(|_| is_cut) {
            self.begin(&mut state, first)?;
            report.unverified.push(self.unverified(None, CUT));
        }
        if !self.all {
            let mut newest = BTreeMap::new();
            for Step { tree, cluster, .. } in &steps {
                if let Some(cluster) = cluster {
                    newest.entry(cluster).or_insert(*tree);
                }
            }
            for (cluster, tree) in newest {
                self.record(&mut state, cluster, tree)?;
            }
            let Some(tip) = steps.first() else { return Ok(()) };
            let now = self.reader.tree(tip.tree)?;
            let at = self.at(0, tip.commit);
            let root = Root::new(&now, None);
            return self.look(&mut state, &at, tip.cluster.as_deref(), &root, (jobs, report));
        }
        let mut before: Option<(Oid, Vec<TreeEntry>)> = None;
        for (back, step) in steps.iter().enumerate().rev() {
            if let Some(cluster) = &step.cluster {
                self.record(&mut state, cluster, step.tree)?;
            }
            if before.as_ref().is_some_and(|(tree, _)| *tree == step.tree) {
                continue;
            }
            let now = self.reader.tree(step.tree)?;
            let root = Root::new(&now, before.as_ref().map(|(_, entries)| &entries[..]));
            let at = self.at(back, step.commit);
            self.look(&mut state, &at, step.cluster.as_deref(), &root, (jobs, report))?;
            before = Some((step.tree, now));
        }
        Ok(())
    }

    /// What the first commit says that is here, of clusters that were committed before it.
    fn begin(&self, state: &mut State, first: &Step) -> Result<(), ReadError> {
        // promgit lists what it finds there, somebody else does not
        state.is_unsure = first.cluster.is_none();
        for folder in self.reader.tree(first.tree)?.iter().filter(|entry| entry.is_tree()) {
            let name = String::from_utf8_lossy(&folder.name).into_owned();
            let found = branch::cluster(self.reader, folder.oid, &self.branch.marker.namespace, &name)?;
            if let Some((row, _)) = found {
                state.rows.insert(name.clone(), row);
                state.unknown.insert(name);
            }
        }
        Ok(())
    }

    fn unverified(&self, cluster: Option<&str>, reason: &str) -> Unverified {
        let namespace = &self.branch.marker.namespace;
        let cluster = cluster.map(|name| Key { namespace: namespace.clone(), name: name.to_string() });
        Unverified { branch: self.branch.name.clone(), cluster, reason: reason.to_string() }
    }

    fn at(&self, back: usize, commit: Oid) -> At {
        At { branch: self.branch.name.clone(), back, commit }
    }

    /// All commits, newest first, along first parents. Those of others go into the report. Reads trees only of commits that
    /// are signed.
    fn steps(&self, report: &mut Report) -> Result<Steps, ReadError> {
        let (mut steps, mut oldest_signed) = (Vec::new(), 0);
        let mut next = Some(self.branch.tip);
        while let Some(oid) = next {
            let (raw, commit) = self.reader.whole_commit(oid)?;
            next = commit.parents.first().copied();
            let is_signed = signing::is_signed(&raw);
            let made = match made::by_promgit(&commit, &self.branch.marker) {
                Ok(cluster) if is_signed => {
                    oldest_signed = steps.len();
                    made::by_its_key(&raw, self.marker(commit.tree)?.as_ref()).map(|()| cluster)
                }
                made => made,
            };
            steps.push((Step { commit: oid, tree: commit.tree, cluster: None }, made, is_signed));
        }
        let mut found = Vec::new();
        for (back, (step, made, is_signed)) in steps.into_iter().enumerate() {
            let made = match made {
                Ok(_) if !is_signed && back < oldest_signed => Err(Stranger::Unsigned),
                made => made,
            };
            if let Err(reason) = &made {
                let what = strange(&self.reader.commit(step.commit)?, reason);
                report.findings.push(Finding { at: self.at(back, step.commit), what });
            }
            found.push(Step { cluster: made.ok(), ..step });
        }
        let is_cut = found.last().is_some_and(|first| self.reader.shallow().contains(&first.commit));
        Ok(Steps { all: found, is_cut })
    }

    /// What the tree of a commit says of the branch, as far as it can be read.
    fn marker(&self, tree: Oid) -> Result<Option<Marker>, ReadError> {
        self.read_marker(self.reader.entry_in_tree(tree, MARKER)?)
    }

    fn read_marker(&self, entry: Option<TreeEntry>) -> Result<Option<Marker>, ReadError> {
        let text = entry.filter(TreeEntry::is_file).map(|entry| self.reader.blob(entry.oid)).transpose()?;
        Ok(text.and_then(|text| serde_yaml::from_slice(&text).ok()))
    }

    fn record(&self, state: &mut State, cluster: &str, tree: Oid) -> Result<(), ReadError> {
        let entry = self.reader.entry_in_tree(tree, cluster)?.filter(TreeEntry::is_tree);
        state.unknown.remove(cluster);
        match &entry {
            Some(folder) => drop(state.rows.insert(cluster.to_string(), self.row(folder.oid)?)),
            None => drop(state.rows.remove(cluster)),
        }
        state.folders.insert(cluster.to_string(), entry.map(|entry| entry.oid));
        Ok(())
    }

    /// The line of the README, from the folder alone: it needs no chart.
    fn row(&self, folder: Oid) -> Result<Row, ReadError> {
        let file = |name| {
            let entry = self.reader.entry_in_tree(folder, name)?.filter(TreeEntry::is_file);
            entry.map(|entry| self.reader.blob(entry.oid)).transpose()
        };
        let cluster = file(CLUSTER)?.and_then(|text| read::value(&text).ok());
        let record = file(RELEASE)?.and_then(|text| Record::parse(&text).ok());
        Ok(match (cluster, record) {
            (Some(cluster), Some(record)) => Row::of(&convert::to_json(&cluster), &record.chart),
            _ => Row::unknown(),
        })
    }

    /// One commit: jobs for the folders that it changed, and the files at its root.
    fn look(
        &self,
        state: &mut State,
        at: &At,
        cluster: Option<&str>,
        root: &Root<'_>,
        (jobs, report): (&mut BTreeMap<Job, Vec<At>>, &mut Report),
    ) -> Result<(), ReadError> {
        let mut add = |name: &str, recorded: Option<Oid>, folder: Option<Oid>| {
            let key = Key { namespace: self.branch.marker.namespace.clone(), name: name.to_string() };
            jobs.entry(Job { key, recorded, folder }).or_default().push(at.clone());
        };
        for name in root.names(state, cluster) {
            let folder = root.folder(&name);
            match (state.folders.get(&name), folder) {
                (Some(recorded), _) => add(&name, *recorded, folder),
                (None, _) if state.unknown.contains(&name) => {
                    report.unverified.push(self.unverified(Some(&name), CUT_OF));
                }
                (None, Some(made_up)) if self.reader.entry_in_tree(made_up, RELEASE)?.is_some() => {
                    report.findings.push(Finding { at: at.clone(), what: What::Folder { path: name } });
                }
                (None, _) => {}
            }
        }
        if cluster.is_some() || OWN.iter().any(|name| root.changes(name)) {
            self.root(state, at, cluster.is_none(), root, report)?;
        }
        Ok(())
    }

    /// What promgit lists in a commit of its own: the clusters that it finds there, whoever put them there or took one away. That
    /// somebody did is told of the folder.
    fn listed(&self, state: &State, root: &Root<'_>) -> Result<BTreeMap<String, Row>, ReadError> {
        let namespace = &self.branch.marker.namespace;
        let mut rows = BTreeMap::new();
        for entry in root.entries.iter().filter(|entry| entry.is_tree()) {
            let name = String::from_utf8_lossy(&entry.name).into_owned();
            let row = match state.folders.get(&name) {
                Some(recorded) if *recorded == Some(entry.oid) => state.rows.get(&name).cloned(),
                _ => branch::cluster(self.reader, entry.oid, namespace, &name)?.map(|(row, _)| row),
            };
            rows.extend(row.map(|row| (name, row)));
        }
        Ok(rows)
    }

    /// The clusters that promgit recorded, and those of which no commit of it says anything.
    fn with_made_up(&self, state: &State, root: &Root<'_>) -> Result<BTreeMap<String, Row>, ReadError> {
        let mut rows = state.rows.clone();
        for (name, row) in self.listed(state, root)? {
            if !state.folders.contains_key(&name) {
                rows.insert(name, row);
            }
        }
        Ok(rows)
    }

    /// A file that differed in the commit before is told again only where somebody else has changed it since.
    fn root(
        &self,
        state: &mut State,
        at: &At,
        by_others: bool,
        root: &Root<'_>,
        report: &mut Report,
    ) -> Result<(), ReadError> {
        let Chosen { name, marker, .. } = &self.branch;
        // The key is the one of its time: the signature of the commit answers for it.
        let own = root.entries.iter().find(|entry| entry.name == MARKER.as_bytes());
        let key = self.read_marker(own.cloned())?.and_then(|own| own.signing_key);
        let marker = Marker { signing_key: key, ..marker.clone() };
        let compare = |rows| compare(self.reader, (&marker, name), rows, self.readme, root.entries);
        let found = match by_others {
            // who put a folder there may have listed it
            true => both(compare(&state.rows)?, compare(&self.with_made_up(state, root)?)?),
            false => compare(&self.listed(state, root)?)?,
        };
        let found: Vec<(String, How)> = match found {
            // that the branch cannot be verified is said already
            Ok(found) if by_others && state.is_unsure => {
                found.into_iter().filter(|(path, _)| path == MARKER).collect()
            }
            Ok(found) => found,
            Err(reason) => {
                report.unverified.push(self.unverified(None, &reason));
                return Ok(());
            }
        };
        let before = std::mem::replace(&mut state.told, found.iter().map(|(path, _)| path.clone()).collect());
        for (path, how) in found {
            if !before.contains(&path) || (by_others && root.changes(&path)) {
                report.findings.push(Finding { at: at.clone(), what: What::File { path, how } });
            }
        }
        Ok(())
    }
}

/// Files that differ from both of two lists.
fn both<E>(
    one: Result<Vec<(String, How)>, E>,
    other: Result<Vec<(String, How)>, E>,
) -> Result<Vec<(String, How)>, E> {
    let other = other?;
    let is_other = |path: &str| other.iter().any(|(found, _)| found == path);
    Ok(one?.into_iter().filter(|(path, _)| is_other(path)).collect())
}

/// A commit of somebody else.
fn strange(commit: &Commit, reason: &Stranger) -> What {
    let who = format!("{} <{}>", commit.committer.name, commit.committer.email);
    let subject = commit.message.lines().next().unwrap_or_default();
    What::Commit {
        who: trailers::one_line(&who),
        reason: reason.to_string(),
        subject: trailers::one_line(subject),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::object::{MODE_FILE, MODE_TREE};
    use crate::git::oid::blob_id;

    #[test]
    fn what_changed_between_two_roots_is_named() {
        let root = |names: &str| -> Vec<TreeEntry> {
            let entry = |text: &str| {
                let (name, content) = text.split_at(1);
                let mode = if content.is_empty() { MODE_TREE } else { MODE_FILE };
                TreeEntry { mode, name: name.into(), oid: blob_id(content.as_bytes()) }
            };
            names.split_whitespace().map(entry).collect()
        };
        for (before, now, expected) in [
            ("", "", ""),
            ("", "a b1", "a b"),
            ("a b1 c", "a b1 c", ""),
            ("a b1 c", "a b2 c", "b"),
            ("a b1 c d2", "a1 b1 c d3", "a d"),
            ("a c", "a b c", "b"),
            ("a b c", "b", "a c"),
            ("a a1", "a", "a"),
        ] {
            let expected = expected.split_whitespace().map(str::to_string).collect();
            assert_eq!(changed(&root(before), &root(now)), expected, "{before} → {now}");
        }
    }
}
