//! Turns a pack that came into the first object that is lacking: named by an object of the pack, and neither in it nor in the
//! repository.
//!
//! git asks the same of a fetch (connected.c: `rev-list --objects --stdin --not --all`), from the tips down. Here each object of the
//! pack is looked at once, in the order of the pack: no set of what was seen is kept, and nothing is read that was here before, which
//! was whole when it came. As in git the commit of a submodule is of another repository and not looked for, and a history ends at
//! its shallow commits.

use std::collections::BTreeSet;
use std::path::Path;

use git2::{ObjectType, Odb, OdbLookupFlags};

use super::object::{MODE_SUBMODULE, Malformed, decode_commit, each_in_tree, parents, tagged, tree_of};
use super::objects::MAX_OBJECT;
use super::oid::{Kind, Oid};

/// Objects that were found lately and are not looked for again: the trees of a history name the same ones over and over. 1.3 MB.
const REMEMBERED: usize = 1 << 16;

/// Why a pack is not to be taken.
#[derive(Debug, thiserror::Error)]
pub enum ConnectedError {
    #[error("it lacks {object}, which its {} {by} names; look at that repository with `git fsck --full`", kind.word())]
    Lacks { object: Oid, kind: Kind, by: Oid },
    #[error("it lacks commit {0}, which is what was asked for")]
    Without(Oid),
    #[error("its object {oid} is no good: {error}")]
    Malformed { oid: Oid, error: Malformed },
    #[error("its object {oid} has {size} bytes: more than {MAX_OBJECT} are not read")]
    TooLarge { oid: Oid, size: usize },
    #[error("it cannot be read: {0}")]
    Read(#[from] git2::Error),
}

/// What is asked of a pack.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// Commits that are to be here with it, and readable.
    pub wants: &'a BTreeSet<Oid>,
    /// Commits whose parents need not be here.
    pub shallow: &'a BTreeSet<Oid>,
}

/// Looks through the pack in the `pack` folder of `quarantine`, which came for the repository with these `objects`.
pub fn check(quarantine: &Path, objects: &Path, asked: Asked<'_>) -> Result<(), ConnectedError> {
    let (new, all) = (Odb::new()?, Odb::new()?);
    new.add_disk_alternate(&quarantine.to_string_lossy())?;
    all.add_disk_alternate(&quarantine.to_string_lossy())?;
    all.add_disk_alternate(&objects.to_string_lossy())?;
    let mut search = Search { all: &all, asked, found: vec![None; REMEMBERED] };
    let mut result = Ok(());
    let walked = new.foreach(|oid| {
        result = search.look(*oid);
        result.is_ok()
    });
    // one that was stopped is an error too, and what stopped it says more
    result?;
    walked?;
    asked.wants.iter().try_for_each(|oid| search.wanted(*oid))
}

struct Search<'a> {
    all: &'a Odb<'static>,
    asked: Asked<'a>,
    /// By the end of their ids.
    found: Vec<Option<Oid>>,
}

impl Search<'_> {
    /// Whether all that an object names is there.
    fn look(&mut self, raw: git2::Oid) -> Result<(), ConnectedError> {
        let all = self.all;
        let (size, kind) = all.read_header(raw)?;
        let (kind, oid) = match (kind, Oid::from_slice(raw.as_bytes())) {
            (ObjectType::Commit, Some(oid)) => (Kind::Commit, oid),
            (ObjectType::Tree, Some(oid)) => (Kind::Tree, oid),
            (ObjectType::Tag, Some(oid)) => (Kind::Tag, oid),
            _ => return Ok(()),
        };
        if size > MAX_OBJECT {
            return Err(ConnectedError::TooLarge { oid, size });
        }
        let object = all.read(raw)?;
        let lacking = self.lacking(oid, kind, object.data());
        match lacking.map_err(|error| ConnectedError::Malformed { oid, error })? {
            Some(object) => Err(ConnectedError::Lacks { object, kind, by: oid }),
            None => Ok(()),
        }
    }

    fn lacking(&mut self, oid: Oid, kind: Kind, bytes: &[u8]) -> Result<Option<Oid>, Malformed> {
        let mut lacking = None;
        match kind {
            Kind::Tree => each_in_tree(bytes, |mode, oid| {
                lacking = (mode != MODE_SUBMODULE && !self.has(oid)).then_some(oid);
                lacking.is_none()
            })?,
            Kind::Commit => {
                let tree = tree_of(bytes).ok_or(Malformed { kind: "commit", detail: "no tree" })?;
                let parents = parents(bytes).filter(|_| !self.asked.shallow.contains(&oid));
                lacking = std::iter::once(tree).chain(parents).find(|oid| !self.has(*oid));
            }
            Kind::Tag => {
                let target = tagged(bytes).ok_or(Malformed { kind: "tag", detail: "it names nothing" })?;
                lacking = Some(target).filter(|oid| !self.has(*oid));
            }
            Kind::Blob => {}
        }
        Ok(lacking)
    }

    fn has(&mut self, oid: Oid) -> bool {
        let [.., a, b] = *oid.as_bytes();
        let place = &mut self.found[usize::from(u16::from_be_bytes([a, b])) % REMEMBERED];
        if *place == Some(oid) || oid == Oid::EMPTY_TREE {
            return true;
        }
        let has = self.all.exists_ext(raw(oid), OdbLookupFlags::NO_REFRESH);
        if has {
            *place = Some(oid);
        }
        has
    }

    /// A tip is gone on from, so it has to be read, which is not asked of old commits.
    fn wanted(&mut self, oid: Oid) -> Result<(), ConnectedError> {
        if !self.has(oid) {
            return Err(ConnectedError::Without(oid));
        }
        let commit = decode_commit(self.all.read(raw(oid))?.data());
        commit.map(drop).map_err(|error| ConnectedError::Malformed { oid, error })
    }
}

fn raw(oid: Oid) -> git2::Oid {
    // 20 bytes are always an id
    git2::Oid::from_bytes(oid.as_bytes()).unwrap_or(git2::Oid::ZERO_SHA1)
}
