//! What a remote said no to turned into what is told of the clusters that wait for it.

use crate::api::conditions::Reason;
use crate::reconcile::class::Class;
use crate::reconcile::report::Report;
use crate::source::event::Key;

/// Why the remote does not have a branch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    pub reason: Reason,
    pub message: String,
}

impl Trouble {
    /// What is told of a cluster whose newest report is this one.
    pub fn told(&self, key: &Key, branch: &str, report: &Report, is_held: bool, again: bool) -> Report {
        let work = match report {
            Report::Committed { work, .. } | Report::Unchanged { work, .. } if is_held => work.clone(),
            _ => return self.about(key, branch, again),
        };
        let (key, origin, class) = (key.clone(), work.origin(), Class::Transient);
        Report::Failed { key, origin, class, reason: self.reason, message: self.message.clone(), again, work }
    }

    /// What is told of a cluster whose commit was told of already.
    pub fn about(&self, key: &Key, branch: &str, again: bool) -> Report {
        let (key, branch, message) = (key.clone(), branch.to_owned(), self.message.clone());
        Report::NotPushed { key, branch, reason: self.reason, message, again }
    }
}
