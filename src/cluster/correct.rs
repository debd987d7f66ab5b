//! An object of a commit that the cluster does not hold any more turned into what it is there, and back into what it should be.

use kube::api::{Api, DynamicObject};

use super::apply::{Applier, ApplyError, Intent, Version, namespace};
use super::call::limited;
use super::object::{self, Object};
use super::rehearse::Rehearsal;

impl Applier<'_> {
    /// What another release has taken meanwhile is not taken back: two that take it from each other help nobody.
    async fn is_still_ours(&self, api: &Api<DynamicObject>, object: &Object) -> Result<(), ApplyError> {
        let metadata = match limited(api.get_metadata(&object.name)).await {
            Ok(found) => serde_json::to_value(&found.metadata).unwrap_or_default(),
            Err(error) if error.is_not_found() => return Ok(()),
            Err(source) => return Err(ApplyError::Call { title: object.title(), source }),
        };
        let own = (self.release.namespace, self.release.name);
        match object::owner(&metadata).is_none_or(|owner| owner == own) {
            true => self.is_ours(api, object, &metadata).await.map(drop),
            false => Err(ApplyError::refused(object, &metadata, &self.adopt)),
        }
    }

    /// The object as it is; none if there is none.
    pub async fn live(&self, object: &Object) -> Result<Option<DynamicObject>, ApplyError> {
        let served = self.served(object).await?;
        let api = served.api(self.client.clone(), namespace(&served, self.release.namespace));
        match limited(api.get(&object.name)).await {
            Ok(live) => Ok(Some(live)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(source) => Err(ApplyError::Call { title: object.title(), source }),
        }
    }

    /// Makes an object again what the commit says. Somebody has taken fields of it, so that to ask who has them is no use; but the one
    /// that `is_there` has to be ours still.
    pub async fn put_back(&self, object: &Object, is_there: bool) -> Result<Version, ApplyError> {
        self.may_apply(object).await?;
        let served = self.served(object).await?;
        if is_there {
            let api = served.api(self.client.clone(), namespace(&served, self.release.namespace));
            self.is_still_ours(&api, object).await?;
        }
        match self.send(&served, object, Intent::Take).await {
            Ok(applied) => {
                let failed = |source| ApplyError::Call { title: object.title(), source };
                let applied = self.inherit(&served, object, applied).await.map_err(failed)?;
                let version = Version::of(&applied);
                self.settle(object).await?;
                Ok(version)
            }
            // one that was made anew by somebody may differ in what cannot be changed
            Err(source) if source.is_invalid() => match self.rehearse(object, true).await?.rehearsal {
                Rehearsal::Replaced(way) => {
                    self.make_way(object, &way).await?;
                    self.apply(object).await
                }
                Rehearsal::Good | Rehearsal::Later => Err(ApplyError::Call { title: object.title(), source }),
            },
            Err(source) => Err(ApplyError::Call { title: object.title(), source }),
        }
    }
}
