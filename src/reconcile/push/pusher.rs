//! The one thread of a repository that talks to its remote: branches that wait in, one push for all of them, reports out.
//!
//! Only what descends from what the remote has is ever pushed. A branch that somebody else moved there is fetched, and the writer
//! puts what only we have on top; a branch that is gone there is pushed anew.
#![allow(clippy::disallowed_methods)] // how long a push takes

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Instant;

use super::gather::{Gathered, gather, left, replaced};
use super::known::Known;
use super::lacking::{Lacking, lacking};
use super::land::{LandError, Landed, Moved};
use super::late::late;
use super::outbox::{Around, Outbox, none_late};
use super::trouble::Trouble;
use super::waiting::Turn;
use crate::api::conditions::Reason;
use crate::git::oid::Oid;
use crate::git::path::{called, is_tag};
use crate::git::reader::{ReadError, Reader};
use crate::git::tracking;
use crate::metrics::Metrics;
use crate::metrics::labels::PushOutcome;
use crate::reconcile::inputs::Inputs;
use crate::reconcile::prune::PruneError;
use crate::reconcile::report::Report;
use crate::reconcile::writer::{Landing, Order};
use crate::remote::error::RemoteError;
use crate::remote::fetch::Depth;
use crate::remote::push::{BranchPush, Pushed, push, shown};
use crate::remote::settings::Remote;

/// A branch that moves faster than this is fought over by two programs: it is tried again slowly.
const MOST_MOVES: u32 = 5;

/// Branches that one warning names.
const MOST_NAMED: usize = 10;

/// How git's servers refuse all branches of a request for one of them (builtin/receive-pack.c): in a hook that sees them together,
/// as those of Gitea and GitLab do, or by the size of what came.
const TOGETHER: &[&str] = &["pre-receive hook declined", "unpacker error"];

/// After so many requests in search of the branch that is meant, others get their turn before the search goes on.
const MOST_SEARCHES: u32 = 64;

/// How git's servers say that a branch moved between their first word and ours (builtin/receive-pack.c, refs.c).
const RACED: &[&str] =
    &["failed to update ref", "incorrect old value provided", "reference already exists", "fetch first"];

/// What the pusher needs.
pub struct Pusher<'a> {
    pub remote: Remote,
    pub inputs: &'a Inputs,
    pub outbox: &'a Outbox,
    pub known: &'a Known,
    pub around: Around<'a>,
    pub metrics: &'a Metrics,
    pub reader: Reader,
    /// To the writer.
    pub orders: SyncSender<Order>,
}

/// A branch that the server said no to, and how.
struct Refused {
    push: BranchPush,
    reason: String,
    words: String,
}

