//! What a folder holds at one moment, and the events that lead from one moment to the next.
//!
//! Files are no transactions: an editor truncates before it writes, `git checkout` removes before it creates, and a
//! walk may miss a file that moves from a folder it has not seen to one that it has. What is *there* is therefore
//! told once it is quiet, and what is *gone* once it has been gone for a while.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::read::Contents;
use super::view::{self, View};
use super::walk::{Files, Found};
use crate::api::PrometheusCluster;
use crate::source::event::{Deleted, Event, Kept, Key, Observed, Refused, Scope};

/// How long to wait before believing what a folder says. The default is not to wait.
#[derive(Clone, Copy, Debug, Default)]
pub struct Patience {
    /// A file that was written less than this ago is not read yet: it may be half written.
    pub quiet: SignedDuration,
    /// A cluster is deleted when it has been absent for this long.
    pub grace: SignedDuration,
}

/// A folder as it was read, and what its reader was told of it.
#[derive(Debug, Default)]
pub struct Snapshot {
    patience: Patience,
    files: BTreeMap<PathBuf, Entry>,
    /// Every cluster that the receiver knows of.
    told: BTreeMap<Key, Told>,
    refusals: Vec<Refused>,
    /// A file that is still being written, left for the next look.
    unsettled: Option<PathBuf>,
    /// When a file last came, went or changed.
    moved_at: Timestamp,
    /// The last listing could not tell what is absent.
    incomplete: bool,
    /// The folder was away or is another one: what is absent may still be on its way.
    doubted: bool,
    /// Something is only told if it is still so a little later.
    waiting: bool,
}

#[derive(Debug)]
struct Entry {
    /// What was read; `None`: to be read again.
    found: Option<Found>,
    contents: Contents,
}

#[derive(Debug)]
struct Told {
    /// `None`: only that it was refused.
    cluster: Option<Arc<PrometheusCluster>>,
    /// Where it stands, or, once it is absent, what it may have moved into.
    path: PathBuf,
    /// Since when it is absent for no reason.
    missing: Option<Timestamp>,
}

impl Snapshot {
    pub fn new(patience: Patience) -> Self {
        Snapshot { patience, ..Snapshot::default() }
    }

    /// Takes in `files` as found `now`; only those that differ from before, or are `touched`, are read.
    pub fn update(
        &mut self,
        files: Files,
        touched: &BTreeSet<PathBuf>,
        now: Timestamp,
        read: impl Fn(&Path, &Found) -> Contents,
    ) {
        let mut old = std::mem::take(&mut self.files);
        let mut moved = false;
        self.unsettled = None;
        for (path, found) in files {
            let known = old.remove(&path);
            let same = known.as_ref().is_some_and(|known| known.found.as_ref() == Some(&found));
            let entry = if same && !touched.contains(&path) {
                known
            } else if is_fresh(&found, now, self.patience.quiet) {
                self.unsettled = Some(path.clone());
                known.map(|known| Entry { found: None, ..known })
            } else {
                let contents = read(&path, &found);
                if contents.torn {
                    self.unsettled = Some(path.clone());
                    let known = known.map(|known| Entry { found: None, ..known });
                    self.files.extend(known.map(|entry| (path, entry)));
                    continue;
                }
                let hidden = known.is_some_and(|known| known.contents.unreadable) && contents.unreadable;
                moved |= !hidden;
                Some(Entry { found: (!contents.unreadable).then_some(found), contents })
            };
            self.files.extend(entry.map(|entry| (path, entry)));
        }
        if moved || !old.is_empty() || self.unsettled.is_some() {
            self.moved_at = now;
        }
    }

    /// The folder could not be read, or is another one of the same name: until it holds clusters again and lies
    /// still, nothing is deleted.
    pub fn doubt(&mut self) {
        self.doubted = true;
    }

    /// A file is still being written and was not read.
    pub fn is_unsettled(&self) -> bool {
        self.unsettled.is_some()
    }

    /// Whether to look again soon, though nothing may change any more.
    pub fn is_waiting(&self) -> bool {
        self.waiting || self.unsettled.is_some()
    }

    /// The events of a whole listing.
    pub fn listing(&mut self) -> Vec<Event> {
        let View { clusters, refused } = view::view(self.files.values().map(|entry| &entry.contents));
        let kept = self.kept(&clusters, &refused);
        let mut events = vec![Event::Init];
        events.extend(refused.iter().cloned().map(Event::Refused));
        events.extend(clusters.values().map(|observed| Event::Listed((*observed).clone())));
        self.told = clusters.into_values().map(known).collect();
        self.told.extend(refused.iter().filter_map(unknown));
        self.incomplete = matches!(kept, Kept::All(_));
        self.waiting = false;
        self.refusals = refused;
        events.push(Event::Ready { kept, scope: Scope::All });
        events
    }

