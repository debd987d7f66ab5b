//! The fields that Helm has set on an object of a release made promgit's, so that those which the commit does not set go: a server-side
//! apply takes away only what its own manager has set before.
//!
//! As `csaupgrade` of `k8s.io/client-go/util` does it for `kubectl apply`.

use kube::api::{Api, DynamicObject, Patch, PatchParams};
use kube::core::Request;
use serde_json::{Map, Value, json};

use super::adopt::{FORMER_HELM, Taken};
use super::apply::{Applier, Intent, namespace};
use super::brief;
use super::call::CallError;
use super::kinds::Served;
use super::object::{FIELD_MANAGER, HELM_MANAGER, Object};
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
            let Some(fields) = inherited(&metadata["managedFields"], is_taken) else { break };
            let patch = json!({"metadata": {"resourceVersion": metadata["resourceVersion"], "managedFields": fields}});
            let api: Api<DynamicObject> =
                served.api(self.client.clone(), namespace(served, self.release.namespace));
            let parameters =
                PatchParams { field_manager: Some(FIELD_MANAGER.into()), ..PatchParams::default() };
            let request =
                Request::new(api.resource_url()).patch(&object.name, &parameters, &Patch::Merge(&patch));
            match brief::send(&self.client, request).await {
                Ok(_) => {}
                Err(error) if error.is_conflict() => {}
                Err(error) => return Err(error),
            }
            applied = self.send(served, object, Intent::Take).await?;
        }
        Ok(applied)
    }
}

/// The entries of `metadata.managedFields` without Helm's: what those hold is promgit's, or of the former owner. None if there are none.
fn inherited(entries: &Value, is_taken: bool) -> Option<Vec<Value>> {
    let entries = entries.as_array()?;
    let (helms, mut rest): (Vec<Value>, Vec<Value>) = entries.iter().cloned().partition(is_helms);
    if helms.is_empty() {
        return None;
    }
    if is_taken {
        rest.extend(helms.into_iter().map(|mut entry| {
            entry["manager"] = FORMER_HELM.into();
            entry
        }));
        return Some(rest);
    }
    let own = rest.iter_mut().find(|entry| is_promgits(entry))?;
    let mut fields = own["fieldsV1"].as_object().cloned().unwrap_or_default();
    helms.iter().filter_map(|entry| entry["fieldsV1"].as_object()).for_each(|more| join(&mut fields, more));
    own["fieldsV1"] = Value::Object(fields);
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

fn join(fields: &mut Map<String, Value>, more: &Map<String, Value>) {
    for (step, below) in more {
        match (fields.get_mut(step), below) {
            (Some(Value::Object(own)), Value::Object(below)) => join(own, below),
            (Some(_), _) => {}
            (None, _) => drop(fields.insert(step.clone(), below.clone())),
        }
    }
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
        let entries = json!([entry("helm", "Update", fields.clone()), ours]);
        assert_eq!(inherited(&entries, true), Some(vec![ours, entry(FORMER_HELM, "Update", fields)]));
    }
}
