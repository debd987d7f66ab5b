//! Settings turned into a client of an API server.
#![allow(clippy::disallowed_methods)] // KUBECONFIG, and the files that it lists

use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::Uri;
use kube::client::ClientBuilder;
use kube::client::retry::RetryPolicy;
use kube::config::{InClusterError, KubeConfigOptions, Kubeconfig, KubeconfigError};
use kube::{Client, Config};
use tower::buffer::BufferLayer;
use tower::limit::ConcurrencyLimitLayer;
use tower::retry::RetryLayer;

use super::counted::Counting;
use super::greet::GreetError;
use super::pacing::{MOST_REQUESTS, Pacing};
use super::proxy;
use crate::metrics::Metrics;

/// Requests that wait in front of the connections; more than are let through.
const WAITING: usize = 2 * MOST_REQUESTS;

/// Which API server.
#[derive(Clone, Debug, Default)]
pub struct Access {
    /// A kubeconfig; none: `KUBECONFIG`, the service account of the pod, or `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// A context of it; none: its current one.
    pub context: Option<String>,
    /// Some requests act as somebody else, so the kubeconfig may not do so itself: the API server would take the groups of the
    /// one for those of the other.
    pub acts: bool,
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
    #[error("the API server is not reached: {reason}; correct HTTPS_PROXY")]
    Proxy { reason: String },
    #[error(
        "the kubeconfig acts as {0} (`as`), and delivery.serviceAccountName has promgit act as others; take one of the two out"
    )]
    ActsTwice(String),
    #[error("the client of the API server cannot be set up: {0}")]
    Client(#[from] Box<kube::Error>),
    #[error(transparent)]
    Greet(#[from] GreetError),
}

/// Reads the kubeconfig, or what a pod is given, and sets up a client whose requests are counted. Nothing is asked of the API server yet.
pub async fn connect(access: &Access, metrics: &Arc<Metrics>) -> Result<Client, ConnectError> {
    let mut config = config(access).await?;
    if let (true, Some(user)) = (access.acts, &config.auth_info.impersonate) {
        return Err(ConnectError::ActsTwice(user.clone()));
    }
    // tried again around what is counted and paced, not below it
    config.default_retry = false;
    let builder = ClientBuilder::try_from(config).map_err(|error| ConnectError::Client(Box::new(error)))?;
    let shared = builder.with_layer(&BufferLayer::new(WAITING)).with_layer(&Counting(metrics.clone()));
    let retry = RetryLayer::new(RetryPolicy::server_retry());
    // Outermost, so that what has to wait is a request and not half an answer: a thousand clusters ask at once.
    let limit = ConcurrencyLimitLayer::new(MOST_REQUESTS);
    Ok(shared.with_layer(&Pacing::default()).with_layer(&retry).with_layer(&limit).build())
}

/// In the order that the settings promise: the kubeconfig they name, `KUBECONFIG`, the account of the pod, and the file
/// in the home folder.
async fn config(access: &Access) -> Result<Config, ConnectError> {
    let options = KubeConfigOptions { context: access.context.clone(), ..KubeConfigOptions::default() };
    let named = match &access.kubeconfig {
        Some(path) => Some((path.clone(), read(path)?)),
        None => listed()?,
    };
    if let Some((path, file)) = named {
        let proxies = proxies(&file);
        let found = Config::from_custom_kubeconfig(file, &options).await;
        return proxied(found.map_err(|error| wrong(access, path, &error))?, &proxies);
    }
    let own = Config::incluster();
    if let (None, Ok(config)) = (&access.context, own.as_ref()) {
        return Ok(config.clone());
    }
    let error = match (usual(&options).await, own) {
        (Ok((config, proxies)), _) => return proxied(config, &proxies),
        (Err(_), Err(error)) if !matches!(error, InClusterError::ReadEnvironmentVariable(_)) => {
            return Err(ConnectError::Nowhere { reason: error.to_string() });
        }
        (Err(error), _) => error,
    };
    match &access.context {
        Some(context) => Err(ConnectError::Context { context: context.clone(), reason: words(&error) }),
        None => Err(ConnectError::Nowhere { reason: words(&error) }),
    }
}

/// What the file in the usual place says, and the proxies that it names.
async fn usual(options: &KubeConfigOptions) -> Result<(Config, Vec<String>), KubeconfigError> {
    let file = Kubeconfig::read()?;
    let proxies = proxies(&file);
    Ok((Config::from_custom_kubeconfig(file, options).await?, proxies))
}

/// The proxies that a kubeconfig names.
fn proxies(file: &Kubeconfig) -> Vec<String> {
    let named = file.clusters.iter().filter_map(|named| named.cluster.as_ref()?.proxy_url.clone());
    named.filter(|proxy| !proxy.is_empty()).collect()
}

/// With a proxy of the environment only where Go would take one.
fn proxied(mut config: Config, named: &[String]) -> Result<Config, ConnectError> {
    let is_named = config.proxy_url.as_ref().is_some_and(|proxy| {
        named.iter().any(|named| named.parse::<Uri>().is_ok_and(|named| named == *proxy))
    });
    if is_named {
        return Ok(config);
    }
    config.proxy_url =
        proxy::of(&config.cluster_url, None).map_err(|reason| ConnectError::Proxy { reason })?;
    Ok(config)
}

fn wrong(access: &Access, path: PathBuf, error: &KubeconfigError) -> ConnectError {
    let reason = words(error);
    match &access.context {
        Some(context) => ConnectError::Context { context: context.clone(), reason },
        None => ConnectError::File { path, reason },
    }
}

/// The files of `KUBECONFIG` as one, and the first of them; none if the variable is not set. Those that are not there are
/// left out, as kubectl does, but for the last one that could have helped
/// (<https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/#the-kubeconfig-environment-variable>).
fn listed() -> Result<Option<(PathBuf, Kubeconfig)>, ConnectError> {
    let Some(list) = std::env::var_os("KUBECONFIG") else { return Ok(None) };
    let all: Vec<PathBuf> =
        std::env::split_paths(&list).filter(|path| !path.as_os_str().is_empty()).collect();
    let mut there: Vec<&PathBuf> = all.iter().filter(|path| path.exists()).collect();
    if there.is_empty() {
        there.extend(all.first());
    }
    let mut merged: Option<(PathBuf, Kubeconfig)> = None;
    for path in there {
        let file = read(path)?;
        merged = Some(match merged.take() {
            None => (path.clone(), file),
            Some((first, known)) => {
                let both = known.merge(file).map_err(|error| failed(path, &error))?;
                (first, both)
            }
        });
    }
    Ok(merged)
}

fn read(path: &Path) -> Result<Kubeconfig, ConnectError> {
    Kubeconfig::read_from(path).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &KubeconfigError) -> ConnectError {
    ConnectError::File { path: path.to_path_buf(), reason: words(error) }
}

/// The first line: a parser shows the place below it, and a token could stand there.
fn words(error: &KubeconfigError) -> String {
    crate::source::cluster::words::root_cause(error).lines().next().unwrap_or_default().to_string()
}
