//! Turns the stream of a pack that another repository sends into objects of this one: verified, indexed, durable.
//!
//! libgit2's indexer computes every object's id from its content and resolves the deltas; whether they are all that they name,
//! [`connected`] looks at. Both work in a folder of their own, so that a pack that is cut off or wrong is never seen.
#![allow(clippy::disallowed_methods)] // makes what was received durable

use std::collections::BTreeSet;
use std::fs::{File, Permissions};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use git2::{Indexer, Odb};

use super::connected::{self, Asked, ConnectedError};
use super::durable::{self, IoError};
use super::oid::Oid;
use super::pack::HEADER;
use super::shallow;

/// How the folder of an unfinished pack starts, in `objects`; swept when the store is opened. It has a folder `pack`, so that it can
/// be read as `objects` is.
pub const TEMPORARY: &str = "incoming-promgit-";
/// Bytes of one pack: the history of 1,000 branches with 100 commits each has 200 MB; this keeps a hostile server from filling
/// the disk.
pub const MAX_BYTES: u64 = 4 << 30;
/// Objects of one pack: the indexer keeps about 100 bytes of each.
pub const MAX_OBJECTS: u32 = 4_000_000;

/// In the order in which they get their place.
const ENDINGS: [&str; 2] = ["pack", "idx"];

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// A pack that is being received. Dropping it removes what came so far.
pub struct Incoming {
    start: Vec<u8>,
    bytes: u64,
    // before what it looks into, and before the folder that goes with it
    indexer: Indexer<'static>,
    _odb: Odb<'static>,
    folder: Folder,
    root: PathBuf,
}

/// Goes with its files.
struct Folder(PathBuf);

impl Folder {
    fn packs(&self) -> PathBuf {
        self.0.join("pack")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // what cannot be removed now is swept when the store is opened
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A pack that was not taken; the repository is as it was.
#[derive(Debug, thiserror::Error)]
pub enum IncomingError {
    #[error(transparent)]
    Io(#[from] IoError),
    #[error("the pack that came is no good: {0}")]
    Bad(String),
    #[error("the pack that came is not taken: {0}")]
    Unconnected(#[from] ConnectedError),
    #[error("the pack that came has more than {MAX_BYTES} bytes, which are not taken; fetch fewer branches")]
    TooLarge,
    #[error("the pack that came has {0} objects; {MAX_OBJECTS} are taken at most; fetch fewer branches")]
    TooMany(u32),
}

impl Incoming {
    /// Starts to receive into the repository at `root`.
    pub fn begin(root: &Path) -> Result<Incoming, IncomingError> {
        let objects = root.join("objects");
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = objects.join(format!("{TEMPORARY}{}-{count}", std::process::id()));
        let odb = Odb::new().map_err(|error| bad(&error))?;
        odb.add_disk_alternate(&objects.to_string_lossy()).map_err(|error| bad(&error))?;
        let folder = Folder(folder);
        let packs = folder.packs();
        std::fs::create_dir_all(&packs).map_err(IoError::at("create", &packs))?;
        // its own look for what is lacking takes the commit of a submodule for an object of this repository
        let indexer = Indexer::new(Some(&odb), &packs, 0o444, false).map_err(|error| bad(&error))?;
        Ok(Incoming { start: Vec::new(), bytes: 0, indexer, _odb: odb, folder, root: root.to_owned() })
    }

    /// Takes the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), IncomingError> {
        self.bytes += bytes.len() as u64;
        if self.bytes > MAX_BYTES {
            return Err(IncomingError::TooLarge);
        }
        let missing = HEADER.saturating_sub(self.start.len());
        if missing > 0 {
            self.start.extend(&bytes[..missing.min(bytes.len())]);
            self.check_start()?;
        }
        self.indexer.write_all(bytes).map_err(|error| IncomingError::Bad(error.to_string()))
    }

    /// The indexer makes room for as many objects as the header promises.
    fn check_start(&self) -> Result<(), IncomingError> {
        match self.objects() {
            Some(count) if count > MAX_OBJECTS => Err(IncomingError::TooMany(count)),
            _ => Ok(()),
        }
    }

    fn objects(&self) -> Option<u32> {
        let count = self.start.get(8..HEADER)?;
        Some(u32::from_be_bytes(count.try_into().ok()?))
    }

    /// Checks the whole, and makes it durable; nobody sees it yet. It is refused unless everything that its objects name is in it or
    /// in the repository, and the commits that were asked for as well. `beginnings`: where its histories begin.
    pub fn verify(
        self,
        wants: &BTreeSet<Oid>,
        beginnings: &BTreeSet<Oid>,
    ) -> Result<Verified, IncomingError> {
        let count = self.objects().ok_or_else(|| IncomingError::Bad("it is cut off".to_owned()))?;
        let (folder, root) = (self.folder, self.root);
        let name = match count {
            0 => None,
            _ => Some(format!("pack-{}", self.indexer.commit().map_err(|error| bad(&error))?)),
        };
        let mut shallow = shallow::read(&root)?;
        shallow.extend(beginnings);
        connected::check(&folder.0, &root.join("objects"), Asked { wants, shallow: &shallow })?;
        let Some(name) = name else { return Ok(Verified { folder, root, name }) };
        for ending in ENDINGS {
            let file = folder.packs().join(&name).with_extension(ending);
            make_durable(&file).map_err(IoError::at("make durable", &file))?;
        }
        Ok(Verified { folder, root, name: Some(name) })
    }
}

/// A pack that is whole.
pub struct Verified {
    folder: Folder,
    root: PathBuf,
    /// Nothing where no object came.
    name: Option<String>,
}

impl Verified {
    /// Gives it its place, durably: pack before index, so that there is never an index without its pack.
    pub fn place(self) -> Result<(), IoError> {
        let Some(name) = self.name else { return Ok(()) };
        let packs = self.root.join("objects/pack");
        for ending in ENDINGS {
            let file = Path::new(&name).with_extension(ending);
            durable::rename(&self.folder.packs().join(&file), &packs.join(&file))?;
        }
        durable::sync_dir(&packs)
    }
}

fn bad(error: &git2::Error) -> IncomingError {
    IncomingError::Bad(error.message().to_owned())
}

/// As git leaves packs: nobody is to change one.
fn make_durable(path: &Path) -> std::io::Result<()> {
    let file = File::open(path)?;
    file.set_permissions(Permissions::from_mode(0o444))?;
    file.sync_all()
}

/// Removes the folder of a pack that was not finished.
pub fn discard(folder: &Path) -> Result<(), IoError> {
    std::fs::remove_dir_all(folder).map_err(IoError::at("remove", folder))
}
