//! Turns a few objects into one durable file each: cheaper than a pack for a single commit.
#![allow(clippy::disallowed_methods)] // writes the object files of the repository

use std::collections::BTreeSet;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::durable::{self, IoError};
use super::oid::{Kind, Oid, header};
use super::pack::deflate;

/// How the names of unfinished files of this writer start.
pub const TEMPORARY: &str = "tmp_obj_promgit_";

/// An object with its content, before it is compressed.
pub struct Loose {
    pub oid: Oid,
    pub kind: Kind,
    pub content: Vec<u8>,
}

/// The file of a loose object below `objects`.
pub fn path_of(objects: &Path, oid: Oid) -> PathBuf {
    let hex = oid.to_string();
    objects.join(&hex[..2]).join(&hex[2..])
}

/// Writes all of them, contents durable before names, names before it returns.
pub fn write(objects: &Path, all: &[Loose]) -> Result<(), IoError> {
    let mut changed = BTreeSet::new();
    for (index, object) in all.iter().enumerate() {
        let temporary = objects.join(format!("{TEMPORARY}{index}"));
        let written = write_one(&temporary, object).and_then(|()| place(objects, &temporary, object.oid));
        match written {
            Ok(folders) => changed.extend(folders),
            Err(error) => {
                // what cannot be removed now is swept when the store is opened
                let _ = durable::remove(&temporary);
                return Err(error);
            }
        }
    }
    changed.iter().try_for_each(|folder| durable::sync_dir(folder))
}

fn write_one(temporary: &Path, object: &Loose) -> Result<(), IoError> {
    let head = header(object.kind, object.content.len());
    let bytes = deflate(&[head.as_bytes(), &object.content])
        .map_err(IoError::at("compress an object for", temporary))?;
    durable::remove(temporary)?;
    durable::create(temporary, &bytes)?;
    std::fs::set_permissions(temporary, Permissions::from_mode(0o444))
        .map_err(IoError::at("protect", temporary))
}

/// Gives the file its name; returns the folders whose entries are to be made durable.
fn place(objects: &Path, temporary: &Path, oid: Oid) -> Result<Vec<PathBuf>, IoError> {
    let path = path_of(objects, oid);
    let folder = path.parent().unwrap_or(objects);
    let mut changed = durable::create_dirs(folder)?;
    durable::rename(temporary, &path)?;
    changed.push(folder.to_owned());
    Ok(changed)
}
