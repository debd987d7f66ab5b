//! What became of commits in the cluster, turned into git notes (`git notes --ref promgit`), and notes of two sides into one.

use std::collections::BTreeMap;

use crate::git::adopt::{AdoptError, Adopted, adopt};
use crate::git::batch::{Batch, CommitError, CommitSpec, FlushError};
use crate::git::notes::{REFERENCE, path};
use crate::git::object::Signature;
use crate::git::objects::ObjectError;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::git::ref_update::Refusal;
use crate::git::store::Store;
use crate::git::tracking::{self, TrackingError};
use crate::git::tree_edit::Edit;
use crate::reconcile::inputs::Inputs;
use crate::reconcile::report::Outcome;
use crate::source::event::Key;

/// Names the revision of Helm's history that delivered a commit.
const REVISION_TRAILER: &str = "Helm-Revision";

/// Bytes of a note.
const MOST_WORDS: usize = 1_024;

/// Folders of notes inside each other: one of ours, a few of git's own.
const MOST_DEPTH: usize = 20;

/// Why nothing was noted.
#[derive(Debug, thiserror::Error)]
pub enum NoteError {
    #[error(transparent)]
    Adopt(#[from] AdoptError),
    #[error(transparent)]
    Object(#[from] ObjectError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Tracking(#[from] TrackingError),
    #[error(transparent)]
    Commit(#[from] CommitError),
    #[error(transparent)]
    Flush(#[from] FlushError),
    #[error(transparent)]
    Refusal(#[from] Refusal),
}

/// Keeps outcomes, in one commit; the newest of a commit stands. Durable when this returns.
pub fn keep(
    inputs: &Inputs,
    store: &mut Store,
    reader: &mut Reader,
    outcomes: &[(Key, Outcome)],
) -> Result<(), NoteError> {
    reader.refresh()?;
    let expected = reader.tip(REFERENCE)?;
    let mut edits = Vec::new();
    for (key, Outcome { commit, words, revision }) in outcomes {
        let words: String = words.chars().take(MOST_WORDS).collect();
        // A commit is durable before anything is delivered, and its revision is numbered after that: so it stands here.
        let revision = revision.map(|revision| format!("{REVISION_TRAILER}: {revision}\n"));
        let bytes = format!("{words}\n\nCluster: {key}\n{}", revision.unwrap_or_default()).into_bytes();
        edits.push(Edit::Put { path: path(*commit), bytes });
    }
    // not before the commits that they are about
    let times = outcomes.iter().filter_map(|(_, outcome)| reader.commit(outcome.commit).ok());
    let seconds = times.map(|commit| commit.committer.seconds).max().unwrap_or_default();
    let message = format!("Note what became of {}\n", count(outcomes.len()));
    commit(store, spec(inputs, expected, edits, message, seconds), None)
}

fn count(commits: usize) -> String {
    if commits == 1 { "a commit".to_owned() } else { format!("{commits} commits") }
}

fn spec(
    inputs: &Inputs,
    expected: Option<Oid>,
    edits: Vec<Edit>,
    message: String,
    seconds: i64,
) -> CommitSpec {
    let (name, email) = (inputs.agent.name.clone(), inputs.agent.email.clone());
    let committer = Signature { name, email, seconds, offset: 0 };
    let (branch, author, signer) = (REFERENCE.to_owned(), committer.clone(), inputs.signer.clone());
    CommitSpec { branch, expected, edits, message, author, committer, signer }
}

fn commit(store: &mut Store, spec: CommitSpec, base: Option<Oid>) -> Result<(), NoteError> {
    let mut batch = Batch::begin(store)?;
    if let Some(base) = base {
        batch.set_base(&spec.branch, base)?;
    }
    batch.commit(&spec)?;
    batch.flush()?.into_iter().try_for_each(|update| Ok(update.result?))
}

/// Goes on from the notes that a remote has: those that only we have come on top. Where both noted a commit, ours stands.
pub fn land(inputs: &Inputs, store: &mut Store, reader: &mut Reader, theirs: Oid) -> Result<(), NoteError> {
    let mut answers = adopt(store, &[(REFERENCE.to_owned(), theirs)])?;
    reader.look_again()?;
    let Some(Adopted::Diverged { found }) = answers.pop().transpose()? else { return Ok(()) };
    tracking::keep(reader, REFERENCE, found)?;
    let (ours, other) = (reader.commit(found)?, reader.commit(theirs)?);
    let (mut have, mut has) = (BTreeMap::new(), BTreeMap::new());
    collect(reader, ours.tree, String::new(), 0, &mut have)?;
    collect(reader, other.tree, String::new(), 0, &mut has)?;
    have.retain(|path, entry| has.get(path) != Some(entry));
    let edits = have.into_iter().map(|(path, (mode, oid))| Edit::Place { path, mode, oid }).collect();
    let seconds = ours.committer.seconds.max(other.committer.seconds);
    let message = "Put notes on top of those of the remote\n".to_owned();
    commit(store, spec(inputs, Some(theirs), edits, message, seconds), Some(theirs))
}

/// All files of a tree, by path.
fn collect(
    reader: &Reader,
    tree: Oid,
    before: String,
    depth: usize,
    found: &mut BTreeMap<String, (u32, Oid)>,
) -> Result<(), ReadError> {
    for entry in reader.tree(tree)? {
        let path = format!("{before}{}", String::from_utf8_lossy(&entry.name));
        if entry.is_tree() && depth < MOST_DEPTH {
            collect(reader, entry.oid, format!("{path}/"), depth + 1, found)?;
        } else {
            found.insert(path, (entry.mode, entry.oid));
        }
    }
    Ok(())
}
