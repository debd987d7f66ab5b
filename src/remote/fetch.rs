//! Branches of a server turned into objects of the local repository. Moving local branches to them is `git::adopt`'s business.

use std::collections::{BTreeMap, BTreeSet};

use crate::git::incoming::{Incoming, IncomingError, Verified};
use crate::git::object::parents;
use crate::git::reader::ReadError;
use crate::git::{Oid, Reader, shallow};

use super::advertisement::{Advertisement, refusal, unreadable};
use super::body::Body;
use super::error::{Fault, RemoteError};
use super::pkt_line::{FLUSH, Packet, push_line, trimmed};
use super::run::run;
use super::settings::Remote;
use super::side_band;
use super::transport::{Answer, Conversation, Service};
use super::words::{self, Words};

/// Commits that a server is told we have: the tips of the branches that are fetched, and of others. More make the question longer
/// and the answer hardly shorter.
const MAX_HAVES: usize = 1_000;
/// Ancestors of each branch that is fetched which are named too, 1, 2, 4, 8 … commits back: the server's branch may have been
/// moved from one of them.
const MAX_STEPS: u32 = 1 << 12;
/// Beginnings of histories that an answer may name: one for each branch.
const MAX_SHALLOW: usize = 100_000;
const AGENT: &str = concat!("agent=promgit/", env!("CARGO_PKG_VERSION"));

/// How much of a history is fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// All of it, as far as it is not here.
    Whole,
    /// The newest commit of each branch, where nothing of it is here: enough to go on from. The repository becomes a shallow one, as
    /// git understands it.
    Tip,
}

/// The branches of a server with their newest commits, and its notes and tags under their full names.
pub fn tips(remote: &Remote) -> Result<BTreeMap<String, Oid>, RemoteError> {
    run(remote, async || {
        let (conversation, shown) = Conversation::begin(remote, Service::Upload).await?;
        conversation.leave().await;
        Ok(shown.branches)
    })
}

/// Fetches branches. When this returns, what it returns is durable in the repository, whole or from its newest commit on; no
/// branch has moved yet. Branches that the server does not have are left out.
pub fn fetch(
    remote: &Remote,
    reader: &mut Reader,
    branches: &[String],
    depth: Depth,
) -> Result<BTreeMap<String, Oid>, RemoteError> {
    run(remote, async move || {
        reader.look_again()?;
        let (conversation, shown) = Conversation::begin(remote, Service::Upload).await?;
        let tip = |branch: &String| Some((branch.clone(), *shown.branches.get(branch)?));
        let found: BTreeMap<String, Oid> = branches.iter().filter_map(tip).collect();
        let wants: BTreeSet<Oid> = found.values().copied().filter(|oid| !reader.has(*oid)).collect();
        if wants.is_empty() {
            conversation.leave().await;
            return Ok(found);
        }
        let haves = haves(reader, branches)?;
        let deepen = (depth == Depth::Tip && haves.is_empty()).then_some(1);
        take(conversation, &shown, reader, &Question { wants, haves, deepen }).await?;
        Ok(found)
    })
}

/// Fetches so many of the newest commits of branches whose tips are here and whose histories are not. Those that the server has
/// moved meanwhile are left out.
pub fn deepen(
    remote: &Remote,
    reader: &mut Reader,
    branches: &[String],
    commits: u32,
) -> Result<(), RemoteError> {
    run(remote, async move || {
        reader.look_again()?;
        let (conversation, shown) = Conversation::begin(remote, Service::Upload).await?;
        let found = branches.iter().filter_map(|branch| shown.branches.get(branch).copied());
        let wants: BTreeSet<Oid> = found.filter(|oid| reader.has(*oid)).collect();
        if wants.is_empty() || reader.shallow().is_empty() {
            conversation.leave().await;
            return Ok(());
        }
        let haves = wants.clone();
        take(conversation, &shown, reader, &Question { wants, haves, deepen: Some(commits) }).await
    })
}

/// What is asked of a server.
struct Question {
    wants: BTreeSet<Oid>,
    /// What is here.
    haves: BTreeSet<Oid>,
    /// So many commits of each, instead of all.
    deepen: Option<u32>,
}

/// Where histories begin, as a server says it.
#[derive(Default)]
struct Beginnings {
    new: BTreeSet<Oid>,
    /// Not here any more.
    gone: BTreeSet<Oid>,
}

/// Asks, and takes the answer in.
async fn take(
    conversation: Conversation<'_>,
    shown: &Advertisement,
    reader: &mut Reader,
    question: &Question,
) -> Result<(), Fault> {
    let body = Body::new(request(shown, reader, question)?, None);
    let root = reader.root().to_owned();
    let banded = shown.can(SIDE_BAND);
    let receive = async |answer: &mut Answer| receive(answer, &root, question, banded).await;
    let (pack, Beginnings { new, mut gone }) = conversation.ask(body, receive).await?;
    // before the pack is seen: a history whose beginning is not noted would look damaged; what is not one any more, after it
    let none = BTreeSet::new();
    shallow::change(&root, &new, &none)?;
    pack.place().map_err(IncomingError::from)?;
    reader.look_again()?;
    gone.extend(joined(reader)?);
    shallow::change(&root, &none, &gone)?;
    Ok(reader.look_again()?)
}

/// Commits at which a history began until what came brought their parents: a branch that was taken back to one of them, above all.
fn joined(reader: &Reader) -> Result<Vec<Oid>, ReadError> {
    let mut found = Vec::new();
    for oid in reader.shallow().iter().filter(|oid| reader.has(**oid)) {
        let bytes = reader.raw_commit(*oid)?;
        if parents(&bytes).all(|parent| reader.has(parent)) {
            found.push(*oid);
        }
    }
    Ok(found)
}

