//! An address and credentials turned into an answer, redirects followed as Go's `net/http` follows them.
#![allow(clippy::disallowed_methods)] // the clock: nothing waits longer than the user allows

use std::sync::Arc;
use std::time::Duration;

use http::header::{AUTHORIZATION, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};
use rustls::ClientConfig;
use tokio::time::{Instant, timeout_at};

use super::super::address::{Address, AddressError};
use super::connect::{self, connect};
use super::fault::{Cause, Fault};
use super::proxy::Proxies;
use super::send::{self, Head, Limit};
use super::tls::{self, TlsError, Trust};

/// Go's `net/http` follows as many.
const MAX_REDIRECTS: usize = 10;

/// Asks servers; all questions together end at one time.
pub struct Client {
    tls: Arc<ClientConfig>,
    proxies: Proxies,
    deadline: Instant,
}

/// What is asked.
pub struct Question<'a> {
    pub address: &'a Address,
    pub headers: HeaderMap,
    pub limit: Limit,
    /// Credentials go to the same scheme, host and port only; otherwise to the same host and its subdomains, as
    /// Go does it.
    pub strict: bool,
}

/// A whole answer, of whatever status.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    /// `404 Not Found`
    pub status_text: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// Where it came from in the end.
    pub address: Address,
}

impl<'a> Question<'a> {
    pub fn new(address: &'a Address, limit: Limit) -> Self {
        Question { address, headers: HeaderMap::new(), limit, strict: false }
    }

    /// Adds a header; a text that no header can hold is left out.
    #[must_use]
    pub fn header(mut self, name: HeaderName, text: &str) -> Self {
        if let Ok(mut value) = HeaderValue::from_str(text) {
            value.set_sensitive(name == AUTHORIZATION);
            self.headers.insert(name, value);
        }
        self
    }

    /// Adds user and password.
    #[must_use]
    pub fn basic(self, user: &str, password: &str) -> Self {
        self.header(AUTHORIZATION, &connect::basic(user, password))
    }

    /// Credentials never leave the origin.
    #[must_use]
    pub fn strict(self) -> Self {
        Question { strict: true, ..self }
    }
}

impl Client {
    /// Reads the certificates. All questions end after `timeout` from now.
    pub fn new(trust: &Trust, proxies: Proxies, timeout: Duration) -> Result<Self, TlsError> {
        Ok(Client { tls: tls::configure(trust)?, proxies, deadline: Instant::now() + timeout })
    }

    /// Asks, and follows where it is sent.
    pub async fn get(&self, question: Question<'_>) -> Result<Answer, Fault> {
        let Question { address: first, mut headers, limit, strict } = question;
        let mut address = first.clone();
        for count in 0.. {
            let head = self.head(&address, &headers).await.map_err(send::fault(&address))?;
            let Some(location) = head.location() else {
                let Head { status, status_text, headers, .. } = &head;
                let (status, status_text, headers) = (*status, status_text.clone(), headers.clone());
                let body = head.body(&address, limit, self.deadline).await?;
                return Ok(Answer { status, status_text, headers, body, address });
            };
            let next = address.join(&location).map_err(|source| unreadable(&address, &location, source))?;
            if count >= MAX_REDIRECTS - 1 {
                let address = super::super::address::redact(&location);
                return Err(Fault::Get { address, cause: Box::new(Cause::Redirects(MAX_REDIRECTS)) });
            }
            if !keeps_credentials(first, &next) || (strict && !address.same_origin(&next)) {
                // For good: a way back does not bring them back.
                headers.remove(AUTHORIZATION);
            }
            address = next;
        }
        Err(Fault::Get { address: first.to_string(), cause: Box::new(Cause::Redirects(MAX_REDIRECTS)) })
    }

    async fn head(&self, address: &Address, headers: &HeaderMap) -> Result<Head, Cause> {
        let ask = async {
            let connection = connect(address, &self.proxies, &self.tls).await?;
            send::get(connection, address, headers).await
        };
        timeout_at(self.deadline, ask).await.unwrap_or(Err(Cause::Timeout))
    }

    /// Waits, but not beyond the end of all questions; false where there is no time left.
    pub async fn pause(&self, length: Duration) -> bool {
        let end = Instant::now() + length;
        if end >= self.deadline {
            return false;
        }
        tokio::time::sleep_until(end).await;
        true
    }
}

fn unreadable(address: &Address, location: &str, source: AddressError) -> Fault {
    let location = super::super::address::redact(location);
    Fault::Get { address: address.to_string(), cause: Box::new(Cause::Location { location, source }) }
}

/// The same host or one below it (Go `shouldCopyHeaderOnRedirect`); the port does not count. Other than in Go nothing is sent
/// in the clear that was sent over TLS.
pub fn keeps_credentials(first: &Address, next: &Address) -> bool {
    if first.scheme == "https" && next.scheme != "https" {
        return false;
    }
    let (parent, host) = (first.hostname(), next.hostname());
    if first.host == next.host || host == parent {
        return true;
    }
    !host.contains([':', '%']) && host.strip_suffix(&parent).is_some_and(|rest| rest.ends_with('.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_stay_with_the_host() {
        let keeps =
            |a: &str, b: &str| keeps_credentials(&Address::parse(a).unwrap(), &Address::parse(b).unwrap());
        assert!(keeps("http://a.b/x", "https://a.b:8443/y"));
        assert!(keeps("https://a.b", "https://c.a.b"));
        assert!(!keeps("https://a.b", "http://a.b"));
        assert!(!keeps("https://a.b", "https://ca.b"));
        assert!(!keeps("https://c.a.b", "https://a.b"));
        assert!(!keeps("https://a.b", "https://evil.example/a.b"));
    }
}
