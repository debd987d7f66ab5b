//! Releases turned into the locks that hold their random values still: read from where they are kept, made at first.
//!
//! Most charts draw nothing, and nothing is kept for them: [`Locks`] is asked only when a render wants a lock.

pub mod file;
pub mod kept;
pub mod secret;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use self::kept::{Kept, KeptError};
use crate::api::annotations;
use crate::cluster::call::CallError;
use crate::git::durable::IoError;
use crate::render::policy::Lock;
use crate::source::event::{Key, Observed};

/// Where locks are kept.
pub trait Keeper: Send + Sync {
    /// None if there is none for this very resource.
    fn read(&self, of: &Owner<'_>) -> Result<Option<Kept>, LockError>;
    /// Durable when this returns.
    fn write(&self, of: &Owner<'_>, kept: &Kept) -> Result<(), LockError>;
    /// The resource is gone.
    fn remove(&self, key: &Key) -> Result<(), LockError>;
}

/// Whose lock.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    pub key: &'a Key,
    /// What an API server calls the resource; another one of the same name is another one. A folder has none.
    pub uid: Option<&'a str>,
}

/// Why there is no lock.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    #[error("the lock of the chart's random values: {0}")]
    File(#[from] IoError),
    #[error(
        "{place} is no lock of random values: {source}; restore it, or delete it and the chart draws new ones"
    )]
    Broken { place: String, source: KeptError },
    #[error("the lock of the chart's random values, Secret/{name}: {source}")]
    Call { name: String, source: CallError },
    #[error(
        "Secret/{name} exists and is no lock of promgit, which would keep the chart's random values there; delete it \
         or give one of the two another name"
    )]
    NotOurs { name: String },
    #[error("no random seed can be had: {0}")]
    Random(String),
}

impl LockError {
    /// Trying again helps only when somebody changed something.
    pub fn is_final(&self) -> bool {
        match self {
            LockError::Broken { .. } | LockError::NotOurs { .. } => true,
            LockError::File(_) | LockError::Call { .. } | LockError::Random(_) => false,
        }
    }
}

/// The locks of all releases.
pub struct Locks {
    keeper: Box<dyn Keeper>,
    /// Those that were asked for, with the uid of their resource.
    known: Mutex<BTreeMap<Key, (Option<String>, Kept)>>,
}

impl Locks {
    pub fn new(keeper: impl Keeper + 'static) -> Self {
        Locks { keeper: Box::new(keeper), known: Mutex::default() }
    }

    /// The lock, if the release asked for it before and nobody wants another one.
    pub fn known(&self, observed: &Observed) -> Option<Lock> {
        let known = self.lock();
        let (uid, kept) = known.get(&observed.key)?;
        let is_current =
            uid.as_deref() == observed.cluster.metadata.uid.as_deref() && kept.refreshed == refresh(observed);
        is_current.then(|| kept.lock.clone())
    }

    /// The lock of a release, durable; made if there is none, or if somebody asked for another one by the annotation
    /// `promgit.dev/refresh-lock`.
    pub fn of(&self, observed: &Observed, now: Timestamp) -> Result<Lock, LockError> {
        if let Some(lock) = self.known(observed) {
            return Ok(lock);
        }
        let uid = observed.cluster.metadata.uid.as_deref();
        let owner = Owner { key: &observed.key, uid };
        let refreshed = refresh(observed);
        let kept = match self.keeper.read(&owner)? {
            Some(kept) if kept.refreshed == refreshed => kept,
            _ => {
                let kept = Kept::new(refreshed, now).map_err(LockError::Random)?;
                self.keeper.write(&owner, &kept)?;
                kept
            }
        };
        let lock = kept.lock.clone();
        self.lock().insert(observed.key.clone(), (uid.map(str::to_string), kept));
        Ok(lock)
    }

    /// The resource is gone, and its random values with it.
    pub fn forget(&self, key: &Key) -> Result<(), LockError> {
        self.lock().remove(key);
        self.keeper.remove(key)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Key, (Option<String>, Kept)>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Longest value of the annotation that is kept.
const MOST_REFRESH: usize = 1_024;

/// What the annotation asks for; empty without one.
fn refresh(observed: &Observed) -> String {
    let annotations = observed.cluster.metadata.annotations.as_ref();
    let asked = annotations.and_then(|annotations| annotations.get(annotations::REFRESH_LOCK));
    asked.map(|asked| crate::cluster::publish::cut(asked, MOST_REFRESH)).unwrap_or_default()
}
