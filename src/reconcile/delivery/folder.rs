//! A cluster's folder at a commit, looked up once, turned into the bytes of its files.

use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::reconcile::footprint::{self, Footprint};

/// Why a commit cannot be delivered.
#[derive(Debug, thiserror::Error)]
pub enum ReleaseError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("branch {branch} does not hold {cluster} any more; it is committed again by the next change")]
    Absent { branch: String, cluster: String },
    #[error(
        "{path} in commit {} stands for a Secret whose values are not in memory; it is rendered again by the next change",
        commit.short()
    )]
    Withheld { path: String, commit: Oid },
    #[error("{path} in commit {} cannot be read: {reason}; it was not written by promgit", commit.short())]
    File { path: String, commit: Oid, reason: String },
}

/// The folder. To look up each file by its path would read the same trees once more for every one.
pub struct Folder<'a> {
    reader: &'a Reader,
    commit: Oid,
    cluster: &'a str,
    files: Footprint,
}

impl<'a> Folder<'a> {
    /// Looks it up; one that is not there has no files.
    pub fn open(reader: &'a Reader, commit: Oid, cluster: &'a str) -> Result<Self, ReadError> {
        Ok(Folder { reader, commit, cluster, files: footprint::at(reader, commit, cluster)? })
    }

    /// All files, by their paths below the folder.
    pub fn files(&self) -> &Footprint {
        &self.files
    }

    /// The bytes of a file; none where there is none.
    pub fn find(&self, path: &str) -> Result<Option<Vec<u8>>, ReadError> {
        match self.files.get(path) {
            Some(held) => held.bytes(self.reader),
            None => Ok(None),
        }
    }

    /// The bytes of a file that has to be there.
    pub fn bytes(&self, path: &str) -> Result<Vec<u8>, ReleaseError> {
        self.find(path)?.ok_or_else(|| self.broken(path, "it is missing".into()))
    }

    /// A file does not say what it should.
    pub fn broken(&self, path: &str, reason: String) -> ReleaseError {
        ReleaseError::File { path: format!("{}/{path}", self.cluster), commit: self.commit, reason }
    }

    /// A file stands for a Secret that is nowhere at hand.
    pub fn withheld(&self, path: &str) -> ReleaseError {
        ReleaseError::Withheld { path: format!("{}/{path}", self.cluster), commit: self.commit }
    }
}
