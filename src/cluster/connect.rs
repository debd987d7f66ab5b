//! Settings turned into a client of an API server.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kube::client::ClientBuilder;
use kube::config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};

use super::counted::Counting;
use crate::metrics::Metrics;

/// Which API server.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// A kubeconfig; none: `KUBECONFIG`, `~/.kube/config`, or the service account of the pod.
    pub kubeconfig: Option<PathBuf>,
    /// A context of it; none: its current one.
    pub context: Option<String>,
}

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    #[error("kubeconfig {path}: {reason}; name another with --kubeconfig", path = .path.display())]
    File { path: PathBuf, reason: String },
    #[error(
        "no API server is known: {reason}, and this is no pod with a service account; name a kubeconfig with \
         --kubeconfig, or set KUBECONFIG"
    )]
    Nowhere { reason: String },
    #[error("context {context:?}: {reason}; `kubectl config get-contexts` lists those there are")]
    Context { context: String, reason: String },
    #[error("the client of the API server cannot be set up: {0}")]
    Client(#[from] Box<kube::Error>),
}

/// Reads the kubeconfig, or what a pod is given, and sets up a client whose requests are counted. Nothing is asked of the API server yet.
pub async fn connect(access: &Access, metrics: &Arc<Metrics>) -> Result<Client, ConnectError> {
    let config = config(access).await?;
    let builder = ClientBuilder::try_from(config).map_err(|error| ConnectError::Client(Box::new(error)))?;
    Ok(builder.with_layer(&Counting(metrics.clone())).build())
}

async fn config(access: &Access) -> Result<Config, ConnectError> {
    let options = KubeConfigOptions { context: access.context.clone(), ..KubeConfigOptions::default() };
    let result = match &access.kubeconfig {
        Some(path) => {
            let file = read(path)?;
            Config::from_custom_kubeconfig(file, &options).await
        }
        None => Config::from_kubeconfig(&options).await,
    };
    let error = match result {
        Ok(config) => return Ok(config),
        Err(error) => error,
    };
    if let Some(context) = &access.context {
        return Err(ConnectError::Context { context: context.clone(), reason: words(&error) });
    }
    if let Some(path) = &access.kubeconfig {
        return Err(ConnectError::File { path: path.clone(), reason: words(&error) });
    }
    match Config::incluster() {
        Ok(config) => Ok(config),
        Err(InClusterError::ReadEnvironmentVariable(_)) => {
            Err(ConnectError::Nowhere { reason: words(&error) })
        }
        Err(error) => Err(ConnectError::Nowhere { reason: error.to_string() }),
    }
}

fn read(path: &Path) -> Result<Kubeconfig, ConnectError> {
    Kubeconfig::read_from(path)
        .map_err(|error| ConnectError::File { path: path.to_path_buf(), reason: words(&error) })
}

fn words(error: &KubeconfigError) -> String {
    crate::source::cluster::words::root_cause(error)
}
