//! Commits turned into the objects that they brought: what their trees hold and those of their parents do not.

use std::collections::{BTreeMap, BTreeSet};

use crate::git::object::TreeEntry;
use crate::git::reader::ReadError;
use crate::git::{Oid, Reader};

/// Objects that go into one pack, in the order they are sent, none twice.
#[derive(Debug, Default)]
pub struct NewObjects {
    pub list: Vec<Oid>,
    seen: BTreeSet<Oid>,
}

impl NewObjects {
    /// Adds a commit and what it brought. An object that was there before and came back is sent once more, as finding that out
    /// would cost the whole history.
    pub fn add_commit(&mut self, reader: &Reader, oid: Oid) -> Result<(), ReadError> {
        let commit = reader.commit(oid)?;
        let mut bases = Vec::new();
        for parent in &commit.parents {
            bases.push(reader.commit(*parent)?.tree);
        }
        self.add(oid);
        if bases.contains(&commit.tree) {
            return Ok(());
        }
        self.add_tree(reader, commit.tree, bases)
    }

    fn add(&mut self, oid: Oid) -> bool {
        let new = self.seen.insert(oid);
        if new {
            self.list.push(oid);
        }
        new
    }

    /// A stack, not a recursion: how deep the folders of others are is not known.
    fn add_tree(&mut self, reader: &Reader, tree: Oid, bases: Vec<Oid>) -> Result<(), ReadError> {
        let mut waiting = vec![(tree, bases)];
        while let Some((tree, bases)) = waiting.pop() {
            if !self.add(tree) {
                continue;
            }
            let mut before: BTreeMap<Vec<u8>, Vec<TreeEntry>> = BTreeMap::new();
            for base in bases {
                for entry in reader.tree(base)? {
                    before.entry(entry.name.clone()).or_default().push(entry);
                }
            }
            for entry in reader.tree(tree)? {
                let same_name = before.remove(&entry.name).unwrap_or_default();
                if entry.is_submodule() || same_name.iter().any(|old| old.oid == entry.oid) {
                    continue;
                }
                match entry.is_tree() {
                    true => {
                        let bases = same_name.iter().filter(|old| old.is_tree()).map(|old| old.oid).collect();
                        waiting.push((entry.oid, bases));
                    }
                    false => drop(self.add(entry.oid)),
                }
            }
        }
        Ok(())
    }
}
