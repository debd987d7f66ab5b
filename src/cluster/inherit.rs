//! The fields that Helm has set on an object of a release made promgit's, so that those which the commit does not set go: a server-side
//! apply takes away only what its own manager has set before.
//!
//! As `csaupgrade` of `k8s.io/client-go/util` does it for `kubectl apply`.

use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::Request;
use serde_json::{Value, json};

use super::adopt::{FORMER_HELM, Taken};
use super::apply::{Applier, Intent, namespace};
use super::brief;
use super::call::CallError;
use super::kinds::Served;
use super::object::{FIELD_MANAGER, HELM_MANAGER, Object};
use super::others::join;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

/// How often it is tried: somebody's status may come between.
const MOST_RACES: usize = 5;

impl Applier<'_> {
    /// Takes over what Helm has set on an object that was `applied`, and applies it again; returns its metadata then. What another
    /// release of Helm had set before the object was taken from it stays.
    pub(super) async fn inherit(
        &self,
        served: &Served,
        object: &Object,
        mut applied: ObjectMeta,
    ) -> Result<ObjectMeta, CallError> {
        let is_taken = Taken::before(&object.json["metadata"]).is_some();
        for _ in 0..MOST_RACES {
            let mut managers = applied.managed_fields.iter().flatten().map(|entry| entry.manager.as_deref());
            if !managers.any(|manager| manager == Some(HELM_MANAGER)) {
                break;
            }
            let metadata = serde_json::to_value(&applied).unwrap_or_default();
            let before = &metadata["managedFields"];
            let Some(fields) = inherited(before, is_taken) else { break };
            let version = metadata["resourceVersion"].clone();
            let patch = json!({"resourceVersion": version, "managedFields": fields});
            match self.patch_metadata(served, &object.name, patch).await {
                Err(error) if !error.is_conflict() => return Err(error),
                _ => {}
            }
            match self.send(served, object, Intent::Take).await {
                // what cannot be taken away stays Helm's, as no dry run could tell
                Err(error) if error.is_invalid() => {
                    let patch = json!({"managedFields": before});
                    return self.patch_metadata(served, &object.name, patch).await;
                }
                other => applied = other?,
            }
        }
        Ok(applied)
    }

    async fn patch_metadata(
        &self,
        served: &Served,
        name: &str,
        metadata: Value,
    ) -> Result<ObjectMeta, CallError> {
        let api: Api<DynamicObject> =
            served.api(self.client.clone(), namespace(served, self.release.namespace));
        let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.into()), ..PatchParams::default() };
        let patch = Patch::Merge(json!({"metadata": metadata}));
        brief::send(&self.client, Request::new(api.resource_url()).patch(name, &parameters, &patch)).await
    }
}

/// The entries of `metadata.managedFields` without Helm's: what those hold is promgit's, or of the former owner. None if there are none.
fn inherited(entries: &Value, is_taken: bool) -> Option<Vec<Value>> {
    let entries = entries.as_array()?;
    let version = &entries.iter().find(|entry| is_promgits(entry))?["apiVersion"];
    // fields of another version have other names
    let is_meant = |entry: &Value| is_helms(entry) && entry["apiVersion"] == *version;
    let (helms, mut rest): (Vec<Value>, Vec<Value>) = entries.iter().cloned().partition(is_meant);
    if helms.is_empty() {
        return None;
    }
    for mut entry in helms {
        let (heir, operation) = match is_taken {
            true => (FORMER_HELM, entry["operation"].clone()),
            false => (FIELD_MANAGER, "Apply".into()),
        };
        let is_heirs = |known: &&mut Value| {
            known["manager"] == heir
                && known["operation"] == operation
                && known["apiVersion"] == *version
                && is_of_object(known)
        };
        match (rest.iter_mut().find(is_heirs), entry["fieldsV1"].as_object()) {
            (Some(known), Some(more)) => {
                let mut fields = known["fieldsV1"].as_object().cloned().unwrap_or_default();
                join(&mut fields, more);
                known["fieldsV1"] = Value::Object(fields);
            }
            _ => {
                entry["manager"] = heir.into();
                rest.push(entry);
            }
        }
    }
    Some(rest)
}

fn is_helms(entry: &Value) -> bool {
    entry["manager"] == HELM_MANAGER && is_of_object(entry)
}

fn is_promgits(entry: &Value) -> bool {
    entry["manager"] == FIELD_MANAGER && entry["operation"] == "Apply" && is_of_object(entry)
}

fn is_of_object(entry: &Value) -> bool {
    entry["subresource"].as_str().unwrap_or_default().is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(manager: &str, operation: &str, fields: Value) -> Value {
        json!({"manager": manager, "operation": operation, "fieldsV1": fields})
    }

    #[test]
    fn what_helm_has_set_is_promgits() {
        let labels = |labels: Value| json!({"f:metadata": {"f:labels": labels}});
        let (ours, other) =
            (labels(json!({"f:a": {}})), entry("kubectl", "Update", labels(json!({"f:o": {}}))));
        let status =
            json!({"manager": "helm", "operation": "Update", "subresource": "status", "fieldsV1": {}});
        let entries = json!([
            entry("helm", "Apply", labels(json!({"f:a": {}, "f:b": {}}))),
            entry("promgit", "Apply", ours),
            other,
            entry("helm", "Update", json!({"f:spec": {"f:replicas": {}}})),
            status,
        ]);
        let all = json!({"f:metadata": {"f:labels": {"f:a": {}, "f:b": {}}}, "f:spec": {"f:replicas": {}}});
        assert_eq!(
            inherited(&entries, false),
            Some(vec![entry("promgit", "Apply", all), other.clone(), status])
        );
        assert_eq!(inherited(&json!([entry("promgit", "Apply", json!({})), other]), false), None);
        assert_eq!(inherited(&Value::Null, false), None);
    }

    #[test]
    fn what_the_former_release_has_set_stays_its_own() {
        let (ours, fields) = (entry("promgit", "Apply", json!({})), json!({"f:data": {"f:a": {}}}));
        let entries = json!([entry("helm", "Update", fields.clone()), ours.clone()]);
        let former = entry(FORMER_HELM, "Update", fields);
        assert_eq!(inherited(&entries, true), Some(vec![ours.clone(), former.clone()]));
        let again = json!([entry("helm", "Update", json!({"f:data": {"f:b": {}}})), ours, former]);
        let both = entry(FORMER_HELM, "Update", json!({"f:data": {"f:a": {}, "f:b": {}}}));
        assert_eq!(inherited(&again, true), Some(vec![ours.clone(), both]));
        let mut other = entry("helm", "Update", json!({}));
        other["apiVersion"] = "apps/v1beta2".into();
        assert_eq!(inherited(&json!([other, ours]), false), None);
    }
}
