//! `apiVersion` and `kind` of a manifest turned into the address that the API server serves them under.
#![allow(clippy::disallowed_methods)] // how long ago the API server was asked

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use kube::api::{Api, ApiResource, DynamicObject};
use kube::core::GroupVersion;
use kube::discovery::{self, Scope};
use kube::{Client, Error};
use tokio::sync::Mutex;

use super::call::{CallError, limited};

/// A group without the kind is asked again after this: a definition may have been installed meanwhile.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// Kind with its API version; what keeps many objects of a kind shares it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Kind {
    pub api_version: String,
    pub kind: String,
}

/// What is known of a kind.
#[derive(Clone, Debug)]
pub struct Served {
    pub kind: Arc<Kind>,
    pub resource: Arc<ApiResource>,
    pub is_namespaced: bool,
}

impl Served {
    /// Calls for one object.
    pub fn api(&self, client: Client, namespace: &str) -> Api<DynamicObject> {
        match self.is_namespaced {
            true => Api::namespaced_with(client, namespace, &*self.resource),
            false => Api::all_with(client, &*self.resource),
        }
    }
}

/// Why a kind has no address.
#[derive(Debug, thiserror::Error)]
pub enum KindError {
    #[error(
        "the API server knows no {kind} of {api_version}; install its definition, or change the chart's values"
    )]
    Unknown { api_version: String, kind: String },
    #[error(transparent)]
    Call(#[from] CallError),
}

/// What the API server serves, asked once for each group and version that is used.
pub struct Kinds {
    client: Client,
    /// One lock for each group and version: an aggregated API that hangs holds nobody who does not use it.
    known: std::sync::Mutex<BTreeMap<String, Arc<Mutex<Option<Group>>>>>,
}

struct Group {
    kinds: BTreeMap<String, Served>,
    asked: Instant,
}

impl Kinds {
    pub fn new(client: Client) -> Self {
        Kinds { client, known: std::sync::Mutex::default() }
    }

    /// The address of a kind. Concurrent callers wait for one request.
    pub async fn of(&self, api_version: &str, kind: &str) -> Result<Served, KindError> {
        let slot = self.slot(api_version);
        let mut group = slot.lock().await;
        if let Some(served) = group.as_ref().and_then(|group| group.kinds.get(kind)) {
            return Ok(served.clone());
        }
        if group.as_ref().is_none_or(|group| group.asked.elapsed() >= ASK_AGAIN) {
            let kinds = self.ask(api_version).await?;
            *group = Some(Group { kinds, asked: Instant::now() });
        }
        let served = group.as_ref().and_then(|group| group.kinds.get(kind)).cloned();
        let unknown = || KindError::Unknown { api_version: api_version.into(), kind: kind.into() };
        served.ok_or_else(unknown)
    }

    /// A definition of this group was made or changed: what it serves is asked again.
    pub fn forget(&self, group: &str) {
        let is_of = |api_version: &str| api_version.split_once('/').is_some_and(|(of, _)| of == group);
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|api_version, _| !is_of(api_version));
    }

    fn slot(&self, api_version: &str) -> Arc<Mutex<Option<Group>>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.entry(api_version.to_string()).or_default().clone()
    }

    /// The kinds of a group and version; none if it is not served.
    async fn ask(&self, api_version: &str) -> Result<BTreeMap<String, Served>, CallError> {
        let Ok(version) = api_version.parse::<GroupVersion>() else { return Ok(BTreeMap::new()) };
        let group = limited(async {
            match discovery::pinned_group(&self.client, &version).await {
                Ok(group) => Ok(Some(group)),
                Err(Error::Api(status)) if status.code == 404 => Ok(None),
                Err(Error::Discovery(_)) => Ok(None),
                Err(error) => Err(error),
            }
        });
        let resources = group.await?.map(|group| group.versioned_resources(&version.version));
        let served = resources.into_iter().flatten().map(|(resource, capabilities)| {
            let is_namespaced = capabilities.scope == Scope::Namespaced;
            let kind = Kind { api_version: resource.api_version.clone(), kind: resource.kind.clone() };
            (kind.kind.clone(), Served { kind: kind.into(), resource: resource.into(), is_namespaced })
        });
        Ok(served.collect())
    }
}
