//! A path turned into the JSON that an API server answers with, or into the error that client-go has for it.

use std::io;
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::Client;
use kube::client::AuthError;
use kube::client::Body;
use serde_json::Value as Json;

use crate::pull::http::fault::{self, Cause};

/// An API server that is well answers in milliseconds, a list of thousands of objects in seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// Largest answer that is read. A template that lists all Secrets of a cluster gets that much of it; Helm has no limit.
const MAX_ANSWER: usize = 64 << 20;

/// As much of an answer that is no JSON goes into an error (client-go `maxUnstructuredResponseTextBytes`).
const MAX_TEXT: usize = 2048;

/// A way to an API server.
#[derive(Clone)]
pub struct Server {
    pub client: Client,
    /// `https://host:port`, for errors.
    pub url: String,
}

/// Why an API server said nothing useful; displayed as client-go does it.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    #[error("{message}")]
    Status {
        code: u16,
        /// The server's own words, where it had some.
        message: String,
        /// What is said of the code where nobody reads the server's words.
        plain: String,
    },
    #[error("Get \"{url}\": {reason}")]
    Transport { url: String, reason: String },
    #[error("the answer to {path} is larger than {} MiB; ask for less", MAX_ANSWER >> 20)]
    TooLarge { path: String },
    #[error("the answer to {path} is no JSON: {reason}")]
    Unreadable { path: String, reason: String },
}

impl AskError {
    pub fn is_not_found(&self) -> bool {
        matches!(self, AskError::Status { code: 404, .. })
    }

    /// The error where client-go takes the body as it is (`Result.Raw`).
    pub fn plain(self) -> String {
        match self {
            AskError::Status { plain, .. } => plain,
            other => other.to_string(),
        }
    }
}

impl Server {
    /// Asks for JSON.
    pub async fn get(&self, path: &str) -> Result<Json, AskError> {
        self.get_as(path, "application/json").await
    }

    /// Asks for JSON in one of these forms.
    pub async fn get_as(&self, path: &str, accept: &str) -> Result<Json, AskError> {
        let transport = |reason| AskError::Transport { url: format!("{}{path}", self.url), reason };
        let request = Request::get(path).header(ACCEPT, accept).body(Body::empty());
        let request = request.map_err(|error| transport(error.to_string()))?;
        let late = |_| transport("context deadline exceeded".to_owned());
        let sent = tokio::time::timeout(LIMIT, self.client.send(request)).await.map_err(late)?;
        let response = match sent {
            Ok(response) => response,
            Err(error) => return Err(transport(self.explain(&error).await)),
        };
        let (head, body) = response.into_parts();
        let body =
            tokio::time::timeout(LIMIT, Limited::new(body, MAX_ANSWER).collect()).await.map_err(late)?;
        let body = match body {
            Ok(body) => body.to_bytes(),
            Err(error) if error.is::<LengthLimitError>() => {
                return Err(AskError::TooLarge { path: path.to_owned() });
            }
            Err(error) => return Err(transport(error.to_string())),
        };
        if !head.status.is_success() {
            return Err(refused(head.status.as_u16(), &head.headers, &body));
        }
        serde_json::from_slice(&body)
            .map_err(|error| AskError::Unreadable { path: path.to_owned(), reason: error.to_string() })
    }

    /// The words of Go's `net/http` for a connection that did not come about.
    async fn explain(&self, error: &kube::Error) -> String {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
        let mut last = error.to_string();
        if let Some(words) = credentials_words(error) {
            return words;
        }
        while let Some(error) = next {
            last = error.to_string();
            if let Some(io) = error.downcast_ref::<io::Error>().map(innermost) {
                match fault::tls(io) {
                    Cause::Io(reason) => return self.dialled(&reason).await,
                    cause => return cause.to_string(),
                }
            }
            next = error.source();
        }
        if last.contains("lookup address") { self.dialled(&last).await } else { last }
    }

