//! The objects of a release turned into nothing, in Helm's uninstall order.

use kube::api::{DeleteParams, Preconditions};

use super::apply::{Applier, ApplyError, namespace};
use super::call::limited;
use super::kinds::KindError;
use super::object::{self, Object};
use crate::render::order;

/// What became of an object that was to be deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removed {
    Deleted,
    /// It was gone already, or on its way.
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
        let found = match limited(api.get_metadata(&object.name)).await {
            Ok(found) => found.metadata,
            Err(error) if error.is_not_found() => return Ok(Removed::Absent),
            Err(error) => return Err(failed(error)),
        };
        let metadata = serde_json::to_value(&found).unwrap_or_default();
        if object::owner(&metadata) != Some((self.release.namespace, self.release.name)) {
            return Ok(Removed::Kept);
        }
        if found.deletion_timestamp.is_some() {
            return Ok(Removed::Absent);
        }
        // This very object: one that somebody else makes of the same name in between is theirs.
        let preconditions = Preconditions { uid: found.uid, resource_version: None };
        let parameters = DeleteParams { preconditions: Some(preconditions), ..DeleteParams::background() };
        match limited(api.delete(&object.name, &parameters)).await {
            Ok(_) => Ok(Removed::Deleted),
            Err(error) if error.is_conflict() => Ok(Removed::Kept),
            Err(error) if error.is_not_found() => Ok(Removed::Absent),
            Err(error) => Err(failed(error)),
        }
    }
}
