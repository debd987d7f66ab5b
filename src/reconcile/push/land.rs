//! A branch that the remote has moved, turned into one that goes on from there: what only we have comes on top, as new commits.
//! Commits of others that were taken off there stay off.
//!
//! Never a merge, never a forced push. The tip that is left stays under a reference (`git::tracking::keep`), because a status
//! may name its commits.

use std::collections::{BTreeMap, BTreeSet};

use crate::git::adopt::{AdoptError, Adopted, adopt};
use crate::git::ancestry::only_ours;
use crate::git::batch::{Batch, CommitError, CommitSpec, FlushError, Outcome};
use crate::git::history;
use crate::git::notes;
use crate::git::object::{Commit, TreeEntry};
use crate::git::objects::ObjectError;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::ref_update::Refusal;
use crate::git::store::Store;
use crate::git::tracking::{self, TrackingError};
use crate::git::trailers;
use crate::git::tree_edit::Edit;
use crate::ledger::folder::OWN;
use crate::ledger::root::{Marker, RootError};
use crate::reconcile::branch::{self, Branch, BranchError, Known};
use crate::reconcile::footprint;
use crate::reconcile::inputs::Inputs;
use crate::reconcile::notes::NoteError;
use crate::reconcile::owners;
use crate::reconcile::push::tags;
use crate::reconcile::stage;
use crate::reconcile::strangers::{self, OVERWRITES_TRAILER};
use crate::reconcile::verify::{made, select};

/// A branch, and the commit that the remote has for it. Its objects are here.
#[derive(Clone, Debug)]
pub struct Moved {
    pub branch: String,
    pub theirs: Oid,
    /// What the remote had before, where that is not behind it any more.
    pub left: Option<Oid>,
}

/// What became of it.
#[derive(Debug, Default)]
pub struct Landed {
    /// The commits that were made anew, and what they are now; nothing where theirs held the change already.
    pub renamed: BTreeMap<Oid, Option<Oid>>,
    pub namespace: Option<String>,
}

