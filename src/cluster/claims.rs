//! A StatefulSet turned into the volume claims that hold its data in the cluster.

use k8s_openapi::api::core::v1::PersistentVolumeClaim;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Client;
use kube::api::{Api, ListParams};
use serde_json::Value;

use super::call::{CallError, limited};
use super::unpin::selector;

/// Claims that are looked at: more are not told by name.
const MOST_CLAIMS: u32 = 500;

/// A claim of a StatefulSet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Claim {
    pub name: String,
    /// It goes with the set: Kubernetes made the set its owner, or it is on its way already (KEP-1847,
    /// `persistentVolumeClaimRetentionPolicy`).
    pub goes: bool,
}

/// The claims of a set, as its manifest names them and the labels say that they carry.
pub async fn of(client: &Client, namespace: &str, set: &Value) -> Result<Vec<Claim>, CallError> {
    let name = set.pointer("/metadata/name").and_then(Value::as_str).unwrap_or_default();
    let (templates, selector) = (templates(set), selector(set));
    if templates.is_empty() || selector.is_empty() {
        return Ok(Vec::new());
    }
    let claims: Api<PersistentVolumeClaim> = Api::namespaced(client.clone(), namespace);
    let parameters = ListParams::default().labels(&selector).limit(MOST_CLAIMS);
    let found = limited(claims.list_metadata(&parameters)).await?.items.into_iter().filter_map(|claim| {
        let (goes, own) = (goes(&claim.metadata, name), claim.metadata.name?);
        let ordinal = |template: &&str| ordinal(&own, template, name);
        let (place, ordinal) =
            templates.iter().enumerate().find_map(|(at, template)| Some((at, ordinal(template)?)))?;
        Some(((ordinal, place), Claim { name: own, goes }))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|(place, _)| *place);
    Ok(found.into_iter().map(|(_, claim)| claim).collect())
}

fn templates(set: &Value) -> Vec<&str> {
    let templates = set.pointer("/spec/volumeClaimTemplates").and_then(Value::as_array);
    templates
        .into_iter()
        .flatten()
        .filter_map(|template| template.pointer("/metadata/name")?.as_str())
        .collect()
}

/// `data-simple-3` is that of pod 3 (Kubernetes, StatefulSet «Stable Storage»).
pub(super) fn ordinal(claim: &str, template: &str, set: &str) -> Option<u32> {
    claim.strip_prefix(template)?.strip_prefix('-')?.strip_prefix(set)?.strip_prefix('-')?.parse().ok()
}

fn goes(metadata: &ObjectMeta, set: &str) -> bool {
    let mut owners = metadata.owner_references.iter().flatten();
    metadata.deletion_timestamp.is_some()
        || owners.any(|owner| owner.kind == "StatefulSet" && owner.name == set)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_names_its_pod() {
        for (claim, expected) in [
            ("data-simple-0", Some(0)),
            ("data-simple-12", Some(12)),
            ("data-simple", None),
            ("data-simple-x", None),
            ("data-other-0", None),
            ("data-simple-2-0", None),
        ] {
            assert_eq!(ordinal(claim, "data", "simple"), expected, "{claim}");
        }
    }
}
