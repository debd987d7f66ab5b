//! One change turned into a commit of the batch, on what its branch holds by then.

use std::collections::BTreeMap;

use super::branch::{self, Branch, BranchError, CLUSTER_TRAILER, GENERATION_TRAILER, Known};
use super::class::{self, Class};
use super::footprint::{self, IN_PLACE};
use super::inputs::Inputs;
use super::owners::Objects;
use super::plan::{Change, Generation, Kind};
use super::strangers::{self, OVERWRITES_TRAILER};
use crate::api::conditions::Reason;
use crate::git::batch::{Batch, CommitError, CommitSpec, FlushError, Outcome};
use crate::git::message::{Message, MessageError};
use crate::git::object::Signature;
use crate::git::objects::ObjectError;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::trailers;
use crate::git::tree_edit::Edit;
use crate::ledger::folder::{Files, OWN};
use crate::ledger::message as words;
use crate::ledger::root::{self, Marker, RootError};
use crate::source::event::Key;

/// Why a plan did not become a commit.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error("{branch} was changed by someone else while {key} was planned; it is planned again")]
    Moved { branch: String, key: Key },
    #[error(
        "{object} is an object of cluster {owner} already, and kustomize takes no object of branch {branch} twice; \
         give it another name (most charts take `fullnameOverride` in spec.values), or rename or delete it in {owner}"
    )]
    Taken { object: String, owner: Key, branch: String },
    #[error(transparent)]
    Root(#[from] RootError),
    #[error(transparent)]
    Words(#[from] words::MessageError),
    #[error(transparent)]
    Message(#[from] MessageError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Begin(#[from] ObjectError),
    #[error(transparent)]
    Flush(#[from] FlushError),
    #[error("{0}")]
    Refused(String),
    #[error("writing stopped in a way it never should: {0}; please report this with the resource")]
    Panic(String),
}

impl From<ReadError> for WriteError {
    fn from(error: ReadError) -> Self {
        WriteError::Branch(error.into())
    }
}

impl WriteError {
    pub fn class(&self) -> Class {
        match self {
            WriteError::Root(_) | WriteError::Words(_) => Class::User,
            WriteError::Commit(CommitError::TooLarge { .. }) => Class::User,
            // somebody's branch, or somebody's file where a folder of ours belongs
            WriteError::Branch(BranchError::Marker(_)) => Class::Conflict,
            WriteError::Commit(CommitError::Conflict { .. } | CommitError::Edit { .. }) => Class::Conflict,
            WriteError::Moved { .. } | WriteError::Taken { .. } => Class::Conflict,
            WriteError::Message(_) | WriteError::Panic(_) => Class::Bug,
            WriteError::Branch(BranchError::Read(_)) | WriteError::Commit(_) => Class::Transient,
            WriteError::Begin(_) | WriteError::Flush(_) | WriteError::Refused(_) => Class::Transient,
        }
    }

    /// What a condition gives as its reason.
    pub fn reason(&self) -> Reason {
        match self {
            WriteError::Branch(BranchError::Marker(_)) => Reason::BranchNotManaged,
            WriteError::Taken { .. } => Reason::NotOurs,
            WriteError::Root(_) | WriteError::Words(_) => Reason::RenderFailed,
            _ => Reason::CommitFailed,
        }
    }

    /// Whether what is known of the branch is still what the repository says.
    pub fn is_ours(&self) -> bool {
        matches!(self, WriteError::Taken { .. }) || self.class() == Class::User
    }
}

/// Puts one change into the batch.
pub struct Stage<'a> {
    pub inputs: &'a Inputs,
    pub reader: &'a Reader,
    pub branches: &'a mut BTreeMap<String, Branch>,
    /// The branch has no commit in this batch yet: what the repository says of it is the truth.
    pub fresh: bool,
}

/// What a commit says beside the change itself.
struct Facts<'a> {
    marker: &'a Marker,
    /// The branch as it will be.
    branch: &'a Branch,
    generation: i64,
    /// In unix seconds.
    time: i64,
}

/// A commit that the batch has taken in.
pub struct Done {
    pub commit: Oid,
    pub generation: i64,
    /// The cluster let go of an object that another one may be waiting for.
    pub freed: bool,
}

impl Stage<'_> {
    /// Commits one change, or leaves everything as it was. A panic is a bug that concerns one cluster: the batch
    /// takes a commit in as its last step, so what is left of this one is at most objects that nothing names.
    pub fn attempt(&mut self, batch: &mut Batch<'_>, change: &Change) -> Result<Done, WriteError> {
        let marker = self.inputs.marker(&change.key.namespace);
        caught(|| self.look(change, &marker))?;
        let name = &change.key.name;
        // Taken out: it is changed in place, and rendering needs it changed.
        let mut branch = self.branches.remove(&change.branch).unwrap_or_default();
        let generation = generation(change, branch.generations.get(name).copied());
        let before = after(change, generation).map(|known| branch.set(name, known));
        let had = before.as_ref().and_then(|before| before.objects.as_ref());
        let freed = had.is_some_and(|old| lets_go(old, change));
        let time = branch.time.max(change.at.as_second());
        let facts = Facts { marker: &marker, branch: &branch, generation, time };
        let done = caught(|| self.commit(batch, change, &facts));
        match done {
            Ok(commit) => {
                (branch.tip, branch.time) = (Some(commit), time);
                (branch.is_listed, branch.is_shown) = (true, true);
                branch.overwrites.clear();
                if matches!(change.kind, Kind::Remove) {
                    // A cluster of this name that comes later is another one, and counts from 1: also after a
                    // restart.
                    branch.generations.remove(name);
                }
            }
            Err(_) => drop(before.map(|before| branch.set(name, before))),
        }
        self.branches.insert(change.branch.clone(), branch);
        done.map(|commit| Done { commit, generation, freed })
    }

    fn commit(&self, batch: &mut Batch<'_>, change: &Change, facts: &Facts<'_>) -> Result<Oid, WriteError> {
        let Facts { marker, branch, generation, time } = *facts;
        let spec = CommitSpec {
            branch: change.branch.clone(),
            expected: branch.tip,
            edits: self.edits(change, marker, branch)?,
            author: self.author(change),
            committer: self.agent(time),
            message: self.message(change, generation, branch)?,
            signer: self.inputs.signer.clone(),
        };
        match batch.commit(&spec)? {
            Outcome::Committed(commit) => Ok(commit),
            // The footprint differed and the tree does not: only possible if someone moved the branch.
            Outcome::Unchanged => Err(moved(change)),
        }
    }

    /// Makes sure that what we know of the branch is what the repository says, and that the plan still fits
    /// (a cluster occurs at most once in a batch, so the repository before the batch is what to compare with).
    fn look(&mut self, change: &Change, marker: &Marker) -> Result<(), WriteError> {
        if self.fresh {
            let tip = self.reader.tip(&change.branch)?;
            let known = self.branches.get(&change.branch);
            if known.is_none_or(|branch| branch.tip != tip || tip.is_none()) {
                let mut loaded = branch::load(self.reader, &change.branch, marker)?;
                if let Some(tip) = loaded.tip {
                    loaded.overwrites = strangers::of_roots(self.reader, tip, marker)?;
                }
                self.branches.insert(change.branch.clone(), loaded);
            }
        }
        if footprint::of(self.reader, &change.branch, &change.key.name)? != change.base {
            return Err(moved(change));
        }
        self.alone(change)
    }

    /// Decided here, where one change is looked at after the other, on what all before it have made of the branch.
    fn alone(&self, change: &Change) -> Result<(), WriteError> {
        let (Kind::Write { objects, .. }, Some(branch)) = (&change.kind, self.branches.get(&change.branch))
        else {
            return Ok(());
        };
        let Some((object, name)) = branch.owners.taken(&change.key.name, objects) else { return Ok(()) };
        let owner = Key { namespace: change.key.namespace.clone(), name };
        Err(WriteError::Taken { object: object.to_string(), owner, branch: change.branch.clone() })
    }

    fn edits(&self, change: &Change, marker: &Marker, branch: &Branch) -> Result<Vec<Edit>, RootError> {
        let name = &change.key.name;
        let mut edits = Vec::new();
        if change.base.contains_key(IN_PLACE) {
            edits.push(Edit::Remove { path: name.clone() });
        }
        if !matches!(change.kind, Kind::Root) {
            edits.extend(OWN.iter().map(|own| Edit::Remove { path: format!("{name}/{own}") }));
        }
        if let Kind::Write { files, .. } = &change.kind {
            let put = |(path, bytes): (&String, &Vec<u8>)| Edit::Put {
                path: format!("{name}/{path}"),
                bytes: bytes.clone(),
            };
            edits.extend(files.iter().map(put));
        }
        edits.extend(roots(self.inputs, marker, &change.branch, branch)?);
        Ok(edits)
    }

    fn message(&self, change: &Change, generation: i64, branch: &Branch) -> Result<String, WriteError> {
        let text = self.inputs.message.render(&change.words)?;
        let (subject, body) = text.split_once('\n').unwrap_or((&text, ""));
        let mut message = Message::new(subject).paragraph(body.trim());
        message = message.trailer(CLUSTER_TRAILER, &change.key.to_string());
        message = message.trailer(GENERATION_TRAILER, &generation.to_string());
        for (key, value) in &change.trailers {
            message = message.trailer(key, value);
        }
        let is_named = |who: &&String| change.trailers.iter().any(|(_, value)| value == *who);
        for who in branch.overwrites.iter().filter(|who| !is_named(who)) {
            message = message.trailer(OVERWRITES_TRAILER, who);
        }
        if let Some(who) = &change.requested_by {
            message = message.trailer("Requested-By", who);
        }
        Ok(message.build()?)
    }

    /// Who asked, else the agent.
    fn author(&self, change: &Change) -> Signature {
        let seconds = change.at.as_second();
        match &change.requested_by {
            None => self.agent(seconds),
            Some(who) => {
                let (name, email) = person(who);
                Signature { name, email, seconds: seconds.max(0), offset: 0 }
            }
        }
    }

    fn agent(&self, seconds: i64) -> Signature {
        let agent = &self.inputs.agent;
        let (name, email) = (agent.name.clone(), agent.email.clone());
        Signature { name, email, seconds: seconds.max(0), offset: 0 }
    }
}

