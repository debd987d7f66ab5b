//! Archives kept on disk by their digest: put turned into a file, get into bytes that have that digest.
#![allow(clippy::disallowed_methods)] // the one place where archives are read and written

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use super::oci::digest;
use crate::chart::load::MAX_ARCHIVE;

/// All archives together. An agent renders one chart, whose archive has 100 kB to 2 MB; a developer who tries
/// hundreds fills a tenth of it.
const MAX_SIZE: u64 = 512 << 20;
/// Files that one look through the cache counts; there are at most as many as small charts fit in.
const MAX_FILES: usize = 100_000;
/// What a process that was killed left half-written is removed after this time.
const STALE: Duration = Duration::from_secs(60 * 60);

/// Told apart in one process; the process id tells processes apart.
static NEXT: AtomicU32 = AtomicU32::new(0);

/// A folder of archives. Several processes may use it at once: a file appears whole, under the name of its digest.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    pub fn new(root: PathBuf) -> Self {
        Cache { root }
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The archive with this digest (`sha256:<hex>`). A file whose contents have another one is removed: it is
    /// fetched anew.
    pub fn get(&self, wanted: &str) -> Option<Vec<u8>> {
        let path = self.path(wanted)?;
        let file = File::open(&path).ok()?;
        let mut bytes = Vec::new();
        file.take(MAX_ARCHIVE as u64 + 1).read_to_end(&mut bytes).ok()?;
        if digest::of(&bytes) == wanted {
            // The time of the last use says what may go first.
            let _ = File::options()
                .append(true)
                .open(&path)
                .and_then(|file| file.set_modified(SystemTime::now()));
            return Some(bytes);
        }
        tracing::warn!(path = %path.display(), "a cached chart is damaged; it is fetched anew");
        let _ = fs::remove_file(&path);
        None
    }

    /// Keeps an archive and gives back its digest. Old ones go when there is no room.
    pub fn put(&self, bytes: &[u8]) -> io::Result<String> {
        let digest = digest::of(bytes);
        let Some(path) = self.path(&digest) else { return Ok(digest) };
        let folder = path.parent().unwrap_or(&self.root);
        fs::create_dir_all(folder)?;
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let part = folder.join(format!(".part-{}-{number}", std::process::id()));
        let written = File::create_new(&part).and_then(|mut file| {
            file.write_all(bytes)?;
            // Renamed before it is on the disk, it could be empty after a power failure.
            file.sync_all()
        });
        let written = written.and_then(|()| fs::rename(&part, &path));
        if let Err(error) = written {
            let _ = fs::remove_file(&part);
            return Err(error);
        }
        self.make_room(&path);
        Ok(digest)
    }

    fn path(&self, digest: &str) -> Option<PathBuf> {
        let hex = digest.strip_prefix("sha256:").filter(|_| digest::is_digest(digest))?;
        Some(self.root.join("sha256").join(format!("{hex}.tgz")))
    }

    /// Removes what was not used for longest, until the rest fits, and what nobody finished. What cannot be removed
    /// is somebody else's worry.
    fn make_room(&self, keep: &Path) {
        let Ok(entries) = fs::read_dir(self.root.join("sha256")) else { return };
        let mut files = Vec::new();
        for entry in entries.flatten().take(MAX_FILES) {
            let Ok(found) = entry.metadata() else { continue };
            let used = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
            let part = entry.file_name().to_string_lossy().starts_with(".part-");
            if part && used.elapsed().is_ok_and(|age| age > STALE) {
                let _ = fs::remove_file(entry.path());
            } else if !part && entry.path() != keep {
                files.push((used, found.len(), entry.path()));
            }
        }
        files.sort();
        let mut total: u64 = files.iter().map(|(_, size, _)| size).sum::<u64>() + size(keep);
        for (_, size, path) in files {
            if total <= MAX_SIZE {
                break;
            }
            if fs::remove_file(&path).is_ok() {
                total = total.saturating_sub(size);
            }
        }
    }
}

fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |found| found.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_what_is_damaged_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().join("new/cache"));
        let digest = cache.put(b"archive").unwrap();
        assert_eq!(cache.put(b"archive").unwrap(), digest);
        assert_eq!(cache.get(&digest).as_deref(), Some(&b"archive"[..]));
        let path = cache.path(&digest).unwrap();
        fs::write(&path, b"other").unwrap();
        assert_eq!(cache.get(&digest), None);
        assert!(!path.exists());
        assert_eq!(cache.get("sha256:../../../etc/passwd"), None);
        assert_eq!(cache.get("md5:0"), None);
    }

    #[test]
    fn the_least_used_go_when_there_is_no_room() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().into());
        let old = cache.put(b"old").unwrap();
        let young = cache.put(b"young").unwrap();
        let stale = folder.path().join("sha256/.part-1-1");
        for (path, size, age) in [
            (cache.path(&old).unwrap(), MAX_SIZE, 3 * STALE),
            (cache.path(&young).unwrap(), 5, STALE),
            (stale.clone(), 5, 2 * STALE),
        ] {
            let file = File::create(&path).unwrap();
            // A sparse file: it takes no room.
            file.set_len(size).unwrap();
            file.set_modified(SystemTime::now() - age).unwrap();
        }
        let new = cache.put(b"new").unwrap();
        let there = |digest: &str| cache.path(digest).unwrap().exists();
        assert_eq!((there(&old), there(&young), there(&new), stale.exists()), (false, true, true, false));
    }

    #[test]
    fn many_at_once_do_not_disturb_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::new(folder.path().into());
        let bytes = vec![7; 1 << 20];
        let digest = digest::of(&bytes);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..10 {
                        cache.put(&bytes).unwrap();
                        assert_eq!(cache.get(&digest).unwrap(), bytes);
                    }
                });
            }
        });
        let left = fs::read_dir(folder.path().join("sha256")).unwrap().count();
        assert_eq!(left, 1);
    }
}
