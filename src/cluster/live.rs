//! Live objects, followed by one watch a kind, kept as little more than their readiness.
//!
//! Kinds that have a readiness are watched whole. Of all others the metadata of what carries Helm's label are enough to know
//! whether somebody changed it.
#![allow(clippy::disallowed_methods)] // since when a watch fails

use std::collections::btree_map::{BTreeMap, Entry};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::BoxStream;
use kube::Client;
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::watcher::{self, Event};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use super::apply::Version;
use super::call::CallError;
use super::kinds::{Kind, KindError, Kinds, Served};
use super::object::{HELM, MANAGED_BY};
use crate::health::{self, Health, Replicas};
use crate::metrics::Metrics;
use crate::metrics::labels::Watched;
use crate::source::cluster::stream::{self, Told};

/// Which object. Small: thousands are kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    pub of: Arc<Kind>,
    pub place: Place,
}

impl Target {
    /// `namespace`: empty for what belongs to none.
    pub fn new(of: Arc<Kind>, namespace: &str, name: String) -> Self {
        Target { of, place: Arc::new((namespace.to_owned(), name)) }
    }

    pub fn kind(&self) -> &str {
        &self.of.kind
    }

    pub fn namespace(&self) -> &str {
        &self.place.0
    }

    pub fn name(&self) -> &str {
        &self.place.1
    }
}

/// Namespace and name, shared by all who keep it.
pub type Place = Arc<(String, String)>;

/// What is kept of a live object.
#[derive(Clone, Debug)]
pub struct Seen {
    pub version: Version,
    pub health: Health,
    pub replicas: Option<Box<Replicas>>,
}

/// What can be said of an object.
#[derive(Clone, Debug)]
pub enum Sight {
    /// The watch has not listed yet, and what is in its way.
    Unknown(Option<String>),
    Absent,
    Seen(Seen),
}

/// The watches, started when first asked for; they end with this value.
pub struct Live {
    client: Client,
    kinds: Arc<Kinds>,
    /// Namespaces that are watched; empty: all.
    namespaces: Vec<String>,
    streams: bool,
    metrics: Arc<Metrics>,
    watches: Mutex<BTreeMap<Arc<Kind>, Watch>>,
}

struct Watch {
    shared: Arc<Shared>,
    tasks: Vec<JoinHandle<()>>,
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

/// One kind, as all of its watches fill it.
struct Shared {
    state: Mutex<State>,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct State {
    objects: BTreeMap<Place, Object>,
    /// Watches that have not listed yet.
    unlisted: usize,
    trouble: Option<Trouble>,
}

/// One that is there, or that somebody follows.
#[derive(Default)]
struct Object {
    seen: Option<Seen>,
    listeners: Vec<Weak<Notify>>,
}

/// What is in the way of a watch.
struct Trouble {
    text: String,
    /// The agent may not watch: what was seen before is old news.
    is_final: bool,
    /// When it was met last. A watch that works again tells so only with its next event.
    at: Instant,
}

impl Trouble {
    fn hides(&self) -> bool {
        self.is_final && self.at.elapsed() < STILL
    }
}

/// A watch that fails is tried again within less than this.
const STILL: Duration = Duration::from_secs(20);

impl Live {
    /// `namespaces`: those to watch, empty for all. `streams`: whether the API server streams listings.
    pub fn new(
        client: Client,
        kinds: Arc<Kinds>,
        namespaces: Vec<String>,
        streams: bool,
        metrics: Arc<Metrics>,
    ) -> Self {
        Live { client, kinds, namespaces, streams, metrics, watches: Mutex::default() }
    }

    /// Follows an object from now on: `changed` is notified of every change for as long as it exists.
    pub async fn follow(&self, target: &mut Target, changed: &Arc<Notify>) -> Result<(), KindError> {
        let served = self.kinds.of(&target.of.api_version, &target.of.kind).await?;
        let mut watches = lock(&self.watches);
        let watch = watches.entry(target.of.clone()).or_insert_with(|| self.start(&served));
        let mut state = watch.shared.lock();
        let known = state.objects.entry(target.place.clone());
        target.place = known.key().clone();
        let listeners = &mut known.or_default().listeners;
        listeners.retain(|listener| listener.strong_count() > 0);
        if !listeners.iter().any(|known| known.as_ptr() == Arc::as_ptr(changed)) {
            listeners.reserve_exact(1);
            listeners.push(Arc::downgrade(changed));
        }
        Ok(())
    }

    /// What the watch says of an object that is followed.
    pub fn sight(&self, target: &Target) -> Sight {
        let watches = lock(&self.watches);
        let Some(watch) = watches.get(&target.of) else { return Sight::Unknown(None) };
        let state = watch.shared.lock();
        match state.objects.get(&target.place).and_then(|object| object.seen.as_ref()) {
            Some(_) if state.trouble.as_ref().is_some_and(Trouble::hides) => state.unknown(),
            Some(seen) => Sight::Seen(seen.clone()),
            None if state.unlisted > 0 => state.unknown(),
            None => Sight::Absent,
        }
    }

