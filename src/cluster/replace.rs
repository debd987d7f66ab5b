//! An object that stands in the way of a change turned into room for the new one: what runs, and what it has stored, stay.

use k8s_openapi::api::core::v1::{PersistentVolumeClaim, Pod};
use kube::api::{
    Api, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, Preconditions, PropagationPolicy,
};
use kube::core::Request;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::time::sleep;

use super::adopt::Taken;
use super::apply::{Applier, ApplyError, NO_VERSION, namespace};
use super::brief;
use super::call::{CallError, limited};
use super::claims::ordinal;
use super::ignore;
use super::immutable::{Growth, Way};
use super::kinds::Served;
use super::object::{FIELD_MANAGER, Object};
use super::others;
use super::unpin::selector;
use crate::health::matches::{ignored, is_less};

/// How often it is looked whether an object has gone.
const LOOK: Duration = Duration::from_millis(100);
/// How often at most: 30 s. An object that somebody's finalizer holds is tried again later.
const MOST_LOOKS: u32 = 300;

impl Applier<'_> {
    /// Makes room for an object. Where this is cut short, the next attempt finds it gone, or as it was.
    pub async fn make_way(&self, object: &Object, way: &Way) -> Result<(), ApplyError> {
        let served = self.served(object).await?;
        let api = served.api(self.client.clone(), namespace(&served, self.release.namespace));
        let failed = |source| ApplyError::Call { title: object.title(), source };
        let live = match limited(api.get(&object.name)).await {
            Ok(live) => live,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        let policy = match way {
            Way::Anew => PropagationPolicy::Background,
            Way::Adopt { growth, .. } => {
                let json = serde_json::to_value(&live).unwrap_or_default();
                self.grow(object, &json, growth, false).await?;
                PropagationPolicy::Orphan
            }
        };
        self.clear(&api, object, &live, policy).await?;
        if let Way::Adopt { labels, .. } = way
            && !labels.is_empty()
        {
            self.label(object, &live, labels).await?;
        }
        self.keep_of_others(&served, object, &live).await;
        Ok(())
    }

    /// Makes the object anew with what others had set on the old one, such as a number of replicas or an annotation, where there is any:
    /// at once, so that nobody acts on its absence. Then each of them has it again, and promgit lets go of it with the apply that
    /// follows. That it cannot be kept is no reason to be without the object.
    async fn keep_of_others(&self, served: &Served, object: &Object, live: &DynamicObject) {
        let live = serde_json::to_value(live).unwrap_or_default();
        if let Err(error) = self.made_with_others(served, object, &live).await {
            tracing::warn!(
                "{}/{}: {} is made anew without what others had set on it: {error}",
                self.release.namespace,
                self.release.name,
                object.title()
            );
        }
    }

    async fn made_with_others(
        &self,
        served: &Served,
        object: &Object,
        live: &Value,
    ) -> Result<(), CallError> {
        let wanted = self.stored(served, object);
        let shares = others::shares(live, &wanted);
        let mut body = ignored::yielding(&wanted, live, &ignore::pointers(&self.ignored, object));
        shares.iter().for_each(|share| share.onto(&mut body));
        if body == wanted {
            return Ok(());
        }
        body["metadata"]["resourceVersion"] = NO_VERSION.into();
        self.patch_as(FIELD_MANAGER, served, &object.name, &body).await?;
        let mut failed = Ok(());
        for share in &shares {
            let given = self.patch_as(&share.manager, served, &object.name, &share.alone(&wanted)).await;
            failed = failed.and(given);
        }
        failed
    }

    async fn patch_as(
        &self,
        manager: &str,
        served: &Served,
        name: &str,
        body: &Value,
    ) -> Result<(), CallError> {
        let api = served.api(self.client.clone(), namespace(served, self.release.namespace));
        let patch =
            Request::new(api.resource_url()).patch(name, &PatchParams::apply(manager), &Patch::Apply(body));
        brief::send(&self.client, patch).await.map(drop)
    }

    /// Deletes a StatefulSet whose claims would go with it, and its pods, without them: for one that goes because it never came up,
    /// which is no reason to lose what an older one had stored. The garbage collector takes the owner off what it orphans
    /// (<https://kubernetes.io/docs/concepts/architecture/garbage-collection/#orphaned-dependents>).
    pub async fn remove_without_data(&self, object: &Object) -> Result<(), ApplyError> {
        let failed = |source| ApplyError::Call { title: object.title(), source };
        let served = self.served(object).await?;
        let api = served.api(self.client.clone(), namespace(&served, self.release.namespace));
        let live = match limited(api.get(&object.name)).await {
            Ok(live) => live,
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(failed(error)),
        };
        let json = serde_json::to_value(&live).unwrap_or_default();
        let policy = json.pointer("/spec/persistentVolumeClaimRetentionPolicy/whenDeleted");
        let is_lent = Taken::before(&json["metadata"]).is_some();
        if policy.is_none_or(|policy| policy != "Delete") || !self.has(&json["metadata"]) || is_lent {
            return Ok(());
        }
        self.clear(&api, object, &live, PropagationPolicy::Orphan).await?;
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), self.release.namespace);
        for pod in self.pods_of(&pods, object, &json).await? {
            match limited(pods.delete(&pod, &DeleteParams::default())).await {
                Ok(_) => {}
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(failed(error)),
            }
        }
        Ok(())
    }

    /// The names of the pods of a set.
    async fn pods_of(
        &self,
        pods: &Api<Pod>,
        object: &Object,
        live: &Value,
    ) -> Result<Vec<String>, ApplyError> {
        let failed = |source| ApplyError::Call { title: format!("the pods of {}", object.title()), source };
        let found = limited(pods.list_metadata(&ListParams::default().labels(&selector(live)))).await;
        let prefix = format!("{}-", object.name);
        let names = found.map_err(failed)?.items.into_iter().filter_map(|pod| pod.metadata.name);
        let is_own =
            |name: &String| name.strip_prefix(&prefix).is_some_and(|ordinal| ordinal.parse::<u32>().is_ok());
        Ok(names.filter(is_own).collect())
    }

    /// Deletes the object that was looked at, and waits until it has gone.
    pub(super) async fn clear(
        &self,
        api: &Api<DynamicObject>,
        object: &Object,
        live: &DynamicObject,
        policy: PropagationPolicy,
    ) -> Result<(), ApplyError> {
        let failed = |source| ApplyError::Call { title: object.title(), source };
        let preconditions = Preconditions { uid: live.metadata.uid.clone(), resource_version: None };
        let parameters = DeleteParams {
            preconditions: Some(preconditions),
            propagation_policy: Some(policy),
            ..DeleteParams::default()
        };
        match limited(api.delete(&object.name, &parameters)).await {
            Ok(_) => {}
            Err(error) if error.is_not_found() => return Ok(()),
            Err(error) => return Err(failed(error)),
        }
        for _ in 0..MOST_LOOKS {
            match limited(api.get_metadata(&object.name)).await {
                Ok(found) if found.metadata.uid == live.metadata.uid => sleep(LOOK).await,
                Ok(_) => return Ok(()),
                Err(error) if error.is_not_found() => return Ok(()),
                Err(error) => return Err(failed(error)),
            }
        }
        Err(ApplyError::Going { title: object.title() })
    }

    /// Asks for larger claims (with `ask`, only whether that would be granted); they grow while pods use them.
    pub(super) async fn grow(
        &self,
        object: &Object,
        live: &Value,
        growth: &[Growth],
        ask: bool,
    ) -> Result<(), ApplyError> {
        let failed = |title: String, source| ApplyError::Call { title, source };
        if growth.is_empty() {
            return Ok(());
        }
        let claims: Api<PersistentVolumeClaim> = Api::namespaced(self.client.clone(), self.release.namespace);
        let found = limited(claims.list(&ListParams::default().labels(&selector(live)))).await;
        let found = found.map_err(|source| failed(format!("the claims of {}", object.title()), source))?;
        for Growth { template, size } in growth {
            for claim in &found.items {
                let name = claim.metadata.name.as_deref().unwrap_or_default();
                if ordinal(name, template, &object.name).is_none() || !is_less(&asked_for(claim), size) {
                    continue;
                }
                let patch = json!({"spec": {"resources": {"requests": {"storage": size}}}});
                let parameters = PatchParams {
                    dry_run: ask,
                    field_manager: Some(FIELD_MANAGER.into()),
                    ..PatchParams::default()
                };
                let patched = limited(claims.patch(name, &parameters, &Patch::Merge(&patch))).await;
                patched.map_err(|source| failed(format!("PersistentVolumeClaim/{name}"), source))?;
            }
        }
        Ok(())
    }

    /// Gives the pods that a deleted set left behind the labels by which the new one finds them.
    async fn label(
        &self,
        object: &Object,
        live: &DynamicObject,
        labels: &[(String, String)],
    ) -> Result<(), ApplyError> {
        let failed = |source| ApplyError::Call { title: format!("the pods of {}", object.title()), source };
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), self.release.namespace);
        let live = serde_json::to_value(live).unwrap_or_default();
        let labels: serde_json::Map<String, Value> =
            labels.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
        let patch = json!({"metadata": {"labels": labels}});
        for name in self.pods_of(&pods, object, &live).await? {
            let parameters =
                PatchParams { field_manager: Some(FIELD_MANAGER.into()), ..PatchParams::default() };
            limited(pods.patch_metadata(&name, &parameters, &Patch::Merge(&patch))).await.map_err(failed)?;
        }
        Ok(())
    }
}

fn asked_for(claim: &PersistentVolumeClaim) -> String {
    let requests = claim.spec.as_ref().and_then(|spec| spec.resources.as_ref()?.requests.as_ref());
    requests.and_then(|requests| requests.get("storage")).map(|size| size.0.clone()).unwrap_or_default()
}
