//! Why a document of a resource file cannot be used, and where.

use crate::yaml::events::Mark;

/// Why a document cannot be used. Lines and columns count from 1, in the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {message}")]
pub struct DocumentError {
    pub line: usize,
    pub column: usize,
    /// What is wrong, and the way out.
    pub message: String,
}

impl DocumentError {
    pub(super) fn new(first_line: usize, mark: Mark, problem: &Problem) -> Self {
        DocumentError { line: first_line + mark.line, column: mark.column + 1, message: problem.to_string() }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Problem {
    #[error("not valid YAML: {0}")]
    Syntax(String),
    #[error("alias *{0} is used, but nothing before it is marked &{0}: define the anchor first")]
    UnknownAnchor(String),
    #[error("key \"{key}\" is already set in line {first}: keep one of the two")]
    DuplicateKey { key: String, first: usize },
    #[error("a {0} cannot be a key: quote it")]
    Key(&'static str),
    #[error("alias *{0} stands for something that contains it: write it out")]
    Cycle(String),
    #[error("`<<` needs a mapping, or a list of mappings: write one there, or quote the key")]
    Merge,
    #[error("{0}: quote the text or correct the tag")]
    Tag(String),
    #[error("{0} is not a JSON number: write a finite one")]
    Number(String),
    #[error("nested more than {0} levels deep: flatten it")]
    TooDeep(usize),
    #[error("more than {0} values: split it")]
    TooMany(usize),
    #[error("aliases expand it to more than {0} values: write out fewer of them")]
    TooLarge(usize),
}
