//! Branches turned into what on them is not as promgit would have it.
//!
//! ```text
//! branches ─► walk: who made each commit, what promgit recorded last of each cluster ─► root: the files at the root
//!                                      └─► jobs, on all processors: again: render what was recorded ─► folder: compare
//! ```
//!
//! What promgit recorded of a cluster is its folder in the newest commit that promgit made for it; what a folder holds
//! is compared with what that record renders to. So a change by hand never explains itself.

pub mod again;
pub mod charts;
pub mod finding;
pub mod folder;
pub mod jobs;
pub mod made;
pub mod root;
pub mod select;
pub mod walk;

use std::collections::BTreeMap;
use std::path::Path;

use self::charts::Charts;
use self::finding::{At, Finding, Report, Unverified};
use self::jobs::{Answer, Job};
use self::walk::Walk;
use crate::git::reader::{OpenReaderError, ReadError, Reader};
use crate::ledger::root::Readme;

/// What to verify, and by what.
pub struct Request<'a> {
    pub repository: &'a Path,
    /// What the branches of namespaces start with.
    pub prefix: &'a str,
    /// Empty: all that promgit manages.
    pub branches: &'a [String],
    /// Every commit, not only the tips.
    pub all: bool,
    pub charts: &'a Charts,
    pub readme: &'a Readme,
}

/// Why nothing could be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error(transparent)]
    Open(#[from] OpenReaderError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("no thread can be started: {0}")]
    Thread(#[from] std::io::Error),
    #[error("no branch of {0} is managed by promgit; name the branch, or another --repo")]
    Nothing(String),
}

/// Looks at all of it. What cannot be verified does not keep the rest from being looked at.
pub fn run(request: &Request<'_>) -> Result<Report, VerifyError> {
    let reader = Reader::open(request.repository)?;
    let mut report = Report::default();
    let chosen = select::branches(&reader, request.prefix, request.branches, &mut report)?;
    if chosen.is_empty() && report.unverified.is_empty() {
        return Err(VerifyError::Nothing(request.repository.display().to_string()));
    }
    let mut jobs = BTreeMap::new();
    for branch in chosen {
        let name = branch.name.clone();
        let walk = Walk { reader: &reader, readme: request.readme, branch, all: request.all };
        if let Err(error) = walk.run(&mut jobs, &mut report) {
            report.unverified.push(Unverified { branch: name, cluster: None, reason: error.to_string() });
        }
    }
    conclude(request, jobs, &mut report)?;
    report.findings.sort();
    report.findings.dedup();
    report.unverified.sort();
    report.unverified.dedup();
    Ok(report)
}

/// Every job once, its answer for every commit that asked for it.
fn conclude(
    request: &Request<'_>,
    jobs: BTreeMap<Job, Vec<At>>,
    report: &mut Report,
) -> Result<(), VerifyError> {
    let (jobs, places): (Vec<Job>, Vec<Vec<At>>) = jobs.into_iter().unzip();
    let answers = jobs::run(request.repository, &jobs, request.charts)?;
    for ((job, places), answer) in jobs.iter().zip(places).zip(answers) {
        let Answer { differences, unverified, note } = answer;
        let unverified = unverified.into_iter().map(|reason| Unverified {
            branch: places.first().map(|at| at.branch.clone()).unwrap_or_default(),
            cluster: Some(job.key.clone()),
            reason,
        });
        report.unverified.extend(unverified);
        report.notes.extend(note);
        for at in &places {
            let finding = |what| Finding { at: at.clone(), what };
            report.findings.extend(differences.iter().cloned().map(finding));
        }
    }
    report.notes.sort();
    report.notes.dedup();
    Ok(())
}
