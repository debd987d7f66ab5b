//! A folder turned into the list of its resource files, each with what tells whether it changed.
#![allow(clippy::disallowed_methods)] // this room reads a folder: that is its work

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use jiff::Timestamp;

/// A folder of resources is not a file server: beyond these something else was meant.
const MOST_FILES: usize = 100_000;
/// Far deeper than any layout of clusters; a folder below is told, not read.
const DEEPEST: usize = 32;
/// How the names of resource files end, as for kubectl (k8s.io/cli-runtime `pkg/resource/builder.go`).
const KNOWN: &[&str] = &["yaml", "yml", "json"];

/// Differs whenever the content may: replaced files have another inode, written ones another time or size. The
/// time of the last change of the inode is the one that no tool can set back, and tells a new permission too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    seconds: i64,
    nanoseconds: i64,
    changed: (i64, i64),
}

impl Stamp {
    /// The file's size in bytes.
    pub fn bytes(self) -> u64 {
        self.bytes
    }

    /// When the file was last written.
    pub fn modified(self) -> Timestamp {
        Timestamp::new(self.seconds, self.nanoseconds as i32).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// For what comes from no file: changed now.
    pub fn now() -> Self {
        let now = Timestamp::now();
        Stamp {
            device: 0,
            inode: 0,
            bytes: 0,
            seconds: now.as_second(),
            nanoseconds: now.subsec_nanosecond().into(),
            changed: (0, 0),
        }
    }

    fn of(metadata: &Metadata) -> Self {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }
}

/// What a path is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    File(Stamp),
    /// Something is there, and this is why nobody can say what it holds.
    Unreadable(String),
}

/// Path (below the folder as it was given) → what is there: every resource file, and every folder, link or
/// file that hides some.
pub type Files = BTreeMap<PathBuf, Found>;

/// Why the folder could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    #[error("folder {path} cannot be read: {source}; create it, or name the folder that holds the resources")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{path} is not a folder; name the folder that holds it")]
    NotAFolder { path: PathBuf },
    #[error("folder {path} holds more than {MOST_FILES} files; name a smaller one")]
    TooLarge { path: PathBuf },
}

/// All `.yaml`, `.yml` and `.json` files below `root`. Names that start with a dot are left out: editors'
/// swap files, `.git`, and the `..data` folders behind a mounted ConfigMap, whose files are seen through
/// their links. Links are followed, as such a mount needs it (k8s.io/kubernetes
/// `pkg/volume/util/atomic_writer.go`: a nested key is reached through a link to a folder); a folder is entered
/// once, by its own name before a link's, so that links in circles end.
pub fn files(root: &Path) -> Result<Files, WalkError> {
    self::root(root)?;
    let unreadable = |source| WalkError::Unreadable { path: root.to_path_buf(), source };
    let mut walk = Walk { folders: vec![(root.to_path_buf(), 0)], ..Walk::default() };
    while let Some((folder, depth)) = walk.folders.pop().or_else(|| walk.links.pop_first()) {
        match walk.enter(&folder, depth) {
            Ok(()) => {}
            Err(source) if depth == 0 => return Err(unreadable(source)),
            // It went away meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                walk.hidden(folder, &format!("the folder cannot be read: {error}; let promgit read it"))
            }
        }
        if walk.files.len().max(walk.seen.len()) > MOST_FILES {
            return Err(WalkError::TooLarge { path: root.to_path_buf() });
        }
    }
    Ok(walk.files)
}

/// Checks that the folder is there and is one.
pub fn root(root: &Path) -> Result<(), WalkError> {
    let unreadable = |source| WalkError::Unreadable { path: root.to_path_buf(), source };
    match fs::metadata(root).map_err(unreadable)?.is_dir() {
        true => Ok(()),
        false => Err(WalkError::NotAFolder { path: root.to_path_buf() }),
    }
}

#[derive(Default)]
struct Walk {
    files: Files,
    /// To be entered, with their depth.
    folders: Vec<(PathBuf, usize)>,
    /// Links to folders, entered when no real folder is left.
    links: BTreeSet<(PathBuf, usize)>,
    /// Device and inode of every folder entered.
    seen: BTreeSet<(u64, u64)>,
}

impl Walk {
    fn hidden(&mut self, path: PathBuf, why: &str) {
        self.files.insert(path, Found::Unreadable(why.to_string()));
    }

    fn enter(&mut self, folder: &Path, depth: usize) -> io::Result<()> {
        if depth > DEEPEST {
            self.hidden(folder.into(), &format!("folders are nested more than {DEEPEST} deep; move it up"));
            return Ok(());
        }
        let metadata = fs::metadata(folder)?;
        if !self.seen.insert((metadata.dev(), metadata.ino())) {
            tracing::debug!(folder = %folder.display(), "a link to a folder that is read already: left alone");
            return Ok(());
        }
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            if !entry.file_name().as_encoded_bytes().starts_with(b".") {
                self.visit(&entry, depth);
            }
        }
        Ok(())
    }

    fn visit(&mut self, entry: &fs::DirEntry, depth: usize) {
        let path = entry.path();
        let kind = entry.file_type().ok();
        if kind.is_some_and(|kind| kind.is_dir()) {
            self.folders.push((path, depth + 1));
            return;
        }
        let is_link = kind.is_none_or(|kind| kind.is_symlink());
        let wanted = path.extension().is_some_and(|end| KNOWN.iter().any(|known| end == *known));
        if !wanted && !is_link {
            tracing::trace!(path = %path.display(), "not a resource file: left alone");
            return;
        }
        // `fs::metadata` follows links: a ConfigMap's swap changes the inode behind an unchanged link.
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => {
                self.links.insert((path, depth + 1));
            }
            Ok(metadata) if wanted && metadata.is_file() => {
                self.files.insert(path, Found::File(Stamp::of(&metadata)));
            }
            Ok(_) => tracing::trace!(path = %path.display(), "not a resource file: left alone"),
            Err(error) if wanted && is_link => {
                self.hidden(path, &format!("the link cannot be followed: {error}; correct or remove it"));
            }
            Err(error) if wanted && error.kind() != io::ErrorKind::NotFound => {
                self.hidden(path, &format!("the file cannot be read: {error}; let promgit read it"));
            }
            Err(error) => tracing::trace!(path = %path.display(), %error, "left alone"),
        }
    }
}

/// The stamp of one file, links followed.
pub fn stamp(path: &Path) -> io::Result<Stamp> {
    fs::metadata(path).map(|metadata| Stamp::of(&metadata))
}

/// Tells one folder from another of the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Identity {
    device: u64,
    inode: u64,
    /// A new folder may get the inode of one that was just removed. Not every file system keeps this.
    created: Option<SystemTime>,
}

/// What is there now under this name, links followed.
pub fn identity(root: &Path) -> Option<Identity> {
    let metadata = fs::metadata(root).ok()?;
    Some(Identity { device: metadata.dev(), inode: metadata.ino(), created: metadata.created().ok() })
}
