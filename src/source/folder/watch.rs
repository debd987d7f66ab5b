//! Follows a folder: looks when notified, at the latest every rescan, and tells what changed.
#![allow(clippy::disallowed_methods)] // when something was seen decides whether it is believed yet

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tokio::sync::mpsc;
use tokio::task;

use super::ear::Ear;
use super::snapshot::{Patience, Snapshot};
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

/// A folder that is gone, or cannot be listened to, is looked at again this often; and whether the folder of
/// this name is still the same one (a link on the way to it may have been swapped, which nobody notifies).
const RETRY: Duration = Duration::from_secs(1);

/// A cluster that is gone for this long is deleted. Editors, git and rsync replace a file in much less, and
/// nobody waits for a deletion.
const GRACE: SignedDuration = SignedDuration::from_secs(2);

/// What is believed only if it lasts is looked at again this often.
const SOON: Duration = Duration::from_millis(200);

/// Looks before the first listing is told without the files that are still being written.
const PATIENT_LOOKS: usize = 10;

/// Why following ends or cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    #[error(transparent)]
    Walk(#[from] walk::WalkError),
    #[error("following the folder ended in a way it never should; please report this")]
    Gone,
}

/// Tells the listing and then every change, until the receiver is gone. The first listing must succeed;
/// later a folder that vanishes is waited for, and nothing in it is taken for deleted meanwhile.
pub async fn follow(options: Options, events: mpsc::Sender<Event>) -> Result<(), WatchError> {
    let patience = Patience { quiet: signed(options.debounce), grace: GRACE };
    let mut follower = Follower {
        ear: Ear::default(),
        identity: None,
        snapshot: Snapshot::new(patience),
        vanished: false,
        looked_at: Instant::now(),
        options,
    };
    follower.ear.listen(&follower.options.root, follower.options.debounce);
    if !send(&events, follower.first().await?).await {
        return Ok(());
    }
    loop {
        let pause = follower.pause();
        let touched = tokio::select! {
            () = events.closed() => return Ok(()),
            touched = follower.ear.next() => touched,
            () = tokio::time::sleep(pause) => {
                if !follower.is_due() {
                    continue;
                }
                BTreeSet::new()
            }
        };
        if !send(&events, follower.next(touched).await?).await {
            return Ok(());
        }
    }
}

struct Follower {
    options: Options,
    ear: Ear,
    identity: Option<walk::Identity>,
    snapshot: Snapshot,
    vanished: bool,
    looked_at: Instant,
}

impl Follower {
    /// The listing. Files that are being written are waited for, a while.
    async fn first(&mut self) -> Result<Vec<Event>, WatchError> {
        for _ in 0..PATIENT_LOOKS {
            self.look(BTreeSet::new()).await??;
            if !self.snapshot.is_unsettled() {
                break;
            }
            tokio::time::sleep(self.options.debounce).await;
        }
        self.identity = walk::identity(&self.options.root);
        Ok(self.snapshot.listing())
    }

    /// How long to wait for a notification.
    fn pause(&self) -> Duration {
        match (self.snapshot.is_unsettled(), self.snapshot.is_waiting()) {
            (true, _) => SOON.min(self.options.debounce),
            (false, true) => SOON,
            (false, false) => RETRY.min(self.options.rescan),
        }
    }

    /// Whether to look without having been notified.
    fn is_due(&self) -> bool {
        self.vanished
            || !self.ear.hears()
            || self.snapshot.is_waiting()
            || self.looked_at.elapsed() >= self.options.rescan
            || walk::identity(&self.options.root) != self.identity
    }

    /// Looks at the folder, and tells what changed.
    async fn next(&mut self, touched: BTreeSet<PathBuf>) -> Result<Vec<Event>, WatchError> {
        self.ear.listen(&self.options.root, self.options.debounce);
        let folder = self.options.root.clone();
        match self.look(touched).await? {
            Ok(()) => {}
            Err(error) => {
                if !std::mem::replace(&mut self.vanished, true) {
                    tracing::warn!(%error, "nothing is deleted; the folder is tried again every second");
                }
                self.snapshot.doubt();
                return Ok(Vec::new());
            }
        }
        if std::mem::take(&mut self.vanished) {
            tracing::info!(folder = %folder.display(), "the folder is back");
        }
        let identity = walk::identity(&folder);
        if std::mem::replace(&mut self.identity, identity) != identity {
            self.snapshot.doubt();
        }
        Ok(self.snapshot.changes(Timestamp::now()))
    }

    /// Reads what changed. Many files take a while: not on a thread that others wait for.
    async fn look(&mut self, touched: BTreeSet<PathBuf>) -> Result<Result<(), walk::WalkError>, WatchError> {
        self.looked_at = Instant::now();
        let mut snapshot = std::mem::take(&mut self.snapshot);
        let root = self.options.root.clone();
        let work = move || {
            let now = Timestamp::now();
            let result = walk::files(&root).map(|files| snapshot.update(files, &touched, now, read::whole));
            (snapshot, result)
        };
        let (snapshot, result) = task::spawn_blocking(work).await.map_err(|_| WatchError::Gone)?;
        self.snapshot = snapshot;
        Ok(result)
    }
}

/// Settings allow no more than fits.
fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

async fn send(events: &mpsc::Sender<Event>, all: Vec<Event>) -> bool {
    for event in all {
        if events.send(event).await.is_err() {
            return false;
        }
    }
    true
}
