//! An object of a commit turned into the object in the cluster, by server-side apply.

use kube::Client;
use kube::api::{Api, DynamicObject, Patch, PatchParams, PostParams};
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
        let failed = |source| ApplyError::Call { title: title(), source };
        let force = self.claim(&api, object).await?;
        let parameters = PatchParams { force, ..PatchParams::apply(FIELD_MANAGER) };
        let applied = limited(api.patch(&object.name, &parameters, &Patch::Apply(&body))).await;
        let applied = applied.map_err(failed)?;
        if applied.metadata.deletion_timestamp.is_some() {
            return Err(ApplyError::Going { title: title() });
        }
        Ok(serde_json::to_value(applied).unwrap_or_default())
    }

    /// Makes sure that the object is nobody else's; false if there is none. Asked before anything is sent, because
    /// server-side apply joins an object of somebody else where no field is in dispute.
    async fn claim(&self, api: &Api<DynamicObject>, object: &Object) -> Result<bool, ApplyError> {
        let failed = |source| ApplyError::Call { title: object.title(), source };
        let found = match limited(api.get_metadata(&object.name)).await {
            Ok(found) => serde_json::to_value(&found.metadata).unwrap_or_default(),
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(failed(error)),
        };
        let Release { namespace, name } = self.release;
        let is_promgits = managers(&found).contains(&FIELD_MANAGER);
        let is_ours = match object::owner(&found) {
            Some(owner) if owner == (namespace, name) => true,
            // Another cluster of this branch had it. A branch holds no object twice, so that one has let it go.
            Some((other, _)) => is_promgits && other == namespace,
            // Somebody took the marks off; or another tool made it of this commit, before promgit was asked to.
            None => is_promgits || self.is_same(api, object).await?,
        };
        match is_ours {
            true => Ok(true),
            false => Err(ApplyError::NotOurs { title: object.title(), owner: owner(&found) }),
        }
    }

    async fn is_same(&self, api: &Api<DynamicObject>, object: &Object) -> Result<bool, ApplyError> {
        let live = limited(api.get(&object.name)).await;
        let live = live.map_err(|source| ApplyError::Call { title: object.title(), source })?;
        let live = serde_json::to_value(live).unwrap_or_default();
        Ok(matches::difference(&object.json, &live).is_none())
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
    match managers(metadata).as_slice() {
        [] => "someone else".into(),
        some => some.join(" and "),
    }
}

/// Who set fields of an object other than its status.
fn managers(metadata: &Value) -> Vec<&str> {
    let fields = metadata["managedFields"].as_array().into_iter().flatten();
    let mut managers: Vec<&str> = fields
        .filter(|entry| entry["subresource"].as_str().unwrap_or_default() != "status")
        .filter_map(|entry| entry["manager"].as_str())
        .collect();
    managers.dedup();
    managers
}
