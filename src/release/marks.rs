//! What promgit writes on a record so that it is known as its own, and found again by its commit.
//!
//! Two labels of the Secret, because Helm keeps labels: it writes a Secret anew when a status changes, and annotations and owners go
//! then. It also passes labels on: the record of somebody's `helm upgrade` or `helm rollback` has those of the record that it started
//! from (`pkg/action/upgrade.go`, `mergeCustomLabels`; `rollback.go`). So the second label says which revision the first one is
//! about, and a record whose own revision is another one is not promgit's.

use std::collections::BTreeMap;

use super::record::cut;

/// The commit that a revision deploys.
pub const COMMIT: &str = "promgit.dev/commit";
/// The revision that this is said of.
pub const REVISION: &str = "promgit.dev/revision";

/// The labels of a record that promgit writes.
pub fn labels(commit: &str, revision: u32) -> [(String, String); 2] {
    [(COMMIT.into(), commit.into()), (REVISION.into(), revision.to_string())]
}

/// The commit of a record that promgit wrote; none of somebody else's.
pub fn commit(labels: &BTreeMap<String, String>, revision: u32) -> Option<&str> {
    let is_own = labels.get(REVISION).is_some_and(|own| *own == revision.to_string());
    labels.get(COMMIT).filter(|_| is_own).map(String::as_str)
}

/// What `helm history` shows: `1a2b3c4 replicas 1 → 3`. Line breaks become spaces.
pub fn description(short_commit: &str, what: &str) -> String {
    let what: Vec<&str> = what.split_whitespace().collect();
    cut(&format!("{short_commit} {}", what.join(" ")), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_inherited_the_marks_is_somebody_elses() {
        let mut found = BTreeMap::from(labels("1a2b3c", 4));
        assert_eq!(commit(&found, 4), Some("1a2b3c"));
        assert_eq!(commit(&found, 5), None);
        found.remove(REVISION);
        assert_eq!(commit(&found, 4), None);
    }

    #[test]
    fn a_description_is_one_line() {
        assert_eq!(description("1a2b3c4", "replicas\n 1 → 3 "), "1a2b3c4 replicas 1 → 3");
    }
}
