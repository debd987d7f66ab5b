//! The metadata of an object turned into a few numbers: which revision it is, what promgit owns of it, and what else may have changed.
//!
//! A field that promgit applied stays in its entry of `metadata.managedFields` for as long as nobody gives it another value
//! (<https://kubernetes.io/docs/reference/using-api/server-side-apply/#managers>): while that entry is the same, so is all that
//! the commit set. Somebody's status, an autoscaler's replicas and a controller's annotations do not touch it.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{ManagedFieldsEntry, ObjectMeta};
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::object::FIELD_MANAGER;

/// The operation of server-side apply.
const APPLY: &str = "Apply";

/// What is kept of the metadata of an object.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// `metadata.resourceVersion`: a number that grows (<https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions>);
    /// 0 where it is none.
    pub revision: u64,
    /// Which fields promgit owns; 0: none.
    pub owned: u64,
    /// All but the status, as far as metadata tell it.
    pub state: u64,
}

impl Mark {
    pub fn of(metadata: &ObjectMeta) -> Self {
        let revision = metadata.resource_version.as_deref().and_then(|version| version.parse().ok());
        let revision = revision.unwrap_or_default();
        let ObjectMeta { generation, labels, annotations, deletion_timestamp, uid, .. } = metadata;
        // Kinds that do not count their generations have no status that changes by itself.
        let counted = generation.filter(|generation| *generation > 0);
        let count = counted.map_or((0, revision), |generation| (generation, 0));
        let state = digest(&(count, labels, annotations, deletion_timestamp, uid));
        Mark { revision, owned: owned(metadata), state }
    }
}

fn owned(metadata: &ObjectMeta) -> u64 {
    let entries = metadata.managed_fields.iter().flatten();
    let fields: Vec<_> = entries.filter(|entry| is_ours(entry)).map(|entry| &entry.fields_v1).collect();
    if fields.is_empty() { 0 } else { digest(&fields).max(1) }
}

fn is_ours(entry: &ManagedFieldsEntry) -> bool {
    entry.manager.as_deref() == Some(FIELD_MANAGER)
        && entry.operation.as_deref() == Some(APPLY)
        && entry.subresource.as_deref().unwrap_or_default().is_empty()
}

/// Means the same from one run of the agent to the next.
pub fn digest(value: &impl Serialize) -> u64 {
    let text = serde_json::to_vec(value).unwrap_or_default();
    Sha256::digest(&text).first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first))
}

/// What promgit owns of a whole release, in its order: what the status keeps of it.
pub fn together(owned: impl IntoIterator<Item = u64>) -> String {
    format!("{:016x}", digest(&owned.into_iter().collect::<Vec<u64>>()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn mark(generation: u64, revision: &str, entries: Value) -> Mark {
        let metadata =
            json!({"generation": generation, "resourceVersion": revision, "managedFields": entries});
        Mark::of(&serde_json::from_value(metadata).unwrap())
    }

    fn entry(manager: &str, operation: &str, subresource: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "subresource": subresource, "fieldsV1": fields})
    }

    #[test]
    fn only_what_takes_a_field_from_us_changes_what_is_owned() {
        let two = json!({"f:data": {"f:a": {}, "f:b": {}}});
        let one = json!({"f:data": {"f:a": {}}});
        let ours = entry("promgit", "Apply", "", two.clone());
        let alone = mark(1, "5", json!([ours]));
        let with_status = mark(1, "6", json!([ours, entry("kube", "Update", "status", one.clone())]));
        let with_more = mark(1, "7", json!([ours, entry("kubectl", "Update", "", one.clone())]));
        let taken =
            mark(2, "8", json!([entry("promgit", "Apply", "", one), entry("kubectl", "Update", "", two)]));
        assert_eq!((alone.owned, alone.state), (with_status.owned, with_status.state));
        assert_eq!(alone.owned, with_more.owned);
        assert_ne!(alone.owned, taken.owned);
        assert_eq!(mark(1, "5", json!([entry("promgit", "Update", "", json!({}))])).owned, 0);
        assert_eq!([alone.revision, taken.revision, mark(1, "x", json!([])).revision], [5, 8, 0]);
    }

    #[test]
    fn an_object_that_counts_no_generations_is_another_with_each_revision() {
        assert_eq!(mark(1, "5", json!([])).state, mark(1, "6", json!([])).state);
        assert_ne!(mark(1, "5", json!([])).state, mark(2, "5", json!([])).state);
        assert_ne!(mark(0, "5", json!([])).state, mark(0, "6", json!([])).state);
    }

    #[test]
    fn a_digest_is_the_same_in_every_run() {
        assert_eq!(together([1, 2]), "49a64717d5d4cb19");
        assert_ne!(together([1, 2]), together([2, 1]));
    }
}
