//! Commits of branches turned into branches of a server: only forward, only from where they are believed to stand.

use std::collections::BTreeMap;

use crate::git::ancestry::{Relation, Span, between, relation};
use crate::git::path::{branch_ref, called, is_tag};
use crate::git::reader::ReadError;
use crate::git::{Oid, Reader};
use crate::secrecy::hidden::Hidden;

use super::advertisement::Advertisement;
use super::body::Body;
use super::error::{Fault, RemoteError};
use super::new_objects::NewObjects;
use super::pack_stream::PackStream;
use super::pkt_line::{FLUSH, Packets, push_line};
use super::report::Report;
use super::run::run;
use super::settings::Remote;
use super::side_band;
use super::transport::{Answer, Conversation, Service};
use super::words::Words;

/// Objects of one request, about: what is remembered of each has 60 bytes. More than this go in several, each of which leaves the
/// branches at a commit of their own history.
pub const MAX_OBJECTS: usize = 150_000;
/// Bytes of a report: a line for each of 100,000 branches.
const MAX_REPORT: usize = 32 << 20;
/// Who asks.
const AGENT: &str = concat!("agent=promgit/", env!("CARGO_PKG_VERSION"));
/// Requests of one push: [`MAX_OBJECTS`] times this is more than any disk holds.
const MAX_ROUNDS: usize = 10_000;
const SIDE_BAND: &str = "side-band-64k";
/// No commit.
const NOTHING: Oid = Oid::from_bytes([0; 20]);

/// A branch to push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BranchPush {
    /// Without `refs/heads/`, or the full name of a note or tag; it has the same name on the server. Of a tag the server has the commit.
    pub branch: String,
    /// Where the server is believed to have it; nothing for a branch that is to be created.
    pub expected: Option<Oid>,
    /// Where it is to stand.
    pub new: Oid,
}

/// What became of a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It stands at the new commit now.
    Pushed,
    /// It stood there before.
    AlreadyThere,
    /// It is gone, has a commit that the new one does not descend from, went back behind what it was last heard to have, or is a tag of
    /// another one; it was left alone.
    Moved { found: Option<Oid> },
    /// The server said no.
    Rejected {
        /// In one line.
        reason: String,
        /// What hooks said, if anything; of all branches of the push.
        words: String,
    },
}

/// Pushes branches; one answer each, in the same order. An error says nothing about any branch: some may have been moved, and the
/// next push finds out which.
pub fn push(
    remote: &Remote,
    reader: &mut Reader,
    branches: &[BranchPush],
) -> Result<Vec<Pushed>, RemoteError> {
    run(remote, async move || {
        for push in branches {
            branch_ref(&push.branch).map_err(ReadError::from)?;
        }
        reader.look_again()?;
        let waiting = branches.iter().map(|push| (push.branch.as_str(), push.clone())).collect();
        let mut session = Session { remote, reader, waiting, answers: BTreeMap::new() };
        for _ in 0..MAX_ROUNDS {
            if session.waiting.is_empty() {
                break;
            }
            session.round().await?;
        }
        branches.iter().map(|push| session.answer(&push.branch)).collect()
    })
}

/// What the server shows to somebody who is about to push: branches, and notes and tags under their full names.
pub fn shown(remote: &Remote) -> Result<BTreeMap<String, Oid>, RemoteError> {
    run(remote, async || {
        let (conversation, shown) = Conversation::begin(remote, Service::Receive).await?;
        conversation.leave().await;
        Ok(shown.branches)
    })
}

struct Session<'b> {
    remote: &'b Remote,
    reader: &'b Reader,
    /// By name.
    waiting: BTreeMap<&'b str, BranchPush>,
    answers: BTreeMap<&'b str, Pushed>,
}

impl<'b> Session<'b> {
    fn answer(&self, branch: &str) -> Result<Pushed, Fault> {
        let nothing = || Fault::Protocol(format!("it says nothing about {branch}"));
        self.answers.get(branch).cloned().ok_or_else(nothing)
    }

