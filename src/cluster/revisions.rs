//! The Secrets of Helm's history, watched as metadata, turned into which revision of each release is the newest, and whose it is.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use futures::StreamExt;
use futures::stream::BoxStream;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::watcher::Event;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::metrics::Metrics;
use crate::metrics::labels::Watched;
use crate::release::history::Entry;
use crate::release::secret;
use crate::release::status::Status;
use crate::source::cluster::stream::{self, Told};

/// The newest revision of a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Newest {
    pub revision: u32,
    pub status: Status,
    /// promgit wrote it.
    pub is_ours: bool,
    /// When its record was written last; none where nothing says it.
    pub written: Option<Timestamp>,
}

/// One watch over all releases, started when it is first asked for; it ends with this value.
pub struct Revisions {
    client: Client,
    namespaces: Vec<String>,
    streams: bool,
    metrics: Arc<Metrics>,
    watch: Mutex<Option<Watch>>,
}

struct Watch {
    shared: Arc<Mutex<State>>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// Namespace and name of a release, shared by all who keep it.
type Name = Arc<(String, String)>;

#[derive(Default)]
struct State {
    revisions: BTreeMap<Record, Newest>,
    listeners: BTreeMap<Name, Weak<Notify>>,
    /// Watches that have not listed yet.
    unlisted: usize,
}

impl Revisions {
    /// `namespaces`: those to watch, empty for all. `streams`: whether the API server streams listings.
    pub fn new(client: Client, namespaces: Vec<String>, streams: bool, metrics: Arc<Metrics>) -> Self {
        Revisions { client, namespaces, streams, metrics, watch: Mutex::default() }
    }

    /// Follows a release from now on: `changed` is notified of every revision for as long as it exists.
    pub fn follow(&self, namespace: &str, release: &str, changed: &Arc<Notify>) {
        let mut watch = lock(&self.watch);
        let watch = watch.get_or_insert_with(|| self.start());
        let name = Arc::new((namespace.to_owned(), release.to_owned()));
        lock(&watch.shared).listeners.insert(name, Arc::downgrade(changed));
    }

    /// The newest revision of a release; none while that is not known, or where there is none.
    pub fn newest(&self, namespace: &str, release: &str) -> Option<Sight> {
        let watch = lock(&self.watch);
        let state = lock(&watch.as_ref()?.shared);
        let name = Arc::new((namespace.to_owned(), release.to_owned()));
        let all = (name.clone(), u32::MIN)..=(name, u32::MAX);
        let newest = state.revisions.range(all).next_back().map(|(_, newest)| *newest);
        match (newest, state.unlisted) {
            (Some(newest), _) => Some(Sight::Newest(newest)),
            (None, 0) => Some(Sight::Nothing),
            (None, _) => None,
        }
    }

    fn start(&self) -> Watch {
        let apis = stream::apis(&self.client, &ApiResource::erase::<Secret>(&()), &self.namespaces);
        let shared: Arc<Mutex<State>> = Arc::default();
        lock(&shared).unlisted = apis.len();
        let spawn = |api| {
            let events = stream::metadata(api, self.streams, secret::OWNED);
            tokio::spawn(fill(events, shared.clone(), self.metrics.clone()))
        };
        let tasks = apis.into_iter().map(spawn).collect();
        Watch { shared, tasks }
    }
}

/// What there is of a history.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sight {
    Nothing,
    Newest(Newest),
}

/// Keeps one watch's part of the state up to date.
async fn fill(mut events: BoxStream<'static, Told>, shared: Arc<Mutex<State>>, metrics: Arc<Metrics>) {
    let (mut own, mut listing) = (BTreeMap::new(), BTreeMap::new());
    let mut listed = false;
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => {}
            Ok(Event::InitApply(object)) => listing.extend(seen(&object)),
            Ok(Event::InitDone) => {
                let new = std::mem::take(&mut listing);
                lock(&shared).relist(&own, &new, !std::mem::replace(&mut listed, true));
                own = new.into_keys().map(|name| (name, ())).collect();
            }
            Ok(Event::Apply(object)) => {
                if let Some((name, newest)) = seen(&object) {
                    own.insert(name.clone(), ());
                    lock(&shared).put(&name, Some(newest));
                }
            }
            Ok(Event::Delete(object)) => {
                if let Some((name, _)) = seen(&object) {
                    own.remove(&name);
                    lock(&shared).put(&name, None);
                }
            }
            Err(error) => {
                listing.clear();
                metrics.watch_restarted(Watched::Objects);
                tracing::debug!(%error, "watching Helm's history failed");
            }
        }
    }
}

/// One revision of a release.
type Record = (Name, u32);

impl State {
    fn put(&mut self, (release, revision): &Record, seen: Option<Newest>) {
        self.set(release, *revision, seen);
        self.wake(release);
    }

    fn set(&mut self, release: &Name, revision: u32, seen: Option<Newest>) {
        match seen {
            Some(seen) => drop(self.revisions.insert((release.clone(), revision), seen)),
            None => drop(self.revisions.remove(&(release.clone(), revision))),
        }
    }

    /// Replaces what one watch knew by what it lists now.
    fn relist(&mut self, old: &BTreeMap<Record, ()>, new: &BTreeMap<Record, Newest>, is_first: bool) {
        for (release, revision) in old.keys().filter(|record| !new.contains_key(*record)) {
            self.set(release, *revision, None);
        }
        new.iter().for_each(|((release, revision), seen)| self.set(release, *revision, Some(*seen)));
        if is_first {
            self.unlisted = self.unlisted.saturating_sub(1);
        }
        let names: Vec<Name> = self.listeners.keys().cloned().collect();
        names.iter().for_each(|name| self.wake(name));
    }

    fn wake(&mut self, release: &Name) {
        match self.listeners.get(release).map(Weak::upgrade) {
            Some(Some(listener)) => listener.notify_one(),
            Some(None) => drop(self.listeners.remove(release)),
            None => {}
        }
    }
}

fn seen(object: &DynamicObject) -> Option<(Record, Newest)> {
    let metadata = &object.metadata;
    let labels = metadata.labels.clone().unwrap_or_default();
    let release = labels.get(secret::NAME)?.clone();
    let entry = Entry::of(&release, metadata.name.as_deref()?, labels)?;
    let is_ours = entry.is_ours();
    let Entry { revision, status, written, .. } = entry;
    let name = Arc::new((metadata.namespace.clone().unwrap_or_default(), release));
    Some(((name, revision), Newest { revision, status, is_ours, written }))
}

/// A thread that panicked left the state whole: every change of it is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
