//! One repository with all that belongs to it: where it is, where it is pushed to, who writes it and who pushes it.
//!
//! Nothing in it knows of others, and what waits for nothing costs nothing.

use std::collections::BTreeMap;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::errors::{OpenError, RunError};
use super::shared::{Last, Shared};
use crate::git::reader::Reader;
use crate::git::store::{Options, Store};
use crate::ledger::branch::Branches;
use crate::reconcile::push::heads::Ours;
use crate::reconcile::push::lacking::{There, lacking};
use crate::reconcile::push::outbox::{Around, Outbox};
use crate::reconcile::push::pusher::Pusher;
use crate::reconcile::push::{link, start};
use crate::reconcile::report::Report;
use crate::reconcile::writer::{Order, Writer};
use crate::remote::settings::Remote;
use crate::settings::Settings;
use crate::settings::remote::Push;

/// A repository that is held by this process, and has not started yet.
pub struct Target {
    pub store: Store,
    window: Duration,
    remote: Option<Remote>,
    push: Push,
    /// What the remote has, as far as it was asked.
    there: Option<There>,
    /// Why that is not known, for the operator.
    pub trouble: Option<String>,
}

impl Target {
    /// Takes the repository's lock, and goes on from what the remote has. A remote that cannot be talked to now is caught up with
    /// later.
    pub fn open(settings: &Settings) -> Result<Self, OpenError> {
        let remote = link::remote(&settings.remote)?;
        let branches = Branches::compile(&settings.repository.branch)?;
        let mut store = Store::open(&settings.repository.path, &Options::default())?;
        let ours = Ours { agent: &settings.agent.name, branches: &branches };
        let looked = remote.as_ref().map(|remote| start::look(remote, &mut store, &ours));
        let (there, trouble) = match looked.transpose() {
            Ok(there) => (there, None),
            Err(error) => (None, Some(error.to_string())),
        };
        let (window, push) = (settings.commit.window.get(), settings.remote.push);
        Ok(Target { store, window, remote, push, there, trouble })
    }

    /// What holds back reports until the remote has their commits, if there is one that is pushed to.
    pub fn outbox(&self) -> Option<Outbox> {
        let is_pushed = self.remote.is_some() && self.push != Push::Never;
        is_pushed.then(|| Outbox::new(self.push))
    }

    /// Starts the writer, and the pusher where there is something to push to. What the remote lacks already waits for it before
    /// anything else is told.
    pub fn start(
        self,
        shared: &Arc<Shared>,
        number: usize,
        orders: SyncSender<Order>,
        received: Receiver<Order>,
    ) -> Result<Started, RunError> {
        let Target { store, window, remote, there, .. } = self;
        let mut pusher = None;
        let held = &shared.targets[number];
        if let (Some(remote), Some(outbox)) = (remote, &held.outbox) {
            let reader = store.reader()?;
            let around = Around { queue: &shared.queue, report: &|report| shared.report(report) };
            if there.is_none() {
                outbox.doubt(&around);
            }
            let lacking = lacking(&reader, &held.inputs, there.as_ref())?;
            outbox.lack(lacking.branches, &around);
            lacking.tags.into_iter().for_each(|(branch, tag)| outbox.follow(&branch, vec![tag], &around));
            pusher = Some(start_pusher(shared, number, remote, reader, orders)?);
        }
        let reader = store.reader()?;
        let (shared, last) = (shared.clone(), Last::of(shared, "writer"));
        let write = move || {
            let _last = last;
            let held = &shared.targets[number];
            let tell = |reports| shared.tell(held, reports);
            let (inputs, queue, branches) = (&held.inputs, &shared.queue, BTreeMap::new());
            let along = |branch: Option<&str>, names| shared.along(held, branch, names);
            Writer { inputs, queue, store, reader, window, tell: &tell, along: &along, branches }
                .run(&received);
        };
        let writer = thread::Builder::new().name("writer".into()).spawn(write)?;
        Ok(Started { writer, pusher })
    }
}

/// Opens all at the same time: a server that does not answer holds up the start of its own target only.
pub fn open_all(each: &[Settings]) -> Result<Vec<Target>, OpenError> {
    thread::scope(|scope| {
        let opening: Vec<_> = each.iter().map(|settings| scope.spawn(|| Target::open(settings))).collect();
        let opened = opening.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic)));
        opened.collect()
    })
}

/// The threads of a repository.
pub struct Started {
    pub writer: JoinHandle<()>,
    pub pusher: Option<JoinHandle<()>>,
}

fn start_pusher(
    shared: &Arc<Shared>,
    number: usize,
    remote: Remote,
    reader: Reader,
    orders: SyncSender<Order>,
) -> Result<JoinHandle<()>, RunError> {
    let (shared, last) = (shared.clone(), Last::of(shared, "pusher"));
    let push = move || {
        let _last = last;
        let report = |report: Report| shared.report(report);
        let around = Around { queue: &shared.queue, report: &report };
        let Shared { known, metrics, .. } = &*shared;
        if let Some(outbox) = &shared.targets[number].outbox {
            let inputs = &shared.targets[number].inputs;
            Pusher { remote, inputs, outbox, known, around, metrics, reader, orders }.run();
        }
    };
    Ok(thread::Builder::new().name("pusher".into()).spawn(push)?)
}
