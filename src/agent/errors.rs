//! Why the agent cannot start, or ended before its time.

use crate::cluster::connect::ConnectError;
use crate::git::objects::ObjectError;
use crate::git::store;
use crate::ledger::branch::BranchError;
use crate::reconcile::inputs::InputsError;
use crate::reconcile::prune::PruneError;
use crate::reconcile::push::link::LinkError;
use crate::server::listen::ListenError;
use crate::settings::origin::OriginError;
use crate::source::folder::walk::WalkError;
use crate::source::folder::watch::WatchError;

/// Why the agent cannot start.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error(transparent)]
    Source(#[from] OriginError),
    #[error("source.from: {reason} (--source dir:PATH)")]
    Folder { reason: WalkError },
    #[error(transparent)]
    Inputs(#[from] InputsError),
    #[error(transparent)]
    Store(#[from] store::OpenError),
    #[error(transparent)]
    Remote(#[from] LinkError),
    #[error(transparent)]
    Branch(#[from] BranchError),
    #[error(transparent)]
    Listen(#[from] ListenError),
    #[error(
        "{before} and {after} push branches that begin with {prefix:?} to one repository, {url}; give each a remote of its own, or a \
         repository.branch that begins with other words"
    )]
    Together { before: String, after: String, url: String, prefix: String },
    #[error(
        "{name}: remote.url {url} is the repository of {owner} itself (repository.path), where its commits are already; \
         give another repository, or leave remote.url out"
    )]
    Own { name: String, url: String, owner: String },
}

/// Why the agent ended before its time.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    #[error(transparent)]
    Watch(#[from] WatchError),
    #[error(transparent)]
    Connect(#[from] ConnectError),
    #[error(transparent)]
    Read(#[from] ObjectError),
    #[error("what the branches hold cannot be read: {0}")]
    Prune(#[from] PruneError),
    #[error("no thread can be started: {0}")]
    Thread(#[from] std::io::Error),
    /// What there is to handle cannot be seen.
    #[error("{0}")]
    Trouble(String),
    #[error("the {0} thread ended in a way it never should; please report this")]
    Panic(&'static str),
}
