//! Follows a folder: looks when notified, at the latest every rescan, and tells what changed.
#![allow(clippy::disallowed_methods)] // the time of a deletion is when it was seen

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use notify_debouncer_full::notify::{RecommendedWatcher, RecursiveMode};
use notify_debouncer_full::{DebounceEventResult, Debouncer, NoCache, new_debouncer_opt};
use tokio::sync::mpsc;

use super::snapshot::Snapshot;
use super::{read, walk};
use crate::source::event::Event;

/// How a folder is followed.
#[derive(Clone, Debug)]
pub struct Options {
    pub root: PathBuf,
    /// How long the folder must be quiet before it is read.
    pub debounce: Duration,
    /// How often it is read without a notification.
    pub rescan: Duration,
}

/// A folder that is gone, or a limit of the system, is looked at again this often.
const RETRY: Duration = Duration::from_secs(1);

/// Why following ends or cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error(transparent)]
    Walk(#[from] walk::WalkError),
    #[error("following the folder ended in a way it never should; please report this")]
    Gone,
}

/// Reads the folder once and tells its listing; for `--once` and as the first step of [`follow`].
pub fn list(root: &Path) -> Result<(Snapshot, Vec<Event>), WatchError> {
    let mut snapshot = Snapshot::default();
    snapshot.update(walk::files(root)?, &[], read::file);
    let events = snapshot.listing();
    Ok((snapshot, events))
}

/// Tells the listing and then every change, until the receiver is gone. The first listing must succeed;
/// later a folder that vanishes is waited for, and nothing in it is taken for deleted meanwhile.
pub async fn follow(options: Options, events: mpsc::Sender<Event>) -> Result<(), WatchError> {
    let mut ear = Ear::default();
    ear.listen(&options);
    let (mut snapshot, first) = list(&options.root)?;
    if !send(&events, first).await {
        return Ok(());
    }
    let mut vanished = false;
    loop {
        let wait = if vanished || !ear.hears() { RETRY } else { options.rescan };
        let touched = tokio::select! {
            () = events.closed() => return Ok(()),
            touched = ear.next() => touched,
            () = tokio::time::sleep(wait) => Vec::new(),
        };
        ear.listen(&options);
        match walk::files(&options.root) {
            Ok(files) => {
                if std::mem::take(&mut vanished) {
                    tracing::info!(folder = %options.root.display(), "the folder is back");
                }
                snapshot.update(files, &touched, read::file);
                if !send(&events, snapshot.changes(Timestamp::now())).await {
                    return Ok(());
                }
            }
            Err(error) if !vanished => {
                tracing::warn!(%error, "nothing is deleted; waiting for the folder to come back");
                vanished = true;
            }
            Err(_) => {}
        }
    }
}

async fn send(events: &mpsc::Sender<Event>, all: Vec<Event>) -> bool {
    for event in all {
        if events.send(event).await.is_err() {
            return false;
        }
    }
    true
}

/// The notifications of one folder; they are hints: the walk says what is true.
#[derive(Default)]
struct Ear {
    watched: Option<Watched>,
}

struct Watched {
    /// Dropped, it ends the notifications.
    _debouncer: Debouncer<RecommendedWatcher, NoCache>,
    identity: (u64, u64),
    touched: mpsc::UnboundedReceiver<Vec<PathBuf>>,
}

impl Ear {
    /// Listens to the folder that is there now; a folder of the same name may be another one.
    fn listen(&mut self, options: &Options) {
        let identity = walk::identity(&options.root);
        if self.watched.as_ref().map(|watched| watched.identity) == identity {
            return;
        }
        self.watched = identity.and_then(|identity| match watch(options, identity) {
            Ok(watched) => Some(watched),
            Err(error) => {
                let folder = options.root.display();
                tracing::warn!(%folder, %error, "no notifications; reading the folder every second instead");
                None
            }
        });
    }

    fn hears(&self) -> bool {
        self.watched.is_some()
    }

    /// The paths of the next burst of changes; waits for ever without a watch.
    async fn next(&mut self) -> Vec<PathBuf> {
        let Some(watched) = &mut self.watched else { return std::future::pending().await };
        let mut touched = watched.touched.recv().await.unwrap_or_default();
        while let Ok(more) = watched.touched.try_recv() {
            touched.extend(more);
        }
        touched
    }
}

fn watch(options: &Options, identity: (u64, u64)) -> Result<Watched, notify_debouncer_full::notify::Error> {
    let (sender, touched) = mpsc::unbounded_channel();
    let hear = move |result: DebounceEventResult| {
        let paths = result.map(|events| events.into_iter().flat_map(|event| event.event.paths).collect());
        // A closed channel means that the folder is not followed any more.
        let _ = sender.send(paths.unwrap_or_default());
    };
    let config = notify_debouncer_full::notify::Config::default().with_follow_symlinks(false);
    let mut debouncer = new_debouncer_opt(options.debounce, None, hear, NoCache, config)?;
    debouncer.watch(&options.root, RecursiveMode::Recursive)?;
    Ok(Watched { _debouncer: debouncer, identity, touched })
}
