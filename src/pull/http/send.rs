//! One request on one connection turned into the whole answer, or the first fault.

use bytes::Bytes;
use http::header::{AUTHORIZATION, HOST, HeaderName, HeaderValue, LOCATION, PROXY_AUTHORIZATION, USER_AGENT};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;
use tokio::time::{Instant, timeout_at};

use super::super::address::Address;
use super::connect::{Connection, Forwarded, basic};
use super::fault::{BodyFault, Cause, Fault, system};

/// What the head of an answer may hold, in bytes. Registries send long challenges; no server sends this much.
const MAX_HEAD: usize = 64 << 10;

/// Who asks, in every request.
const AGENT: &str = concat!("promgit/", env!("CARGO_PKG_VERSION"));

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
    _driver: Driver,
}

/// Ends the connection with the answer.
struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
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
    let Connection { stream, forwarded } = connection;
    let request = request(address, headers, forwarded)?;
    let (mut sender, driver) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake::<_, Empty<Bytes>>(TokioIo::new(stream))
        .await
        .map_err(|error| explain(&error))?;
    let driver = Driver(tokio::spawn(async move {
        // What goes wrong is told to whoever waits for the answer.
        let _ = driver.await;
    }));
    let response = sender.send_request(request).await.map_err(|error| explain(&error))?;
    let (parts, body) = response.into_parts();
    let status = parts.status;
    let words = parts.extensions.get::<ReasonPhrase>();
    let words = words.map(|words| String::from_utf8_lossy(words.as_bytes()).into_owned());
    let words = words.unwrap_or_else(|| status.canonical_reason().unwrap_or_default().to_owned());
    let status_text = format!("{} {words}", status.as_u16()).trim_end().to_owned();
    Ok(Head { status, status_text, headers: parts.headers, body, _driver: driver })
}

fn request(
    address: &Address,
    headers: &HeaderMap,
    forwarded: Option<Forwarded>,
) -> Result<Request<Empty<Bytes>>, Cause> {
    let target = match &forwarded {
        Some(_) => format!("{}://{}{}", address.scheme, address.host, address.target()),
        None => address.target(),
    };
    let malformed = |error: http::Error| Cause::Malformed(error.to_string());
    let mut request = Request::get(target).body(Empty::new()).map_err(malformed)?;
    *request.headers_mut() = headers.clone();
    set(&mut request, HOST, &address.host)?;
    set(&mut request, USER_AGENT, AGENT)?;
    if let Some(authorization) = forwarded.and_then(|forwarded| forwarded.authorization) {
        set(&mut request, PROXY_AUTHORIZATION, &authorization)?;
    }
    if let (Some((user, password)), false) = (address.credentials(), headers.contains_key(AUTHORIZATION)) {
        set(&mut request, AUTHORIZATION, &basic(&user, &password))?;
    }
    Ok(request)
}

fn set(request: &mut Request<Empty<Bytes>>, name: HeaderName, text: &str) -> Result<(), Cause> {
    let value = HeaderValue::from_str(text);
    let value = value.map_err(|_| Cause::Malformed(format!("{name} cannot be sent")))?;
    request.headers_mut().insert(name, value);
    Ok(())
}

fn explain(error: &hyper::Error) -> Cause {
    use std::error::Error as _;
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return Cause::Ended;
    }
    let io = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    match io {
        Some(io) => match super::fault::tls(io) {
            Cause::Io(_) => Cause::Io(system(io)),
            cause => cause,
        },
        None => Cause::Malformed(error.to_string()),
    }
}

/// The beginning of a question: what is wrong with it names the address.
pub fn fault(address: &Address) -> impl Fn(Cause) -> Fault + '_ {
    |cause| Fault::Get { address: address.to_string(), cause: Box::new(cause) }
}
