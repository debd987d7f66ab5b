//! An object of a commit turned into the object in the cluster, by server-side apply.

use kube::Client;
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use serde_json::Value;

use super::call::{CallError, limited};
use super::kinds::{KindError, Kinds, Served};
use super::object::{self, Object, Release};
use crate::health::matches;

/// Owner of the fields that promgit sets (<https://kubernetes.io/docs/reference/using-api/server-side-apply/>).
pub const FIELD_MANAGER: &str = "promgit";

/// Why an object is not in the cluster.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    #[error("{title}: {source}")]
    Kind { title: String, source: KindError },
    #[error("{title}: {source}")]
    Call { title: String, source: CallError },
    /// The object, or fields of it, are somebody else's.
    #[error("{title} exists and belongs to {owner}; delete it or give one of the two another name")]
    NotOurs { title: String, owner: String },
    #[error("{title} is still being deleted")]
    Going { title: String },
}

impl ApplyError {
    /// Trying again helps only when somebody changed something.
    pub fn is_final(&self) -> bool {
        match self {
            ApplyError::Kind { source: KindError::Unknown { .. }, .. } | ApplyError::NotOurs { .. } => true,
            ApplyError::Kind { source: KindError::Call(source), .. } => source.is_final(),
            ApplyError::Call { source, .. } => source.is_final(),
            ApplyError::Going { .. } => false,
        }
    }
}

/// Applies objects of one release.
#[derive(Clone, Copy)]
pub struct Applier<'a> {
    pub client: &'a Client,
    pub kinds: &'a Kinds,
    pub release: Release<'a>,
}

impl Applier<'_> {
    /// Applies one object; returns it as the API server has it now.
    pub async fn apply(&self, object: &Object) -> Result<Value, ApplyError> {
        let title = || object.title();
        let served = self.kinds.of(&object.api_version, &object.kind).await;
        let served = served.map_err(|source| ApplyError::Kind { title: title(), source })?;
        let namespace = namespace(&served, object, self.release);
        let body = object.body(self.release, served.is_namespaced.then_some(namespace));
        let api = served.api(self.client.clone(), namespace);
        let send = async |force: bool| {
            let parameters = PatchParams { force, ..PatchParams::apply(FIELD_MANAGER) };
            limited(api.patch(&object.name, &parameters, &Patch::Apply(&body))).await
        };
        let failed = |source| ApplyError::Call { title: title(), source };
        let applied = match send(false).await {
            Err(error) if error.is_conflict() => {
                // Fields of another manager: ours to take only on an object of this release.
                let found: DynamicObject = limited(api.get(&object.name)).await.map_err(failed)?;
                let found = serde_json::to_value(&found.metadata).unwrap_or_default();
                if object::owner(&found) != Some((self.release.namespace, self.release.name)) {
                    return Err(ApplyError::NotOurs { title: title(), owner: owner(&found) });
                }
                send(true).await.map_err(failed)?
            }
            other => other.map_err(failed)?,
        };
        if applied.metadata.deletion_timestamp.is_some() {
            return Err(ApplyError::Going { title: title() });
        }
        Ok(serde_json::to_value(applied).unwrap_or_default())
    }
}

impl Applier<'_> {
    /// Makes a custom resource definition if there is none of its name; Helm never changes one either.
    pub async fn define(&self, definition: &Object) -> Result<(), ApplyError> {
        let title = || definition.title();
        let served = self.kinds.of(&definition.api_version, &definition.kind).await;
        let served = served.map_err(|source| ApplyError::Kind { title: title(), source })?;
        let api = served.api(self.client.clone(), "");
        let failed = |source| ApplyError::Call { title: title(), source };
        let parsed = serde_json::from_value::<DynamicObject>(definition.json.clone());
        let parsed = parsed.map_err(|error| {
            let (code, reason, message) = (422, "Invalid".to_string(), error.to_string());
            failed(CallError::Refused { code, reason, message })
        })?;
        let parameters = PostParams { field_manager: Some(FIELD_MANAGER.into()), ..PostParams::default() };
        match limited(api.create(&parameters, &parsed)).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_conflict() => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// The first thing in which the cluster does not hold these objects; none if it does.
    pub async fn difference(&self, objects: &[Object]) -> Option<String> {
        for object in objects {
            let title = object.title();
            let served = match self.kinds.of(&object.api_version, &object.kind).await {
                Ok(served) => served,
                Err(error) => return Some(format!("{title}: {error}")),
            };
            let api = served.api(self.client.clone(), namespace(&served, object, self.release));
            let live = match limited(api.get(&object.name)).await {
                Ok(live) => serde_json::to_value(live).unwrap_or_default(),
                Err(error) if error.is_not_found() => return Some(format!("{title} does not exist yet")),
                Err(error) => return Some(format!("{title}: {error}")),
            };
            if let Some(difference) = matches::difference(&object.json, &live) {
                return Some(format!("{title}: {difference}"));
            }
        }
        None
    }
}

/// Where the object goes: what it says, else the namespace of the release.
pub fn namespace<'a>(served: &Served, object: &'a Object, release: Release<'a>) -> &'a str {
    match (served.is_namespaced, object.namespace.as_str()) {
        (false, _) => "",
        (true, "") => release.namespace,
        (true, own) => own,
    }
}

/// Who has an object, in words.
fn owner(metadata: &Value) -> String {
    if let Some((namespace, name)) = object::owner(metadata) {
        return format!("the Helm release {namespace}/{name}");
    }
    let fields = metadata["managedFields"].as_array().into_iter().flatten();
    let mut managers: Vec<&str> = fields
        .filter(|entry| entry["subresource"].as_str().unwrap_or_default() != "status")
        .filter_map(|entry| entry["manager"].as_str())
        .filter(|manager| *manager != FIELD_MANAGER)
        .collect();
    managers.dedup();
    match managers.as_slice() {
        [] => "someone else".into(),
        some => some.join(" and "),
    }
}