    fn kept(&self, clusters: &BTreeMap<&Key, &Observed>, refused: &[Refused]) -> Kept {
        if let Some(refused) = refused.iter().find(|refused| refused.key.is_none()) {
            return Kept::All(format!("{} cannot be read", refused.origin));
        }
        if let Some(path) = &self.unsettled {
            return Kept::All(format!("{} is still being written", path.display()));
        }
        if clusters.is_empty() {
            return Kept::All("the folder holds no PrometheusCluster at all".into());
        }
        Kept::Only(refused.iter().filter_map(|refused| refused.key.clone()).collect())
    }

    /// The events since the last call of this or [`Self::listing`]. A cluster whose document became
    /// unreadable or ambiguous is refused and stays as it was; one that is no longer mentioned is deleted.
    pub fn changes(&mut self, now: Timestamp) -> Vec<Event> {
        let View { clusters, refused } = view::view(self.files.values().map(|entry| &entry.contents));
        let still = self.unsettled.is_none() && now.duration_since(self.moved_at) >= self.patience.grace;
        let readable = !clusters.is_empty() && refused.iter().all(|refused| refused.key.is_some());
        if self.incomplete && readable && still {
            self.doubted = false;
            return self.listing();
        }
        if !clusters.is_empty() && still {
            self.doubted = false;
        }
        self.waiting = !still && ((self.incomplete && readable) || (self.doubted && !clusters.is_empty()));
        let mut events = self.news(&clusters, &refused);
        let present: BTreeMap<Key, Told> = clusters.into_values().map(known).collect();
        let gone = self.gone(&present, &refused, now);
        self.told.extend(present);
        for key in gone {
            self.told.remove(&key);
            events.push(Event::Deleted(Deleted::gone(key, now)));
        }
        self.refusals = refused;
        events
    }

    /// Refusals and clusters that the receiver has not heard of.
    fn news(&self, clusters: &BTreeMap<&Key, &Observed>, refused: &[Refused]) -> Vec<Event> {
        let fresh = refused.iter().filter(|refused| !self.refusals.contains(refused));
        let mut events: Vec<Event> = fresh.cloned().map(Event::Refused).collect();
        for (key, observed) in clusters {
            let earlier = self.told.get(*key).and_then(|told| told.cluster.as_ref());
            if earlier != Some(&observed.cluster) {
                events.push(Event::Applied((*observed).clone()));
            }
        }
        events
    }

    /// The clusters that are absent for no reason, and have been for long enough.
    fn gone(&mut self, present: &BTreeMap<Key, Told>, refused: &[Refused], now: Timestamp) -> Vec<Key> {
        // A cluster that goes when a document becomes unreadable may have moved into that one.
        let hides = |refused: &&Refused| refused.key.is_none();
        let known: BTreeSet<&PathBuf> =
            self.refusals.iter().filter(hides).map(|it| &it.origin.path).collect();
        let hiding: Vec<&PathBuf> = refused.iter().filter(hides).map(|it| &it.origin.path).collect();
        let suspect = hiding.iter().find(|path| !known.contains(**path));
        let mut gone = Vec::new();
        for (key, told) in self.told.iter_mut().filter(|(key, _)| !present.contains_key(key)) {
            let named = refused.iter().any(|refused| refused.key.as_ref() == Some(key));
            let hidden = hiding.iter().any(|path| told.path.starts_with(path));
            if named || hidden || self.doubted {
                told.missing = None;
                continue;
            }
            if let Some(path) = suspect.filter(|_| told.missing.is_none()) {
                told.path = path.to_path_buf();
                continue;
            }
            let since = *told.missing.get_or_insert(now);
            let since = since.max(written_at(self.files.get(&told.path), now));
            if now.duration_since(since) >= self.patience.grace {
                gone.push(key.clone());
            } else {
                self.waiting = true;
            }
        }
        gone
    }
}

/// Written less than `quiet` ago. A time to come is another machine's clock, and tells nothing.
fn is_fresh(found: &Found, now: Timestamp, quiet: SignedDuration) -> bool {
    let Found::File(stamp) = found else { return false };
    let age = now.duration_since(stamp.modified());
    age >= SignedDuration::ZERO && age < quiet
}

/// When a file that is still there was last written, as far as that can be told.
fn written_at(entry: Option<&Entry>, now: Timestamp) -> Timestamp {
    match entry {
        None => Timestamp::UNIX_EPOCH,
        Some(Entry { found: Some(Found::File(stamp)), .. }) if stamp.modified() <= now => stamp.modified(),
        Some(Entry { found: Some(_), .. }) => Timestamp::UNIX_EPOCH,
        Some(Entry { found: None, .. }) => now,
    }
}

fn known(observed: &Observed) -> (Key, Told) {
    let (cluster, path) = (Some(observed.cluster.clone()), observed.origin.path.clone());
    (observed.key.clone(), Told { cluster, path, missing: None })
}

fn unknown(refused: &Refused) -> Option<(Key, Told)> {
    let path = refused.origin.path.clone();
    Some((refused.key.clone()?, Told { cluster: None, path, missing: None }))
}
