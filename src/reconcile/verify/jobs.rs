//! Folders to verify turned into answers, on all processors.

use std::num::NonZero;
use std::path::Path;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use super::again::{self, Again, AgainError, Recorded};
use super::charts::Charts;
use super::finding::What;
use super::folder;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::folder as ledger;
use crate::reconcile::footprint::{self, Footprint};
use crate::reconcile::lock::file::Files as Locks;
use crate::source::event::Key;
use crate::template::budgets::STACK;

/// One state of a cluster's folder. The same one of another commit is the same job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Job {
    pub key: Key,
    /// The folder as promgit left it; `None`: it removed it.
    pub recorded: Option<Oid>,
    /// The folder as it is.
    pub folder: Option<Oid>,
}

/// What came of a job.
#[derive(Debug, Default)]
pub struct Answer {
    pub differences: Vec<What>,
    /// Why it could not be verified.
    pub unverified: Option<String>,
    pub note: Option<String>,
}

/// Does all jobs; the answers are in their order.
pub fn run(repository: &Path, jobs: &[Job], charts: &Charts) -> std::io::Result<Vec<Answer>> {
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<(usize, Answer)>> = Mutex::default();
    let work = || {
        let reader = Reader::open(repository);
        let locks = Locks::new(repository);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let Some(job) = jobs.get(number) else { return };
            let answer = match &reader {
                Ok(reader) => answer(reader, job, charts, &locks),
                Err(error) => Answer { unverified: Some(error.to_string()), ..Answer::default() },
            };
            answers.lock().unwrap_or_else(PoisonError::into_inner).push((number, answer));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(jobs.len());
    thread::scope(|scope| {
        for _ in 0..threads {
            thread::Builder::new().name("verify".into()).stack_size(STACK).spawn_scoped(scope, work)?;
        }
        Ok::<(), std::io::Error>(())
    })?;
    let mut answers = answers.into_inner().unwrap_or_else(PoisonError::into_inner);
    answers.sort_by_key(|(number, _)| *number);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}

fn answer(reader: &Reader, job: &Job, charts: &Charts, locks: &Locks) -> Answer {
    attempt(reader, job, charts, locks)
        .unwrap_or_else(|error| Answer { unverified: Some(error.to_string()), ..Answer::default() })
}

fn attempt(reader: &Reader, job: &Job, charts: &Charts, locks: &Locks) -> Result<Answer, AgainError> {
    let held = match job.folder {
        Some(folder) => footprint::of_folder(reader, folder)?,
        None => Footprint::new(),
    };
    let mut answer = Answer::default();
    let again = match job.recorded {
        Some(recorded) => {
            let recorded = Recorded::read(reader, recorded)?;
            let again = again::render(&job.key, &recorded, charts, locks)?;
            if !again.random.is_empty() {
                random(reader, job, &recorded, (&again, &held), &mut answer)?;
            }
            again
        }
        None => Again::default(),
    };
    let path = |path: &str| format!("{}/{path}", job.key.name);
    let found = folder::compare(reader, &again, &held)?;
    answer.differences = found.into_iter().map(|(file, how)| What::File { path: path(&file), how }).collect();
    Ok(answer)
}

/// Files with random values are compared with the digest that was recorded of all objects, since nobody without the seed
/// can say what they should hold.
fn random(
    reader: &Reader,
    job: &Job,
    recorded: &Recorded,
    (again, held): (&Again, &Footprint),
    answer: &mut Answer,
) -> Result<(), AgainError> {
    let key = &job.key;
    let mut texts = Vec::new();
    for path in &again.order {
        let bytes = held.get(path).map(|held| held.bytes(reader)).transpose()?.flatten();
        texts.push((path.as_str(), bytes.unwrap_or_default()));
    }
    let count = again.random.len();
    if ledger::digest_of(texts.iter().map(|(path, text)| (*path, &text[..])))
        == recorded.record.manifest_digest
    {
        answer.note = Some(format!(
            "note: {key}: {count} of its files hold random values whose lock is not here; they were compared with the digest \
             in release.yaml"
        ));
        return Ok(());
    }
    answer.unverified = Some(format!(
        "{count} of its files hold random values, their lock is not here, and the digest of all objects is not the one in \
         release.yaml; verify it where the agent keeps its locks (beside its repository)"
    ));
    Ok(())
}