const SIDE_BAND: &str = "side-band-64k";
const DETAILED: &str = "multi_ack_detailed";

/// What is here already, of the branches that are fetched and of others.
fn haves(reader: &Reader, branches: &[String]) -> Result<BTreeSet<Oid>, ReadError> {
    let mut haves = BTreeSet::new();
    for branch in branches {
        let Some(tip) = reader.tip(branch)? else { continue };
        let (mut oid, mut next_named) = (tip, 1);
        haves.insert(tip);
        for step in 1..=MAX_STEPS {
            let Some(parent) = reader.commit(oid)?.parents.first().copied() else { break };
            oid = parent;
            if step == next_named {
                haves.insert(oid);
                next_named *= 2;
            }
        }
        if haves.len() >= MAX_HAVES {
            return Ok(haves);
        }
    }
    let room = MAX_HAVES - haves.len();
    haves.extend(reader.branches("")?.into_values().take(room));
    Ok(haves)
}

/// What is wanted, what is here, and that this is all (gitprotocol-pack, "Packfile Negotiation"). With `multi_ack_detailed` the last
/// line before the pack is known as such.
fn request(
    shown: &Advertisement,
    reader: &Reader,
    Question { wants, haves, deepen }: &Question,
) -> Result<Vec<u8>, Fault> {
    if (deepen.is_some() || !reader.shallow().is_empty()) && !shown.can("shallow") {
        return Err(Fault::Settings(
            "it cannot give a part of a history; fetch the whole into an empty repository".to_owned(),
        ));
    }
    if !haves.is_empty() && !shown.can(DETAILED) {
        return Err(Fault::Protocol(format!("it cannot do {DETAILED}; fetch into an empty repository")));
    }
    let mut capabilities = AGENT.to_owned();
    for capability in [DETAILED, SIDE_BAND, "ofs-delta", "no-progress", "object-format=sha1"] {
        if shown.can(capability) {
            capabilities = format!("{capability} {capabilities}");
        }
    }
    let mut lines = Vec::new();
    for (index, oid) in wants.iter().enumerate() {
        let capabilities = if index == 0 { format!(" {capabilities}") } else { String::new() };
        push_line(&mut lines, format!("want {oid}{capabilities}\n").as_bytes());
    }
    for oid in reader.shallow() {
        push_line(&mut lines, format!("shallow {oid}\n").as_bytes());
    }
    if let Some(commits) = deepen {
        push_line(&mut lines, format!("deepen {commits}\n").as_bytes());
    }
    lines.extend_from_slice(FLUSH);
    for oid in haves {
        push_line(&mut lines, format!("have {oid}\n").as_bytes());
    }
    push_line(&mut lines, b"done\n");
    Ok(lines)
}

/// Takes the pack; returns it, and the commits at which the histories begin.
async fn receive(
    answer: &mut Answer,
    root: &std::path::Path,
    question: &Question,
    banded: bool,
) -> Result<(Verified, Beginnings), Fault> {
    let beginnings = read_start(answer, question.deepen.is_some()).await?;
    let mut words = Words::default();
    let mut incoming = Incoming::begin(root)?;
    if banded {
        while let Some(piece) = side_band::next(answer, &mut words).await? {
            incoming.write(&piece)?;
        }
    } else {
        read_plain(answer, &mut incoming).await?;
    }
    Ok((incoming.verify(&question.wants, &beginnings.new)?, beginnings))
}

async fn read_plain(answer: &mut Answer, incoming: &mut Incoming) -> Result<(), Fault> {
    use tokio::io::AsyncReadExt as _;
    let mut piece = vec![0; 64 << 10];
    loop {
        let read = answer.stream().read(&mut piece).await;
        match read.map_err(|error| super::silence::fault(&error))? {
            0 => return Ok(()),
            count => incoming.write(&piece[..count])?,
        }
    }
}

/// Lines about shallow commits, if asked for, then one that says what is common, or that nothing is.
async fn read_start(answer: &mut Answer, deepens: bool) -> Result<Beginnings, Fault> {
    let mut beginnings = Beginnings::default();
    let mut in_shallow = deepens;
    loop {
        let line = match answer.next().await.map_err(unreadable)? {
            Some(Packet::Line(line)) => line,
            Some(Packet::Flush) if in_shallow => {
                in_shallow = false;
                continue;
            }
            Some(Packet::Flush) => {
                return Err(Fault::Protocol("it pauses instead of sending a pack".to_owned()));
            }
            None => return Err(Fault::Ended(String::new())),
        };
        let text = String::from_utf8_lossy(trimmed(&line)).into_owned();
        let word = text.split_once(' ').unwrap_or((&text, ""));
        match (word, Oid::from_hex(word.1.as_bytes())) {
            (("shallow", _), Some(oid)) if in_shallow && beginnings.new.len() < MAX_SHALLOW => {
                beginnings.new.insert(oid);
            }
            (("unshallow", _), Some(oid)) if in_shallow && beginnings.gone.len() < MAX_SHALLOW => {
                beginnings.gone.insert(oid);
            }
            // `ACK id common`: more follow
            (("ACK", rest), None) if !in_shallow && rest.contains(' ') => {}
            (("NAK", ""), _) | (("ACK", _), Some(_)) if !in_shallow => return Ok(beginnings),
            (("ERR", said), _) => return Err(refusal(&words::clean(said))),
            _ => {
                return Err(Fault::Protocol(format!(
                    "it answers {:?} to what is wanted",
                    words::clean(&text)
                )));
            }
        }
    }
}
