//! The Secrets in which an API server holds Helm's records of a release, turned into its history, and decisions about it into Secrets.

use jiff::Timestamp;
use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::core::Request;
use serde_json::Value;

use super::brief;
use super::call::{CallError, limited};
use super::object::{FIELD_MANAGER, Release};
use crate::release::history::{Entry, History};
use crate::release::pack::Packed;
use crate::release::secret;
use crate::release::status::Status;
use crate::release::stored::{Stored, StoredError};

/// Revisions that are looked at: Helm keeps 10, and where somebody told it to keep all, the newest cannot be told without them.
/// As metadata each takes about 1 kB.
const MOST_REVISIONS: u32 = 5_000;

/// A record as the API server has it: read when somebody wants to know what it says.
pub struct Held {
    pub entry: Entry,
    data: Vec<u8>,
}

impl Held {
    /// Reads the record.
    pub fn stored(&self) -> Result<Stored, StoredError> {
        Stored::read(&self.data)
    }

    fn of(release: &str, secret: Secret) -> Option<Self> {
        let labels = secret.metadata.labels.unwrap_or_default();
        let entry = Entry::of(release, secret.metadata.name.as_deref()?, labels)?;
        let data = secret.data.and_then(|mut data| data.remove(secret::KEY));
        Some(Held { entry, data: data.map(|ByteString(bytes)| bytes).unwrap_or_default() })
    }
}

/// The records of one release. Takes `list`, `get`, `create`, `patch` and `delete` of Secrets in its namespace.
#[derive(Clone)]
pub struct Records<'a> {
    /// Acts as who delivers the release.
    pub client: Client,
    pub release: Release<'a>,
}

impl Records<'_> {
    /// Which revisions there are and how they are, in one request that carries no record: each may take a megabyte, and somebody else's
    /// history may be of any length.
    pub async fn history(&self) -> Result<History, CallError> {
        let found = limited(self.api().list_metadata(&self.selected().limit(MOST_REVISIONS))).await?;
        let entry = |metadata: kube::core::ObjectMeta| {
            Entry::of(self.release.name, metadata.name.as_deref()?, metadata.labels.unwrap_or_default())
        };
        Ok(found.items.into_iter().filter_map(|found| entry(found.metadata)).collect())
    }

    /// The record of one revision, if there is one.
    pub async fn get(&self, revision: u32) -> Result<Option<Held>, CallError> {
        match limited(self.api().get(&self.name(revision))).await {
            Ok(secret) => Ok(Held::of(self.release.name, secret)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Writes a new record ([`secret::New::secret`]). A conflict: somebody else made that revision meanwhile.
    pub async fn create(&self, secret: &Value) -> Result<(), CallError> {
        let parameters = PostParams { field_manager: Some(FIELD_MANAGER.into()), ..PostParams::default() };
        let text = secret.to_string().into_bytes();
        brief::send(&self.client, Request::new(self.api().resource_url()).create(&parameters, text)).await?;
        Ok(())
    }

    /// Writes a record anew: what it says, and the status in its labels. Other labels stay. Quietly, if it is gone.
    pub async fn update(
        &self,
        revision: u32,
        status: Status,
        record: &Packed,
        at: Timestamp,
    ) -> Result<(), CallError> {
        let parameters = PatchParams { field_manager: Some(FIELD_MANAGER.into()), ..PatchParams::default() };
        let patch = Patch::Merge(secret::patch(status, record, at));
        let request =
            Request::new(self.api().resource_url()).patch(&self.name(revision), &parameters, &patch);
        match brief::send(&self.client, request).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Deletes a record; quietly, if it is gone.
    pub async fn delete(&self, revision: u32) -> Result<(), CallError> {
        match limited(self.api().delete(&self.name(revision), &DeleteParams::default())).await {
            Ok(_) => Ok(()),
            Err(error) if error.is_not_found() => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn name(&self, revision: u32) -> String {
        secret::name(self.release.name, revision)
    }

    fn selected(&self) -> ListParams {
        ListParams::default().labels(&secret::selector(self.release.name))
    }

    fn api(&self) -> Api<Secret> {
        Api::namespaced(self.client.clone(), self.release.namespace)
    }
}
