//! Turns branches and commits into what is asked of them: tips, files, listings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::object::{Commit, TreeEntry};
use super::objects::{ObjectError, Objects};
use super::oid::{Kind, Oid};
use super::path::{BranchError, MAX_DEPTH, PathError, branch_ref, components};
use super::refs::{Listing, RefError, Refs};
use super::skeleton::{self, State, UnfitError};

/// What the full name of a branch starts with.
const HEADS: &str = "refs/heads/";
/// Files that a listing may have; a branch of 1,000 clusters has about 15,000.
pub const MAX_LISTED: usize = 1_000_000;

/// A question that could not be answered.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Path(#[from] PathError),
    #[error(transparent)]
    Ref(#[from] RefError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error("{path:?} in commit {} is a folder, not a file", commit.short())]
    Folder { path: String, commit: Oid },
    #[error("{path:?} in commit {} is a submodule, not a file", commit.short())]
    Submodule { path: String, commit: Oid },
    #[error(
        "tree {0} has more than {MAX_LISTED} files, or folders deeper than {MAX_DEPTH}; list a folder of it"
    )]
    TooMany(Oid),
}

/// A folder that cannot be opened for reading.
#[derive(Debug, thiserror::Error)]
pub enum OpenReaderError {
    #[error("there is no repository at {}; give the path of one", .0.display())]
    Absent(PathBuf),
    #[error(transparent)]
    Unfit(#[from] UnfitError),
    #[error(transparent)]
    Object(#[from] ObjectError),
}

/// A handle for reading. It takes no lock, may move to another thread, and sees what is durable.
pub struct Reader {
    root: PathBuf,
    objects: Objects,
    refs: Refs,
    seen: u64,
    generation: Arc<AtomicU64>,
}

/// A reader may be handed to another thread.
const _: fn() = || {
    fn is_send<T: Send>() {}
    is_send::<Reader>();
};

impl Reader {
    /// Opens the repository at `path`, also while another process writes it.
    pub fn open(path: &Path) -> Result<Reader, OpenReaderError> {
        if skeleton::inspect(path)? == State::New {
            return Err(OpenReaderError::Absent(path.to_owned()));
        }
        Ok(Reader::of_store(path, Arc::default())?)
    }

    pub(super) fn of_store(root: &Path, generation: Arc<AtomicU64>) -> Result<Reader, ObjectError> {
        let seen = generation.load(Ordering::Acquire);
        Ok(Reader {
            root: root.to_owned(),
            objects: Objects::open(root)?,
            refs: Refs::new(root),
            seen,
            generation,
        })
    }

    /// Lets go of packs that the store has replaced (they would keep their place on the disk), and looks again at what could not
    /// be read.
    pub fn refresh(&mut self) -> Result<(), ObjectError> {
        let now = self.generation.load(Ordering::Acquire);
        if now != self.seen || self.objects.is_stale() {
            self.objects.reopen()?;
            self.seen = now;
        }
        Ok(())
    }

    /// The folder of the repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Looks for packs that came since; of a push, say, or a fetch.
    pub fn look_again(&mut self) -> Result<(), ObjectError> {
        self.seen = self.generation.load(Ordering::Acquire);
        self.objects.reopen()?;
        Ok(())
    }

    /// True for an object that is there, as far as the last look saw.
    pub fn has(&self, oid: Oid) -> bool {
        self.objects.has(oid)
    }

    /// The commits at which a shallow history begins, as far as the last look saw.
    pub fn shallow(&self) -> &BTreeSet<Oid> {
        self.objects.shallow()
    }

    /// Kind and content of any object.
    pub fn object(&self, oid: Oid) -> Result<(Kind, Vec<u8>), ObjectError> {
        self.objects.read(oid)
    }

    /// The newest commit of a branch; nothing when there is no such branch.
    pub fn tip(&self, branch: &str) -> Result<Option<Oid>, ReadError> {
        Ok(self.refs.find(&branch_ref(branch)?)?)
    }

    /// The branches whose name starts with `prefix` (may be empty), with their newest commits.
    pub fn branches(&self, prefix: &str) -> Result<BTreeMap<String, Oid>, ReadError> {
        let Listing { found, unread } = self.branches_if_readable(prefix)?;
        unread.into_values().next().map_or(Ok(found), |error| Err(error.into()))
    }

    /// The same, with those apart that cannot be read.
    pub fn branches_if_readable(&self, prefix: &str) -> Result<Listing, ReadError> {
        let Listing { found, unread } = self.refs.list(&format!("{HEADS}{prefix}"))?;
        let short = |name: String| name.strip_prefix(HEADS).map(str::to_owned).unwrap_or(name);
        let found = found.into_iter().map(|(name, oid)| (short(name), oid)).collect();
        Ok(Listing { found, unread: unread.into_iter().map(|(name, error)| (short(name), error)).collect() })
    }

    /// A commit: tree, parents, who, when, message.
    pub fn commit(&self, oid: Oid) -> Result<Commit, ReadError> {
        Ok(self.objects.commit(oid)?)
    }

    /// A commit with its bytes.
    pub fn whole_commit(&self, oid: Oid) -> Result<(Vec<u8>, Commit), ReadError> {
        let bytes = self.raw_commit(oid)?;
        let commit = self.objects.decoded(oid, &bytes)?;
        Ok((bytes, commit))
    }

    /// The bytes of a commit, as its id and its signature are made over them.
    pub fn raw_commit(&self, oid: Oid) -> Result<Vec<u8>, ReadError> {
        Ok(self.objects.of_kind(oid, Kind::Commit)?)
    }

    /// The first parent of a commit; nothing for the first one of a branch.
    pub fn first_parent(&self, commit: Oid) -> Result<Option<Oid>, ReadError> {
        Ok(self.objects.first_parent(commit)?)
    }

    /// The target of a reference by its full name, such as `refs/notes/promgit`.
    pub fn reference(&self, name: &str) -> Result<Option<Oid>, ReadError> {
        Ok(self.refs.find(name)?)
    }

    /// The references whose full name starts with `prefix`, with their targets; without those that cannot be read.
    pub fn references(&self, prefix: &str) -> Result<BTreeMap<String, Oid>, ReadError> {
        Ok(self.refs.list(prefix)?.found)
    }

    /// Whether any reference has a full name that starts so.
    pub fn has_references(&self, prefix: &str) -> Result<bool, ReadError> {
        let Listing { found, unread } = self.refs.list(prefix)?;
        Ok(!found.is_empty() || !unread.is_empty())
    }

    /// The commit whose id starts with these digits.
    pub fn resolve(&self, prefix: &str) -> Result<Oid, ReadError> {
        let oid = self.objects.resolve(prefix)?;
        self.objects.commit(oid)?;
        Ok(oid)
    }

    /// Mode and id of a file or folder in a commit; nothing where there is none.
    pub fn entry(&self, commit: Oid, path: &str) -> Result<Option<TreeEntry>, ReadError> {
        self.entry_in_tree(self.objects.commit(commit)?.tree, path)
    }

    /// The same, below a tree.
    pub fn entry_in_tree(&self, tree: Oid, path: &str) -> Result<Option<TreeEntry>, ReadError> {
        let mut tree = Some(tree);
        let mut found = None;
        for name in components(path)? {
            let Some(oid) = tree else { return Ok(None) };
            found = self.objects.find(oid, name.as_bytes())?;
            tree = found.as_ref().filter(|entry| entry.is_tree()).map(|entry| entry.oid);
        }
        Ok(found)
    }

    /// The bytes of a file in a commit; nothing where there is none.
    pub fn file(&self, commit: Oid, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
        match self.entry(commit, path)? {
            None => Ok(None),
            Some(entry) if entry.is_tree() => Err(ReadError::Folder { path: path.to_owned(), commit }),
            Some(entry) if entry.is_submodule() => {
                Err(ReadError::Submodule { path: path.to_owned(), commit })
            }
            Some(entry) => Ok(Some(self.objects.blob(entry.oid)?)),
        }
    }

    /// The bytes of a file by its id.
    pub fn blob(&self, oid: Oid) -> Result<Vec<u8>, ReadError> {
        Ok(self.objects.blob(oid)?)
    }

    /// The entries of one tree.
    pub fn tree(&self, oid: Oid) -> Result<Vec<TreeEntry>, ReadError> {
        Ok(self.objects.tree(oid)?)
    }

    /// All files below a tree by their paths, at most [`MAX_LISTED`]; folders themselves are not listed. Names that are not UTF-8
    /// are shown with replacement characters.
    pub fn list(&self, tree: Oid) -> Result<BTreeMap<String, TreeEntry>, ReadError> {
        let mut files = BTreeMap::new();
        let mut folders = vec![(String::new(), tree, 0)];
        while let Some((prefix, oid, depth)) = folders.pop() {
            for entry in self.objects.tree(oid)? {
                let path = format!("{prefix}{}", String::from_utf8_lossy(&entry.name));
                if entry.is_tree() {
                    folders.push((format!("{path}/"), entry.oid, depth + 1));
                } else {
                    files.insert(path, entry);
                }
                if files.len() + folders.len() > MAX_LISTED || depth >= MAX_DEPTH {
                    return Err(ReadError::TooMany(tree));
                }
            }
        }
        Ok(files)
    }
}
