//! The objects of a release turned into nothing, in Helm's uninstall order.

use kube::api::{DeleteParams, Preconditions};
use serde_json::Value;

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
    /// The chart asked for it to be kept (`helm.sh/resource-policy`), or it belongs to someone else by now.
    Kept,
}

/// The order in which a release is taken down (Helm `pkg/release/v1/util/kind_sorter.go`, `UninstallOrder`).
pub fn sort(objects: &mut [Object]) {
    objects.sort_by(|a, b| order::compare_uninstall(&a.kind, &b.kind));
}

impl Applier<'_> {
    /// Deletes one object, and leaves what depends on it to the garbage collector.
    pub async fn remove(&self, object: &Object) -> Result<Removed, ApplyError> {
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

    /// Whether an object is one of this release: by its marks, or by our hand where somebody took them off.
    pub(super) fn has(&self, metadata: &Value) -> bool {
        match object::owner(metadata) {
            Some(owner) => owner == (self.release.namespace, self.release.name),
            None => object::managers(metadata).any(|manager| manager == FIELD_MANAGER),
        }
    }
}