    async fn dialled(&self, reason: &str) -> String {
        let authority = self.url.split_once("://").map_or(&*self.url, |(_, rest)| rest);
        let authority = authority.split('/').next().unwrap_or_default();
        let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
        let port = if self.url.starts_with("https") { 443 } else { 80 };
        let (host, port) = match authority.rsplit_once(':') {
            Some((host, text)) if !text.ends_with(']') => (host, text.parse().unwrap_or(port)),
            _ => (authority, port),
        };
        let found = tokio::net::lookup_host((host.trim_matches(['[', ']']), port)).await;
        match found.ok().and_then(|found| found.min_by_key(|address| address.is_ipv6())) {
            Some(address) => format!("dial tcp {address}: connect: {reason}"),
            None => format!("dial tcp: lookup {host}: no such host"),
        }
    }
}

/// What is said where a kubeconfig's way to credentials fails: never what a plugin printed or was called with, which
/// may be a token.
pub fn credentials_words(error: &kube::Error) -> Option<String> {
    let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<AuthError>() {
            return Some(format!("getting credentials: {}", plugin_words(error)));
        }
        next = error.source();
    }
    None
}

fn plugin_words(error: &AuthError) -> String {
    match error {
        AuthError::AuthExecStart(error) => format!("exec: the plugin does not start: {error}"),
        AuthError::AuthExecRun { out, .. } => match out.status.code() {
            Some(code) => format!("exec: the plugin failed with exit code {code}"),
            None => "exec: the plugin was ended by a signal".to_owned(),
        },
        AuthError::AuthExecParse(_) => "exec: what the plugin printed is no ExecCredential".to_owned(),
        AuthError::ReadTokenFile(error, path) => format!("open {}: {error}", path.display()),
        _ => "what the kubeconfig names for the user gives none; try it with kubectl".to_owned(),
    }
}

/// Errors of TLS come in several wraps of the same kind.
fn innermost(error: &io::Error) -> &io::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
    inner.map_or(error, innermost)
}

/// What client-go makes of an answer that is none (`NewGenericServerResponse`, `Result.Error`).
fn refused(code: u16, headers: &HeaderMap, body: &[u8]) -> AskError {
    let kind = headers.get(CONTENT_TYPE).map_or("text/", |kind| kind.to_str().unwrap_or_default());
    let text = String::from_utf8_lossy(&body[..body.len().min(MAX_TEXT)]);
    let text = if kind.starts_with("text/") { text.trim() } else { "unknown" };
    let plain = generic(code, text);
    let status: Json = serde_json::from_slice(body).unwrap_or_default();
    let own = status["message"].as_str().filter(|_| status["kind"] == "Status");
    let message = own.map_or_else(|| plain.clone(), str::to_owned);
    AskError::Status { code, message, plain }
}

fn generic(code: u16, text: &str) -> String {
    let words = match code {
        400 => "the server rejected our request for an unknown reason",
        401 => "the server has asked for the client to provide credentials",
        403 | 415 => text,
        404 => "the server could not find the requested resource",
        405 => "the server does not allow this method on the requested resource",
        409 => "the server reported a conflict",
        422 => "the server rejected our request due to an error in our request",
        429 => "the server has received too many requests and has asked us to try again later",
        503 => "the server is currently unable to handle the request",
        504 => {
            "the server was unable to return a response in the time allotted, but may still be processing the request"
        }
        500.. => {
            let text = crate::template::quote::quote(text.as_bytes());
            return format!("an error on the server ({text}) has prevented the request from succeeding");
        }
        _ => {
            return format!(
                "the server responded with the status code {code} but did not return more information"
            );
        }
    };
    words.to_owned()
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{ExitStatus, Output};

    use super::*;

    #[test]
    fn what_a_plugin_printed_is_not_told() {
        let status = ExitStatus::from_raw(1 << 8);
        let out =
            Output { status, stdout: b"{\"token\": \"hunter2\"}".to_vec(), stderr: b"hunter2".to_vec() };
        let error = AuthError::AuthExecRun { cmd: "plugin --password hunter2".into(), out: Box::new(out) };
        let told = credentials_words(&kube::Error::Auth(error));
        assert_eq!(told.as_deref(), Some("getting credentials: exec: the plugin failed with exit code 1"));
    }
}
