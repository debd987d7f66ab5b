//! The moment to strike, and what was going on then.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use promgit::git::consolidate::MAX_PACKS;
use promgit::git::oid::{Kind, object_id};
use promgit::git::pack::PackWriter;

use crate::random::Random;

/// Nothing that is aimed at takes so long to come; if it does not come, it is struck all the same.
const PATIENCE: Duration = Duration::from_secs(3);

/// More packs than maintenance leaves, and the commits after it make.
const LEFT: usize = 12;

/// What is waited for.
#[derive(Clone, Copy, Debug)]
pub enum Aim {
    /// Nothing.
    Anytime,
    /// A pack is being written, of commits or by maintenance.
    Pack,
    /// A pack is being written by maintenance.
    Copy,
    /// Maintenance removes packs.
    Removal,
    /// A reference is locked.
    Reference,
}

impl Aim {
    pub const ALL: [Aim; 5] = [Aim::Anytime, Aim::Pack, Aim::Copy, Aim::Removal, Aim::Reference];

    /// Waits for the moment, and then a little longer.
    pub fn wait(self, repo: &Path, random: &mut Random) {
        let end = Instant::now() + PATIENCE;
        let mut most = 0;
        loop {
            let found = Found::look(repo);
            most = most.max(found.packs);
            if self.is_there(&found, most) || Instant::now() > end {
                break;
            }
        }
        let longer = match self {
            Aim::Anytime => random.below(250_000),
            _ => random.below(2_000),
        };
        let end = Instant::now() + Duration::from_micros(longer as u64);
        while Instant::now() < end {
            std::hint::spin_loop();
        }
    }

    /// `most`: packs that were seen so far.
    fn is_there(self, found: &Found, most: usize) -> bool {
        match self {
            Aim::Anytime => true,
            Aim::Pack => found.unfinished,
            Aim::Copy => found.unfinished && found.packs > MAX_PACKS,
            Aim::Removal => most > MAX_PACKS && found.packs < most,
            Aim::Reference => found.locks,
        }
    }
}

/// What lies about in a repository.
pub struct Found {
    pub packs: usize,
    /// Packs that have no index, or the reverse.
    pub halves: usize,
    pub unfinished: bool,
    pub locks: bool,
}

impl Found {
    pub fn look(repo: &Path) -> Found {
        let names = |folder: &str| -> Vec<String> {
            let entries = std::fs::read_dir(repo.join(folder)).into_iter().flatten().flatten();
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
        };
        let packs = names("objects/pack");
        let count =
            |end: &str| packs.iter().filter(|name| name.starts_with("pack-") && name.ends_with(end)).count();
        let (whole, indexes) = (count(".pack"), count(".idx"));
        let is_lock = |name: &String| name.ends_with(".lock") && name != "promgit.lock";
        Found {
            packs: whole,
            halves: whole.abs_diff(indexes),
            unfinished: packs.iter().any(|name| name.starts_with("tmp_pack_promgit_")),
            locks: ["", "refs/heads/deploy"].iter().any(|folder| names(folder).iter().any(is_lock)),
        }
    }

    /// Some of the packs that [`seed`] left are gone, and some are not yet: maintenance leaves fewer.
    fn is_removing(&self) -> bool {
        !self.unfinished && (LEFT..MAX_PACKS - 1).contains(&self.packs)
    }

    /// In a word, for the account of what was hit.
    pub fn word(&self) -> &'static str {
        match self {
            found if found.unfinished && found.packs > MAX_PACKS => "maintenance: copying",
            found if found.is_removing() => "maintenance: removing",
            found if found.unfinished || found.halves > 0 => "a pack half written",
            found if found.locks => "a reference locked",
            _ => "between",
        }
    }
}

/// What was hit how often.
#[derive(Default)]
pub struct Hits(pub BTreeMap<&'static str, usize>);

impl Hits {
    pub fn add(&mut self, found: &Found) {
        *self.0.entry(found.word()).or_default() += 1;
    }
}

/// Packs of objects that no branch needs, so many that the next flush is followed by maintenance.
pub fn seed(repo: &Path, random: &mut Random) {
    seed_to(MAX_PACKS, repo, random);
}

/// The same, up to a number of packs.
pub fn seed_to(packs: usize, repo: &Path, random: &mut Random) {
    let folder = repo.join("objects/pack");
    for number in Found::look(repo).packs..packs {
        let mut pack = PackWriter::create(&folder).unwrap();
        for object in 0..1 + random.below(40) {
            let text = format!("{number} {object} {}", random.next()).repeat(1 + random.below(50));
            pack.add(object_id(Kind::Blob, text.as_bytes()), Kind::Blob, text.as_bytes()).unwrap();
        }
        pack.finish().unwrap();
    }
}
