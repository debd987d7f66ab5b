//! Turns what a killed process left in a repository into nothing: lock files, unfinished objects and packs.
#![allow(clippy::disallowed_methods)] // asks files for their age, and waits for a lock that may be alive

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::durable::{self, IoError};
use super::incoming;
use super::pack;
use super::path::MAX_DEPTH;

/// A lock file of this age is stale. git holds one for milliseconds; a younger one may belong to a `git push` that is
/// under way (git does not know our lock), so it is given that time to go.
const LOCK_AGE: Duration = Duration::from_secs(1);
/// Unfinished files of other programs: a large push may take long, a day of it is over.
const FOREIGN_AGE: Duration = Duration::from_secs(24 * 60 * 60);
const PAUSE: Duration = Duration::from_millis(20);

/// Removes the leftovers; to be called only by the process that holds the repository's lock. Returns what was removed.
pub fn sweep(root: &Path) -> Result<Vec<PathBuf>, IoError> {
    let mut locks = Vec::new();
    for name in ["HEAD.lock", "packed-refs.lock", "packed-refs.new", "config.lock", "shallow.lock"] {
        locks.push(root.join(name));
    }
    find_locks(&root.join("refs"), 0, &mut locks)?;
    let mut removed = Vec::new();
    for path in locks {
        if outlives(&path, LOCK_AGE) {
            durable::remove(&path)?;
            removed.push(path);
        }
    }
    let objects = root.join("objects");
    for path in leftovers(&objects)? {
        durable::remove(&path)?;
        removed.push(path);
    }
    for name in durable::names(&objects)? {
        let path = objects.join(&name);
        if name.starts_with(incoming::TEMPORARY) && path.is_dir() {
            incoming::discard(&path)?;
            removed.push(path);
        }
    }
    Ok(removed)
}

fn find_locks(folder: &Path, depth: usize, out: &mut Vec<PathBuf>) -> Result<(), IoError> {
    for name in durable::names(folder)? {
        let path = folder.join(&name);
        if name.ends_with(".lock") {
            out.push(path);
        } else if depth < MAX_DEPTH && path.is_dir() {
            find_locks(&path, depth + 1, out)?;
        }
    }
    Ok(())
}

/// True when the file is still there once it has the given age.
fn outlives(path: &Path, limit: Duration) -> bool {
    while let Some(age) = age(path) {
        if age >= limit {
            return true;
        }
        std::thread::sleep(PAUSE.min(limit));
    }
    false
}

/// How long ago a file was written; a time in the future counts as old, or it would never go.
fn age(path: &Path) -> Option<Duration> {
    let modified = std::fs::metadata(path).and_then(|data| data.modified()).ok()?;
    Some(SystemTime::now().duration_since(modified).unwrap_or(Duration::MAX))
}

fn leftovers(objects: &Path) -> Result<Vec<PathBuf>, IoError> {
    let packs = objects.join("pack");
    let is_old = |path: &Path| age(path).is_some_and(|age| age >= FOREIGN_AGE);
    let mut found = Vec::new();
    for name in durable::names(objects)? {
        let path = objects.join(&name);
        let foreign = name.starts_with("tmp_object_git2_") || name.starts_with("tmp_obj_");
        if foreign && path.is_file() && is_old(&path) {
            found.push(path);
        } else if name.len() == 2 && path.is_dir() {
            let unfinished = |name: &String| name.starts_with("tmp_obj");
            let inside = durable::names(&path)?.into_iter().filter(unfinished).map(|name| path.join(name));
            found.extend(inside.filter(|path| is_old(path)));
        }
    }
    for name in durable::names(&packs)? {
        let path = packs.join(&name);
        let foreign = name.contains("tmp") || is_orphan(&path);
        if name.starts_with(pack::TEMPORARY) || foreign && is_old(&path) {
            found.push(path);
        }
    }
    Ok(found)
}

/// A pack gets its index last: one without is unfinished (and harmless, as git does not see it).
fn is_orphan(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "pack") && !path.with_extension("idx").exists()
}