impl Pusher<'_> {
    /// Pushes until the outbox is finished and empty.
    pub fn run(mut self) {
        while let Some(Turn { branches, ask }) = self.outbox.take() {
            self.outbox.count(self.metrics);
            if !ask || self.ask(&branches) {
                self.round(&branches);
            }
            self.outbox.count(self.metrics);
        }
    }

    /// Finds out what the remote lacks, whatever it was believed to have: it may have been away, or be another one. False when that
    /// cannot be found out now, and `branches` are not pushed.
    fn ask(&mut self, branches: &[String]) -> bool {
        let there = match shown(&self.remote) {
            Ok(there) => there,
            Err(error) => {
                self.unreachable(branches, &error);
                return false;
            }
        };
        let looked = self.reader.refresh().map_err(|error| PruneError::Read(error.into()));
        match looked.and_then(|()| lacking(&self.reader, self.inputs, Some(&there))) {
            Ok(Lacking { branches, tags }) => {
                self.outbox.lack(branches, &self.around);
                tags.into_iter()
                    .for_each(|(branch, tag)| self.outbox.follow(&branch, vec![tag], &self.around));
                self.outbox.asked(&self.around);
                true
            }
            Err(error) => {
                self.unread(branches, &error.to_string());
                false
            }
        }
    }

    fn round(&mut self, branches: &[String]) {
        let pushes = match self.pushes(branches) {
            Ok(pushes) => pushes,
            Err(error) => return self.unread(branches, &error.to_string()),
        };
        // a branch that is nowhere has nothing to push
        let names: Vec<String> = pushes.iter().map(|push| push.branch.clone()).collect();
        let gone: Vec<String> = branches.iter().filter(|branch| !names.contains(branch)).cloned().collect();
        self.outbox.pushed(&gone, &none_late, &self.around);
        if !pushes.is_empty() {
            self.send(pushes, &mut 0);
        }
    }

    /// What is here now, and where the remote was last heard to be.
    fn pushes(&mut self, branches: &[String]) -> Result<Vec<BranchPush>, ReadError> {
        self.reader.refresh()?;
        let mut pushes = Vec::new();
        for branch in branches {
            let Some(new) = self.reader.tip(branch)? else { continue };
            let expected = tracking::known(&self.reader, branch)?;
            pushes.push(BranchPush { branch: branch.clone(), expected, new });
        }
        Ok(pushes)
    }

    /// `searches`: requests that were refused as a whole before this one.
    fn send(&mut self, pushes: Vec<BranchPush>, searches: &mut u32) {
        let begun = Instant::now();
        let answers = push(&self.remote, &mut self.reader, &pushes);
        self.metrics.pushed(begun.elapsed());
        let answers = match answers {
            Ok(answers) => answers,
            Err(error) => {
                let names: Vec<String> = pushes.into_iter().map(|push| push.branch).collect();
                return self.unreachable(&names, &error);
            }
        };
        let (mut there, mut moved, mut deleted) = (Vec::new(), BTreeMap::new(), Vec::new());
        let mut refused = Vec::new();
        for (push, answer) in pushes.into_iter().zip(answers) {
            match answer {
                Pushed::Pushed | Pushed::AlreadyThere => there.push((push.branch, push.new)),
                Pushed::Moved { found: Some(theirs) } if is_tag(&push.branch) => self.taken(push, theirs),
                Pushed::Moved { found: Some(theirs) } => drop(moved.insert(push.branch, theirs)),
                Pushed::Moved { found: None } => deleted.push(BranchPush { expected: None, ..push }),
                Pushed::Rejected { reason, words } => refused.push(Refused { push, reason, words }),
            }
        }
        self.there(&there);
        self.refused(refused, searches);
        if !moved.is_empty() {
            self.moved(&moved);
        }
        if !deleted.is_empty() {
            self.anew(deleted, searches);
        }
    }

    /// Whoever has seen a tag keeps it as it was, so it is not for us to move.
    fn taken(&self, BranchPush { branch, new, .. }: BranchPush, theirs: Oid) {
        let (tag, remote) = (called(&branch), &self.remote.address);
        let notice = format!(
            "{tag} is on {remote} already, for commit {}; it is left there, and names {} here",
            theirs.short(),
            new.short()
        );
        (self.around.report)(Report::Notice(notice));
        self.outbox.pushed(std::slice::from_ref(&branch), &none_late, &self.around);
        self.note(&[(branch, theirs)]);
    }

    /// Halves of what was refused together are pushed by themselves, until those that are meant are alone.
    fn refused(&mut self, refused: Vec<Refused>, searches: &mut u32) {
        let (together, alone): (Vec<_>, Vec<_>) =
            refused.into_iter().partition(|refused| TOGETHER.contains(&&*refused.reason));
        alone.into_iter().for_each(|refused| self.rejected(refused));
        if together.len() < 2 {
            return together.into_iter().for_each(|refused| self.rejected(refused));
        }
        let mut first: Vec<BranchPush> = together.into_iter().map(|refused| refused.push).collect();
        if *searches >= MOST_SEARCHES {
            first.iter().for_each(|push| _ = self.outbox.again(&push.branch, &BTreeMap::new()));
            return;
        }
        *searches += 1;
        let second = first.split_off(first.len() / 2);
        self.send(first, searches);
        self.send(second, searches);
    }

    fn there(&self, branches: &[(String, Oid)]) {
        if branches.is_empty() {
            return;
        }
        branches.iter().for_each(|_| self.metrics.branch_pushed(PushOutcome::Pushed));
        let names: Vec<String> = branches.iter().map(|(branch, _)| branch.clone()).collect();
        let late = |branch: &str, told: &BTreeSet<Oid>| {
            let new = branches.iter().find(|(pushed, _)| pushed == branch);
            new.map_or(Vec::new(), |(_, new)| late(&self.reader, self.inputs, branch, *new, told))
        };
        self.outbox.pushed(&names, &late, &self.around);
        self.note(branches);
    }

    /// Where the remote has these branches; what cannot be noted costs a look at the next start.
    fn note(&self, branches: &[(String, Oid)]) {
        if let Err(error) = tracking::note(&self.reader, branches) {
            tracing::warn!(%error, "what the remote has cannot be noted");
        }
    }

    /// Gone from the remote, while their clusters are not: the branches are what those are, so they are there again. Where they
    /// went, others may have gone too.
    fn anew(&mut self, pushes: Vec<BranchPush>, searches: &mut u32) {
        let gone: Vec<String> = pushes.iter().map(|push| push.branch.clone()).collect();
        if !self.ask(&gone) {
            return;
        }
        let (whole, cut): (Vec<_>, Vec<_>) =
            pushes.into_iter().partition(|push| self.is_whole(push.new).unwrap_or(true));
        cut.into_iter().for_each(|push| self.incomplete(push.branch));
        if whole.is_empty() {
            return;
        }
        let gone: Vec<String> = whole.iter().map(|push| push.branch.clone()).collect();
        self.gone(&self.outbox.gone(&gone));
        self.send(whole, searches);
    }

    /// Said once, however often they are refused.
    fn gone(&self, branches: &[String]) {
        if branches.is_empty() {
            return;
        }
        let named: Vec<String> = branches.iter().take(MOST_NAMED).map(|branch| called(branch)).collect();
        let more = match branches.len() - named.len() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let (are, remote) = (if branches.len() == 1 { "was" } else { "were" }, &self.remote.address);
        let again = if branches.len() == 1 { "it is" } else { "they are" };
        let notice = format!(
            "{}{more} {are} deleted on {remote}; {again} pushed again, as there are clusters of it",
            named.join(", ")
        );
        (self.around.report)(Report::Notice(notice));
    }

    /// Whether the history of a commit is here from its beginning: no server takes less as a new branch.
    fn is_whole(&self, tip: Oid) -> Result<bool, ReadError> {
        let mut next = Some(tip);
        while let Some(oid) = next.filter(|_| !self.reader.shallow().is_empty()) {
            if self.reader.shallow().contains(&oid) {
                return Ok(false);
            }
            next = self.reader.first_parent(oid)?;
        }
        Ok(true)
    }

    fn incomplete(&self, branch: String) {
        self.metrics.branch_pushed(PushOutcome::Rejected);
        let message = format!(
            "branch {branch} was deleted on {}, and only its newest commits are here, which no server takes as a new branch; push \
             it there from a clone, or stop the agent and delete it here (git --git-dir {} update-ref -d refs/heads/{branch}): \
             then it begins anew",
            self.remote.address,
            self.reader.root().display()
        );
        let trouble = Trouble { reason: Reason::RemoteRejected, message };
        self.outbox.failed(&[branch], &trouble, false, &self.around);
    }

    fn rejected(&self, Refused { push: BranchPush { branch, .. }, reason, words }: Refused) {
        if RACED.contains(&&*reason) && self.outbox.again(&branch, &BTreeMap::new()) <= MOST_MOVES {
            return self.metrics.branch_pushed(PushOutcome::Moved);
        }
        self.metrics.branch_pushed(PushOutcome::Rejected);
        let said = if words.is_empty() { String::new() } else { format!("; it said: {words}") };
        let message = format!("{} refuses {}: {reason}{said}", self.remote.address, called(&branch));
        let trouble = Trouble { reason: Reason::RemoteRejected, message };
        self.outbox.failed(&[branch], &trouble, false, &self.around);
    }

    fn unreachable(&self, branches: &[String], error: &RemoteError) {
        branches.iter().for_each(|_| self.metrics.branch_pushed(PushOutcome::Unavailable));
        let trouble = Trouble { reason: Reason::RemoteUnavailable, message: error.to_string() };
        self.outbox.failed(branches, &trouble, true, &self.around);
    }

    /// What somebody pushed there cannot be gone on from.
    fn unusable(&self, branch: &str, error: &RemoteError) {
        self.metrics.branch_pushed(PushOutcome::Rejected);
        let message = format!("somebody moved branch {branch} to a commit that cannot be taken: {error}");
        let trouble = Trouble { reason: Reason::RemoteRejected, message };
        self.outbox.failed(&[branch.to_owned()], &trouble, false, &self.around);
    }

    fn unread(&self, branches: &[String], message: &str) {
        branches.iter().for_each(|_| self.metrics.branch_pushed(PushOutcome::Failed));
        let trouble = Trouble { reason: Reason::CommitFailed, message: message.to_owned() };
        self.outbox.failed(branches, &trouble, true, &self.around);
    }

    /// Somebody pushed there: theirs is fetched, and ours goes on from it.
    fn moved(&mut self, moved: &BTreeMap<String, Oid>) {
        let names: Vec<String> = moved.keys().cloned().collect();
        let Gathered { found, bad } = match gather(&self.remote, &mut self.reader, &names, Depth::Tip) {
            Ok(gathered) => gathered,
            Err(error) => return self.unreachable(&names, &error),
        };
        let theirs: Vec<(String, Oid)> = found.into_iter().collect();
        for (branch, error) in &bad {
            self.unusable(branch, error);
        }
        for name in names.into_iter().filter(|name| bad.iter().all(|(branch, _)| branch != name)) {
            match theirs.iter().find(|(branch, _)| *branch == name) {
                Some((_, theirs)) => {
                    let left = left(&self.reader, &name, *theirs);
                    self.land(Moved { branch: name, theirs: *theirs, left });
                }
                // gone in the meantime: seen by the next push
                None => drop(self.outbox.again(&name, &BTreeMap::new())),
            }
        }
    }

    fn land(&self, moved: Moved) {
        self.metrics.branch_pushed(PushOutcome::Moved);
        let Moved { branch, theirs, left } = moved.clone();
        let trouble = match self.order(moved) {
            Ok(Landed { renamed, namespace }) => {
                // not before: what it had tells whose commits were taken off
                self.note(&[(branch.clone(), theirs)]);
                if let Some(before) = left {
                    (self.around.report)(Report::Notice(replaced(&self.remote, &branch, before)));
                }
                tracing::info!(branch, commits = renamed.len(), "moved on the remote: gone on from there");
                let moves = self.outbox.again(&branch, &renamed);
                // their changes to our files are looked at
                namespace.iter().for_each(|namespace| self.known.again(self.around.queue, namespace));
                if moves <= MOST_MOVES {
                    return;
                }
                let message = format!(
                    "branch {branch} moves on {} all the time; look who writes it",
                    self.remote.address
                );
                Trouble { reason: Reason::RemoteRejected, message }
            }
            Err(trouble) => trouble,
        };
        self.outbox.failed(&[branch], &trouble, false, &self.around);
    }

    /// The writer alone moves branches.
    fn order(&self, moved: Moved) -> Result<Landed, Trouble> {
        let ended =
            || Trouble { reason: Reason::CommitFailed, message: "the writer thread ended".to_owned() };
        let (answer, answers) = sync_channel(1);
        self.orders.send(Order::Land(Landing { moved, answer })).map_err(|_| ended())?;
        let landed = answers.recv().map_err(|_| ended())?;
        landed.map_err(|error| {
            let reason = match error {
                LandError::Branch(_) | LandError::Unmarked(_) => Reason::BranchNotManaged,
                _ => Reason::CommitFailed,
            };
            Trouble { reason, message: error.to_string() }
        })
    }
}
