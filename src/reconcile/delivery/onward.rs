//! What is known of a cluster's newest commit and the remote: told beside its phase, which does not depend on it.

use super::settled::{Outcome, Settled};
use crate::api::conditions::Reason;

/// Where the newest commit is on its way to the remote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Onward {
    /// The remote does not have it yet, or there is none.
    #[default]
    Here,
    There,
    /// The remote does not have it, and why.
    Failed {
        reason: Reason,
        message: String,
    },
}

impl Onward {
    /// As it is when a commit is reported.
    pub fn of(settled: &Settled) -> Self {
        match settled.outcome {
            Outcome::Committed { pushed: true, .. } => Onward::There,
            _ => Onward::Here,
        }
    }
}
