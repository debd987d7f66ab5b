//! Bytes that belong to a resource turned into a Secret beside it, and back.

use std::collections::BTreeMap;

use k8s_openapi::ByteString;
use k8s_openapi::api::core::v1::Secret;
use kube::api::{Api, Patch, PatchParams};
use serde_json::json;

use super::acting::Clients;
use super::call::{CallError, limited};
use super::object::FIELD_MANAGER;
use super::publish::Subject;
use crate::api::names::{API_VERSION, KIND};

/// What was found under a name.
pub enum Found {
    Absent,
    /// Not of that type, or of another resource.
    Other,
    Ours(BTreeMap<String, Vec<u8>>),
}

/// Secrets of one type, each belonging to one resource, with which it goes: the garbage collector sees to that.
pub struct Secrets {
    clients: Clients,
    kind: &'static str,
}

impl Secrets {
    /// `kind`: the `type` of the Secrets.
    pub fn new(clients: Clients, kind: &'static str) -> Self {
        Secrets { clients, kind }
    }

    /// Reads the Secret of this name that belongs to the subject.
    pub async fn read(&self, subject: &Subject, name: &str) -> Result<Found, CallError> {
        let secret = match limited(self.api(subject).get(name)).await {
            Ok(secret) => secret,
            Err(error) if error.is_not_found() => return Ok(Found::Absent),
            Err(error) => return Err(error),
        };
        if secret.type_.as_deref() != Some(self.kind) {
            return Ok(Found::Other);
        }
        let owners = secret.metadata.owner_references.unwrap_or_default();
        match owners.iter().any(|owner| owner.uid == subject.uid) {
            // Of a resource of that name that is gone: it goes too, and is written anew.
            false => Ok(Found::Absent),
            true => {
                let data = secret.data.unwrap_or_default().into_iter();
                Ok(Found::Ours(data.map(|(key, ByteString(bytes))| (key, bytes)).collect()))
            }
        }
    }

    /// Writes it.
    pub async fn write(
        &self,
        subject: &Subject,
        name: &str,
        data: BTreeMap<String, Vec<u8>>,
    ) -> Result<(), CallError> {
        let data: BTreeMap<String, ByteString> =
            data.into_iter().map(|(key, bytes)| (key, ByteString(bytes))).collect();
        let owner =
            json!({"apiVersion": API_VERSION, "kind": KIND, "name": subject.name, "uid": subject.uid});
        let body = json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": name,
                "namespace": subject.namespace,
                "labels": {"app.kubernetes.io/managed-by": FIELD_MANAGER, "app.kubernetes.io/instance": subject.name},
                "ownerReferences": [owner],
            },
            "type": self.kind,
            "data": data,
        });
        let parameters = PatchParams::apply(FIELD_MANAGER).force();
        limited(self.api(subject).patch(name, &parameters, &Patch::Apply(&body))).await?;
        Ok(())
    }

    fn api(&self, subject: &Subject) -> Api<Secret> {
        Api::namespaced(self.clients.of(&subject.namespace), &subject.namespace)
    }
}
