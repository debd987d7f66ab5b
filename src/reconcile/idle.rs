//! Branches of which no cluster is worked on turned into what is to be said of them: nothing else would look at their root.

use std::collections::BTreeSet;

use super::branch;
use super::inputs::Inputs;
use super::prune::{self, PruneError};
use super::roots;
use super::strangers;
use crate::git::oid::Oid;
use crate::git::reader::{ReadError, Reader};
use crate::ledger::root::Marker;
use crate::source::event::Scope;

/// What is wrong with the files at the root of branches of this agent, a sentence each. `busy`: namespaces of which a cluster is worked
/// on, so that it is put right or said anyway.
pub fn look(
    reader: &Reader,
    inputs: &Inputs,
    busy: &BTreeSet<String>,
    scope: &Scope,
) -> Result<Vec<String>, PruneError> {
    let listing = reader.branches_if_readable(inputs.branches.prefix())?;
    let is_idle = |marker: &Marker| scope.holds(&marker.namespace) && !busy.contains(&marker.namespace);
    // of one that cannot be read it is said elsewhere
    let of = |(name, tip)| of_branch(reader, inputs, (name, tip), &is_idle).unwrap_or_default();
    Ok(listing.found.iter().filter_map(|(name, tip)| of((name, *tip))).collect())
}

fn of_branch(
    reader: &Reader,
    inputs: &Inputs,
    (name, tip): (&str, Oid),
    is_idle: &dyn Fn(&Marker) -> bool,
) -> Result<Option<String>, ReadError> {
    let is_own = |marker: &Marker| marker.agent == inputs.agent.name;
    let check = |marker: Marker| {
        let own = inputs.marker(&marker.namespace);
        (branch::check(reader, name, tip, &own), own)
    };
    Ok(match prune::marker(reader, inputs, name, tip)?.filter(is_own) {
        Some(marker) if is_idle(&marker) => match check(marker) {
            (Ok(()), own) => root(reader, inputs, (name, tip), &own),
            // of a newer promgit: nobody's to look at
            _ => None,
        },
        Some(_) => None,
        None => {
            let had = prune::robbed(reader, inputs, name, tip)?.filter(is_idle);
            had.and_then(|had| check(had).0.err()).map(|error| error.to_string())
        }
    })
}

/// Of a branch that has its mark.
fn root(reader: &Reader, inputs: &Inputs, (name, tip): (&str, Oid), marker: &Marker) -> Option<String> {
    let wrong = match roots::wrong(reader, inputs, (name, tip), marker) {
        Ok(wrong) if !wrong.is_empty() => wrong,
        Ok(_) => return None,
        Err(error) => return Some(format!("branch {name}: {error}")),
    };
    let by = strangers::of_roots(reader, tip, marker).unwrap_or_default();
    let by = if by.is_empty() { String::new() } else { format!(" (by {})", by.join(", ")) };
    Some(format!(
        "branch {name}: {} changed by hand{by}, and no cluster of it is worked on: none is left, or all are suspended; the next commit \
         of one puts it right, or `git revert` does",
        wrong.join(", ")
    ))
}
