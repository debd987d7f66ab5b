//! Turns a commit into the note that `git notes` keeps for it, if there is one.
//!
//! A notes reference names a commit whose tree holds one file a noted object, named by its id. Where there are many, git spreads
//! them over folders of two digits each (`ab/cd/ef…`, the fan-out of notes.c); every depth is read.

use super::object::TreeEntry;
use super::oid::{OID_HEX, Oid};
use super::reader::{ReadError, Reader};

/// Where promgit keeps what became of a commit.
pub const REFERENCE: &str = "refs/notes/promgit";

/// Digits that a folder of the fan-out takes.
const FAN_OUT: usize = 2;

/// Where a new note of a commit is put: one level of folders keeps trees small for a million commits.
pub fn path(commit: Oid) -> String {
    let hex = commit.to_string();
    format!("{}/{}", &hex[..FAN_OUT], &hex[FAN_OUT..])
}

/// The notes of one reference.
pub struct Notes<'r> {
    reader: &'r Reader,
    tree: Option<Oid>,
}

impl<'r> Notes<'r> {
    /// Those of a reference (`refs/notes/…`); where there is no such reference, nothing has a note.
    pub fn open(reader: &'r Reader, reference: &str) -> Result<Self, ReadError> {
        let tip = reader.reference(reference)?;
        let tree = tip.map(|tip| reader.commit(tip)).transpose()?.map(|commit| commit.tree);
        Ok(Notes { reader, tree })
    }

    /// The note of a commit; bytes that are not UTF-8 are replaced.
    pub fn of(&self, commit: Oid) -> Result<Option<String>, ReadError> {
        let hex = commit.to_string();
        let (mut folder, mut depth) = (self.tree, 0);
        while let Some(tree) = folder {
            let find = |name: &str| self.reader.entry_in_tree(tree, name);
            if let Some(note) = find(&hex[depth..])?.filter(TreeEntry::is_file) {
                return Ok(Some(String::from_utf8_lossy(&self.reader.blob(note.oid)?).into_owned()));
            }
            let end = depth + FAN_OUT;
            let below = if end < OID_HEX { find(&hex[depth..end])? } else { None };
            folder = below.filter(TreeEntry::is_tree).map(|entry| entry.oid);
            depth = end;
        }
        Ok(None)
    }
}
