//! The system's notifications turned into the paths that were touched. They are hints: the walk says what is true.
#![allow(clippy::disallowed_methods)] // the current directory: notifications name absolute paths

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify_debouncer_full::notify::event::{AccessKind, AccessMode, ModifyKind};
use notify_debouncer_full::notify::{
    Config, Error as NotifyError, EventKind, RecommendedWatcher, RecursiveMode,
};
use notify_debouncer_full::{DebounceEventResult, Debouncer, NoCache, new_debouncer_opt};
use tokio::sync::mpsc;

use super::walk::{self, Identity};

/// Listens to one folder.
#[derive(Default)]
pub struct Ear {
    watched: Option<Watched>,
    /// Said already that there are no notifications.
    deaf: bool,
}

struct Watched {
    /// Dropped, it ends the notifications.
    _debouncer: Debouncer<RecommendedWatcher, NoCache>,
    identity: Identity,
    heard: mpsc::UnboundedReceiver<Heard>,
}

/// A burst of notifications.
#[derive(Debug, Default)]
struct Heard {
    /// As `walk` names them.
    touched: BTreeSet<PathBuf>,
    /// The folder itself was moved or removed: what watched it watches something else now, or nothing.
    lost: bool,
}

impl Ear {
    /// Listens to the folder that is there now; a folder of the same name may be another one.
    pub fn listen(&mut self, root: &Path, debounce: Duration) {
        let identity = walk::identity(root);
        if self.watched.as_ref().map(|watched| watched.identity) == identity {
            return;
        }
        self.watched = identity.and_then(|identity| match watch(root, debounce, identity) {
            Ok(watched) => Some(watched),
            Err(error) if !self.deaf => {
                let folder = root.display();
                tracing::warn!(%folder, %error, "no notifications; reading the folder every second instead");
                None
            }
            Err(_) => None,
        });
        self.deaf = identity.is_some() && self.watched.is_none();
    }

    pub fn hears(&self) -> bool {
        self.watched.is_some()
    }

    /// The paths of the next burst of changes, which may be none that is known; waits for ever without a watch.
    pub async fn next(&mut self) -> BTreeSet<PathBuf> {
        let Some(watched) = &mut self.watched else { return std::future::pending().await };
        let Some(mut all) = watched.heard.recv().await else {
            self.watched = None;
            return BTreeSet::new();
        };
        while let Ok(more) = watched.heard.try_recv() {
            all.touched.extend(more.touched);
            all.lost |= more.lost;
        }
        if all.lost {
            self.watched = None;
        }
        all.touched
    }
}

fn watch(root: &Path, debounce: Duration, identity: Identity) -> Result<Watched, NotifyError> {
    let (sender, heard) = mpsc::unbounded_channel();
    let absolute = std::path::absolute(root).map_err(NotifyError::io)?;
    let (given, watched) = (root.to_path_buf(), absolute.clone());
    let hear = move |result: DebounceEventResult| {
        if let Some(heard) = hear(result, &watched, &given) {
            // A closed channel means that the folder is not followed any more.
            let _ = sender.send(heard);
        }
    };
    let config = Config::default().with_follow_symlinks(false);
    let mut debouncer = new_debouncer_opt(debounce, None, hear, NoCache, config)?;
    debouncer.watch(&absolute, RecursiveMode::Recursive)?;
    Ok(Watched { _debouncer: debouncer, identity, heard })
}

/// What a burst says, in the walk's names; `None` if it says nothing. An error, or a queue that overflowed, says
/// that something may have changed.
fn hear(result: DebounceEventResult, watched: &Path, given: &Path) -> Option<Heard> {
    let Ok(events) = result else { return Some(Heard::default()) };
    let mut heard: Option<Heard> = None;
    for event in events.iter().filter(|event| changes(&event.kind)) {
        let heard = heard.get_or_insert_default();
        let moves = matches!(event.kind, EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)));
        heard.lost |= moves && event.paths.iter().any(|path| path == watched);
        let below = event.paths.iter().filter_map(|path| path.strip_prefix(watched).ok());
        heard.touched.extend(below.map(|path| given.join(path)));
    }
    heard
}

/// Reading changes nothing; and the walk, which reads, would wake itself.
fn changes(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        _ => true,
    }
}
