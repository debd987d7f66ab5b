//! The objects of a release turned into nothing, in Helm's uninstall order.

use kube::api::DeleteParams;

use super::apply::{Applier, ApplyError, namespace};
use super::call::limited;
use super::object::{self, Object};
use crate::render::order;

/// What became of an object that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Deleted,
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
        let served = match self.kinds.of(&object.api_version, &object.kind).await {
            Ok(served) => served,
            // Its definition is gone, and with it all objects of the kind.
            Err(super::kinds::KindError::Unknown { .. }) => return Ok(Removed::Absent),
            Err(source) => return Err(ApplyError::Kind { title: title(), source }),
        };
        let api = served.api(self.client.clone(), namespace(&served, object, self.release));
        let failed = |source| ApplyError::Call { title: title(), source };
        let found = match limited(api.get_metadata(&object.name)).await {
            Ok(found) => serde_json::to_value(&found.metadata).unwrap_or_default(),
            Err(error) if error.is_not_found() => return Ok(Removed::Absent),
            Err(error) => return Err(failed(error)),
        };
        if object::owner(&found) != Some((self.release.namespace, self.release.name)) {
            return Ok(Removed::Kept);
        }
        match limited(api.delete(&object.name, &DeleteParams::background())).await {
            Ok(_) => Ok(Removed::Deleted),
            Err(error) if error.is_not_found() => Ok(Removed::Absent),
            Err(error) => Err(failed(error)),
        }
    }
}
