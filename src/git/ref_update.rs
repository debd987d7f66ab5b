//! Turns a set of reference changes, each with the value it expects, into durable references.
//!
//! Prepare: every reference is locked as git locks it, and compared under the lock. Commit: one becomes a loose file, more than
//! that one rewrite of `packed-refs`. A change that does not fit is refused alone; the others go on.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::durable::{self, IoError};
use super::lock::{Lock, LockError};
use super::oid::Oid;
use super::packed_refs::{self, PackedRef, PackedRefs, PackedRefsError};
use super::path::called;
use super::refs::{self, RefError};

/// From this many on, `packed-refs` is rewritten: that takes three fsyncs at most, however many they are (one more for each
/// further folder with a loose file that has to go), where loose files take one each, and one a folder.
pub const PACK_FROM: usize = 2;
/// How long another process may hold a reference; git's own `core.filesRefLockTimeout`.
const REF_PATIENCE: Duration = Duration::from_millis(100);
/// How long another process may hold `packed-refs`; git's own `core.packedRefsTimeout`.
const PACKED_PATIENCE: Duration = Duration::from_secs(1);

/// Rewrites of any `packed-refs` by this process, see [`PackedRefs::encode`].
static REWRITES: AtomicUsize = AtomicUsize::new(1);

/// One reference to move, make or remove.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RefChange {
    /// The full name, `refs/heads/…`.
    pub name: String,
    /// What it points to now; nothing for a new reference.
    pub expected: Option<Oid>,
    /// What it is to point to; nothing for one that is to go.
    pub new: Option<Oid>,
}

/// Why a reference was left as it is.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    #[error(
        "{name} was moved by someone else: expected {}, found {}; plan again on what is there",
        show(expected),
        show(found)
    )]
    Conflict { name: String, expected: Option<Oid>, found: Option<Oid> },
    #[error(
        "{} cannot be made: {} is there, and no git repository holds both, since one name is a folder of the other; delete the one \
         that is not needed, or give it another name",
        of_branch(name),
        of_branch(other)
    )]
    NameTaken { name: String, other: String },
    #[error(transparent)]
    Lock(#[from] LockError),
    #[error(transparent)]
    Read(#[from] RefError),
    #[error("{name} was not changed, as packed-refs could not be: {reason}")]
    Packed { name: String, reason: String },
}

impl From<IoError> for Refusal {
    fn from(error: IoError) -> Refusal {
        Refusal::Lock(LockError::Io(error))
    }
}

impl From<PackedRefsError> for Refusal {
    fn from(error: PackedRefsError) -> Refusal {
        Refusal::Read(RefError::Packed(error))
    }
}

fn of_branch(name: &str) -> String {
    called(name.strip_prefix("refs/heads/").unwrap_or(name))
}

fn show(oid: &Option<Oid>) -> String {
    oid.map_or_else(|| "no such branch".to_owned(), |oid| oid.short())
}

/// A change whose reference is locked.
struct Prepared {
    index: usize,
    change: RefChange,
    lock: Lock,
    /// What the loose file holds.
    loose: Option<Oid>,
}

/// Makes the changes that fit, durable when this returns; one answer per change, in the same order.
pub fn apply(root: &Path, changes: &[RefChange]) -> Vec<Result<(), Refusal>> {
    let mut answers: BTreeMap<usize, Result<(), Refusal>> = BTreeMap::new();
    let mut locked: Vec<Prepared> = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        match lock(root, index, change, locked.first().map(|first| &first.lock)) {
            Ok(ready) => locked.push(ready),
            Err(refusal) => drop(answers.insert(index, Err(refusal))),
        }
    }
    let mut names = Names { root, packed: None, loose: None };
    let mut prepared = Vec::new();
    for ready in locked {
        match names.admit(&ready) {
            Ok(()) => prepared.push(ready),
            Err(refusal) => drop(answers.insert(ready.index, Err(refusal))),
        }
    }
    // a folder that is new would have to be made durable, too, and the file may hold what is to go
    let is_whole = |ready: &Prepared| ready.lock.made_folders() || ready.change.new.is_none();
    let many = prepared.len() >= PACK_FROM || prepared.iter().any(is_whole);
    // someone else rewrites the file right now: loose references do as well
    let packed = many.then(|| Lock::acquire(&root.join(packed_refs::FILE), PACKED_PATIENCE));
    match packed {
        Some(Ok(lock)) => write_packed(root, prepared, lock, &mut answers),
        Some(Err(error)) => write_loose(prepared, Some(&error), &mut answers),
        None => write_loose(prepared, None, &mut answers),
    }
    answers.into_values().collect()
}

/// The same for changes of which none is worth more than the others: the first refusal.
pub fn apply_all(root: &Path, changes: &[RefChange]) -> Result<(), Refusal> {
    apply(root, changes).into_iter().collect()
}

fn lock(root: &Path, index: usize, change: &RefChange, first: Option<&Lock>) -> Result<Prepared, Refusal> {
    let target = root.join(&change.name);
    let taken = match first {
        Some(first) => first.acquire_beside(&target, REF_PATIENCE),
        None => Lock::acquire(&target, REF_PATIENCE),
    };
    let taken = match taken {
        Ok(lock) => lock,
        Err(LockError::Io(error)) if error.source.kind() == ErrorKind::NotADirectory => {
            let mut names = Names { root, packed: None, loose: None };
            return Err(names.check_new(&change.name).err().unwrap_or(error.into()));
        }
        Err(error) => return Err(error.into()),
    };
    let loose = refs::loose(root, &change.name)?;
    Ok(Prepared { index, change: change.clone(), lock: taken, loose })
}

