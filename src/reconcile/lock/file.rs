//! Locks as files beside the objects of the bare repository: no clone, fetch or push ever carries them.
#![allow(clippy::disallowed_methods)] // it keeps files

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::kept::{Fields, Kept, KeptError};
use super::{Keeper, LockError, Owner};
use crate::git::durable::{self, IoError};
use crate::source::event::Key;

/// The folder, below that of the repository.
const FOLDER: &str = "promgit/locks";

/// For the user that the agent runs as, and nobody else.
const MODE: u32 = 0o600;

/// Keeps locks in a folder.
pub struct Files {
    folder: PathBuf,
}

impl Files {
    /// The locks of a repository; nothing is made before the first one is needed.
    pub fn new(repository: &Path) -> Self {
        Files { folder: repository.join(FOLDER) }
    }

    fn path(&self, key: &Key) -> PathBuf {
        self.folder.join(&key.namespace).join(format!("{}.json", key.name))
    }
}

impl Keeper for Files {
    fn read(&self, of: &Owner<'_>) -> Result<Option<Kept>, LockError> {
        let path = self.path(of.key);
        let broken = |source| LockError::Broken { place: path.display().to_string(), source };
        let Some(bytes) = durable::read(&path)? else { return Ok(None) };
        Kept::of(&parse(&bytes).map_err(broken)?).map_err(broken).map(Some)
    }

    fn write(&self, of: &Owner<'_>, kept: &Kept) -> Result<(), LockError> {
        let path = self.path(of.key);
        let Some(folder) = path.parent() else { return Ok(()) };
        for changed in durable::create_dirs(folder)? {
            durable::sync_dir(&changed)?;
        }
        // One writer has the repository, and a worker has a cluster: nobody else makes this file.
        let new = path.with_extension("new");
        durable::remove(&new)?;
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(MODE)
            .open(&new)
            .map_err(IoError::at("create", &new))?;
        file.write_all(&text(&kept.fields())).map_err(IoError::at("write", &new))?;
        file.sync_all().map_err(IoError::at("make durable", &new))?;
        durable::rename(&new, &path)?;
        Ok(durable::sync_dir(folder)?)
    }

    fn remove(&self, key: &Key) -> Result<(), LockError> {
        Ok(durable::remove(&self.path(key))?)
    }
}

fn text(fields: &Fields) -> Vec<u8> {
    let fields = fields.iter().map(|(name, bytes)| (name.clone(), STANDARD.encode(bytes).into()));
    let mut text = serde_json::Value::Object(fields.collect()).to_string();
    text.push('\n');
    text.into_bytes()
}

fn parse(bytes: &[u8]) -> Result<Fields, KeptError> {
    let all: std::collections::BTreeMap<String, String> =
        serde_json::from_slice(bytes).map_err(|_| KeptError::Wrong("the file"))?;
    let one = |(name, text): (String, String)| {
        STANDARD.decode(text).map(|bytes| (name, bytes)).map_err(|_| KeptError::Wrong("the file"))
    };
    all.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_lock_is_kept_for_its_owner_alone_until_it_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::new(folder.path());
        let key = Key { namespace: "n".into(), name: "a".into() };
        let owner = Owner { key: &key, uid: None };
        assert!(files.read(&owner).unwrap().is_none());
        for wish in ["", "again"] {
            let kept = Kept::new(wish.into(), Timestamp::UNIX_EPOCH).unwrap();
            files.write(&owner, &kept).unwrap();
            assert!(files.read(&owner).unwrap() == Some(kept));
        }
        let path = files.path(&key);
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, MODE);
        std::fs::write(&path, "{").unwrap();
        let error = files.read(&owner).err().unwrap();
        assert!(error.is_final() && error.to_string().contains("a.json is no lock"), "{error}");
        files.remove(&key).unwrap();
        files.remove(&key).unwrap();
        assert!(files.read(&owner).unwrap().is_none());
    }
}
