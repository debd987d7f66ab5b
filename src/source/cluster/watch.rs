//! Follows the PrometheusClusters of an API server: lists, watches, resumes, and tells every change once.
#![allow(clippy::disallowed_methods)] // when an object went is written nowhere

use std::sync::Arc;

use futures::StreamExt;
use futures::stream::{BoxStream, SelectAll};
use jiff::Timestamp;
use kube::api::{ApiResource, DynamicObject};
use kube::runtime::watcher::{Error, Event as Seen};
use kube::{Client, Error as ClientError};
use tokio::sync::mpsc;

use super::memory::Memory;
use super::read;
use super::stream::{self, Told};
use super::words::root_cause;
use crate::api::PrometheusCluster;
use crate::metrics::Metrics;
use crate::metrics::labels::Watched;
use crate::source::event::{Deleted, Event, Kept, Key, Scope};

/// What is followed.
#[derive(Clone)]
pub struct Options {
    pub client: Client,
    /// Empty: all.
    pub namespaces: Vec<String>,
    /// Whether the API server streams listings.
    pub streams: bool,
    pub metrics: Arc<Metrics>,
}

/// The wrong API server, or one that was just set up anew or lost its store, has none either. A cluster that promgit applied waits for
/// promgit before it goes, so an empty listing hardly ever means that all were deleted.
const NOTHING: &str = "the API server has no PrometheusCluster";

/// Tells the listing and then every change, until the receiver is gone. Does not end on errors: it tells them, waits
/// (longer each time, with jitter) and goes on where it was.
pub async fn follow(options: Options, events: mpsc::Sender<Event>) {
    let resource = ApiResource::erase::<PrometheusCluster>(&());
    let apis = stream::apis(&options.client, &resource, &options.namespaces).into_iter().enumerate();
    let tagged = |(number, api)| stream::events(api, options.streams).map(move |told| (number, told)).boxed();
    let mut watches: SelectAll<BoxStream<'static, (usize, Told)>> = apis.map(tagged).collect();
    let mut follower = Follower {
        watches: (0..watches.len()).map(|_| Watch::default()).collect(),
        listed: 0,
        kept: Vec::new(),
        ready: false,
        scope: scope(&options.namespaces),
        metrics: options.metrics.clone(),
    };
    let mut news = vec![Event::Init];
    loop {
        for event in news.drain(..) {
            if events.send(event).await.is_err() {
                return;
            }
        }
        let next = tokio::select! {
            () = events.closed() => return,
            next = watches.next() => next,
        };
        let Some((number, seen)) = next else { return };
        follower.take(number, seen, &mut news);
    }
}

fn scope(namespaces: &[String]) -> Scope {
    match namespaces {
        [] => Scope::All,
        some => Scope::Namespaces(some.iter().cloned().collect()),
    }
}

/// One watch: of all namespaces, or of one.
#[derive(Default)]
struct Watch {
    memory: Memory,
    listed: bool,
    /// What went wrong and was told; none while all is well.
    trouble: Option<String>,
}

struct Follower {
    watches: Vec<Watch>,
    /// Watches with a complete listing.
    listed: usize,
    /// Seen in the first listing and not to be taken for absent, though they are no clusters to apply.
    kept: Vec<Key>,
    /// The first listing of all watches was told.
    ready: bool,
    scope: Scope,
    metrics: Arc<Metrics>,
}

impl Follower {
    fn take(&mut self, number: usize, seen: Told, news: &mut Vec<Event>) {
        let Some(watch) = self.watches.get_mut(number) else { return };
        let seen = match seen {
            Ok(seen) => seen,
            Err(error) => return self.fail(number, &error, news),
        };
        if let Some(trouble) = watch.trouble.take() {
            tracing::info!(trouble, "the API server answers again");
        }
        if matches!(seen, Seen::InitApply(_) | Seen::InitDone) {
            watch.memory.begin();
        }
        match seen {
            Seen::Init => {}
            Seen::InitApply(object) | Seen::Apply(object) => self.see(number, object, news),
            Seen::Delete(object) => {
                let key = read::key(&object);
                watch.memory.forget(&key);
                news.push(Event::Deleted(Deleted::gone(key, Timestamp::now())));
            }
            Seen::InitDone => {
                let gone = watch.memory.end();
                match watch.memory.is_empty() && !gone.is_empty() {
                    true => news.push(Event::Lost { keys: gone, reason: NOTHING.into() }),
                    false => {
                        let gone = gone.into_iter().map(|key| Deleted::gone(key, Timestamp::now()));
                        news.extend(gone.map(Event::Deleted));
                    }
                }
                self.listed += usize::from(!std::mem::replace(&mut watch.listed, true));
                self.settle(news);
            }
        }
    }

