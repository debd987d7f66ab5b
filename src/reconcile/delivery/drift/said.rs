//! What is found of a cluster's drift, as its status says it.

use crate::api::conditions::Reason;

/// What is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Found {
    /// Nobody has looked: what the status says stays.
    #[default]
    Unknown,
    /// The cluster holds what the commit says, or nobody is to look.
    Nothing,
    Some(Said),
}

/// The words of the condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    pub reason: Reason,
    pub message: String,
}
