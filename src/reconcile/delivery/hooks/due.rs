//! What a delivery owes the hooks of its commit, as it is handed on.

use super::commit::Hook;
use crate::git::oid::Oid;

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
