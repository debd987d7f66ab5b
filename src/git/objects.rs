//! Turns an object id into the object, over libgit2's object database alone: no configuration of the host is ever read.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use git2::{ErrorCode, ObjectType, Odb, OdbLookupFlags};

use super::object::{Commit, Malformed, TreeEntry, decode_commit, decode_tree, find_in_tree, first_parent};
use super::oid::{Kind, OID_HEX, Oid};
use super::shallow;
use super::suspect;

/// The largest object that is read or written: a manifest is at most as big as etcd takes (1.5 MB); this leaves room for files of
/// others, and keeps a hostile push from filling the memory.
pub const MAX_OBJECT: usize = 32 << 20;
/// Digits that an abbreviated id needs at least; git's own minimum.
const MIN_HEX: usize = 4;

/// Reads that have failed in this process. What libgit2 knows of a pack it keeps for all handles by the pack's path, also that the
/// pack cannot be used, and drops when the last handle goes. A path that is spelled otherwise makes it look at the file again.
static FAILURES: AtomicUsize = AtomicUsize::new(0);
/// Spellings until the first comes again: its handles are long gone then, and a path stays short.
const SPELLINGS: usize = 100;

/// The objects of a repository: loose, packed, and those of its alternates.
pub struct Objects {
    odb: Odb<'static>,
    root: PathBuf,
    /// Commits whose parents were not fetched.
    shallow: BTreeSet<Oid>,
    /// A read has failed: libgit2 does not look again at a pack that it could not use.
    failed: Cell<bool>,
}

/// An object that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    #[error("object {oid} is not in {}; run `git fsck --full` there and fetch it from a clone", root.display())]
    Missing { oid: Oid, root: PathBuf },
    #[error("object {oid} in {} is damaged: {detail}; run `git fsck --full` there and restore it from a clone", root.display())]
    Damaged { oid: Oid, root: PathBuf, detail: String },
    #[error("object {oid} in {} has {size} bytes: more than {MAX_OBJECT} are not read", root.display())]
    TooLarge { oid: Oid, root: PathBuf, size: usize },
    #[error("object {oid} in {} is a {found}, not a {}", root.display(), wanted.word())]
    Kind { oid: Oid, root: PathBuf, wanted: Kind, found: &'static str },
    #[error("cannot open the objects of {}: {detail}", root.display())]
    Open { root: PathBuf, detail: String },
    #[error("{prefix:?} is the start of more than one object in {}; give more digits", root.display())]
    Ambiguous { prefix: String, root: PathBuf },
    #[error("no object in {} starts with {prefix:?}; it takes at least {MIN_HEX} hexadecimal digits", root.display())]
    NoMatch { prefix: String, root: PathBuf },
}

impl Objects {
    /// Opens the objects of the repository at `root`.
    pub fn open(root: &Path) -> Result<Objects, ObjectError> {
        let failed = |detail: String| ObjectError::Open { root: root.to_owned(), detail };
        // every object here is parsed once; libgit2's own cache would grow to 256 MB
        git2::opts::enable_caching(false);
        let folder = root.join("objects");
        let path = folder.to_str().ok_or_else(|| failed("the path is not UTF-8".to_owned()))?;
        let path = path.to_owned() + &"/.".repeat(FAILURES.load(Ordering::Relaxed) % SPELLINGS);
        let odb = Odb::new().map_err(|e| failed(e.message().to_owned()))?;
        odb.add_disk_alternate(&path).map_err(|e| failed(e.message().to_owned()))?;
        let shallow = shallow::read(root).map_err(|error| failed(error.to_string()))?;
        Ok(Objects { odb, root: root.to_owned(), shallow, failed: Cell::new(false) })
    }

    /// Lets go of packs that are gone, and of all that is mapped of the others. Handles that are open share what they know of a
    /// pack, so this one ends before it begins anew.
    pub fn reopen(&mut self) -> Result<(), ObjectError> {
        self.failed.set(true);
        self.odb = Odb::new().map_err(|error| self.unopened(&error))?;
        *self = Objects::open(&self.root)?;
        Ok(())
    }

    /// True when a read has failed: what was damaged may be mended, which only who opens the objects anew sees.
    pub fn is_stale(&self) -> bool {
        self.failed.get()
    }

    /// Looks for packs that came since.
    pub fn refresh(&self) -> Result<(), ObjectError> {
        self.odb.refresh().map_err(|error| self.unopened(&error))
    }

    /// True for an object that is there; packs that came since the last [`Objects::refresh`] do not count.
    pub fn has(&self, oid: Oid) -> bool {
        self.odb.exists_ext(raw(oid), OdbLookupFlags::NO_REFRESH)
    }

    /// Kind and content of an object, checked against its id.
    pub fn read(&self, oid: Oid) -> Result<(Kind, Vec<u8>), ObjectError> {
        let failed = |error: git2::Error| self.unreadable(oid, &error);
        let (size, kind) = self.header(oid)?.map_err(failed)?;
        if size > MAX_OBJECT {
            return Err(ObjectError::TooLarge { oid, root: self.root.clone(), size });
        }
        let kind = match kind {
            ObjectType::Commit => Kind::Commit,
            ObjectType::Tree => Kind::Tree,
            ObjectType::Tag => Kind::Tag,
            _ => Kind::Blob,
        };
        Ok((kind, self.odb.read(raw(oid)).map_err(failed)?.data().to_vec()))
    }

