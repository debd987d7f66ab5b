//! What is wrong with a pod, and which trouble tells most.

use crate::health::text::clause;

/// Of what another program says: a scheduler that speaks of thousands of nodes needs no more.
pub const MOST_DETAIL: usize = 280;

/// Kinds of trouble, the most telling first: what a person has to mend before what may pass by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Crash,
    Image,
    Create,
    Restarted,
    Evicted,
    Claim,
    Unschedulable,
    Volume,
    Probe,
    NotReady,
    Starting,
    Deleted,
}

/// What is wrong with a pod: the rest of a sentence that starts with its name.
#[derive(Debug, PartialEq, Eq)]
pub struct Trouble {
    pub kind: Kind,
    pub text: String,
}

impl Trouble {
    pub fn new(kind: Kind, text: impl Into<String>) -> Trouble {
        Trouble { kind, text: text.into() }
    }
}

/// `: ` and what another program says, or nothing.
pub fn detail(message: &str) -> String {
    let message = clause(message, MOST_DETAIL);
    if message.is_empty() { message } else { format!(": {message}") }
}