    /// One request. What it settles goes from those that wait to the answers; what it brought forward waits for the next one.
    async fn round(&mut self) -> Result<(), Fault> {
        let (conversation, shown) = Conversation::begin(self.remote, Service::Receive).await?;
        let mut plan = Plan::default();
        for (branch, push) in &self.waiting {
            match step(self.reader, &shown, push)? {
                Step::Settled(answer) => drop(self.answers.insert(branch, answer)),
                Step::Send { old, span } => plan.add(self.reader, branch, old, push.new, &span)?,
            }
            if plan.is_full() {
                break;
            }
        }
        match plan.commands.is_empty() {
            true => conversation.leave().await,
            false => self.send(conversation, &shown, plan).await?,
        }
        self.waiting.retain(|branch, _| !self.answers.contains_key(branch));
        Ok(())
    }

    async fn send(
        &mut self,
        conversation: Conversation<'_>,
        shown: &Advertisement,
        plan: Plan<'b>,
    ) -> Result<(), Fault> {
        let Plan { commands, objects } = plan;
        let pack = PackStream::new(self.reader, objects.list);
        let body = Body::new(request(shown, &commands)?, Some(pack));
        let (banded, hidden) = (shown.can(SIDE_BAND), conversation.hidden());
        let (report, words) = conversation.ask(body, async |answer| read(answer, banded).await).await?;
        let words = hidden.without(&words.shown());
        for Command { branch, new, last, .. } in commands {
            match (verdict(&report, branch, (&words, &hidden))?, self.waiting.get_mut(branch)) {
                (Pushed::Pushed, Some(push)) if !last => push.expected = Some(new),
                (answer, _) => drop(self.answers.insert(branch, answer)),
            }
        }
        Ok(())
    }
}

/// What is to be done about a branch.
enum Step {
    Settled(Pushed),
    Send { old: Option<Oid>, span: Span },
}

/// Compares what the server has with what it is believed to have.
fn step(reader: &Reader, shown: &Advertisement, push: &BranchPush) -> Result<Step, ReadError> {
    let found = shown.branches.get(&push.branch).copied();
    if found == Some(push.new) {
        return Ok(Step::Settled(Pushed::AlreadyThere));
    }
    let moved = Ok(Step::Settled(Pushed::Moved { found }));
    if found.is_none() && push.expected.is_some() {
        return moved;
    }
    if let Some(other) = beside(shown, &push.branch).filter(|_| found.is_none()) {
        let setting = if is_tag(&push.branch) { "commit.tag" } else { "repository.branch" };
        let reason = format!(
            "{other} is there, and no git repository holds both, since one name is a folder of the other; delete the one that is \
             not needed, or set another `{setting}`"
        );
        return Ok(Step::Settled(Pushed::Rejected { reason, words: String::new() }));
    }
    if is_tag(&push.branch) {
        // everybody else's git keeps the tag that it has; and it follows its branch, so it brings nothing
        let span = Span { commits: Vec::new(), linear: true };
        return if found.is_some() { moved } else { Ok(Step::Send { old: None, span }) };
    }
    // a commit that is not here is somebody else's
    if found.is_some_and(|oid| !reader.has(oid)) {
        return moved;
    }
    // taken off there, which is not to be put back by a push that happens to fit
    if let (Some(found), Some(expected)) = (found, push.expected)
        && reader.has(expected)
        && matches!(relation(reader, expected, found)?, Relation::Backward | Relation::Apart)
    {
        return moved;
    }
    let span = between(reader, found, push.new, &shown.known)?;
    span.map_or(moved, |span| Ok(Step::Send { old: found, span }))
}