    fn see(&mut self, number: usize, mut object: DynamicObject, news: &mut Vec<Event>) {
        let Some(watch) = self.watches.get_mut(number) else { return };
        let changed_at = read::slim(&mut object);
        let key = read::key(&object);
        if !watch.memory.see(&key, read::fingerprint(&object)) {
            return;
        }
        if let Some(at) = &object.metadata.deletion_timestamp {
            let changed_at = at.0;
            self.keep(&key);
            let terminating = read::terminating(object);
            return news.push(Event::Deleted(Deleted { key, changed_at, terminating }));
        }
        match read::observed(object, changed_at) {
            Ok(observed) if self.ready => news.push(Event::Applied(observed)),
            Ok(observed) => news.push(Event::Listed(observed)),
            Err(refused) => {
                self.keep(&key);
                news.push(Event::Refused(refused));
            }
        }
    }

    fn keep(&mut self, key: &Key) {
        if !self.ready {
            self.kept.push(key.clone());
        }
    }

    fn settle(&mut self, news: &mut Vec<Event>) {
        if self.ready || self.listed < self.watches.len() {
            return;
        }
        self.ready = true;
        let kept = match self.watches.iter().all(|watch| watch.memory.is_empty()) {
            true => Kept::All(NOTHING.into()),
            false => Kept::Only(std::mem::take(&mut self.kept)),
        };
        news.push(Event::Ready { kept, scope: self.scope.clone() });
    }

    /// Tells what is wrong once, until it is something else or over.
    fn fail(&mut self, number: usize, error: &Error, news: &mut Vec<Event>) {
        tracing::debug!(%error, "watching failed");
        self.metrics.watch_restarted(Watched::Clusters);
        if let Some(watch) = self.watches.get_mut(number) {
            watch.memory.cut();
        }
        if is_expired(error) {
            return;
        }
        let text = words(error);
        // The watches of many namespaces fail for one reason.
        let is_known = self.watches.iter().any(|watch| watch.trouble.as_ref() == Some(&text));
        if let Some(watch) = self.watches.get_mut(number) {
            watch.trouble = Some(text.clone());
        }
        if !is_known {
            news.push(Event::Trouble(text));
        }
    }
}

/// The server has forgotten where the watch was, as it does: everything is listed anew.
fn is_expired(error: &Error) -> bool {
    match error {
        Error::WatchError(status) => status.code == 410,
        Error::WatchStartFailed(ClientError::Api(status)) => status.code == 410,
        _ => false,
    }
}

fn words(error: &Error) -> String {
    let error = match error {
        Error::InitialListFailed(error) | Error::WatchStartFailed(error) | Error::WatchFailed(error) => error,
        Error::WatchError(status) => return format!("watching PrometheusClusters: {}", status.message),
        Error::NoResourceVersion => return format!("watching PrometheusClusters: {error}"),
    };
    match error {
        ClientError::Api(status) if status.code == 404 => {
            "the API server knows no PrometheusCluster; install the \
            definition: helm install promgit-crds charts/promgit-crds"
                .into()
        }
        ClientError::Api(status) if matches!(status.code, 401 | 403) => format!(
            "watching PrometheusClusters: {}; give the agent the rights in charts/promgit, or other credentials",
            status.message
        ),
        ClientError::Api(status) => format!("watching PrometheusClusters: {}", status.message),
        other => format!(
            "the API server cannot be reached: {}; check it, or name another with --kubeconfig or --context",
            root_cause(other)
        ),
    }
}
