//! A commit turned into the cluster that promgit made it for, or into why it is not promgit's.

use crate::git::object::Commit;
use crate::git::signing::{self, Signed};
use crate::git::trailers;
use crate::ledger::root::{MARKER, Marker};
use crate::reconcile::branch::{CLUSTER_TRAILER, GENERATION_TRAILER};

/// Why promgit did not make a commit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stranger {
    #[error("its committer is not the agent {0}")]
    Committer(String),
    #[error("it joins several histories, and promgit never does")]
    Merge,
    #[error("its signature is not of the key that its {MARKER} names")]
    Signature,
    #[error("it is not signed, and a commit before it is")]
    Unsigned,
    #[error("its trailers name no cluster of namespace {0}")]
    Trailers(String),
}

/// The one place where it is decided who made a commit: the branch's mark names the agent, and every commit of the
/// agent says by its trailers which cluster it is about. Returns the name of that cluster.
///
/// Anybody can write the agent's name. A signature is what nobody else can write: [`by_its_key`] looks at that.
pub fn by_promgit(commit: &Commit, marker: &Marker) -> Result<String, Stranger> {
    if commit.committer.name != marker.agent {
        return Err(Stranger::Committer(marker.agent.clone()));
    }
    if commit.parents.len() > 1 {
        return Err(Stranger::Merge);
    }
    let all = trailers::parse(&commit.message);
    let key = trailers::find(&all, CLUSTER_TRAILER).and_then(|key| key.split_once('/'));
    let named = key.filter(|(namespace, name)| *namespace == marker.namespace && !name.is_empty());
    let numbered = trailers::find(&all, GENERATION_TRAILER).is_some();
    let cluster = named.filter(|_| numbered).map(|(_, name)| name.to_string());
    cluster.ok_or_else(|| Stranger::Trailers(marker.namespace.clone()))
}

/// Whether the agent's key signed a commit with these bytes, if anybody did. `marker` is what the commit's own tree says of
/// the branch.
pub fn by_its_key(commit: &[u8], marker: Option<&Marker>) -> Result<(), Stranger> {
    let key = marker.and_then(|marker| marker.signing_key.as_deref()).unwrap_or_default();
    match signing::check(key, commit) {
        Signed::Yes | Signed::No => Ok(()),
        Signed::Wrongly => Err(Stranger::Signature),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::object::Signature;
    use crate::git::oid::Oid;

    #[test]
    fn only_the_agent_with_its_trailers_is_the_agent() {
        let marker = Marker::new("promgit", "n");
        let good = "n/a: created\n\nCluster: n/a\nGeneration: 1\n";
        for (committer, parents, message, expected) in [
            ("promgit", 1, good, Ok("a".to_string())),
            ("promgit", 0, good, Ok("a".to_string())),
            ("Promgit", 1, good, Err(Stranger::Committer("promgit".into()))),
            ("promgit", 2, good, Err(Stranger::Merge)),
            ("promgit", 1, "n/a: created\n", Err(Stranger::Trailers("n".into()))),
            ("promgit", 1, "s\n\nCluster: m/a\nGeneration: 1\n", Err(Stranger::Trailers("n".into()))),
            ("promgit", 1, "s\n\nCluster: n/a\n", Err(Stranger::Trailers("n".into()))),
        ] {
            let who = |name: &str| Signature { name: name.into(), email: "e".into(), seconds: 0, offset: 0 };
            let commit = Commit {
                tree: Oid::EMPTY_TREE,
                parents: vec![Oid::EMPTY_TREE; parents],
                author: who("Jane"),
                committer: who(committer),
                message: message.into(),
            };
            assert_eq!(by_promgit(&commit, &marker), expected, "{committer} {parents} {message}");
        }
    }
}
