//! The objects of a release turned into nothing, in Helm's uninstall order.

use kube::api::{Api, DeleteParams, DynamicObject, Patch, PatchParams, Preconditions};
use serde_json::Value;

use super::adopt::Taken;
use super::apply::{Applier, ApplyError, namespace};
use super::call::limited;
use super::kinds::KindError;
use super::object::{self, FIELD_MANAGER, Object};
use crate::render::order;

/// Looks at an object that changes all the time, before it is deleted later.
const MOST_LOOKS: u32 = 5;

/// What became of an object that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Deleted,
    /// It was, and is still there: something holds it for a while.
    Going,
    /// It was gone already.
    Absent,
    /// The chart asked for it to be kept (`helm.sh/resource-policy`), or it belongs to someone else by now, or again.
    Kept,
}

/// The order in which a release is taken down (Helm `pkg/release/v1/util/kind_sorter.go`, `UninstallOrder`).
pub fn sort(objects: &mut [Object]) {
    objects.sort_by(|a, b| order::compare_uninstall(&a.kind, &b.kind));
}

impl Applier<'_> {
    /// Deletes one object, and leaves what depends on it to the garbage collector.
    pub async fn remove(&self, object: &Object) -> Result<Removed, ApplyError> {
        self.remove_or_give_back(object, false).await
    }

    /// The same; with `is_undo`, for a change that is taken back, one that it took from somebody is given back instead.
    pub async fn remove_or_give_back(&self, object: &Object, is_undo: bool) -> Result<Removed, ApplyError> {
        if object.is_kept() {
            return Ok(Removed::Kept);
        }
        let title = || object.title();
        let served = match self.served(object).await {
            // Its definition is gone, and with it all objects of the kind.
            Err(ApplyError::Kind { source: KindError::Unknown { .. }, .. }) => return Ok(Removed::Absent),
            other => other?,
        };
        // Never applied, see there.
        if object.is_foreign(self.release) {
            return Ok(Removed::Kept);
        }
        let api = served.api(self.client.clone(), namespace(&served, self.release.namespace));
        let failed = |source| ApplyError::Call { title: title(), source };
        let mut looks = 1;
        loop {
            let found = match limited(api.get_metadata(&object.name)).await {
                Ok(found) => found.metadata,
                Err(error) if error.is_not_found() => return Ok(Removed::Absent),
                Err(error) => return Err(failed(error)),
            };
            let metadata = serde_json::to_value(&found).unwrap_or_default();
            // Helm looks at the live one, where somebody may have asked for it (`pkg/kube/client.go`, `Update`).
            if !self.has(&metadata) || object::is_kept(&metadata) {
                return Ok(Removed::Kept);
            }
            if found.deletion_timestamp.is_some() {
                return Ok(Removed::Going);
            }
            if is_undo && self.give_back(&api, object, &metadata).await? {
                return Ok(Removed::Kept);
            }
            // As it was looked at: another cluster may take it over in between, or somebody make another one of the name.
            let preconditions = Preconditions { uid: found.uid, resource_version: found.resource_version };
            let parameters =
                DeleteParams { preconditions: Some(preconditions), ..DeleteParams::background() };
            match limited(api.delete(&object.name, &parameters)).await {
                // what is not gone at once is answered as it is then
                Ok(answer) => {
                    let is_going =
                        answer.left().is_some_and(|left| left.metadata.deletion_timestamp.is_some());
                    return Ok(if is_going { Removed::Going } else { Removed::Deleted });
                }
                Err(error) if error.is_conflict() && looks < MOST_LOOKS => looks += 1,
                Err(error) if error.is_not_found() => return Ok(Removed::Absent),
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Gives an object back that was taken over by a change which is taken back; false if it was not. What the change made of its fields
    /// stays: nobody has kept what they were.
    async fn give_back(
        &self,
        api: &Api<DynamicObject>,
        object: &Object,
        metadata: &Value,
    ) -> Result<bool, ApplyError> {
        let Some(taken) = Taken::before(metadata) else { return Ok(false) };
        let patch = Patch::Merge(taken.undone(metadata));
        match limited(api.patch_metadata(&object.name, &PatchParams::default(), &patch)).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(true),
            Err(source) => Err(ApplyError::Call { title: object.title(), source }),
        }
    }

    /// Whether an object is one of this release: by its marks, or by our hand where somebody took them off.
    pub(super) fn has(&self, metadata: &Value) -> bool {
        match object::owner(metadata) {
            Some(owner) => owner == (self.release.namespace, self.release.name),
            None => object::managers(metadata).any(|manager| manager == FIELD_MANAGER),
        }
    }
}
