//! Turns a path into a bare repository that this process alone writes.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::account::{self, Account, Listener};
use super::durable::{self, IoError};
use super::holder::{self, Holder, Taken};
use super::lock::{Lock, LockError};
use super::objects::{ObjectError, Objects};
use super::path::{BranchError, branch_ref};
use super::reader::Reader;
use super::refs::{RefError, Refs};
use super::skeleton::{self, LOCK_FILE, State, UnfitError};
use super::sweep::sweep;

/// Bytes of new packs after which all that is mapped is let go of. The next commits read the ends of branches, so of each pack that a
/// flush wrote every page comes into memory, and libgit2 keeps it as long as the pack is open.
const MOST_NEW: u64 = 8 << 20;

/// How a repository is created; an existing one is taken as it is.
#[derive(Clone, Debug)]
pub struct Options {
    /// The branch that `HEAD` names at first. As long as that branch does not exist, `HEAD` follows the first branch that is
    /// written, so that `git clone` checks something out.
    pub head: String,
}

/// A repository that could not be opened for writing.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("{} is being written by {holder}, which holds {LOCK_FILE} in it; stop that one, or give another repository", root.display())]
    InUse { root: PathBuf, holder: Holder },
    #[error(transparent)]
    Unfit(#[from] UnfitError),
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Io(#[from] IoError),
    #[error(transparent)]
    Objects(#[from] ObjectError),
}

/// A bare repository, open for writing. The lock goes with it.
pub struct Store {
    root: PathBuf,
    objects: Objects,
    refs: Refs,
    /// Bytes of the packs that were written since the objects were opened.
    new_bytes: u64,
    /// Counts how often packs were opened anew: a reader that has seen an older number opens the packs anew.
    generation: Arc<AtomicU64>,
    removed: Vec<PathBuf>,
    head_settled: bool,
    listener: Option<Listener>,
    _lock: File,
}

impl Default for Options {
    fn default() -> Options {
        Options { head: "main".to_owned() }
    }
}

impl Store {
    /// Opens the bare repository at `path`, or creates it in a folder that is empty or absent, takes its lock, and removes what
    /// a killed process left.
    pub fn open(path: &Path, options: &Options) -> Result<Store, OpenError> {
        let head = branch_ref(&options.head)?;
        skeleton::inspect(path)?;
        for folder in durable::create_dirs(path)? {
            durable::sync_dir(&folder)?;
        }
        let lock = match holder::take(path)? {
            Taken::Ours(lock) => lock,
            Taken::Theirs(holder) => return Err(OpenError::InUse { root: path.to_owned(), holder }),
        };
        if skeleton::inspect(path)? == State::New {
            skeleton::create(path, &head)?;
        }
        let removed = sweep(path)?;
        Ok(Store {
            root: path.to_owned(),
            objects: Objects::open(path)?,
            new_bytes: 0,
            refs: Refs::new(path),
            generation: Arc::new(AtomicU64::new(0)),
            removed,
            head_settled: false,
            listener: None,
            _lock: lock,
        })
    }

    /// The folder of the repository.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Files of a killed process that were removed when the store was opened.
    pub fn removed(&self) -> &[PathBuf] {
        &self.removed
    }

    /// Tells `listener` what is kept, and from now on of every flush and consolidation.
    pub fn tell(&mut self, listener: Listener) {
        self.listener = Some(listener);
        self.account_for_packs();
    }

    pub(super) fn account_for(&self, account: Account) {
        if let Some(listener) = &self.listener {
            listener(account);
        }
    }

    /// Looks at the packs, if anybody wants to know.
    pub(super) fn account_for_packs(&self) {
        if let Some(listener) = &self.listener
            && let Ok((packs, bytes)) = account::packed(&self.root)
        {
            listener(Account::Kept { packs, bytes });
        }
    }

    /// A handle for reading, for this thread or another one.
    pub fn reader(&self) -> Result<Reader, ObjectError> {
        Reader::of_store(&self.root, Arc::clone(&self.generation))
    }

    /// The objects, for the writers of this room.
    pub(super) fn objects(&self) -> &Objects {
        &self.objects
    }

    /// The references, for the writers of this room.
    pub(super) fn refs(&self) -> &Refs {
        &self.refs
    }

    /// Counts the bytes of a pack that was written.
    pub(super) fn count_new(&mut self, bytes: u64) {
        self.new_bytes += bytes;
    }

    /// Finds what others pushed since, looks again at what could not be read, and lets go of what need not be mapped any more.
    pub(super) fn look_again(&mut self) -> Result<(), ObjectError> {
        if self.new_bytes > MOST_NEW {
            return self.reopen();
        }
        if self.objects.is_stale() {
            self.objects.reopen()?;
        }
        self.objects.refresh()
    }

    /// Forgets packs that are gone, and what is mapped of the others, here and in all readers.
    pub(super) fn reopen(&mut self) -> Result<(), ObjectError> {
        self.new_bytes = 0;
        self.objects.reopen()?;
        self.generation.fetch_add(1, Ordering::Release);
        Ok(())
    }

    /// Lets `HEAD` name `name` if it names a branch that does not exist.
    pub(super) fn settle_head(&mut self, name: &str) -> Result<(), HeadError> {
        if self.head_settled {
            return Ok(());
        }
        let head = durable::read(&self.root.join("HEAD"))?.unwrap_or_default();
        let head = String::from_utf8_lossy(&head);
        let unborn = match head.trim_end().strip_prefix("ref:") {
            Some(target) => self.refs.find(target.trim())?.is_none(),
            None => false,
        };
        if unborn {
            let lock = Lock::acquire(&self.root.join("HEAD"), Duration::ZERO)?;
            // what HEAD names first is kept or found again by the next start: no reason to wait for a folder's fsync
            lock.replace_at_some_time(format!("ref: {name}\n").as_bytes())?;
        }
        self.head_settled = true;
        Ok(())
    }
}

/// `HEAD` could not be set; nothing that was committed depends on it.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    #[error(transparent)]
    Io(#[from] IoError),
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Ref(#[from] RefError),
}
