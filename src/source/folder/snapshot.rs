//! What a folder holds at one moment, and the events that lead from one moment to the next.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::read::Contents;
use super::walk::{Files, Stamp};
use crate::api::PrometheusCluster;
use crate::source::event::{Deleted, Event, Kept, Key, Observed, Refused};

/// A folder as it was read, and what its reader was told of it.
#[derive(Debug, Default)]
pub struct Snapshot {
    files: BTreeMap<PathBuf, (Stamp, Contents)>,
    /// Every cluster that the receiver knows of.
    told: BTreeMap<Key, Told>,
    refusals: Vec<Refused>,
    /// The last listing could not tell what is absent, because a file could not be read.
    incomplete: bool,
}

#[derive(Debug)]
struct Told {
    /// `None`: only that it was refused.
    cluster: Option<Arc<PrometheusCluster>>,
    /// The file that it stood in.
    path: PathBuf,
}

/// What the folder says, looked at by cluster.
struct View<'a> {
    clusters: BTreeMap<&'a Key, &'a Observed>,
    refused: Vec<Refused>,
}

impl Snapshot {
    /// Takes in `files` as found now; only those with another stamp, or in `touched`, are read again.
    pub fn update(&mut self, files: Files, touched: &[PathBuf], read: impl Fn(&Path, Stamp) -> Contents) {
        let mut old = std::mem::take(&mut self.files);
        let mut load = |path: PathBuf, stamp: Stamp| {
            let known = old.remove(&path).filter(|(old, _)| *old == stamp && !touched.contains(&path));
            let contents = known.map_or_else(|| read(&path, stamp), |(_, contents)| contents);
            (path, (stamp, contents))
        };
        self.files = files.into_iter().map(|(path, stamp)| load(path, stamp)).collect();
    }

    /// The events of a whole listing.
    pub fn listing(&mut self) -> Vec<Event> {
        let View { clusters, refused } = view(&self.files);
        let kept = kept(&clusters, &refused);
        let mut events = vec![Event::Init];
        events.extend(refused.iter().cloned().map(Event::Refused));
        events.extend(clusters.values().map(|observed| Event::Listed((*observed).clone())));
        events.push(Event::Ready { kept });
        self.told = clusters.into_values().map(known).collect();
        self.told.extend(refused.iter().filter_map(unknown));
        self.incomplete = refused.iter().any(|refused| refused.key.is_none());
        self.refusals = refused;
        events
    }

    /// The events since the last call of this or [`Self::listing`]. A cluster whose document became
    /// unreadable or ambiguous is refused and stays as it was; one that is no longer mentioned is deleted.
    pub fn changes(&mut self, now: Timestamp) -> Vec<Event> {
        let View { clusters, refused } = view(&self.files);
        let unreadable = refused.iter().any(|refused| refused.key.is_none());
        if self.incomplete && !unreadable && !clusters.is_empty() {
            return self.listing();
        }
        let fresh = refused.iter().filter(|refused| !self.refusals.contains(refused));
        let mut events: Vec<Event> = fresh.cloned().map(Event::Refused).collect();
        for (key, observed) in &clusters {
            let earlier = self.told.get(*key).and_then(|told| told.cluster.as_ref());
            if earlier != Some(&observed.cluster) {
                events.push(Event::Applied((*observed).clone()));
            }
        }
        let kept = |key: &Key, told: &Told| {
            let mut about = refused.iter().filter(|refused| match &refused.key {
                Some(other) => other == key,
                // Unreadable: its own file, or a new one that it may have moved into (until the next look).
                None => refused.origin.path == told.path || !self.refusals.contains(refused),
            });
            about.next().is_some()
        };
        let gone = self.told.iter().filter(|(key, told)| !clusters.contains_key(key) && !kept(key, told));
        let gone: Vec<Key> = gone.map(|(key, _)| key.clone()).collect();
        self.told.extend(clusters.into_values().map(known));
        for key in gone {
            self.told.remove(&key);
            events.push(Event::Deleted(Deleted { key, changed_at: now }));
        }
        self.refusals = refused;
        events
    }
}

fn known(observed: &Observed) -> (Key, Told) {
    let told = Told { cluster: Some(observed.cluster.clone()), path: observed.origin.path.clone() };
    (observed.key.clone(), told)
}

fn unknown(refused: &Refused) -> Option<(Key, Told)> {
    let told = Told { cluster: None, path: refused.origin.path.clone() };
    Some((refused.key.clone()?, told))
}

fn view(files: &BTreeMap<PathBuf, (Stamp, Contents)>) -> View<'_> {
    let mut all: BTreeMap<&Key, Vec<&Observed>> = BTreeMap::new();
    let mut view = View { clusters: BTreeMap::new(), refused: Vec::new() };
    for (_, contents) in files.values() {
        view.refused.extend(contents.refused.iter().cloned());
        for observed in &contents.clusters {
            all.entry(&observed.key).or_default().push(observed);
        }
    }
    for (key, found) in all {
        let refused = view.refused.iter().any(|refused| refused.key.as_ref() == Some(key));
        match found.as_slice() {
            [one] if !refused => {
                view.clusters.insert(key, one);
            }
            [one] => {
                tracing::debug!(cluster = %key, origin = %one.origin, "refused elsewhere: left as it is")
            }
            several => view.refused.push(ambiguous(key, several)),
        }
    }
    view
}

/// The same cluster in two places: neither is taken, both are named.
fn ambiguous(key: &Key, found: &[&Observed]) -> Refused {
    let places: Vec<String> = found.iter().map(|observed| observed.origin.to_string()).collect();
    let reason = format!(
        "PrometheusCluster {key} is defined {} times, at {}; keep one of them",
        found.len(),
        places.join(" and ")
    );
    Refused { key: Some(key.clone()), origin: found[0].origin.clone(), reasons: vec![reason] }
}

fn kept(clusters: &BTreeMap<&Key, &Observed>, refused: &[Refused]) -> Kept {
    if let Some(refused) = refused.iter().find(|refused| refused.key.is_none()) {
        return Kept::All(format!("{} cannot be read", refused.origin));
    }
    if clusters.is_empty() {
        return Kept::All("the folder holds no PrometheusCluster at all".into());
    }
    Kept::Only(refused.iter().filter_map(|refused| refused.key.clone()).collect())
}
