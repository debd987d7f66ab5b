//! Branches of which no cluster is worked on turned into what is to be said of them: nothing else would look at their root.

use std::collections::BTreeSet;

use super::branch;
use super::inputs::Inputs;
use super::prune::{self, PruneError};
use super::roots;
use super::strangers;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
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
    let listing = reader.branches_if_readable(&inputs.branches.prefix()?)?;
    let mut found = Vec::new();
    for (name, tip) in listing.found {
        let is_own = |marker: &Marker| marker.agent == inputs.agent.name;
        let is_idle = |marker: &Marker| scope.holds(&marker.namespace) && !busy.contains(&marker.namespace);
        match prune::marker(reader, inputs, &name, tip)?.filter(is_own) {
            Some(marker) if is_idle(&marker) => {
                let own = inputs.marker(&marker.namespace);
                // of a newer promgit: nobody's to look at
                if branch::check(reader, &name, tip, &own).is_ok() {
                    found.extend(root(reader, inputs, (&name, tip), &own));
                }
            }
            Some(_) => {}
            None => {
                let had = prune::robbed(reader, inputs, &name, tip)?.filter(is_idle);
                let own = had.map(|had| inputs.marker(&had.namespace));
                let robbed = own.and_then(|own| branch::check(reader, &name, tip, &own).err());
                found.extend(robbed.map(|error| error.to_string()));
            }
        }
    }
    Ok(found)
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
