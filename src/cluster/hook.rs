//! A hook of a release turned into a live object that says which run made it, and back into nothing.
//!
//! Helm creates and deletes hooks without asking whose they are (`pkg/action/hooks.go`). Here an object that belongs to somebody else
//! is not touched: a hook carries the marks of its release as any other object does, and one without an owner is taken over only where
//! it is a hook as well, left by somebody's helm.

use jiff::Timestamp;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::api::DynamicObject;
use serde_json::Value;

use super::apply::{Applier, ApplyError, Intent, namespace};
use super::kinds::KindError;
use super::object::{self, FIELD_MANAGER, Object};
use crate::health::{Ended, ended};
use crate::render::hook::HOOK;

/// On a live hook: by which run it was made. Whoever starts anew sees by it what ran already.
const RUN: &str = "promgit.dev/hook-run";

/// What stands where a hook is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    Absent,
    /// A hook of an earlier run, or somebody's helm's.
    Earlier,
    /// The hook of this run.
    Of {
        ended: Ended,
        made: Timestamp,
    },
}

impl Applier<'_> {
    /// Looks what is there of a hook.
    pub async fn look_at_hook(&self, hook: &Object, run: &str) -> Result<Found, ApplyError> {
        self.may_apply(hook).await?;
        let Some(live) = self.live(hook).await? else { return Ok(Found::Absent) };
        let json = serde_json::to_value(&live).unwrap_or_default();
        match json["metadata"]["annotations"][RUN] == *run && self.has(&json["metadata"]) {
            true => {
                let made = live.metadata.creation_timestamp.map_or(Timestamp::UNIX_EPOCH, |time| time.0);
                Ok(Found::Of { ended: ended(&json), made })
            }
            false => self.may_take(hook, &json["metadata"]).map(|()| Found::Earlier),
        }
    }

    /// Makes a hook. Fields of others are taken: whose it is was looked at before.
    pub async fn make_hook(&self, hook: &Object, run: &str) -> Result<Ended, ApplyError> {
        let served = self.served(hook).await?;
        let failed = |source| ApplyError::Call { title: hook.title(), source };
        let made = self.make_over(&served, &marked(hook, run)).await.map_err(failed)?;
        if made.metadata.deletion_timestamp.is_some() {
            return Err(ApplyError::Going { title: hook.title() });
        }
        self.settle(hook).await?;
        Ok(ended(&serde_json::to_value(made).unwrap_or_default()))
    }

    /// Deletes a hook, and waits until it is gone. Of a definition other people's objects hang, so Helm never does it.
    pub async fn clear_hook(&self, hook: &Object) -> Result<(), ApplyError> {
        if hook.kind == "CustomResourceDefinition" {
            return Ok(());
        }
        let served = match self.served(hook).await {
            Err(ApplyError::Kind { source: KindError::Unknown { .. }, .. }) => return Ok(()),
            other => other?,
        };
        let Some(live) = self.live(hook).await? else { return Ok(()) };
        self.may_take(hook, &metadata(&live))?;
        let api = served.api(self.client.clone(), namespace(&served, self.release.namespace));
        self.clear(&api, hook, &live, kube::api::PropagationPolicy::Background).await
    }

    /// Asks what making a hook would lead to, where nothing stands in its place: what does goes first, and cannot be told apart from
    /// the new one by asking.
    pub async fn rehearse_hook(&self, hook: &Object) -> Result<(), ApplyError> {
        self.may_apply(hook).await?;
        let served = match self.served(hook).await {
            Err(ApplyError::Kind { source: KindError::Unknown { .. }, .. }) => return Ok(()),
            other => other?,
        };
        let asked = self.send(&served, hook, Intent::AskForced).await;
        let is_new = |found: &ObjectMeta| found.resource_version.as_ref().is_none_or(String::is_empty);
        let refused = match asked {
            Ok(found) if is_new(&found) => return Ok(()),
            Ok(_) => None,
            // what it needs may be part of the set
            Err(error) if error.is_no_dry_run() || error.is_not_found() => return Ok(()),
            Err(error) => Some(error),
        };
        let failed = |source| ApplyError::Call { title: hook.title(), source };
        match refused {
            Some(error) if !error.is_invalid() => Err(failed(error)),
            refused => match (self.live(hook).await?, refused) {
                (Some(live), _) => self.may_take(hook, &metadata(&live)),
                (None, Some(error)) => Err(failed(error)),
                (None, None) => Ok(()),
            },
        }
    }

    /// Whether an object may be replaced by a hook of this release.
    fn may_take(&self, hook: &Object, metadata: &Value) -> Result<(), ApplyError> {
        let is_ours = match object::owner(metadata) {
            Some(owner) => owner == (self.release.namespace, self.release.name),
            None => {
                !metadata["annotations"][HOOK].is_null()
                    || object::managers(metadata).any(|manager| manager == FIELD_MANAGER)
            }
        };
        match is_ours {
            true => Ok(()),
            false => Err(ApplyError::not_ours(hook, metadata)),
        }
    }
}

fn metadata(live: &DynamicObject) -> Value {
    serde_json::to_value(&live.metadata).unwrap_or_default()
}

fn marked(hook: &Object, run: &str) -> Object {
    let mut marked = hook.clone();
    if let Some(annotations) = marked.json["metadata"]["annotations"].as_object_mut() {
        annotations.insert(RUN.to_owned(), run.into());
    }
    marked
}
