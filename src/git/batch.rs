//! Turns commits into durable branches: prepare any number of them, then flush once; dropping the batch writes nothing.
//!
//! A flush makes objects durable before references, and references before it returns: pack, index, folder, references, folder.
//! So a commit that was reported survives a power cut, and one that was not leaves at most objects that nothing names.
//!
//! A pack even for one commit: five fsyncs, where a file per object takes a dozen and three times as long. Packs add up; between
//! flushes, ask [`super::consolidate::is_due`].
#![allow(clippy::disallowed_methods)] // how long a flush takes

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use super::account::Account;
use super::durable::IoError;
use super::object::{Signature, SignatureError, TreeEntry, decode_tree, encode_commit};
use super::objects::{MAX_OBJECT, ObjectError};
use super::oid::{Kind, Oid, object_id};
use super::pack::PackWriter;
use super::path::{BranchError, branch_ref, is_beside};
use super::ref_update::{self, RefChange, Refusal};
use super::refs::RefError;
use super::signing::{SignError, Signer};
use super::store::{HeadError, Store};
use super::tree_edit::{Edit, EditError, plan};

/// Objects of one batch: keeps its bookkeeping below 16 MB.
pub const MAX_OBJECTS: usize = 100_000;
/// Compressed bytes of one batch: how much a failed flush writes for nothing, at most.
pub const MAX_BYTES: u64 = 256 << 20;
/// Bytes of the trees of one batch, which later commits of the same batch read again from memory.
pub const MAX_TREE_BYTES: usize = 24 << 20;
/// One commit to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitSpec {
    /// The branch, without `refs/heads/`; or the full name of a note's reference.
    pub branch: String,
    /// The commit that this one was planned on, and its only parent; nothing for a new branch.
    pub expected: Option<Oid>,
    /// What changes, in order; everything else stays as it is.
    pub edits: Vec<Edit>,
    /// The whole message, see [`super::message`].
    pub message: String,
    pub author: Signature,
    pub committer: Signature,
    /// Who signs it, if anybody.
    pub signer: Option<Arc<Signer>>,
}

/// What became of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is made, and durable once the batch is flushed.
    Committed(Oid),
    /// The edits change nothing: no commit.
    Unchanged,
}

