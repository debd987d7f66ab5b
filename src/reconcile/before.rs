//! What a branch says of a cluster, and who wrote it, turned into what a change is compared with and what it puts right.

use super::footprint::{self, Footprint, IN_PLACE};
use super::signs::{Sign, Signs};
use super::strangers::{self, Left, MOST_RECENT};
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::folder::{self, Files};
use crate::ledger::state::State;
use crate::ledger::words::effects;
use crate::ledger::words::subject;
use crate::source::event::Key;

/// A cluster's folder as it is and as it is to be.
pub struct Sides<'a> {
    pub reader: &'a Reader,
    pub tip: Option<Oid>,
    pub key: &'a Key,
    pub base: &'a Footprint,
    pub wanted: &'a Footprint,
    /// What is wanted, and its objects in the order of `manifestDigest`.
    pub files: &'a Files,
    pub order: &'a [String],
}

/// What a change is compared with.
pub struct Before {
    /// Objects as the branch has them; what was asked for and how it was rendered as promgit left it.
    pub old: State,
    pub new: State,
    /// Nothing says that this cluster was ever committed.
    pub is_first: bool,
    /// What somebody else did that is put right.
    pub restored: Option<String>,
    /// Who did.
    pub by: Vec<String>,
    /// The last generation, where the branch itself may not say it any more.
    pub generation: Option<i64>,
}

impl Sides<'_> {
    /// Reads what differs, and of the history as little as it takes.
    pub fn before(&self) -> Result<Before, ReadError> {
        if is_new(self.base) { self.of_none() } else { self.of_folder() }
    }

    /// Nothing is there, or nothing is left.
    fn of_none(&self) -> Result<Before, ReadError> {
        let lost =
            self.tip.map(|tip| strangers::lost(self.reader, tip, &self.key.name)).transpose()?.flatten();
        let Some(Left { was, by, generation }) = lost else {
            let [mut old, new] = self.states(self.base)?;
            old.name_unread(&new);
            let (restored, by, generation) = (None, Vec::new(), None);
            return Ok(Before { old, new, is_first: true, restored, by, generation });
        };
        let [mut old, new] = self.states(&was)?;
        old.name_unread(&new);
        let is_first = is_new(&was);
        let restored = (!is_first).then(|| subject::BROUGHT_BACK.to_owned());
        Ok(Before { old, new, is_first, restored, by, generation })
    }

    fn of_folder(&self) -> Result<Before, ReadError> {
        let [mut old, new] = self.states(self.base)?;
        let says = old.cluster.as_ref().and_then(|old| old["metadata"]["name"].as_str());
        let is_moved_in = says.is_some_and(|says| says != self.key.name);
        let odd = footprint::by_hand(self.base, self.wanted, &old, &new);
        let (by, left) = self.history(is_moved_in || !odd.is_empty(), &old, &new)?;
        let (files, by, generation) = match left {
            Some(Left { was, by, generation }) => {
                let asked = [folder::CLUSTER, folder::RELEASE];
                let asked = was.iter().filter(|(path, _)| asked.contains(&path.as_str()));
                let State { cluster, record, .. } = footprint::state(self.reader, asked)?;
                (old.cluster, old.record) = (cluster, record);
                (footprint::overwritten(self.base, self.wanted, &was), by, generation)
            }
            None => {
                if is_moved_in || odd.iter().any(|path| path == folder::CLUSTER) {
                    // Not what was asked for, so nothing to compare with.
                    tracing::info!(cluster = %self.key, "cluster.yaml on the branch was changed by hand: the change is not compared");
                    old.cluster = None;
                }
                (odd, by, None)
            }
        };
        old.name_unread(&new);
        let restored = match files.is_empty() {
            _ if self.base.contains_key(IN_PLACE) => Some(subject::MADE_ROOM.to_owned()),
            _ if is_moved_in => Some(subject::MOVED_IN.to_owned()),
            true => None,
            false => Some(subject::restored(&files)),
        };
        let by = if restored.is_some() { by } else { Vec::new() };
        Ok(Before { old, new, is_first: false, restored, by, generation })
    }

    /// Who changed the folder since promgit last did, and what it was before. Nearly always nobody did, and that costs one commit.
    fn history(
        &self,
        is_odd: bool,
        old: &State,
        new: &State,
    ) -> Result<(Vec<String>, Option<Left>), ReadError> {
        let Some(tip) = self.tip else { return Ok((Vec::new(), None)) };
        let (reader, name) = (self.reader, &self.key.name);
        let is_touched = is_odd || !strangers::since(reader, tip, name)?.is_empty();
        let sign = if is_touched { Sign::Touched } else { self.signs(old, new).read()? };
        match sign {
            Sign::Untouched => Ok((Vec::new(), None)),
            Sign::Unsure => strangers::left(reader, tip, name, MOST_RECENT),
            Sign::Touched => strangers::left(reader, tip, name, usize::MAX),
        }
    }

    fn signs<'a>(&'a self, old: &'a State, new: &'a State) -> Signs<'a> {
        let Sides { reader, tip: _, key, base, wanted, files, order } = *self;
        Signs { reader, base, wanted, files, order, namespace: &key.namespace, old, new }
    }

    /// What both sides say, as far as the words need it.
    fn states(&self, before: &Footprint) -> Result<[State; 2], ReadError> {
        let told = |path: &String| before.get(path) != self.wanted.get(path) || is_told(path);
        let mut new = State::default();
        self.files.iter().filter(|(path, _)| told(path)).for_each(|(path, bytes)| new.add(path, Some(bytes)));
        let old = footprint::state(self.reader, before.iter().filter(|(path, _)| told(path)))?;
        Ok([old, new])
    }
}

/// Nothing there says that this cluster was ever committed.
fn is_new(base: &Footprint) -> bool {
    ![folder::CLUSTER, folder::RELEASE, IN_PLACE].iter().any(|path| base.contains_key(*path))
}

/// Files that the words are made of even where they stayed the same: what was asked for, and the workloads, which may
/// read an object that changed. Other objects that did are not told, so they are not parsed either.
fn is_told(path: &str) -> bool {
    matches!(path, folder::CLUSTER | folder::RELEASE) || effects::is_workload(path)
}
