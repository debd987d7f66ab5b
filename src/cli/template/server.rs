//! A cluster turned into what a render may ask of it, and into what it says of the result (`--dry-run=server`).

use std::io;
use std::sync::Arc;

use serde_json::Value as Json;
use tokio::runtime::Runtime;

use crate::chart::warning::Warning;
use crate::cluster::dry_run::access::Access;
use crate::cluster::dry_run::ask::Server;
use crate::cluster::dry_run::existing::{self, ExistingError, Owner};
use crate::cluster::dry_run::lookup::lookup;
use crate::cluster::dry_run::served::{Served, ServedError, served};
use crate::render::output::Output;
use crate::render::outside::Lookup;
use crate::render::release::Release;
use crate::render::split;
use crate::yaml::{convert, read};

/// A cluster that answered.
pub struct Cluster {
    runtime: Arc<Runtime>,
    server: Server,
    pub served: Served,
}

/// Why there is none. Displays as Helm says it.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(transparent)]
    Served(#[from] ServedError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ClusterError {
    /// What Helm logs before it reports it.
    pub fn log_line(&self) -> Option<Warning> {
        let is_logged = matches!(self, ClusterError::Served(ServedError::Unreachable(_)));
        is_logged.then(|| Warning::error(self.to_string()))
    }
}

impl Cluster {
    /// Finds it, and asks what it is.
    pub fn reach(access: &Access) -> Result<Self, ClusterError> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (server, served) = runtime.block_on(async {
            let server = access.server();
            let server = server.map_err(|error| ServedError::Unreachable(error.to_string()))?;
            let served = served(&server).await?;
            Ok::<_, ServedError>((server, served))
        })?;
        Ok(Cluster { runtime: Arc::new(runtime), server, served })
    }

    /// For the templates.
    pub fn lookup(&self) -> Lookup {
        let (runtime, server) = (self.runtime.clone(), self.server.clone());
        Box::new(move |wanted| runtime.block_on(lookup(&server, wanted)))
    }

    /// Whether this could be installed: kinds that are served, objects that belong to nobody else.
    pub fn check(&self, output: &Output, release: &Release, flags: Check) -> Result<(), ExistingError> {
        let crds = output.crds.iter().filter(|_| flags.with_crds).map(|crd| &crd.data);
        let texts = crds.chain(output.manifests.iter().map(|manifest| &manifest.text));
        let objects = texts.flat_map(|text| documents(text)).filter(|object| !object.is_null());
        let objects: Vec<Json> = objects.collect();
        let placed = existing::build(&objects, &self.served, &release.namespace)?;
        if release.is_upgrade {
            return Ok(());
        }
        let owner = Owner {
            release: &release.name,
            namespace: &release.namespace,
            takes_over: flags.takes_ownership,
        };
        self.runtime.block_on(existing::check(&self.server, &placed, &owner))
    }
}

/// How [`Cluster::check`] looks at objects.
pub struct Check {
    pub with_crds: bool,
    pub takes_ownership: bool,
}

/// The objects of a text; what is no YAML is none.
fn documents(text: &[u8]) -> Vec<Json> {
    let parts = split::documents(text).into_iter().filter_map(|part| read::value(part).ok());
    parts.map(|value| convert::to_json(&value)).collect()
}
