//! The first request to an API server turned into what it can do, or into what is wrong with the way to it for good.

use std::time::Duration;

use kube::{Client, Error};

use crate::source::cluster::words::root_cause;

/// Longest wait for the server to say its version; without an answer, listings are asked for in the old way.
const PATIENCE: Duration = Duration::from_secs(5);

/// The minor version of Kubernetes from which on every server streams listings: 1.34, where the feature `WatchList` is
/// on by default (<https://kubernetes.io/docs/reference/using-api/api-concepts/#streaming-lists>).
const STREAMS_FROM: u32 = 34;

/// What asking again would not change. A server that does not answer may do so later.
#[derive(Debug, thiserror::Error)]
pub enum GreetError {
    #[error(
        "the API server does not take the credentials ({0}); correct the token or certificate of this user in the \
         kubeconfig, or name another context with --context"
    )]
    Credentials(String),
    #[error(
        "{0}; correct `certificate-authority` or `server` of this cluster in the kubeconfig, or name another context \
         with --context"
    )]
    Certificate(String),
}

/// Asks for the version, which everybody may; true if the server streams listings.
pub async fn greet(client: &Client) -> Result<bool, GreetError> {
    let version = match tokio::time::timeout(PATIENCE, client.apiserver_version()).await {
        Ok(Ok(version)) => version,
        Ok(Err(error)) => return refusal(&error).map_or(Ok(false), Err),
        Err(_) => return Ok(false),
    };
    // Some clouds write `34+`.
    let minor = version.minor.trim_end_matches(|c: char| !c.is_ascii_digit()).parse::<u32>();
    Ok(version.major != "1" || minor.is_ok_and(|minor| minor >= STREAMS_FROM))
}

fn refusal(error: &Error) -> Option<GreetError> {
    if let Error::Api(status) = error {
        return (status.code == 401).then(|| GreetError::Credentials(status.message.clone()));
    }
    let cause = root_cause(error);
    // The words of rustls (`rustls::Error::InvalidCertificate`), whose type its callers hide.
    cause.starts_with("invalid peer certificate").then_some(GreetError::Certificate(cause))
}
