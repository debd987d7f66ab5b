//! Turns the file `shallow` into the commits whose parents were not fetched, and back (gitrepository-layout).

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use super::durable::{self, IoError};
use super::lock::{Lock, LockError};
use super::oid::Oid;

const FILE: &str = "shallow";
/// How long another process may hold the file; it writes it in milliseconds.
const PATIENCE: Duration = Duration::from_secs(1);

/// The commits at which the history of the repository begins; none when it is whole. A line that is no id is passed over, as it
/// would hide nothing but itself.
pub fn read(root: &Path) -> Result<BTreeSet<Oid>, IoError> {
    let bytes = durable::read(&root.join(FILE))?.unwrap_or_default();
    Ok(bytes.split(|byte| *byte == b'\n').filter_map(Oid::from_hex).collect())
}

/// Adds commits to the file and takes others out, durable when this returns.
pub fn change(root: &Path, new: &BTreeSet<Oid>, gone: &BTreeSet<Oid>) -> Result<(), LockError> {
    if new.is_empty() && gone.is_empty() {
        return Ok(());
    }
    let lock = Lock::acquire(&root.join(FILE), PATIENCE)?;
    let mut all = read(root)?;
    all.extend(new);
    all.retain(|oid| !gone.contains(oid));
    let text: String = all.iter().map(|oid| format!("{oid}\n")).collect();
    Ok(lock.replace(text.as_bytes())?)
}
