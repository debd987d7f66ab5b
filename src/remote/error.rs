//! What goes wrong between here and a remote turned into sentences that name the remote and the way out.

use std::path::PathBuf;
use std::time::Duration;

use crate::git::incoming::IncomingError;
use crate::git::lock::LockError;
use crate::git::objects::ObjectError;
use crate::git::reader::ReadError;
use crate::secrecy::hidden::Hidden;

use super::known_hosts::HostKeyError;

/// A push or fetch of which nothing is known but this. It never holds a credential.
#[derive(Debug, thiserror::Error)]
#[error("{remote}: {fault}")]
pub struct RemoteError {
    /// The address.
    pub remote: String,
    pub fault: Box<Fault>,
}

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("cannot be reached: {0}")]
    Unreachable(String),
    #[error("there was no connection within {} s; look at the network and at firewalls on the way", .0.as_secs())]
    ConnectTimeout(Duration),
    #[error("nothing came or went for {} s; look at the server, and at hooks that take long", .0.as_secs())]
    Silent(Duration),
    #[error("it was not done after {} s and was given up; look at hooks of the server that hang", .0.as_secs())]
    TooLong(Duration),
    #[error("the server ended the connection in the middle{}", said(.0))]
    Ended(String),
    #[error("the server cannot answer now: {0}")]
    Busy(String),
    #[error("the server is not who it should be: {0}; name a file with its authority as remote.caFile")]
    Certificate(String),
    #[error(transparent)]
    HostKey(#[from] HostKeyError),
    #[error("the server wants a login: {way_out}{}", said(.words))]
    Login { way_out: String, words: String },
    #[error("the server allows this login nothing here: {way_out}{}", said(.words))]
    Forbidden { way_out: String, words: String },
    #[error("there is no repository, or it is not shown to this login; look at the address{}", said(.0))]
    NotFound(String),
    #[error("the server refuses{}", said(.0))]
    Refused(String),
    #[error("the branches moved while they were being fetched")]
    Raced,
    #[error("no git server answers there: {0}; give the address of a repository")]
    NotGit(String),
    #[error("the server does not keep to git's protocol: {0}")]
    Protocol(String),
    #[error("{0}")]
    Settings(String),
    #[error(
        "git is not installed here: a remote that is a path is reached by `git {0}`; install git, or give an https or ssh address"
    )]
    NoGit(&'static str),
    #[error("cannot {action} {}: {reason}", path.display())]
    File { action: &'static str, path: PathBuf, reason: String },
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Incoming(#[from] IncomingError),
    #[error("the beginning of the history cannot be noted: {0}")]
    Shallow(#[from] LockError),
}

impl RemoteError {
    /// True when it is about what came, not about who sent it: other branches may be well.
    pub fn is_of_content(&self) -> bool {
        let is_io = matches!(&*self.fault, Fault::Incoming(IncomingError::Io(_)));
        !is_io && matches!(&*self.fault, Fault::Incoming(_) | Fault::Read(_))
    }

    /// True when the same may succeed later without anybody's doing: worth another try, later.
    pub fn is_transient(&self) -> bool {
        match &*self.fault {
            Fault::Unreachable(_)
            | Fault::ConnectTimeout(_)
            | Fault::Silent(_)
            | Fault::TooLong(_)
            | Fault::Ended(_)
            | Fault::Busy(_)
            | Fault::Raced
            | Fault::Shallow(_)
            | Fault::Incoming(IncomingError::Io(_)) => true,
            Fault::Certificate(_)
            | Fault::HostKey(_)
            | Fault::Login { .. }
            | Fault::Forbidden { .. }
            | Fault::NotFound(_)
            | Fault::Refused(_)
            | Fault::NotGit(_)
            | Fault::Protocol(_)
            | Fault::Settings(_)
            | Fault::NoGit(_)
            | Fault::File { .. }
            | Fault::Read(_)
            | Fault::Incoming(_) => false,
        }
    }
}

impl From<ObjectError> for Fault {
    fn from(error: ObjectError) -> Fault {
        Fault::Read(error.into())
    }
}

impl Fault {
    /// What the other side said, without what it must not say.
    pub fn hiding(mut self, hidden: &Hidden) -> Fault {
        let text = match &mut self {
            Fault::Unreachable(text)
            | Fault::Ended(text)
            | Fault::Busy(text)
            | Fault::Certificate(text)
            | Fault::Login { words: text, .. }
            | Fault::Forbidden { words: text, .. }
            | Fault::NotFound(text)
            | Fault::Refused(text)
            | Fault::NotGit(text)
            | Fault::Protocol(text)
            | Fault::Settings(text) => text,
            // of this side
            Fault::ConnectTimeout(_)
            | Fault::Silent(_)
            | Fault::TooLong(_)
            | Fault::HostKey(_)
            | Fault::Raced
            | Fault::NoGit(_)
            | Fault::File { .. }
            | Fault::Read(_)
            | Fault::Incoming(_)
            | Fault::Shallow(_) => return self,
        };
        *text = hidden.without(text);
        self
    }
}

fn said(words: &str) -> String {
    if words.is_empty() { String::new() } else { format!("; it said: {words}") }
}