/// Why a branch stayed as it was.
#[derive(Debug, thiserror::Error)]
pub enum LandError {
    #[error("on the remote: {0}")]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Notes(#[from] NoteError),
    #[error(transparent)]
    Adopt(#[from] AdoptError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Tracking(#[from] TrackingError),
    #[error(transparent)]
    Root(#[from] RootError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Flush(#[from] FlushError),
    #[error(transparent)]
    Refusal(#[from] Refusal),
    #[error(
        "branch {0} has no mark of promgit, here and on the remote; set another `repository.branch`, or delete that one"
    )]
    Unmarked(String),
}

/// Moves the branch. For the thread that writes the store, between its batches.
pub fn land(
    inputs: &Inputs,
    store: &mut Store,
    reader: &mut Reader,
    moved: &Moved,
) -> Result<Landed, LandError> {
    let Moved { branch, theirs, .. } = moved;
    if branch == notes::REFERENCE {
        crate::reconcile::notes::land(inputs, store, reader, *theirs)?;
        return Ok(Landed::default());
    }
    reader.look_again()?;
    let ours = reader.tip(branch)?;
    let marker = match select::marker(reader, ours.unwrap_or(*theirs))? {
        Some(marker) => inputs.marker(&marker.namespace),
        None => return Err(LandError::Unmarked(branch.clone())),
    };
    // whoever writes there now is to let us
    let mut onto = branch::load_at(reader, branch, *theirs, &marker)?;
    onto.overwrites = strangers::of_roots(reader, *theirs, &marker)?;
    let mut answers = adopt(store, &[(branch.clone(), *theirs)])?;
    reader.look_again()?;
    let mut landed = Landed { namespace: Some(marker.namespace.clone()), ..Landed::default() };
    let answer = answers.pop().transpose()?;
    let Some(Adopted::Diverged { found } | Adopted::Unchanged { found }) = answer else { return Ok(landed) };
    let line = only_ours(reader, found, *theirs)?;
    let off = taken_off(reader, &line, moved, &marker)?;
    let is_ahead = matches!(answer, Some(Adopted::Unchanged { .. }));
    if is_ahead && off.is_empty() {
        return Ok(landed);
    }
    tracking::keep(reader, branch, found)?;
    let mut again =
        Again { inputs, reader, name: branch, marker, theirs: *theirs, off, onto, seen: BTreeSet::new() };
    landed.renamed = again.all(store, line)?;
    Ok(landed)
}

/// What the remote had and has no more, as far as it stays off: commits of others, since whoever took them off wants them off, and
/// those of clusters that are as they are here, since whoever wrote the history anew kept what they led to. Other commits of promgit
/// are what the clusters are, and come again.
fn taken_off(
    reader: &Reader,
    line: &[Oid],
    moved: &Moved,
    marker: &Marker,
) -> Result<BTreeSet<Oid>, ReadError> {
    let (Some(left), Some(ours)) = (moved.left, line.last()) else { return Ok(BTreeSet::new()) };
    let had: BTreeSet<Oid> = only_ours(reader, left, moved.theirs)?.into_iter().collect();
    let mut same: BTreeMap<String, bool> = BTreeMap::new();
    let mut off = BTreeSet::new();
    for oid in line.iter().filter(|oid| had.contains(oid)) {
        let stays_off = match made::by_promgit(&reader.commit(*oid)?, marker) {
            Err(_) => true,
            Ok(cluster) => match same.get(&cluster) {
                Some(same) => *same,
                None => {
                    let is_same = footprint::at(reader, *ours, &cluster)?
                        == footprint::at(reader, moved.theirs, &cluster)?;
                    same.insert(cluster, is_same);
                    is_same
                }
            },
        };
        if stays_off {
            off.insert(*oid);
        }
    }
    Ok(off)
}

/// Commits being made anew.
struct Again<'a> {
    inputs: &'a Inputs,
    reader: &'a Reader,
    name: &'a str,
    marker: Marker,
    theirs: Oid,
    /// Commits that are left out.
    off: BTreeSet<Oid>,
    /// The branch as it has become so far.
    onto: Branch,
    /// Clusters of which a commit was made anew.
    seen: BTreeSet<String>,
}

