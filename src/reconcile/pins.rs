//! The branches' `release.yaml` files turned into which versions of a chart were rendered, with which archives.
//!
//! The branches are where this is kept: git is the state, and what a commit claims to be rendered from is what the next
//! start takes again.

use crate::git::oid::Oid;
use crate::git::reader::{OpenReaderError, ReadError, Reader};
use crate::ledger::branch::{BranchError, Branches};
use crate::ledger::folder::RELEASE;
use crate::ledger::record::{ChartSource, Record};
use crate::pull::pinned::Pins;
use crate::settings::Repository;

/// Which chart is looked for.
pub struct Place<'a> {
    pub repository: &'a str,
    pub name: &'a str,
    /// What the settings ask for now.
    pub asked: &'a str,
}

/// Why the branches cannot be looked through.
#[derive(Debug, thiserror::Error)]
pub enum PinsError {
    #[error(transparent)]
    Open(#[from] OpenReaderError),
    #[error(transparent)]
    Name(#[from] BranchError),
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// What the tips of all branches record of this chart. A repository that is not there yet records nothing.
pub fn read(repositories: &[Repository], place: &Place<'_>) -> Result<Pins, PinsError> {
    let mut pins = Pins::default();
    repositories.iter().try_for_each(|repository| read_one(repository, place, &mut pins))?;
    Ok(pins)
}

fn read_one(repository: &Repository, place: &Place<'_>, pins: &mut Pins) -> Result<(), PinsError> {
    let reader = match Reader::open(&repository.path) {
        Ok(reader) => reader,
        Err(OpenReaderError::Absent(_)) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let branches = Branches::compile(&repository.branch)?;
    for tip in reader.branches(branches.prefix())?.into_values() {
        add(pins, &reader, tip, place)?;
    }
    Ok(())
}

/// One branch. A file that is no record of ours says nothing: whoever wrote it finds that in the plan.
fn add(pins: &mut Pins, reader: &Reader, tip: Oid, place: &Place<'_>) -> Result<(), PinsError> {
    let tree = reader.commit(tip)?.tree;
    for folder in reader.tree(tree)?.into_iter().filter(|entry| entry.is_tree()) {
        let files = reader.tree(folder.oid)?;
        let file = files.iter().find(|entry| entry.name == RELEASE.as_bytes() && entry.is_file());
        let Some(file) = file else { continue };
        let Ok(record) = Record::parse(&reader.blob(file.oid)?) else { continue };
        let Some(source) = record.chart.source else { continue };
        let ChartSource { repository, name, asked, archive } = source;
        if repository == place.repository && name == place.name {
            pins.add(&asked, place.asked, &record.chart.version, &archive);
        }
    }
    Ok(())
}
