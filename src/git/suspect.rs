//! Turns an object that cannot be read into the file that is to blame.
#![allow(clippy::disallowed_methods)] // asks whether there is a file

use std::path::Path;

use super::durable;
use super::oid::Oid;
use super::pack_index::Index;

/// What is wrong, in words that name the file; nothing where no file should hold the object. Reads the index of every pack: it
/// is asked only after a read has failed.
pub fn of(root: &Path, oid: Oid) -> Option<String> {
    let objects = root.join("objects");
    let hex = oid.to_string();
    let single = objects.join(&hex[..2]).join(&hex[2..]);
    if single.is_file() {
        return Some(format!("{} is not what it was", single.display()));
    }
    let packs = objects.join("pack");
    let mut unreadable = None;
    for name in durable::names(&packs).ok()?.iter().filter(|name| name.ends_with(".idx")) {
        let index = packs.join(name);
        match Index::open(&index).and_then(|found| Ok(found.holds(oid)?)) {
            Ok(true) => {
                let pack = index.with_extension("pack");
                return Some(format!("{} should hold it, and is cut off or damaged", pack.display()));
            }
            Ok(false) => {}
            Err(error) => unreadable = unreadable.or(Some(error.to_string())),
        }
    }
    unreadable
}
