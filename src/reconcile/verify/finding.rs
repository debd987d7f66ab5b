//! What verification finds, as values: where, what, and what could not be looked at.

use crate::git::oid::Oid;
use crate::source::event::Key;

/// A commit of a branch.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct At {
    pub branch: String,
    /// 0 for the tip, counting back: findings are told newest first.
    pub back: usize,
    pub commit: Oid,
}

/// Something that promgit did not make, or would make otherwise.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    pub at: At,
    pub what: What,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The commit itself: who made it, why that is not promgit, its subject.
    Commit { who: String, reason: String, subject: String },
    /// A folder that looks like a cluster's, and that no commit of promgit's made.
    Folder { path: String },
    /// A file, by its path from the root of the branch.
    File { path: String, how: How },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum How {
    /// The first line that differs, counted from 1, with its end; `None`: the file ends there.
    Different {
        line: usize,
        is: Option<String>,
        should: Option<String>,
    },
    /// The bytes may be right, but it is an executable, a link, a submodule.
    Kind(&'static str),
    Missing,
    /// Nothing that promgit would write there.
    Extra,
}

/// What could not be verified, and why, with the way out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unverified {
    pub branch: String,
    pub cluster: Option<Key>,
    pub reason: String,
}

/// All of it.
#[derive(Debug, Default)]
pub struct Report {
    pub findings: Vec<Finding>,
    pub unverified: Vec<Unverified>,
    /// What was verified in another way than by its bytes.
    pub notes: Vec<String>,
}
