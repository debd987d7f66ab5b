//! A folder turned into the list of its resource files, each with what tells whether it changed.
#![allow(clippy::disallowed_methods)] // this room reads a folder: that is its work

use std::collections::BTreeMap;
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

/// A folder of resources is not a file server: beyond these something else was meant.
const MOST_FILES: usize = 100_000;
const DEEPEST: usize = 32;

/// Differs whenever the content may: replaced files have another inode, written ones another time or size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    seconds: i64,
    nanoseconds: i64,
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
        }
    }

    fn of(metadata: &Metadata) -> Self {
        Stamp {
            device: metadata.dev(),
            inode: metadata.ino(),
            bytes: metadata.len(),
            seconds: metadata.mtime(),
            nanoseconds: metadata.mtime_nsec(),
        }
    }
}

/// Path (below the folder as it was given) → stamp.
pub type Files = BTreeMap<PathBuf, Stamp>;

/// Why the folder could not be listed.
#[derive(Debug, thiserror::Error)]
pub enum WalkError {
    #[error("folder {path} cannot be read: {source}")]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{path} is not a folder")]
    NotAFolder { path: PathBuf },
    #[error(
        "folder {path} holds more than {MOST_FILES} files, or folders more than {DEEPEST} deep; name a smaller one"
    )]
    TooLarge { path: PathBuf },
}

/// All `.yaml`, `.yml` and `.json` files below `root`. Names that start with a dot are left out: editors'
/// swap files, `.git`, and the `..data` folders behind a mounted ConfigMap, whose files are seen through
/// their links. A link to a file is followed, a link to a folder is not (it could lead in circles).
pub fn files(root: &Path) -> Result<Files, WalkError> {
    self::root(root)?;
    let mut files = Files::new();
    let mut folders = vec![(root.to_path_buf(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // A folder that went away meanwhile has no files; the root going away is told above or next time.
            Err(error) if error.kind() == io::ErrorKind::NotFound && depth > 0 => continue,
            Err(source) => return Err(WalkError::Unreadable { path: folder, source }),
        };
        for entry in entries {
            let Ok(entry) = entry else { continue };
            if entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            visit(&entry, depth, &mut files, &mut folders);
        }
        if files.len() > MOST_FILES || depth > DEEPEST {
            return Err(WalkError::TooLarge { path: root.to_path_buf() });
        }
    }
    Ok(files)
}

/// Checks that the folder is there and is one.
pub fn root(root: &Path) -> Result<(), WalkError> {
    let unreadable = |source| WalkError::Unreadable { path: root.to_path_buf(), source };
    match fs::metadata(root).map_err(unreadable)?.is_dir() {
        true => Ok(()),
        false => Err(WalkError::NotAFolder { path: root.to_path_buf() }),
    }
}

fn visit(entry: &fs::DirEntry, depth: usize, files: &mut Files, folders: &mut Vec<(PathBuf, usize)>) {
    let path = entry.path();
    if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
        folders.push((path, depth + 1));
        return;
    }
    let wanted =
        path.extension().is_some_and(|end| ["yaml", "yml", "json"].iter().any(|known| end == *known));
    if !wanted {
        return;
    }
    // `fs::metadata` follows links: a ConfigMap's swap changes the inode behind an unchanged link.
    if let Some(metadata) = fs::metadata(&path).ok().filter(Metadata::is_file) {
        files.insert(path, Stamp::of(&metadata));
    }
}

/// The stamp of one file, links followed.
pub fn stamp(path: &Path) -> io::Result<Stamp> {
    fs::metadata(path).map(|metadata| Stamp::of(&metadata))
}

/// Tells one folder from another of the same name.
pub fn identity(root: &Path) -> Option<(u64, u64)> {
    fs::metadata(root).ok().map(|metadata| (metadata.dev(), metadata.ino()))
}
