//! Turns bytes into files and folder entries that survive a power cut.
#![allow(clippy::disallowed_methods)] // the branch writer's own files: this is where they reach the disk

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// An operation on a file that the operating system refused.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}: {source}{}", path.display(), way_out(source))]
pub struct IoError {
    pub action: &'static str,
    pub path: PathBuf,
    #[source]
    pub source: io::Error,
}

impl IoError {
    /// What `map_err` takes: the operation and the file that it was about.
    pub fn at(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> IoError {
        move |source| IoError { action, path: path.to_owned(), source }
    }
}

fn way_out(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "; free space or inodes there (`df`, `df -i`), then it is tried again"
        }
        io::ErrorKind::FileTooLarge => "; raise the file size limit of the process (ulimit -f)",
        io::ErrorKind::PermissionDenied => "; give the user that runs this program write access to it",
        io::ErrorKind::ReadOnlyFilesystem => "; mount it writable, or choose a repository elsewhere",
        _ => "",
    }
}

/// Creates a file that must not exist, and makes its content durable (not yet its name: see [`sync_dir`]).
pub fn create(path: &Path, bytes: &[u8]) -> Result<(), IoError> {
    let mut file =
        OpenOptions::new().write(true).create_new(true).open(path).map_err(IoError::at("create", path))?;
    file.write_all(bytes).map_err(IoError::at("write", path))?;
    file.sync_all().map_err(IoError::at("make durable", path))
}

/// Makes the entries of a folder durable: names that were created, renamed or removed.
pub fn sync_dir(path: &Path) -> Result<(), IoError> {
    let folder = File::open(path).map_err(IoError::at("open", path))?;
    folder.sync_all().map_err(IoError::at("make durable", path))
}

/// Moves a file to its final name in one step.
pub fn rename(from: &Path, to: &Path) -> Result<(), IoError> {
    fs::rename(from, to).map_err(IoError::at("move a new file to", to))
}

/// Moves a file to its final name; empty folders that a deleted branch left there make room, as in git.
pub fn rename_over_empty(from: &Path, to: &Path) -> Result<(), IoError> {
    if to.is_dir() {
        remove_empty(to, 0);
    }
    rename(from, to)
}

/// Removes a folder that holds nothing but empty folders; what cannot go stays, and the rename says so.
fn remove_empty(folder: &Path, depth: usize) {
    for name in names(folder).unwrap_or_default() {
        if depth < super::path::MAX_DEPTH {
            remove_empty(&folder.join(name), depth + 1);
        }
    }
    let _ = fs::remove_dir(folder);
}

/// Removes a file; one that is not there is fine.
pub fn remove(path: &Path) -> Result<(), IoError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(IoError::at("remove", path)(error)),
        _ => Ok(()),
    }
}

/// The bytes of a file, or nothing where there is none (also where a folder has that name).
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, IoError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(IoError::at("read", path)(error)),
    }
}

/// The names in a folder, sorted; none where there is no folder. Names that are not UTF-8 are left out: git makes none.
pub fn names(path: &Path) -> Result<Vec<String>, IoError> {
    let entries = match fs::read_dir(path) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        Err(error) => return Err(IoError::at("list", path)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(IoError::at("list", path))?;
        names.extend(entry.file_name().into_string().ok());
    }
    names.sort_unstable();
    Ok(names)
}

/// Creates the folders on the way to `folder` that are missing, and returns those whose entries changed by it: they
/// are to be made durable once the new folder has something to keep.
pub fn create_dirs(folder: &Path) -> Result<Vec<PathBuf>, IoError> {
    let mut changed = Vec::new();
    let mut missing = folder;
    while !missing.exists() {
        let Some(parent) = missing.parent() else { break };
        changed.push(if parent.as_os_str().is_empty() { PathBuf::from(".") } else { parent.to_owned() });
        missing = parent;
        if missing.as_os_str().is_empty() {
            break;
        }
    }
    if !changed.is_empty() {
        fs::create_dir_all(folder).map_err(IoError::at("create", folder))?;
    }
    Ok(changed)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::IsADirectory | io::ErrorKind::NotADirectory
    )
}
