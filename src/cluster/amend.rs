//! A new `spec` turned into a change of the resource, as whoever may write it could make it.

use json_patch::jsonptr::PointerBuf;
use json_patch::{AddOperation, Patch as Operations, PatchOperation, RemoveOperation, ReplaceOperation};
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, Patch, PatchParams, ValidationDirective};
use kube::core::Request;
use serde_json::{Map, Value as Json, json};

use super::brief;
use super::call::{CallError, limited};
use super::object::FIELD_MANAGER;
use super::publish::Subject;
use crate::api::PrometheusCluster;

/// A change of what a resource asks for.
pub struct Amendment<'a> {
    pub subject: &'a Subject,
    /// The generation that `old` is of: nothing is changed in a later one.
    pub generation: i64,
    pub old: &'a Json,
    pub new: &'a Json,
    /// Key and text of an annotation that is set with it.
    pub annotation: (&'a str, &'a str),
    /// Annotations that speak of an earlier change, and go with it.
    pub outdated: &'a [&'a str],
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amended {
    Done,
    /// Somebody changed or deleted the resource meanwhile.
    Overtaken,
    /// The API server took it and kept the `spec` as it was: a webhook or policy says what stands there.
    Undone,
}

impl Amendment<'_> {
    /// Makes it: `reader` looks at the resource, `writer` changes it. Takes `get` and `patch` of it.
    pub async fn make(&self, reader: Client, writer: Client) -> Result<Amended, CallError> {
        let Subject { namespace, name, uid } = self.subject;
        let kind = ApiResource::erase::<PrometheusCluster>(&());
        let api: Api<DynamicObject> = Api::namespaced_with(reader, namespace, &kind);
        let found = match limited(api.get(name)).await {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(Amended::Overtaken),
            Err(error) => return Err(error),
        };
        let is_same = found.metadata.uid.as_ref() == Some(uid);
        if !is_same || found.metadata.generation != Some(self.generation) {
            return Ok(Amended::Overtaken);
        }
        // what the resource has no field for would be left out without a word
        let parameters = PatchParams {
            field_manager: Some(FIELD_MANAGER.into()),
            field_validation: Some(ValidationDirective::Strict),
            ..PatchParams::default()
        };
        let operations = self.operations(&found);
        let request =
            Request::new(api.resource_url()).patch(name, &parameters, &Patch::Json::<()>(operations));
        match brief::send(&writer, request).await {
            Ok(metadata) if metadata.generation == Some(self.generation) => Ok(Amended::Undone),
            Ok(_) => Ok(Amended::Done),
            Err(error) if error.is_conflict() || error.is_not_found() => Ok(Amended::Overtaken),
            Err(error) => Err(error),
        }
    }

    /// Whole fields of `spec`: a merge patch could not say that a value is null, which means something to Helm.
    fn operations(&self, found: &DynamicObject) -> Operations {
        let (empty, held) = (Map::new(), &found.data["spec"]);
        let [old, new] = [self.old, self.new].map(|spec| spec.as_object().unwrap_or(&empty));
        let path = PointerBuf::from_tokens(["metadata", "resourceVersion"]);
        let value = json!(found.metadata.resource_version);
        let mut all = vec![PatchOperation::Replace(ReplaceOperation { path, value })];
        for (key, value) in new.iter().filter(|(key, value)| old.get(*key) != Some(*value)) {
            all.push(add(&["spec", key], value.clone()));
        }
        for key in old.keys().filter(|key| !new.contains_key(*key) && held.get(*key).is_some()) {
            all.push(remove(&["spec", key]));
        }
        if found.metadata.annotations.as_ref().is_none_or(|all| all.is_empty()) {
            all.push(add(&["metadata", "annotations"], json!({})));
        }
        let (key, text) = self.annotation;
        all.push(add(&["metadata", "annotations", key], json!(text)));
        let annotations = found.metadata.annotations.iter().flatten();
        for (key, _) in annotations.filter(|(key, _)| self.outdated.contains(&key.as_str())) {
            all.push(remove(&["metadata", "annotations", key]));
        }
        Operations(all)
    }
}

fn remove(path: &[&str]) -> PatchOperation {
    PatchOperation::Remove(RemoveOperation { path: PointerBuf::from_tokens(path.iter().copied()) })
}

/// Sets what is there, too.
fn add(path: &[&str], value: Json) -> PatchOperation {
    PatchOperation::Add(AddOperation { path: PointerBuf::from_tokens(path.iter().copied()), value })
}
