//! The StatefulSets of a first commit turned into the claims that an earlier cluster of that name has left for them, and those of a last
//! one into the claims that no pod uses any more.

use std::time::Duration;

use kube::Client;
use serde_json::Value;
use tokio::runtime::Handle;
use tokio::time::timeout;

use crate::cluster::claims::{self, Claim};
use crate::ledger::claims::wanted;

/// The answer is a line of a commit message: no commit waits longer for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks for claims. Called on threads of their own: it waits for the answers.
pub struct Finder {
    client: Client,
    runtime: Handle,
}

impl Finder {
    pub fn new(client: Client, runtime: Handle) -> Self {
        Finder { client, runtime }
    }

    /// Names of the claims that are there, and that the first pods of these sets will use; none where nobody can look.
    pub fn find(&self, namespace: &str, sets: &[Value]) -> Vec<String> {
        let wanted = wanted(sets);
        let stays = self.there(namespace, sets).into_iter().filter(|claim| !claim.goes);
        stays.map(|claim| claim.name).filter(|name| wanted.contains(name)).collect()
    }

    /// Claims of pods that these sets had once, and have no more; none where nobody can look.
    pub fn beyond(&self, namespace: &str, sets: &[Value]) -> Vec<Claim> {
        let wanted = wanted(sets);
        let mut there = self.there(namespace, sets);
        there.retain(|claim| !wanted.contains(&claim.name));
        there
    }

    fn there(&self, namespace: &str, sets: &[Value]) -> Vec<Claim> {
        if sets.is_empty() {
            return Vec::new();
        }
        let found = self.runtime.block_on(async { timeout(PATIENCE, self.ask(namespace, sets)).await });
        found.unwrap_or_default()
    }

    async fn ask(&self, namespace: &str, sets: &[Value]) -> Vec<Claim> {
        let mut all = Vec::new();
        for set in sets {
            match claims::of(&self.client, namespace, set).await {
                Ok(found) => all.extend(found),
                Err(error) => tracing::debug!(namespace, %error, "the claims there are cannot be listed"),
            }
        }
        all
    }
}
