//! Locks as Secrets beside the resources of an API server.

use tokio::runtime::Handle;

use super::kept::Kept;
use super::{Keeper, LockError, Owner};
use crate::cluster::acting::Clients;
use crate::cluster::publish::Subject;
use crate::cluster::secret::{Found, Secrets};
use crate::source::event::Key;

/// The `type` of the Secrets.
const KIND: &str = "promgit.dev/lock";

/// Keeps locks on an API server. Called on threads of its own: it waits for the answers.
pub struct SecretKeeper {
    secrets: Secrets,
    runtime: Handle,
}

impl SecretKeeper {
    pub fn new(clients: Clients, runtime: Handle) -> Self {
        SecretKeeper { secrets: Secrets::new(clients, KIND), runtime }
    }
}

impl Keeper for SecretKeeper {
    fn read(&self, of: &Owner<'_>) -> Result<Option<Kept>, LockError> {
        let (subject, name) = (subject(of), name(of.key));
        match self.runtime.block_on(self.secrets.read(&subject, &name)) {
            Ok(Found::Absent) => Ok(None),
            Ok(Found::Other) => Err(LockError::NotOurs { name }),
            Ok(Found::Ours(fields)) => {
                let broken = |source| LockError::Broken { place: format!("Secret/{name}"), source };
                Kept::of(&fields).map(Some).map_err(broken)
            }
            Err(source) => Err(LockError::Call { name, source }),
        }
    }

    fn write(&self, of: &Owner<'_>, kept: &Kept) -> Result<(), LockError> {
        let (subject, name) = (subject(of), name(of.key));
        let written = self.runtime.block_on(self.secrets.write(&subject, &name, kept.fields()));
        written.map_err(|source| LockError::Call { name, source })
    }

    /// It goes with its owner.
    fn remove(&self, _: &Key) -> Result<(), LockError> {
        Ok(())
    }
}

/// `promgit.lock.simple`
fn name(key: &Key) -> String {
    format!("promgit.lock.{}", key.name)
}

fn subject(of: &Owner<'_>) -> Subject {
    let Owner { key, uid } = of;
    let uid = uid.unwrap_or_default().to_string();
    Subject { namespace: key.namespace.clone(), name: key.name.clone(), uid }
}