impl Again<'_> {
    fn all(&mut self, store: &mut Store, line: Vec<Oid>) -> Result<BTreeMap<Oid, Option<Oid>>, LandError> {
        let mut renamed = BTreeMap::new();
        let mut batch = Batch::begin(store)?;
        batch.set_base(self.name, self.theirs)?;
        for oid in line {
            if self.off.contains(&oid) {
                renamed.insert(oid, None);
                continue;
            }
            let spec = self.spec(oid)?;
            let mut made = batch.commit(&spec);
            if matches!(made, Err(CommitError::Full { .. })) {
                flush(batch)?;
                batch = Batch::begin(store)?;
                made = batch.commit(&spec);
            }
            let new = match made? {
                Outcome::Committed(new) => Some(new),
                Outcome::Unchanged => None,
            };
            self.onto.tip = new.or(self.onto.tip);
            if let (Some(tip), Some(tag)) = (self.onto.tip, self.tag(oid)?) {
                batch.retag(&tag, oid, tip)?;
            }
            self.onto.time = spec.committer.seconds;
            renamed.insert(oid, new);
        }
        flush(batch)?;
        Ok(renamed)
    }

    /// The tag that is to name what holds the change now: no remote has seen it, as tags follow their branches.
    fn tag(&self, oid: Oid) -> Result<Option<String>, LandError> {
        let tag = tags::unpushed(self.inputs, self.reader, oid, &self.reader.commit(oid)?)?;
        Ok(tag.map(|tag| tag.name))
    }

    /// The same change, words and author, where the branch is now.
    fn spec(&mut self, oid: Oid) -> Result<CommitSpec, LandError> {
        let commit = self.reader.commit(oid)?;
        let (mut committer, mut message) = (commit.committer.clone(), commit.message.clone());
        let (edits, signer) = match made::by_promgit(&commit, &self.marker) {
            Ok(cluster) => {
                let room = self.room(&cluster)?;
                self.overwrite(&cluster, &commit, &mut message)?;
                let edits = room.into_iter().chain(self.of_cluster(&cluster, &commit)?).collect();
                (edits, self.inputs.signer.clone())
            }
            // not ours to sign
            Err(_) => (self.of_others(&commit)?, None),
        };
        committer.seconds = committer.seconds.max(self.onto.time);
        let (branch, expected) = (self.name.to_owned(), self.onto.tip);
        Ok(CommitSpec { branch, expected, edits, message, author: commit.author, committer, signer })
    }

    /// What somebody put where the folder belongs goes, before the first commit of the cluster.
    fn room(&self, cluster: &str) -> Result<Option<Edit>, LandError> {
        if self.seen.contains(cluster) {
            return Ok(None);
        }
        let found = self.reader.entry(self.theirs, cluster)?.filter(|entry| !entry.is_tree());
        Ok(found.map(|_| Edit::Remove { path: cluster.to_owned() }))
    }

    /// Our part of a cluster's folder becomes what the commit says, and the files at the root follow.
    fn of_cluster(&mut self, cluster: &str, commit: &Commit) -> Result<Vec<Edit>, LandError> {
        let folder = self.reader.entry_in_tree(commit.tree, cluster)?.filter(TreeEntry::is_tree);
        let mut edits: Vec<Edit> =
            OWN.iter().map(|own| Edit::Remove { path: format!("{cluster}/{own}") }).collect();
        let mut known =
            Known { generation: branch::generation(&trailers::parse(&commit.message)), ..Known::default() };
        if let Some(folder) = &folder {
            for TreeEntry { mode, name, oid } in self.reader.tree(folder.oid)? {
                let name = String::from_utf8_lossy(&name).into_owned();
                if OWN.contains(&name.as_str()) {
                    edits.push(Edit::Place { path: format!("{cluster}/{name}"), mode, oid });
                }
            }
            let found = branch::cluster(self.reader, folder.oid, &self.marker.namespace, cluster)?;
            if let Some((row, objects)) = found {
                (known.row, known.objects) = (Some(row), Some(owners::objects(objects)));
            }
        }
        self.onto.set(cluster, known);
        edits.extend(stage::roots(self.inputs, &self.marker, self.name, &self.onto)?);
        (self.onto.is_listed, self.onto.is_shown) = (true, true);
        Ok(edits)
    }

    /// Somebody pushed to this repository: as it was made.
    fn of_others(&self, commit: &Commit) -> Result<Vec<Edit>, LandError> {
        let before = match commit.parents.first() {
            Some(parent) => Some(self.reader.commit(*parent)?.tree),
            None => None,
        };
        let mut edits = Vec::new();
        for (path, entry) in history::moved(self.reader, before, commit.tree)? {
            edits.push(Edit::Remove { path: path.clone() });
            edits.extend(entry.map(|TreeEntry { mode, oid, .. }| Edit::Place { path, mode, oid }));
        }
        Ok(edits)
    }

    /// Names who changed the files that this commit is about to overwrite.
    fn overwrite(&mut self, cluster: &str, commit: &Commit, message: &mut String) -> Result<(), LandError> {
        if !self.seen.insert(cluster.to_owned()) {
            return Ok(());
        }
        let before = match commit.parents.first() {
            Some(parent) => footprint::at(self.reader, *parent, cluster)?,
            None => footprint::Footprint::new(),
        };
        // those of the files at the root go with the first commit
        let mut named = std::mem::take(&mut self.onto.overwrites);
        if footprint::at(self.reader, self.theirs, cluster)? != before {
            let of_cluster = strangers::of(self.reader, self.theirs, cluster)?;
            named.extend(of_cluster.into_iter().filter(|who| !named.contains(who)).collect::<Vec<_>>());
        }
        for who in named {
            // our messages end with their trailers
            *message = format!("{}\n{OVERWRITES_TRAILER}: {who}\n", message.trim_end());
        }
        Ok(())
    }
}

fn flush(batch: Batch<'_>) -> Result<(), LandError> {
    batch.flush()?.into_iter().try_for_each(|update| Ok(update.result?))
}
