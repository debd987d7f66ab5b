//! An object that is to be applied turned into what would become of it, by a server-side dry run: nothing is changed by asking.

use kube::api::{Api, DynamicObject};
use serde_json::Value;

use super::adopt::Taken;
use super::apply::{Applier, ApplyError, Intent, namespace};
use super::call::{CallError, limited};
use super::immutable::{self, Way};
use super::kinds::KindError;
use super::object::Object;

/// What an apply of the object would do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rehearsal {
    /// It is taken.
    Good,
    /// Nobody can tell before another object of the release is there: the definition of its kind, the role that it binds.
    Later,
    /// It is taken only if the one that lives makes way.
    Replaced(Way),
}

/// What is known of an object before it is applied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub rehearsal: Rehearsal,
    /// It is somebody else's, and is taken over.
    pub taken: Option<Taken>,
}

impl From<Rehearsal> for Answer {
    fn from(rehearsal: Rehearsal) -> Self {
        Answer { rehearsal, taken: None }
    }
}

impl Applier<'_> {
    /// Asks what an apply would do. `is_known`: the release had the object before, so it is ours to change. As Helm, promgit takes
    /// over none without the marks of the release (`pkg/action/validate.go`, `existingResourceConflict`) that nobody named.
    pub async fn rehearse(&self, object: &Object, is_known: bool) -> Result<Answer, ApplyError> {
        let served = match self.served(object).await {
            Err(ApplyError::Kind { source: KindError::Unknown { .. }, .. }) => {
                return Ok(Rehearsal::Later.into());
            }
            other => other?,
        };
        let api = served.api(self.client.clone(), namespace(&served, self.release.namespace));
        match self.send(&served, object, Intent::Ask).await {
            Ok(found) => {
                // one that would be made has no version yet
                let is_there = found.resource_version.is_some_and(|version| !version.is_empty());
                let taken = match !is_known && is_there {
                    true => self.claim(&api, object).await?,
                    false => None,
                };
                Ok(Answer { rehearsal: Rehearsal::Good, taken })
            }
            Err(error) if error.is_conflict() => {
                let taken = self.claim(&api, object).await?;
                let rehearsal = match self.send(&served, object, Intent::AskForced).await {
                    Ok(_) => Rehearsal::Good,
                    Err(error) => self.refused(&api, object, error).await?,
                };
                Ok(Answer { rehearsal, taken })
            }
            // the role of a binding, the namespace of an object: what it needs may be part of the set
            Err(error) if error.is_not_found() => Ok(Rehearsal::Later.into()),
            Err(error) => {
                // who may not change it may not look at it either, and would be told of that instead
                let taken = match !is_known && !error.is_lack_of_rights() {
                    true => self.claim(&api, object).await?,
                    false => None,
                };
                Ok(Answer { rehearsal: self.refused(&api, object, error).await?, taken })
            }
        }
    }

    /// Makes sure that the object is ours, may be taken over, or is not there.
    async fn claim(&self, api: &Api<DynamicObject>, object: &Object) -> Result<Option<Taken>, ApplyError> {
        match limited(api.get_metadata(&object.name)).await {
            Ok(found) => {
                let found = serde_json::to_value(&found.metadata).unwrap_or_default();
                self.is_ours(api, object, &found).await
            }
            Err(error) if error.is_not_found() => Ok(None),
            Err(source) => Err(ApplyError::Call { title: object.title(), source }),
        }
    }

    /// Why it was refused, and whether there is a way all the same.
    async fn refused(
        &self,
        api: &Api<DynamicObject>,
        object: &Object,
        source: CallError,
    ) -> Result<Rehearsal, ApplyError> {
        let failed = |source| ApplyError::Call { title: object.title(), source };
        // A webhook that would write somewhere is not asked (`k8s.io/apiserver/pkg/admission/plugin/webhook`).
        if source.is_no_dry_run() {
            return Ok(Rehearsal::Good);
        }
        if !source.is_invalid() {
            return Err(failed(source));
        }
        let live = match limited(api.get(&object.name)).await {
            Ok(live) => serde_json::to_value(live).unwrap_or_default(),
            Err(error) if error.is_not_found() => return Err(failed(source)),
            Err(error) => return Err(failed(error)),
        };
        let way = match immutable::way(&object.json, &live) {
            None => return Err(failed(source)),
            Some(Err(reason)) => return Err(ApplyError::Immutable { title: object.title(), reason }),
            Some(Ok(way)) => way,
        };
        self.rehearse_way(object, &live, &way).await?;
        Ok(Rehearsal::Replaced(way))
    }

    /// Asks what can be asked of the steps of a way, before the first is made.
    async fn rehearse_way(&self, object: &Object, live: &Value, way: &Way) -> Result<(), ApplyError> {
        match way {
            Way::Anew => Ok(()),
            Way::Adopt { growth, .. } => self.grow(object, live, growth, true).await.map(drop),
        }
    }
}