/// A reference of the server that keeps a new one from being made: git's files of one would lie in the place of the other's folder
/// (refs.c, `refs_verify_refname_available`). Asked for, it answers in words of its files.
fn beside(shown: &Advertisement, name: &str) -> Option<String> {
    let is_there = |other: &&str| shown.branches.contains_key(*other);
    let above = name.match_indices('/').map(|(at, _)| &name[..at]).find(is_there);
    let inside = format!("{name}/");
    let below = || shown.branches.range(inside.clone()..).next().map(|(other, _)| other.as_str());
    let found = above.or_else(|| below().filter(|other| other.starts_with(&inside)));
    found.map(called)
}

/// What one request asks for.
#[derive(Default)]
struct Plan<'b> {
    commands: Vec<Command<'b>>,
    objects: NewObjects,
}

struct Command<'b> {
    branch: &'b str,
    old: Option<Oid>,
    new: Oid,
    /// False when the branch has more commits than go into one request.
    last: bool,
}

impl<'b> Plan<'b> {
    fn is_full(&self) -> bool {
        self.objects.list.len() >= MAX_OBJECTS
    }

    fn add(
        &mut self,
        reader: &Reader,
        branch: &'b str,
        old: Option<Oid>,
        new: Oid,
        span: &Span,
    ) -> Result<(), ReadError> {
        let mut reached = new;
        let mut last = true;
        for (index, oid) in span.commits.iter().enumerate() {
            if self.is_full() && span.linear && index > 0 {
                (reached, last) = (span.commits[index - 1], false);
                break;
            }
            self.objects.add_commit(reader, *oid)?;
        }
        self.commands.push(Command { branch, old, new: reached, last });
        Ok(())
    }
}

/// The commands, and what this side can do.
fn request(shown: &Advertisement, commands: &[Command<'_>]) -> Result<Vec<u8>, Fault> {
    if !shown.can("report-status") {
        return Err(Fault::Protocol("it does not report what became of a push".to_owned()));
    }
    let mut capabilities = format!("report-status {AGENT}");
    for (capability, asked) in [(SIDE_BAND, SIDE_BAND), ("object-format=sha1", "object-format=sha1")] {
        if shown.can(capability) {
            capabilities = format!("{capabilities} {asked}");
        }
    }
    let mut lines = Vec::new();
    for (index, Command { branch, old, new, .. }) in commands.iter().enumerate() {
        let old = old.unwrap_or(NOTHING);
        let capabilities = if index == 0 { format!("\0 {capabilities}") } else { String::new() };
        let name = branch_ref(branch).map_err(ReadError::from)?;
        push_line(&mut lines, format!("{old} {new} {name}{capabilities}").as_bytes());
    }
    lines.extend_from_slice(FLUSH);
    Ok(lines)
}

/// The report, and what was said beside it.
async fn read(answer: &mut Answer, banded: bool) -> Result<(Report, Words), Fault> {
    let mut words = Words::default();
    if !banded {
        return Ok((Report::read(answer).await?, words));
    }
    let mut report = Vec::new();
    while let Some(piece) = side_band::next(answer, &mut words).await? {
        report.extend_from_slice(&piece);
        if report.len() > MAX_REPORT {
            return Err(Fault::Protocol("its report is larger than any can be".to_owned()));
        }
    }
    match Report::read(&mut Packets::new(report.as_slice())).await {
        Ok(report) => Ok((report, words)),
        Err(Fault::Ended(_)) => Err(Fault::Ended(words.shown())),
        Err(fault) => Err(fault),
    }
}

fn verdict(report: &Report, branch: &str, (words, hidden): (&str, &Hidden)) -> Result<Pushed, Fault> {
    let name = branch_ref(branch).map_err(ReadError::from)?;
    let reason = match (report.references.get(&name), &report.unpack) {
        (Some(None), None) => return Ok(Pushed::Pushed),
        (Some(Some(reason)), _) => reason.clone(),
        (Some(None) | None, Some(reason)) => reason.clone(),
        (None, None) => return Err(Fault::Protocol(format!("it says nothing about {branch}"))),
    };
    Ok(Pushed::Rejected { reason: hidden.without(&reason), words: words.to_owned() })
}
