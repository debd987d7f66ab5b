//! One request on one connection turned into the whole answer, or the first fault.

use bytes::Bytes;
use http::header::LOCATION;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::ext::ReasonPhrase;
use tokio::time::{Instant, timeout_at};

use super::super::address::Address;
use super::connect::Connection;
use super::exchange::Exchange;
use super::fault::{BodyFault, Cause, Fault};

/// How much of an answer is taken, and what it is called when it is too much.
#[derive(Clone, Copy, Debug)]
pub struct Limit {
    pub bytes: usize,
    pub what: &'static str,
}

/// The beginning of an answer.
pub struct Head {
    pub status: StatusCode,
    /// `404 Not Found`, in the server's words.
    pub status_text: String,
    pub headers: HeaderMap,
    body: Incoming,
    /// The connection goes with the answer.
    _exchange: Exchange<Empty<Bytes>>,
}

impl Head {
    /// Where a redirect leads, if this is one (Go `redirectBehavior`).
    pub fn location(&self) -> Option<String> {
        const REDIRECTS: [u16; 5] = [301, 302, 303, 307, 308];
        let location = self.headers.get(LOCATION).filter(|_| REDIRECTS.contains(&self.status.as_u16()))?;
        Some(String::from_utf8_lossy(location.as_bytes()).into_owned()).filter(|text| !text.is_empty())
    }

    /// The body, whole.
    pub async fn body(
        mut self,
        address: &Address,
        limit: Limit,
        deadline: Instant,
    ) -> Result<Vec<u8>, BodyFault> {
        let mut bytes = Vec::new();
        loop {
            let frame = timeout_at(deadline, self.body.frame()).await.map_err(|_| BodyFault::Timeout)?;
            let Some(frame) = frame else { break };
            let frame = frame.map_err(|_| BodyFault::Truncated)?;
            let Ok(data) = frame.into_data() else { continue };
            if bytes.len() + data.len() > limit.bytes {
                let Limit { bytes: limit, what } = limit;
                return Err(BodyFault::TooLarge { address: address.to_string(), what, limit });
            }
            bytes.extend_from_slice(&data);
        }
        Ok(bytes)
    }
}

/// Sends a GET and waits for the head of the answer.
pub async fn get(connection: Connection, address: &Address, headers: &HeaderMap) -> Result<Head, Cause> {
    let mut exchange = Exchange::open(connection).await?;
    let response = exchange.send(Method::GET, address, headers, Empty::new()).await?;
    let (parts, body) = response.into_parts();
    let status = parts.status;
    let status_text = status_text(status, parts.extensions.get::<ReasonPhrase>());
    Ok(Head { status, status_text, headers: parts.headers, body, _exchange: exchange })
}

/// `404 Not Found`, in the server's words where it has some.
pub fn status_text(status: StatusCode, words: Option<&ReasonPhrase>) -> String {
    let words = words.map(|words| String::from_utf8_lossy(words.as_bytes()).into_owned());
    let words = words.unwrap_or_else(|| status.canonical_reason().unwrap_or_default().to_owned());
    format!("{} {words}", status.as_u16()).trim_end().to_owned()
}

/// The beginning of a question: what is wrong with it names the address.
pub fn fault(address: &Address) -> impl Fn(Cause) -> Fault + '_ {
    |cause| Fault::Get { address: address.to_string(), cause: Box::new(cause) }
}
