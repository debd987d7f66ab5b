//! What a delivery owes the hooks of its commit, as it is handed on.

use super::commit::Hook;
use crate::git::oid::Oid;
use crate::render::hook::Event;

/// The hooks of a commit that is being delivered.
pub struct Due {
    pub commit: Oid,
    pub hooks: Vec<Hook>,
    /// It goes back to an older one.
    pub is_back: bool,
    /// What failed for this commit is run once more: somebody asked for it.
    pub again: bool,
    /// The revision of Helm's history that an agent before this one wrote for it.
    pub left: Option<u32>,
}

impl Due {
    /// Something is to be run before the first object of an install is made.
    pub fn comes_first(&self) -> bool {
        self.hooks.iter().any(|hook| hook.terms.events.contains(&Event::PreInstall))
    }
}
