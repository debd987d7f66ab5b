//! What a remote has now and had not before turned into news of the commits that nobody was told of.
//!
//! A commit that waits for the remote is told of when that has it. One of an earlier run, or one that a newer one of its cluster has
//! taken the place of, has no report that waits.

use std::collections::BTreeSet;

use crate::git::ancestry::between;
use crate::git::oid::Oid;
use crate::git::path::is_beside;
use crate::git::reader::{ReadError, Reader};
use crate::git::tracking;
use crate::git::trailers::one_line;
use crate::reconcile::inputs::Inputs;
use crate::reconcile::report::Report;
use crate::reconcile::verify::{made, select};
use crate::source::event::Key;

/// Commits of a branch that are told of, the newest: a history that was made without a remote may be long.
const MOST_TOLD: usize = 100;

/// The commits up to `new` that the remote was not known to have, without those that were `told` of; oldest first. To be asked before it
/// is noted that the remote has them.
pub fn late(reader: &Reader, inputs: &Inputs, branch: &str, new: Oid, told: &BTreeSet<Oid>) -> Vec<Report> {
    // what cannot be read is no news
    if is_beside(branch) { Vec::new() } else { find(reader, inputs, branch, new, told).unwrap_or_default() }
}

fn find(
    reader: &Reader,
    inputs: &Inputs,
    branch: &str,
    new: Oid,
    told: &BTreeSet<Oid>,
) -> Result<Vec<Report>, ReadError> {
    let known = tracking::known(reader, branch)?;
    let span = between(reader, known, new, &BTreeSet::new())?;
    let mut commits = span.map(|span| span.commits).unwrap_or_default();
    commits.retain(|oid| !told.contains(oid));
    let marker = match commits.is_empty() {
        true => None,
        false => select::marker(reader, new)?.map(|marker| inputs.marker(&marker.namespace)),
    };
    let Some(marker) = marker else { return Ok(Vec::new()) };
    let older = commits.len().saturating_sub(MOST_TOLD);
    let mut found = Vec::new();
    if older > 0 {
        let text = format!("branch {branch}: {older} older commits were pushed, too; git log has them");
        found.push(Report::Notice(text));
    }
    for commit in commits.split_off(older) {
        let made = reader.commit(commit)?;
        let name = made::by_promgit(&made, &marker).ok();
        let key = name.map(|name| Key { namespace: marker.namespace.clone(), name });
        let subject = one_line(made.message.lines().next().unwrap_or_default());
        found.push(Report::Late { key, branch: branch.to_owned(), commit, subject });
    }
    Ok(found)
}