/// The files at the root, written again only where they change: of many clusters, they are the larger part of a commit's work.
pub fn roots(inputs: &Inputs, marker: &Marker, name: &str, branch: &Branch) -> Result<Vec<Edit>, RootError> {
    let mut roots = Files::new();
    if !branch.is_listed {
        roots.extend(root::listing(marker, &branch.rows)?);
    }
    if !branch.is_shown {
        roots.extend(root::readme(marker, name, &branch.rows, &inputs.readme)?);
    }
    // What somebody made a folder of, is one no longer.
    let clear = |path: &String| Edit::Remove { path: path.clone() };
    let mut edits: Vec<Edit> = roots.keys().map(clear).collect();
    edits.extend(roots.into_iter().map(|(path, bytes)| Edit::Put { path, bytes }));
    Ok(edits)
}

fn generation(change: &Change, last: Option<i64>) -> i64 {
    match change.generation {
        Generation::Given(number) => number,
        Generation::Next => last.unwrap_or(0) + 1,
        Generation::Same => last.unwrap_or(1),
    }
}

/// What the branch says of the cluster when the change is committed; none where that is what it says already.
fn after(change: &Change, generation: i64) -> Option<Known> {
    let generation = Some(generation);
    match &change.kind {
        Kind::Write { row, objects, .. } => {
            Some(Known { row: Some(row.clone()), generation, objects: Some(objects.clone()) })
        }
        Kind::Remove => Some(Known { generation, ..Known::default() }),
        Kind::Root => None,
    }
}