/// The references beside those of the update. Read after all locks are taken: who moves a locked reference between a loose
/// file and `packed-refs` would need its lock, so what is read here stays true.
struct Names<'a> {
    root: &'a Path,
    packed: Option<PackedRefs>,
    loose: Option<BTreeSet<String>>,
}

impl Names<'_> {
    /// Compares a locked reference with what is expected of it.
    fn admit(&mut self, ready: &Prepared) -> Result<(), Refusal> {
        let RefChange { name, expected, .. } = &ready.change;
        let found = match ready.loose {
            Some(oid) => Some(oid),
            None => self.packed()?.get(name),
        };
        if found != *expected {
            return Err(Refusal::Conflict { name: name.clone(), expected: *expected, found });
        }
        if found.is_none() {
            self.check_new(name)?;
            self.loose()?.insert(name.clone());
        }
        Ok(())
    }

    /// A branch cannot be a file and a folder: neither `a` beside `a/b` nor the reverse.
    fn check_new(&mut self, name: &str) -> Result<(), Refusal> {
        let taken = |other: &String| Refusal::NameTaken { name: name.to_owned(), other: other.clone() };
        let below = format!("{name}/");
        let parents: Vec<String> =
            name.match_indices('/').skip(1).map(|(at, _)| name[..at].to_owned()).collect();
        let packed = &self.packed()?.refs;
        let under = packed.range(below.clone()..).next().map(|(other, _)| other);
        let over = parents.iter().find(|parent| packed.contains_key(*parent));
        if let Some(other) = under.filter(|other| other.starts_with(&below)).or(over) {
            return Err(taken(other));
        }
        let loose = self.loose()?;
        let under = loose.range(below.clone()..).next().filter(|other| other.starts_with(&below));
        let over = parents.iter().find(|parent| loose.contains(*parent));
        under.or(over).map_or(Ok(()), |other| Err(taken(other)))
    }

    fn packed(&mut self) -> Result<&PackedRefs, Refusal> {
        let packed = match self.packed.take() {
            Some(packed) => packed,
            None => PackedRefs::load(self.root)?,
        };
        Ok(self.packed.insert(packed))
    }

    fn loose(&mut self) -> Result<&mut BTreeSet<String>, Refusal> {
        let names = match self.loose.take() {
            Some(names) => names,
            None => refs::loose_names(self.root)?.into_iter().collect(),
        };
        Ok(self.loose.insert(names))
    }
}

/// `why`: what keeps `packed-refs` from being written, and so a reference from going.
fn write_loose(
    prepared: Vec<Prepared>,
    why: Option<&LockError>,
    answers: &mut BTreeMap<usize, Result<(), Refusal>>,
) {
    for Prepared { index, change, lock, .. } in prepared {
        let written = match change.new {
            Some(new) => lock.replace(format!("{new}\n").as_bytes()).map_err(Refusal::from),
            None => {
                let reason = why.map(ToString::to_string).unwrap_or_default();
                Err(Refusal::Packed { name: change.name, reason })
            }
        };
        answers.insert(index, written);
    }
}

fn write_packed(
    root: &Path,
    prepared: Vec<Prepared>,
    lock: Lock,
    answers: &mut BTreeMap<usize, Result<(), Refusal>>,
) {
    let written = rewrite(root, &prepared).and_then(|()| uncover(root, &prepared));
    // not before: who packs references in between would take the loose values, which are about to go
    drop(lock);
    let reason = written.err().map(|refusal| refusal.to_string());
    for Prepared { index, change, lock, .. } in prepared {
        drop(lock);
        let answer = match &reason {
            None => Ok(()),
            Some(reason) => Err(Refusal::Packed { name: change.name, reason: reason.clone() }),
        };
        answers.insert(index, answer);
    }
}

/// Replaces the file under its lock: by way of `packed-refs.new`, as git does, so that the lock stays.
fn rewrite(root: &Path, prepared: &[Prepared]) -> Result<(), Refusal> {
    let mut packed = PackedRefs::load(root)?;
    for Prepared { change, .. } in prepared {
        match change.new {
            Some(oid) => packed.refs.insert(change.name.clone(), PackedRef { oid, peeled: None }),
            None => packed.refs.remove(&change.name),
        };
    }
    let new = root.join(packed_refs::NEW);
    durable::remove(&new)?;
    let written = durable::create(&new, &packed.encode(REWRITES.fetch_add(1, Ordering::Relaxed)))
        .and_then(|()| durable::rename(&new, &root.join(packed_refs::FILE)));
    if let Err(error) = written {
        // what cannot be removed now is overwritten by the next rewrite
        let _ = durable::remove(&new);
        return Err(error.into());
    }
    Ok(durable::sync_dir(root)?)
}

/// A loose file hides the packed value: it goes, under its lock, and durably, or a power cut would bring the old value back.
fn uncover(root: &Path, prepared: &[Prepared]) -> Result<(), Refusal> {
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    for Prepared { change, .. } in prepared.iter().filter(|ready| ready.loose.is_some()) {
        let path = root.join(&change.name);
        durable::remove(&path)?;
        folders.extend(path.parent().map(Path::to_owned));
    }
    Ok(folders.iter().try_for_each(|folder| durable::sync_dir(folder))?)
}