/// A commit that was not made. The others of the batch stand, unless it says that the batch is lost.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(
        "branch {branch} was moved by someone else: expected {}, found {}; plan again on what is there",
        show(expected),
        show(found)
    )]
    Conflict { branch: String, expected: Option<Oid>, found: Option<Oid> },
    #[error("branch {branch}: {source}")]
    Edit { branch: String, source: EditError<ObjectError> },
    #[error("branch {branch}: {path:?} has {size} bytes; a file may have {MAX_OBJECT}")]
    TooLarge { branch: String, path: String, size: usize },
    #[error("branch {branch}: {source}")]
    Signature { branch: String, source: SignatureError },
    #[error("branch {branch}: {source}")]
    Sign { branch: String, source: SignError },
    #[error("branch {branch}: the message holds a NUL byte, which git does not allow")]
    Message { branch: String },
    #[error(transparent)]
    Ref(#[from] RefError),
    #[error(transparent)]
    Read(#[from] ObjectError),
    #[error("tag {tag}: {other} is in its way, as one would be a folder of the other")]
    TagInTheWay { tag: String, other: String },
    #[error("the batch is full at {commits} commits; flush it, and commit this one with the next")]
    Full { commits: usize },
    #[error("the batch is lost, nothing of it was committed: {0}")]
    Lost(#[source] IoError),
    #[error("the batch is lost since an earlier commit failed; start a new one")]
    AlreadyLost,
}

/// A batch of which nothing was committed.
#[derive(Debug, thiserror::Error)]
pub enum FlushError {
    #[error("nothing was committed: {0}")]
    Io(#[from] IoError),
    #[error("the batch was lost when a commit failed; nothing was committed")]
    Lost,
}

/// What a flush did to one branch.
#[derive(Debug)]
pub struct RefUpdate {
    pub branch: String,
    /// Where the branch stood; nothing for a new one.
    pub old: Option<Oid>,
    /// The last of its commits in this batch.
    pub new: Oid,
    /// How many commits that are.
    pub commits: usize,
    /// Whether the branch has them now, durably; if not, it has none of them.
    pub result: Result<(), Refusal>,
}

/// A branch with commits of this batch.
struct Tip {
    name: String,
    base: Option<Oid>,
    tip: Oid,
    tree: Oid,
    commits: usize,
}

/// Commits that are prepared together.
pub struct Batch<'s> {
    store: &'s mut Store,
    objects: Staged,
    trees: BTreeMap<Oid, Vec<u8>>,
    tree_bytes: usize,
    tips: BTreeMap<String, Tip>,
    commits: usize,
}

impl<'s> Batch<'s> {
    /// Starts a batch; one at a time per store.
    pub fn begin(store: &'s mut Store) -> Result<Batch<'s>, ObjectError> {
        // what others pushed since is then found without looking again for every new object
        store.look_again()?;
        Ok(Batch {
            store,
            objects: Staged::Nothing,
            trees: BTreeMap::new(),
            tree_bytes: 0,
            tips: BTreeMap::new(),
            commits: 0,
        })
    }

    /// Commits so far.
    pub fn len(&self) -> usize {
        self.commits
    }

    /// True before the first commit.
    pub fn is_empty(&self) -> bool {
        self.commits == 0
    }

    /// Prepares one commit on top of those before it.
    pub fn commit(&mut self, spec: &CommitSpec) -> Result<Outcome, CommitError> {
        if matches!(self.objects, Staged::Lost) {
            return Err(CommitError::AlreadyLost);
        }
        let name = branch_ref(&spec.branch)?;
        check(spec)?;
        let (tip, tree) = self.base(spec, &name)?;
        let planned = {
            let (trees, store) = (&self.trees, &*self.store);
            let mut read = |oid: Oid| read_tree(trees, store, oid);
            plan(tree, &spec.edits, &mut read)
                .map_err(|source| CommitError::Edit { branch: spec.branch.clone(), source })?
        };
        if planned.root == tree.unwrap_or(Oid::EMPTY_TREE) {
            return Ok(Outcome::Unchanged);
        }
        let commit = encode_commit(planned.root, tip, &spec.author, &spec.committer, &spec.message)
            .map_err(|source| CommitError::Signature { branch: spec.branch.clone(), source })?;
        let commit = match &spec.signer {
            Some(signer) => signer
                .signed(&commit)
                .map_err(|source| CommitError::Sign { branch: spec.branch.clone(), source })?,
            None => commit,
        };
        self.check_room(planned.blobs.len() + planned.trees.len() + 1)?;
        for (oid, index) in planned.blobs {
            if let Some(Edit::Put { bytes, .. }) = spec.edits.get(index) {
                self.stage(oid, Kind::Blob, bytes)?;
            }
        }
        for (oid, bytes) in planned.trees {
            self.stage(oid, Kind::Tree, &bytes)?;
            self.tree_bytes += bytes.len();
            self.trees.insert(oid, bytes);
        }
        let oid = object_id(Kind::Commit, &commit);
        self.stage(oid, Kind::Commit, &commit)?;
        self.advance(spec, name, oid, planned.root);
        Ok(Outcome::Committed(oid))
    }

    /// Tip and tree that the commit builds on, after a check that it was planned on that tip.
    fn base(&self, spec: &CommitSpec, name: &str) -> Result<(Option<Oid>, Option<Oid>), CommitError> {
        let staged = self.tips.get(&spec.branch);
        let found = match staged {
            Some(tip) => Some(tip.tip),
            None => self.store.refs().find(name)?,
        };
        if found != spec.expected {
            let (branch, expected) = (spec.branch.clone(), spec.expected);
            return Err(CommitError::Conflict { branch, expected, found });
        }
        let tree = match (staged, found) {
            (Some(tip), _) => Some(tip.tree),
            (None, Some(oid)) => Some(self.store.objects().commit(oid)?.tree),
            (None, None) => None,
        };
        Ok((found, tree))
    }

    /// Lets the commits of a branch that has none in this batch yet stand on `onto`, whatever the branch is now: with the
    /// flush it moves there, and the commits that it alone had are left. Whoever calls keeps them by another reference.
    pub fn set_base(&mut self, branch: &str, onto: Oid) -> Result<(), CommitError> {
        let name = branch_ref(branch)?;
        let base = self.store.refs().find(&name)?;
        let tree = self.store.objects().commit(onto)?.tree;
        let tip = Tip { name, base, tip: onto, tree, commits: 0 };
        self.tips.entry(branch.to_owned()).or_insert(tip);
        Ok(())
    }

    /// Has a tag name this commit of the batch from the flush on; one that is there already stays where it is.
    pub fn tag(&mut self, tag: &str, commit: Oid) -> Result<(), CommitError> {
        let branch = format!("refs/tags/{tag}");
        let name = branch_ref(&branch)?;
        if self.store.refs().find(&name)?.is_none() {
            if let Some(other) = self.in_the_way(&name)? {
                return Err(CommitError::TagInTheWay { tag: tag.to_owned(), other });
            }
            let tip = Tip { name, base: None, tip: commit, tree: Oid::EMPTY_TREE, commits: 0 };
            self.tips.entry(branch).or_insert(tip);
        }
        Ok(())
    }

    /// A reference that git could not keep beside one of this name: one is a folder of the other.
    fn in_the_way(&self, name: &str) -> Result<Option<String>, RefError> {
        let below = format!("{name}/");
        let inside = self.store.refs().list(&below)?;
        let inside = inside.found.into_keys().chain(inside.unread.into_keys()).next();
        let mut staged = self.tips.values().map(|tip| &tip.name);
        let nests = |other: &&String| other.starts_with(&below) || name.starts_with(&format!("{other}/"));
        if let Some(other) = inside.or_else(|| staged.find(nests).cloned()) {
            return Ok(Some(other));
        }
        for (at, _) in name.match_indices('/').skip(2) {
            if self.store.refs().find(&name[..at])?.is_some() {
                return Ok(Some(name[..at].to_owned()));
            }
        }
        Ok(None)
    }

    /// Has a tag that names `from` name this commit instead, from the flush on. For tags that nobody has seen.
    pub fn retag(&mut self, name: &str, from: Oid, commit: Oid) -> Result<(), CommitError> {
        let tip =
            Tip { name: branch_ref(name)?, base: Some(from), tip: commit, tree: Oid::EMPTY_TREE, commits: 0 };
        self.tips.insert(name.to_owned(), tip);
        Ok(())
    }

    fn check_room(&self, objects: usize) -> Result<(), CommitError> {
        let full = self.objects.len() + objects > MAX_OBJECTS
            || self.objects.bytes() > MAX_BYTES
            || self.tree_bytes > MAX_TREE_BYTES;
        if full && !self.is_empty() {
            return Err(CommitError::Full { commits: self.commits });
        }
        Ok(())
    }

    fn stage(&mut self, oid: Oid, kind: Kind, content: &[u8]) -> Result<(), CommitError> {
        self.objects.add(self.store, oid, kind, content).map_err(CommitError::Lost)
    }

    fn advance(&mut self, spec: &CommitSpec, name: String, oid: Oid, tree: Oid) {
        let new = || Tip { name, base: spec.expected, tip: oid, tree, commits: 0 };
        let tip = self.tips.entry(spec.branch.clone()).or_insert_with(new);
        (tip.tip, tip.tree, tip.commits) = (oid, tree, tip.commits + 1);
        self.commits += 1;
    }

    /// Makes everything durable, then moves the branches, and says for each whether it moved, in the order of their names.
    pub fn flush(self) -> Result<Vec<RefUpdate>, FlushError> {
        let Batch { store, objects, tips, .. } = self;
        let (start, bytes) = (Instant::now(), objects.bytes());
        objects.write()?;
        store.count_new(bytes);
        let change = |tip: &Tip| RefChange { name: tip.name.clone(), expected: tip.base, new: Some(tip.tip) };
        let changes: Vec<RefChange> = tips.values().map(change).collect();
        let results = ref_update::apply(store.root(), &changes);
        let update = |((branch, tip), result): ((String, Tip), Result<(), Refusal>)| RefUpdate {
            branch,
            old: tip.base,
            new: tip.tip,
            commits: tip.commits,
            result,
        };
        let updates: Vec<RefUpdate> = tips.into_iter().zip(results).map(update).collect();
        let durable = updates.iter().filter(|update| update.result.is_ok());
        let commits: usize = durable.map(|update| update.commits).sum();
        if commits > 0 {
            store.account_for(Account::Flushed { commits, bytes, took: start.elapsed() });
            store.account_for_packs();
        }
        // the commits are durable: a HEAD that could not be set now is set by the next flush
        let _ = settle_head(store, &updates);
        Ok(updates)
    }
}

fn settle_head(store: &mut Store, updates: &[RefUpdate]) -> Result<(), HeadError> {
    match updates.iter().find(|update| update.result.is_ok() && !is_beside(&update.branch)) {
        Some(first) => store.settle_head(&format!("refs/heads/{}", first.branch)),
        None => Ok(()),
    }
}

fn check(spec: &CommitSpec) -> Result<(), CommitError> {
    if spec.message.contains('\0') {
        return Err(CommitError::Message { branch: spec.branch.clone() });
    }
    for edit in &spec.edits {
        if let Edit::Put { path, bytes } = edit
            && bytes.len() > MAX_OBJECT
        {
            let (branch, path, size) = (spec.branch.clone(), path.clone(), bytes.len());
            return Err(CommitError::TooLarge { branch, path, size });
        }
    }
    Ok(())
}

fn read_tree(trees: &BTreeMap<Oid, Vec<u8>>, store: &Store, oid: Oid) -> Result<Vec<TreeEntry>, ObjectError> {
    match trees.get(&oid).map(|bytes| decode_tree(bytes)) {
        // what was encoded here decodes
        Some(Ok(entries)) => Ok(entries),
        _ => store.objects().tree(oid),
    }
}

fn show(oid: &Option<Oid>) -> String {
    oid.map_or_else(|| "no such branch".to_owned(), |oid| oid.short())
}

/// The new objects of a batch, on their way to the disk.
enum Staged {
    Nothing,
    Pack {
        pack: Box<PackWriter>,
        seen: BTreeSet<Oid>,
    },
    /// Writing failed.
    Lost,
}

impl Staged {
    fn len(&self) -> usize {
        if let Staged::Pack { pack, .. } = self { pack.len() } else { 0 }
    }

    fn bytes(&self) -> u64 {
        if let Staged::Pack { pack, .. } = self { pack.bytes() } else { 0 }
    }

    /// Takes an object, unless the repository or the batch has it.
    fn add(&mut self, store: &Store, oid: Oid, kind: Kind, content: &[u8]) -> Result<(), IoError> {
        let added = self.try_add(store, oid, kind, content);
        added.inspect_err(|_| *self = Staged::Lost)
    }

    fn try_add(&mut self, store: &Store, oid: Oid, kind: Kind, content: &[u8]) -> Result<(), IoError> {
        if store.objects().has(oid) {
            return Ok(());
        }
        if matches!(self, Staged::Nothing) {
            let pack = Box::new(PackWriter::create(&store.root().join("objects/pack"))?);
            *self = Staged::Pack { pack, seen: BTreeSet::new() };
        }
        if let Staged::Pack { pack, seen } = self
            && seen.insert(oid)
        {
            return pack.add(oid, kind, content);
        }
        Ok(())
    }

    fn write(self) -> Result<(), FlushError> {
        match self {
            Staged::Nothing => Ok(()),
            Staged::Pack { pack, .. } => {
                pack.finish()?;
                Ok(())
            }
            Staged::Lost => Err(FlushError::Lost),
        }
    }
}
