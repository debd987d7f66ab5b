//! Turns the right to change a file into a `.lock` beside it, as git takes and honours it (lockfile.h).
#![allow(clippy::disallowed_methods)] // lock files, and the wait for the one who holds them

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::durable::{self, IoError};

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(5);
/// Tries to create a folder that someone else removes at the same time (git removes empty ones).
const RACES: usize = 5;

/// A lock that is held. Dropping it gives it up, and leaves the file as it was.
#[derive(Debug)]
pub struct Lock {
    target: PathBuf,
    path: PathBuf,
    /// None where the lock is another name of a file that was there.
    file: Option<File>,
    /// Folders that did not exist before, by the parent whose entries changed.
    created: Vec<PathBuf>,
    placed: bool,
}

/// A lock that was not to be had.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("{} is held by another git process; if none runs, remove that file", .0.display())]
    Held(PathBuf),
    #[error(transparent)]
    Io(#[from] IoError),
}

impl Lock {
    /// Takes the lock of `target`, waiting up to `patience` for who has it; creates the folders on the way.
    pub fn acquire(target: &Path, patience: Duration) -> Result<Lock, LockError> {
        Lock::take(target, patience, None)
    }

    /// The same as another name of a lock that is held: a file system makes a name in half the time of a file, and who looks
    /// whether the lock is there sees no difference.
    pub fn acquire_beside(&self, target: &Path, patience: Duration) -> Result<Lock, LockError> {
        Lock::take(target, patience, Some(&self.path))
    }

    fn take(target: &Path, patience: Duration, twin: Option<&Path>) -> Result<Lock, LockError> {
        let mut name = target.as_os_str().to_owned();
        name.push(".lock");
        let path = PathBuf::from(name);
        let until = Instant::now() + patience;
        let (mut created, mut races) = (Vec::new(), 0);
        loop {
            let error = match made(&path, twin) {
                Ok(file) => {
                    return Ok(Lock { target: target.to_owned(), path, file, created, placed: false });
                }
                Err(error) => error,
            };
            match error.kind() {
                io::ErrorKind::AlreadyExists if Instant::now() < until => std::thread::sleep(PAUSE),
                io::ErrorKind::AlreadyExists => return Err(LockError::Held(path)),
                io::ErrorKind::NotFound if races < RACES => {
                    races += 1;
                    created.extend(durable::create_dirs(target.parent().unwrap_or(target))?);
                }
                _ => return Err(IoError::at("lock", &path)(error).into()),
            }
        }
    }

    /// True when the file is to have a folder that was not there before.
    pub fn made_folders(&self) -> bool {
        !self.created.is_empty()
    }

    /// Replaces the locked file by these bytes, durable, and gives up the lock.
    pub fn replace(mut self, bytes: &[u8]) -> Result<(), IoError> {
        self.place(bytes)?;
        let folder = self.target.parent().unwrap_or(Path::new("."));
        durable::sync_dir(folder)?;
        self.created.iter().try_for_each(|folder| durable::sync_dir(folder))
    }

    /// Replaces the locked file by these bytes and gives up the lock. After a power cut it is the old file or the new one.
    pub fn replace_at_some_time(mut self, bytes: &[u8]) -> Result<(), IoError> {
        self.place(bytes)
    }

    fn place(&mut self, bytes: &[u8]) -> Result<(), IoError> {
        let mut file = match self.file.take() {
            Some(file) => file,
            None => self.own()?,
        };
        file.write_all(bytes).map_err(IoError::at("write", &self.path))?;
        file.sync_all().map_err(IoError::at("make durable", &self.path))?;
        durable::rename_over_empty(&self.path, &self.target)?;
        self.placed = true;
        Ok(())
    }

    /// A file in the place of the name that was lent. It is a lock at every moment, and what a crash leaves is swept as one.
    fn own(&self) -> Result<File, IoError> {
        let mut name = self.target.as_os_str().to_owned();
        name.push(format!(".{}.lock", std::process::id()));
        let own = PathBuf::from(name);
        durable::remove(&own)?;
        let file = OpenOptions::new().write(true).create_new(true).open(&own);
        let file = file.map_err(IoError::at("lock", &own))?;
        std::fs::rename(&own, &self.path).map_err(IoError::at("lock", &self.path))?;
        Ok(file)
    }
}

/// The lock file: a name of `twin` where that works, which is none of its file's business. An error says why there is none.
fn made(path: &Path, twin: Option<&Path>) -> io::Result<Option<File>> {
    if let Some(twin) = twin {
        match std::fs::hard_link(twin, path) {
            Ok(()) => return Ok(None),
            Err(error) if matches!(error.kind(), io::ErrorKind::AlreadyExists | io::ErrorKind::NotFound) => {
                return Err(error);
            }
            // as many names as a file may have, or a file system without them
            Err(_) => {}
        }
    }
    OpenOptions::new().write(true).create_new(true).open(path).map(Some)
}

impl Drop for Lock {
    fn drop(&mut self) {
        if !self.placed {
            // a lock that cannot be removed is swept when the store is opened
            let _ = durable::remove(&self.path);
        }
    }
}