fn lets_go(old: &Objects, change: &Change) -> bool {
    match &change.kind {
        Kind::Write { objects, .. } => old.iter().any(|object| !objects.contains(object)),
        Kind::Remove => true,
        Kind::Root => false,
    }
}

/// Turns a panic into an error.
fn caught<T>(work: impl FnOnce() -> Result<T, WriteError>) -> Result<T, WriteError> {
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(work))
        .unwrap_or_else(|payload| Err(WriteError::Panic(class::panic_words(&*payload))))
}

/// `Jane Doe <jane@example.com>`, `jane@example.com` or `jane` as name and address.
fn person(who: &str) -> (String, String) {
    let who = trailers::one_line(who);
    if let Some((name, rest)) = who.split_once('<')
        && let Some((email, "")) = rest.split_once('>')
    {
        return (name.trim().to_string(), email.trim().to_string());
    }
    let email = if who.contains('@') { who.clone() } else { String::new() };
    (who, email)
}

/// The branch is not what the change was planned on.
pub fn moved(change: &Change) -> WriteError {
    WriteError::Moved { branch: change.branch.clone(), key: change.key.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_asked_is_read_as_git_writes_it() {
        let table = [
            ("Jane Doe <jane@example.com>", ("Jane Doe", "jane@example.com")),
            ("jane@example.com", ("jane@example.com", "jane@example.com")),
            ("jane", ("jane", "")),
            ("a <b> c", ("a <b> c", "")),
        ];
        for (who, (name, email)) in table {
            assert_eq!(person(who), (name.to_string(), email.to_string()), "{who}");
        }
    }
}