    /// Size and kind as libgit2 gives them. git2 panics on a kind that does not exist: what is left of a pack that was cut off
    /// while it was open reads as zeros.
    fn header(&self, oid: Oid) -> Result<Result<(usize, ObjectType), git2::Error>, ObjectError> {
        catch_unwind(AssertUnwindSafe(|| self.odb.read_header(raw(oid)))).map_err(|_| {
            let error = git2::Error::from_str("it has no kind");
            self.unreadable(oid, &error)
        })
    }

    /// The content of a file.
    pub fn blob(&self, oid: Oid) -> Result<Vec<u8>, ObjectError> {
        self.of_kind(oid, Kind::Blob)
    }

    /// The entries of a tree.
    pub fn tree(&self, oid: Oid) -> Result<Vec<TreeEntry>, ObjectError> {
        if oid == Oid::EMPTY_TREE {
            return Ok(Vec::new());
        }
        decode_tree(&self.of_kind(oid, Kind::Tree)?).map_err(|e| self.malformed(oid, &e))
    }

    /// One entry of a tree.
    pub fn find(&self, tree: Oid, name: &[u8]) -> Result<Option<TreeEntry>, ObjectError> {
        if tree == Oid::EMPTY_TREE {
            return Ok(None);
        }
        find_in_tree(&self.of_kind(tree, Kind::Tree)?, name).map_err(|e| self.malformed(tree, &e))
    }

    /// The first parent of a commit; none where a shallow history begins.
    pub fn first_parent(&self, commit: Oid) -> Result<Option<Oid>, ObjectError> {
        let parent = first_parent(&self.of_kind(commit, Kind::Commit)?);
        Ok(parent.filter(|_| !self.shallow.contains(&commit)))
    }

    /// A commit. One at which a shallow history begins has no parents, as in git.
    pub fn commit(&self, oid: Oid) -> Result<Commit, ObjectError> {
        self.decoded(oid, &self.of_kind(oid, Kind::Commit)?)
    }

    /// A commit from its bytes.
    pub(super) fn decoded(&self, oid: Oid, bytes: &[u8]) -> Result<Commit, ObjectError> {
        let mut commit = decode_commit(bytes).map_err(|e| self.malformed(oid, &e))?;
        if self.shallow.contains(&oid) {
            commit.parents.clear();
        }
        Ok(commit)
    }

    /// The commits at which a shallow history begins.
    pub fn shallow(&self) -> &BTreeSet<Oid> {
        &self.shallow
    }

    /// The id that starts with these digits.
    pub fn resolve(&self, prefix: &str) -> Result<Oid, ObjectError> {
        let no_match = || ObjectError::NoMatch { prefix: prefix.to_owned(), root: self.root.clone() };
        if !(MIN_HEX..=OID_HEX).contains(&prefix.len()) {
            return Err(no_match());
        }
        let padded = format!("{prefix:0<OID_HEX$}").parse::<Oid>().map_err(|_| no_match())?;
        let found =
            self.odb.exists_prefix(raw(padded), prefix.len()).map_err(|error| match error.code() {
                ErrorCode::Ambiguous => {
                    ObjectError::Ambiguous { prefix: prefix.to_owned(), root: self.root.clone() }
                }
                _ => no_match(),
            })?;
        Oid::from_slice(found.as_bytes()).ok_or_else(no_match)
    }

    pub(super) fn of_kind(&self, oid: Oid, wanted: Kind) -> Result<Vec<u8>, ObjectError> {
        match self.read(oid)? {
            (kind, content) if kind == wanted => Ok(content),
            (kind, _) => Err(ObjectError::Kind { oid, root: self.root.clone(), wanted, found: kind.word() }),
        }
    }

    fn unopened(&self, error: &git2::Error) -> ObjectError {
        ObjectError::Open { root: self.root.clone(), detail: error.message().to_owned() }
    }

    fn unreadable(&self, oid: Oid, error: &git2::Error) -> ObjectError {
        self.failed.set(true);
        FAILURES.fetch_add(1, Ordering::Relaxed);
        match (error.code(), suspect::of(&self.root, oid)) {
            // a pack that is cut off or has no good index is passed over in silence
            (ErrorCode::NotFound, Some(file)) => self.damaged(oid, &file),
            (ErrorCode::NotFound, None) => ObjectError::Missing { oid, root: self.root.clone() },
            (_, Some(file)) => self.damaged(oid, &format!("{} ({file})", error.message())),
            (_, None) => self.damaged(oid, error.message()),
        }
    }

    fn malformed(&self, oid: Oid, error: &Malformed) -> ObjectError {
        self.damaged(oid, &error.to_string())
    }

    fn damaged(&self, oid: Oid, detail: &str) -> ObjectError {
        ObjectError::Damaged { oid, root: self.root.clone(), detail: detail.to_owned() }
    }
}

fn raw(oid: Oid) -> git2::Oid {
    // 20 bytes are always an id
    git2::Oid::from_bytes(oid.as_bytes()).unwrap_or(git2::Oid::ZERO_SHA1)
}