    fn start(&self, served: &Served) -> Watch {
        let namespaces = if served.is_namespaced { self.namespaces.as_slice() } else { &[] };
        let shared = Arc::new(Shared { state: Mutex::default(), metrics: self.metrics.clone() });
        let resource = &served.resource;
        let events: Vec<BoxStream<'static, Told>> =
            match health::is_watched(&resource.api_version, &resource.kind) {
                true => {
                    let apis = stream::apis(&self.client, resource, namespaces).into_iter();
                    apis.map(|api| stream::events(api, self.streams)).collect()
                }
                false => {
                    let apis = stream::apis(&self.client, resource, namespaces).into_iter();
                    apis.map(|api| stream::metadata(api, self.streams, &owned_by_helm())).collect()
                }
            };
        shared.lock().unlisted = events.len();
        let spawn = |events| tokio::spawn(fill(events, resource.clone(), shared.clone()));
        let tasks = events.into_iter().map(spawn).collect();
        Watch { shared, tasks }
    }
}

/// What a commit brings carries this label; without it, it is not as the commit says.
fn owned_by_helm() -> String {
    format!("{MANAGED_BY}={HELM}")
}

/// Keeps one watch's part of the state up to date.
async fn fill(mut events: BoxStream<'static, Told>, resource: Arc<ApiResource>, shared: Arc<Shared>) {
    let seen = |object| seen(object, &resource);
    let (mut own, mut listing) = (BTreeMap::new(), BTreeMap::new());
    let mut listed = false;
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => {}
            Ok(Event::InitApply(object)) => listing.extend(seen(object)),
            Ok(Event::InitDone) => {
                let new = std::mem::take(&mut listing);
                shared.relist(&own, &new, !std::mem::replace(&mut listed, true));
                own = new.into_keys().map(|name| (name, ())).collect();
            }
            Ok(Event::Apply(object)) => {
                if let Some((name, seen)) = seen(object) {
                    own.insert(name.clone(), ());
                    shared.put(name, Some(seen));
                }
            }
            Ok(Event::Delete(object)) => {
                if let Some((name, _)) = seen(object) {
                    own.remove(&name);
                    shared.put(name, None);
                }
            }
            Err(error) => {
                listing.clear();
                shared.fail(&resource.plural, error);
            }
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        lock(&self.state)
    }

    fn put(&self, name: Place, seen: Option<Seen>) {
        let mut state = self.lock();
        state.trouble = None;
        state.wake(&name);
        state.set(name, seen);
    }

    /// Replaces what one watch knew by what it lists now.
    fn relist(&self, old: &BTreeMap<Place, ()>, new: &BTreeMap<Place, Seen>, first: bool) {
        let mut state = self.lock();
        state.trouble = None;
        for name in old.keys().filter(|name| !new.contains_key(*name)) {
            state.set(name.clone(), None);
        }
        new.iter().for_each(|(name, seen)| state.set(name.clone(), Some(seen.clone())));
        if first {
            state.unlisted = state.unlisted.saturating_sub(1);
        }
        state.wake_all();
    }

    fn fail(&self, plural: &str, error: watcher::Error) {
        let (reason, is_final) = match error {
            watcher::Error::InitialListFailed(error)
            | watcher::Error::WatchStartFailed(error)
            | watcher::Error::WatchFailed(error) => {
                let error = CallError::from(error);
                (error.to_string(), error.is_lack_of_rights())
            }
            other => (other.to_string(), false),
        };
        self.metrics.watch_restarted(Watched::Objects);
        tracing::debug!(plural, reason, "watching failed");
        let mut state = self.lock();
        let text = format!("{plural} cannot be watched: {reason}");
        let is_news = state.trouble.as_ref().is_none_or(|known| known.text != text);
        if is_news && is_final {
            tracing::warn!(plural, reason, "what somebody changes there is not seen before the next change");
        }
        state.trouble = Some(Trouble { text, is_final, at: Instant::now() });
        if is_news {
            state.wake_all();
        }
    }
}

impl State {
    fn unknown(&self) -> Sight {
        Sight::Unknown(self.trouble.as_ref().map(|trouble| trouble.text.clone()))
    }

    fn set(&mut self, name: Place, seen: Option<Seen>) {
        match (seen, self.objects.entry(name)) {
            (Some(seen), entry) => entry.or_default().seen = Some(seen),
            (None, Entry::Occupied(mut known)) if !known.get().listeners.is_empty() => {
                known.get_mut().seen = None
            }
            (None, Entry::Occupied(known)) => drop(known.remove()),
            (None, Entry::Vacant(_)) => {}
        }
    }

    fn wake(&mut self, name: &Place) {
        self.objects.get_mut(name).into_iter().for_each(Object::wake);
    }

    fn wake_all(&mut self) {
        self.objects.values_mut().for_each(Object::wake);
        self.objects.retain(|_, object| object.seen.is_some() || !object.listeners.is_empty());
    }
}

impl Object {
    /// Tells all who still listen.
    fn wake(&mut self) {
        self.listeners.retain(|listener| match listener.upgrade() {
            Some(listener) => {
                listener.notify_one();
                true
            }
            None => false,
        });
    }
}

/// The items of a listing do not say their kind, where the API server does not stream it.
fn seen(object: DynamicObject, resource: &ApiResource) -> Option<(Place, Seen)> {
    let DynamicObject { types: _, mut metadata, data: mut value } = object;
    let name = (metadata.namespace.clone().unwrap_or_default(), metadata.name.clone()?);
    let name = Arc::new(name);
    let version = Version::of(&metadata);
    metadata.managed_fields = None;
    value["apiVersion"] = resource.api_version.clone().into();
    value["kind"] = resource.kind.clone().into();
    value["metadata"] = serde_json::to_value(metadata).ok()?;
    Some((
        name,
        Seen { version, health: health::of(&value), replicas: health::replicas(&value).map(Box::new) },
    ))
}

/// A thread that panicked left the state whole: every change of it is one step.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
