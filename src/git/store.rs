//! Turns a path into a bare repository that this process alone writes.
#![allow(clippy::disallowed_methods)] // opens the repository's lock file

use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::durable::{self, IoError};
use super::lock::{Lock, LockError};
use super::objects::{ObjectError, Objects};
use super::path::{BranchError, branch_ref};
use super::reader::Reader;
use super::refs::{RefError, Refs};
use super::skeleton::{self, LOCK_FILE, State, UnfitError};
use super::sweep::sweep;

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
    #[error("{} is being written by another process, which holds {LOCK_FILE} in it; stop that one, or give another repository", .0.display())]
    InUse(PathBuf),
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
    /// Counts consolidations: a reader that has seen an older number opens the packs anew.
    generation: Arc<AtomicU64>,
    removed: Vec<PathBuf>,
    head_settled: bool,
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
        let lock = take_lock(path)?;
        if skeleton::inspect(path)? == State::New {
            skeleton::create(path, &head)?;
        }
        let removed = sweep(path)?;
        Ok(Store {
            root: path.to_owned(),
            objects: Objects::open(path)?,
            refs: Refs::new(path),
            generation: Arc::new(AtomicU64::new(0)),
            removed,
            head_settled: false,
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

    /// Forgets packs that are gone, here and in all readers.
    pub(super) fn reopen(&mut self) -> Result<(), ObjectError> {
        self.objects = Objects::open(&self.root)?;
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
            lock.replace(format!("ref: {name}\n").as_bytes())?;
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

/// Who held the lock may be ending just now: a process that was told to stop, or one that was forked from it and has not
/// begun its own program yet.
const FAREWELL: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(10);

fn take_lock(root: &Path) -> Result<File, OpenError> {
    let path = root.join(LOCK_FILE);
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(IoError::at("open", &path))?;
    let until = Instant::now() + FAREWELL;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < until => thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(root.to_owned())),
            Err(TryLockError::Error(error)) => return Err(IoError::at("lock", &path)(error).into()),
        }
    }
}
