//! A path turned into the JSON that an API server answers with, or into the error that client-go has for it.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, Request};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::client::Body;
use serde_json::Value as Json;
use tokio::time::{Instant, timeout};

use super::credentials;
use crate::pull::http::fault::{self, Cause};

/// An API server that is well answers in milliseconds, a list of thousands of objects in seconds.
const LIMIT: Duration = Duration::from_secs(60);

/// All questions of one render together: five thousand lookups, which is what a render has steps for, take less than a
/// minute on a server that is well.
const PATIENCE: Duration = Duration::from_secs(300);

/// Largest answer that is read, its values counted with [`VALUE`] bytes each. A template may hold no more
/// (`template::budgets`); Helm has no limit.
pub const MAX_ANSWER: usize = 64 << 20;

/// What a value of an answer takes up beside its text.
const VALUE: usize = 128;

/// The HTTP client takes 64 KiB with the address of the server. Names of objects have up to 253 bytes.
const MAX_PATH: usize = 62 << 10;

/// How the HTTP client begins to tell of a proxy that does not do its part.
const PROXYING: [&str; 2] = ["tunnel error", "SOCKS error"];

/// As much of an answer that is no JSON goes into an error (client-go `maxUnstructuredResponseTextBytes`).
const MAX_TEXT: usize = 2048;

/// A way to an API server.
#[derive(Clone)]
pub struct Server {
    client: Client,
    /// `https://host:port`, for errors.
    pub url: String,
    /// The same of a proxy on the way there.
    proxy: Option<String>,
    /// In milliseconds, of all clones.
    waited: Arc<AtomicU64>,
}

/// What a server said.
pub struct Said {
    pub json: Json,
    /// Its text and its values, in bytes.
    pub size: usize,
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
    #[error("the answer to {path} takes more than the {most} bytes that are left for it; ask for less")]
    TooLarge { path: String, most: usize },
    #[error("the answer to {path} is no JSON: {reason}")]
    Unreadable { path: String, reason: String },
    #[error("an address of {length} bytes is too long for {url}; look for a name of more than 253 bytes")]
    TooLong { length: usize, url: String },
    #[error("{url} has taken more than {} s to answer this chart; try again when it is faster", PATIENCE.as_secs())]
    Slow { url: String },
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
    /// A server that nothing was asked of yet.
    pub fn new(client: Client, url: String, proxy: Option<String>) -> Self {
        Server { client, url, proxy, waited: Arc::default() }
    }

    /// Asks for JSON.
    pub async fn get(&self, path: &str) -> Result<Json, AskError> {
        self.get_as(path, "application/json").await
    }

    /// Asks for JSON in one of these forms.
    pub async fn get_as(&self, path: &str, accept: &str) -> Result<Json, AskError> {
        self.ask(path, accept, MAX_ANSWER).await.map(|said| said.json)
    }

    /// Asks for JSON that takes up no more than this.
    pub async fn get_within(&self, path: &str, most: usize) -> Result<Said, AskError> {
        self.ask(path, "application/json", most.min(MAX_ANSWER)).await
    }

    async fn ask(&self, path: &str, accept: &str, most: usize) -> Result<Said, AskError> {
        if path.len() > MAX_PATH {
            return Err(AskError::TooLong { length: path.len(), url: self.url.clone() });
        }
        let slow = || AskError::Slow { url: self.url.clone() };
        let waited = Duration::from_millis(self.waited.load(Ordering::Relaxed));
        let left = PATIENCE.checked_sub(waited).filter(|left| !left.is_zero()).ok_or_else(slow)?;
        let begun = Instant::now();
        let answer = timeout(left.min(LIMIT), self.exchange(path, accept, most)).await;
        let took = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.waited.fetch_add(took, Ordering::Relaxed);
        let late = |_| match left < LIMIT {
            true => slow(),
            false => self.transport(path, "context deadline exceeded".to_owned()),
        };
        answer.map_err(late)?
    }

    async fn exchange(&self, path: &str, accept: &str, most: usize) -> Result<Said, AskError> {
        let request = Request::get(path).header(ACCEPT, accept).body(Body::empty());
        let request = request.map_err(|error| self.transport(path, error.to_string()))?;
        let response = match self.client.send(request).await {
            Ok(response) => response,
            Err(error) => return Err(self.transport(path, self.explain(&error).await)),
        };
        let (head, body) = response.into_parts();
        let text = self.read(path, body, most).await?;
        if !head.status.is_success() {
            return Err(refused(head.status.as_u16(), &head.headers, &text));
        }
        let size = text.len().saturating_add(values(&text).saturating_mul(VALUE));
        if size > most {
            return Err(AskError::TooLarge { path: path.to_owned(), most });
        }
        let json = serde_json::from_slice(&text)
            .map_err(|error| AskError::Unreadable { path: path.to_owned(), reason: error.to_string() })?;
        Ok(Said { json, size })
    }

    /// The body, copied together: a server may send it in parts of one byte, each of which takes up more than that.
    async fn read(&self, path: &str, mut body: Body, most: usize) -> Result<Vec<u8>, AskError> {
        let mut text = Vec::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| self.transport(path, error.to_string()))?;
            let part = frame.into_data().unwrap_or_default();
            if text.len().saturating_add(part.len()) > most {
                return Err(AskError::TooLarge { path: path.to_owned(), most });
            }
            text.extend_from_slice(&part);
        }
        Ok(text)
    }

    fn transport(&self, path: &str, reason: String) -> AskError {
        AskError::Transport { url: format!("{}{path}", self.url), reason }
    }

    /// The words of Go's `net/http` for a connection that did not come about.
    async fn explain(&self, error: &kube::Error) -> String {
        let mut next: Option<&(dyn std::error::Error + 'static)> = Some(error);
        let mut last = error.to_string();
        if let Some(words) = credentials::words(error, None) {
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
        match &self.proxy {
            _ if last.contains("lookup address") => self.dialled(&last).await,
            Some(proxy) if PROXYING.iter().any(|start| last.starts_with(start)) => {
                format!("the proxy {proxy} gives no way to it ({last}); look at proxy-url and HTTPS_PROXY")
            }
            _ => last,
        }
    }

    /// Go's words for the server, or the proxy on the way to it, that cannot be connected to.
    async fn dialled(&self, reason: &str) -> String {
        match &self.proxy {
            Some(proxy) => format!("proxyconnect tcp: {}", dialled(proxy, reason).await),
            None => dialled(&self.url, reason).await,
        }
    }
}

async fn dialled(url: &str, reason: &str) -> String {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = authority.split('/').next().unwrap_or_default();
    let authority = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let port = if url.starts_with("https") { 443 } else { 80 };
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

/// Errors of TLS come in several wraps of the same kind.
fn innermost(error: &io::Error) -> &io::Error {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<io::Error>());
    inner.map_or(error, innermost)
}

/// The values of a JSON text and a few more, without building them: each follows a bracket or a comma.
fn values(text: &[u8]) -> usize {
    let (mut count, mut quoted, mut escaped) = (1, false, false);
    for byte in text {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = quoted,
            b'"' => quoted = !quoted,
            b'[' | b'{' | b',' if !quoted => count += 1,
            _ => {}
        }
    }
    count
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
    use super::*;

    #[test]
    fn values_are_counted_outside_of_texts() {
        let cases = [("1", 1), ("[]", 2), (r#"{"a,[": "\\\",{"}"#, 2), (r#"[1, "a\\", {"b": [2]}]"#, 6)];
        for (text, count) in cases {
            assert_eq!(values(text.as_bytes()), count, "{text}");
        }
    }
}
