//! Turns a reference name into the id it points to: loose file first, then `packed-refs`, as git reads them.
#![allow(clippy::disallowed_methods)] // asks the file system whether `packed-refs` changed

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::durable::{self, IoError};
use super::oid::Oid;
use super::packed_refs::{self, PackedRefs, PackedRefsError};
use super::path::MAX_DEPTH;

/// A reference that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RefError {
    #[error(transparent)]
    Io(#[from] IoError),
    #[error(transparent)]
    Packed(#[from] PackedRefsError),
    #[error("{} points to another reference ({target}); give that one", path.display())]
    Symbolic { path: PathBuf, target: String },
    #[error("{} holds no object id; set it with `git update-ref`, or take the id from a clone", path.display())]
    Malformed { path: PathBuf },
}

/// The loose value of a reference: nothing where there is no file.
pub fn loose(root: &Path, name: &str) -> Result<Option<Oid>, RefError> {
    let path = root.join(name);
    let Some(bytes) = durable::read(&path)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    let text = text.trim_end();
    if let Some(target) = text.strip_prefix("ref:") {
        return Err(RefError::Symbolic { path, target: target.trim().to_owned() });
    }
    text.parse().map(Some).map_err(|_| RefError::Malformed { path })
}

/// References by their names, and those that cannot be read, with the reason.
#[derive(Debug, Default)]
pub struct Listing {
    pub found: BTreeMap<String, Oid>,
    pub unread: BTreeMap<String, RefError>,
}

/// Reads references; keeps the last `packed-refs` as long as the file does not change.
pub struct Refs {
    root: PathBuf,
    packed: RefCell<Option<(Stamp, Arc<PackedRefs>)>>,
}

/// Inode, size, and time of change in nanoseconds: a file that is replaced differs in one of them.
type Stamp = Option<(u64, u64, i64, i64)>;

impl Refs {
    /// References of the repository at `root`.
    pub fn new(root: &Path) -> Refs {
        Refs { root: root.to_owned(), packed: RefCell::new(None) }
    }

    /// The id that a full reference name points to.
    pub fn find(&self, name: &str) -> Result<Option<Oid>, RefError> {
        match loose(&self.root, name)? {
            Some(oid) => Ok(Some(oid)),
            None => Ok(self.packed()?.get(name)),
        }
    }

    /// All references whose full name starts with `prefix`, by name. A file that is damaged hides its reference only.
    pub fn list(&self, prefix: &str) -> Result<Listing, RefError> {
        let mut files = Vec::new();
        let folder = prefix.rsplit_once('/').map_or("refs", |(folder, _)| folder);
        collect(&self.root, folder, 0, &mut files)?;
        // loose files are read before packed-refs: what git packs in between is then found there
        let (mut loose_refs, mut unread) = (Vec::new(), BTreeMap::new());
        for name in files.into_iter().filter(|name| name.starts_with(prefix)) {
            match loose(&self.root, &name) {
                Ok(oid) => loose_refs.extend(oid.map(|oid| (name, oid))),
                Err(error) => drop(unread.insert(name, error)),
            }
        }
        let packed = self.packed()?;
        let range = packed.refs.range(prefix.to_owned()..).take_while(|(name, _)| name.starts_with(prefix));
        let mut found: BTreeMap<String, Oid> = range.map(|(name, found)| (name.clone(), found.oid)).collect();
        found.extend(loose_refs);
        found.retain(|name, _| !unread.contains_key(name));
        Ok(Listing { found, unread })
    }

    fn packed(&self) -> Result<Arc<PackedRefs>, RefError> {
        let stamp = self.stamp();
        if let Some((seen, packed)) = &*self.packed.borrow()
            && *seen == stamp
        {
            return Ok(Arc::clone(packed));
        }
        let packed = Arc::new(PackedRefs::load(&self.root)?);
        // taken before the load: a change in between makes the next look load again
        *self.packed.borrow_mut() = Some((stamp, Arc::clone(&packed)));
        Ok(packed)
    }

    fn stamp(&self) -> Stamp {
        let data = std::fs::metadata(self.root.join(packed_refs::FILE)).ok()?;
        Some((data.ino(), data.size(), data.mtime(), data.mtime_nsec()))
    }
}

/// The full names of all loose branches.
pub fn loose_names(root: &Path) -> Result<Vec<String>, RefError> {
    let mut names = Vec::new();
    collect(root, "refs/heads", 0, &mut names)?;
    Ok(names)
}

fn collect(root: &Path, folder: &str, depth: usize, out: &mut Vec<String>) -> Result<(), RefError> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    for entry in durable::names(&root.join(folder))? {
        let name = format!("{folder}/{entry}");
        if root.join(&name).is_dir() {
            collect(root, &name, depth + 1, out)?;
        } else if !entry.ends_with(".lock") {
            out.push(name);
        }
    }
    Ok(())
}
