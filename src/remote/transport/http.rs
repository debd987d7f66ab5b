//! An address of the web turned into one question and one request to the git program behind it (gitprotocol-http, "Smart Clients").

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, Method, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Full, StreamBody};
use hyper::body::{Body as _, Frame, Incoming};
use hyper::ext::ReasonPhrase;
use rustls::ClientConfig;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::pull::address::Address;
use crate::pull::http::client::keeps_credentials;
use crate::pull::http::connect::{Connection, connect};
use crate::pull::http::exchange::Exchange;
use crate::pull::http::fault::Cause;
use crate::pull::http::send::status_text;
use crate::pull::http::tls;

use super::super::advertisement::Advertisement;
use super::super::body::Body;
use super::super::credentials::way_out;
use super::super::error::Fault;
use super::super::settings::{Login, Remote};
use super::super::silence::Watch;
use super::super::words::Words;
use super::answer::{Answer, answer};
use super::service::Service;

/// git follows as many (http.c, `CURLOPT_MAXREDIRS`), and only those of the first question (`http.followRedirects=initial`).
const MAX_REDIRECTS: usize = 20;
/// A request up to this size says its length; a larger one comes in chunks, which not every proxy takes (git's
/// `http.postBuffer`).
const POST_BUFFER: usize = 1 << 20;
/// Bytes of an error page that are read, to show its first and last words: more than any is long that a person wrote.
const MAX_PAGE: usize = 8 << 20;
/// Pieces that wait for the network.
const PIECES: usize = 2;

type Payload = UnsyncBoxBody<Bytes, io::Error>;

/// A server that has shown what it has.
pub struct Http<'r> {
    remote: &'r Remote,
    service: Service,
    /// Where it was in the end.
    base: Address,
    tls: std::sync::Arc<ClientConfig>,
    authorization: Option<HeaderValue>,
    exchange: Exchange<Payload>,
    watch: Watch,
}

/// Asks what the server has.
pub async fn begin<'r>(
    remote: &'r Remote,
    address: &Address,
    service: Service,
    (authorization, watch): (Option<String>, &Watch),
) -> Result<(Http<'r>, Advertisement), Fault> {
    let tls = tls::configure(&remote.trust).map_err(|error| Fault::Settings(error.to_string()))?;
    let mut authorization = header(authorization)?;
    let tail = format!("/info/refs?service={}", service.name());
    let mut at = asked(address, &tail)?;
    for _ in 0..=MAX_REDIRECTS {
        let mut exchange = open(remote, &at, &tls, watch).await?;
        let mut headers = headers(authorization.as_ref());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        let sent = exchange.send(Method::GET, &at, &headers, empty()).await;
        let response = sent.map_err(|cause| fault(cause, remote))?;
        if let Some(next) = redirect(&at, &response)? {
            if !keeps_credentials(address, &next) {
                authorization = None;
            }
            at = next;
            continue;
        }
        let wanted = format!("application/x-{}-advertisement", service.name());
        let response = accepted(response, &wanted, &remote.login).await?;
        let mut source = answer(Box::new(Content::of(response)));
        let shown = Advertisement::read(&mut source, Some(service.name())).await?;
        finish(source).await;
        let (base, watch) = (base(&at, &tail)?, watch.clone());
        return Ok((Http { remote, service, base, tls, authorization, exchange, watch }, shown));
    }
    Err(Fault::Settings(format!(
        "it leads from one address to the next, {MAX_REDIRECTS} times; look at the address"
    )))
}

fn asked(address: &Address, tail: &str) -> Result<Address, Fault> {
    let text = format!("{}://{}{}{tail}", address.scheme, address.host, address.path);
    Address::parse(&text).map_err(|error| Fault::Settings(error.to_string()))
}

/// Reads the end, so that the connection can be used again; where more follows, it is not.
async fn finish(mut source: Answer) {
    let _ = source.next().await;
}

async fn open(
    remote: &Remote,
    at: &Address,
    tls: &std::sync::Arc<ClientConfig>,
    watch: &Watch,
) -> Result<Exchange<Payload>, Fault> {
    let connected = timeout(remote.connect_timeout, connect(at, &remote.proxies, tls)).await;
    let connected = connected.map_err(|_| Fault::ConnectTimeout(remote.connect_timeout))?;
    let Connection { stream, forwarded } = connected.map_err(|cause| fault(cause, remote))?;
    let stream = Box::new(watch.over(stream));
    Exchange::open(Connection { stream, forwarded }).await.map_err(|cause| fault(cause, remote))
}

/// Where the repository is, after redirects: what is left when the question is taken away.
fn base(at: &Address, tail: &str) -> Result<Address, Fault> {
    let path =
        at.path.strip_suffix("/info/refs").filter(|_| tail.ends_with(at.query.as_deref().unwrap_or("-")));
    let moved = || {
        Fault::Settings(format!(
            "it leads to {}, which is no repository; look at the address",
            at.without_credentials()
        ))
    };
    Ok(at.with_path(path.ok_or_else(moved)?).without_query())
}

fn header(authorization: Option<String>) -> Result<Option<HeaderValue>, Fault> {
    let Some(text) = authorization else { return Ok(None) };
    let no_header = |_| Fault::Settings("the login holds characters that no header can carry".to_owned());
    let mut value = HeaderValue::from_str(&text).map_err(no_header)?;
    value.set_sensitive(true);
    Ok(Some(value))
}

fn headers(authorization: Option<&HeaderValue>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT, HeaderValue::from_static("*/*"));
    if let Some(value) = authorization {
        headers.insert(AUTHORIZATION, value.clone());
    }
    headers
}

fn redirect(at: &Address, response: &Response<Incoming>) -> Result<Option<Address>, Fault> {
    if !response.status().is_redirection() {
        return Ok(None);
    }
    let Some(location) = response.headers().get(LOCATION) else { return Ok(None) };
    let location = String::from_utf8_lossy(location.as_bytes());
    let next = at.join(&location).map_err(|error| Fault::Protocol(error.to_string()))?;
    match (&*next.scheme, at.scheme == "https") {
        ("https", _) | ("http", false) if next.credentials().is_none() => Ok(Some(next)),
        _ => Err(Fault::Settings(format!("it leads to {}, where nobody goes", next.without_credentials()))),
    }
}

/// An answer that is what was asked for; else why not.
async fn accepted(
    response: Response<Incoming>,
    wanted: &str,
    login: &Login,
) -> Result<Response<Incoming>, Fault> {
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE).map(|kind| String::from_utf8_lossy(kind.as_bytes()));
    let kind = kind.map(|kind| kind.split(';').next().unwrap_or_default().trim().to_lowercase());
    let kind = kind.unwrap_or_default();
    if status == StatusCode::OK {
        return match kind == wanted {
            true => Ok(response),
            false => Err(Fault::NotGit(format!(
                "the answer is of the kind {:?}",
                super::super::words::clean(&kind)
            ))),
        };
    }
    let text = status_text(status, response.extensions().get::<ReasonPhrase>());
    let words = if kind == "text/plain" { page(response).await } else { String::new() };
    let with_words = || if words.is_empty() { text.clone() } else { format!("{text}: {words}") };
    Err(match status.as_u16() {
        401 => Fault::Login { way_out: way_out(login), words },
        403 => Fault::Forbidden { way_out: way_out(login), words },
        404 | 410 => Fault::NotFound(words),
        408 | 429 | 500..=599 => Fault::Busy(with_words()),
        _ => Fault::Refused(with_words()),
    })
}

/// The words of an error page.
async fn page(response: Response<Incoming>) -> String {
    let mut words = Words::default();
    let (mut body, mut count) = (response.into_body(), 0);
    while let Some(Ok(frame)) = body.frame().await {
        let data = frame.into_data().unwrap_or_default();
        words.add(&data);
        count += data.len();
        if count > MAX_PAGE {
            break;
        }
    }
    words.shown()
}

fn fault(cause: Cause, remote: &Remote) -> Fault {
    match cause {
        Cause::Ended => Fault::Ended(String::new()),
        Cause::Tls(text) => Fault::Certificate(text),
        Cause::NoTls => Fault::NotGit("it speaks http, not https".to_owned()),
        Cause::Malformed(text) => Fault::NotGit(text),
        Cause::ProxyScheme(_) | Cause::Scheme(_) | Cause::NoHost => Fault::Settings(cause.to_string()),
        Cause::Timeout => Fault::ConnectTimeout(remote.connect_timeout),
        cause => Fault::Unreachable(cause.to_string()),
    }
}

impl Http<'_> {
    /// Sends the request, and reads the answer while it is being sent.
    pub async fn ask<T>(
        mut self: Box<Self>,
        mut body: Body<'_>,
        read: impl AsyncFnOnce(&mut Answer) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if !self.exchange.is_ready().await {
            self.exchange = open(self.remote, &self.base, &self.tls, &self.watch).await?;
        }
        let (start, whole) = beginning(&mut body)?;
        if whole {
            return self.send(Full::from(start).map_err(|never| match never {}).boxed_unsync(), read).await;
        }
        let (pieces, queue) = mpsc::channel(PIECES);
        let payload = StreamBody::new(Queue(queue)).boxed_unsync();
        let (fed, result) = tokio::join!(feed(start, body, pieces), self.send(payload, read));
        fed.and(result)
    }

    async fn send<T>(
        &mut self,
        payload: Payload,
        read: impl AsyncFnOnce(&mut Answer) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let name = self.service.name();
        let address = self.base.with_path(&format!("{}/{name}", self.base.path));
        let mut headers = headers(self.authorization.as_ref());
        for (header, end) in [(CONTENT_TYPE, "request"), (ACCEPT, "result")] {
            insert(&mut headers, header, &format!("application/x-{name}-{end}"));
        }
        let sent = self.exchange.send(Method::POST, &address, &headers, payload).await;
        let response = sent.map_err(|cause| fault(cause, self.remote))?;
        let response =
            accepted(response, &format!("application/x-{name}-result"), &self.remote.login).await?;
        let mut source = answer(Box::new(Content::of(response)));
        read(&mut source).await
    }
}

fn insert(headers: &mut HeaderMap, name: HeaderName, text: &str) {
    if let Ok(value) = HeaderValue::from_str(text) {
        headers.insert(name, value);
    }
}

fn empty() -> Payload {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

/// The first pieces, and whether they are all.
fn beginning(body: &mut Body<'_>) -> Result<(Vec<u8>, bool), Fault> {
    let mut start = Vec::new();
    while start.len() <= POST_BUFFER {
        match body.next()? {
            Some(piece) => start.extend_from_slice(&piece),
            None => return Ok((start, true)),
        }
    }
    Ok((start, false))
}

/// Gives the pieces to the request; one that could not be made breaks it off, so that the server takes nothing of it.
async fn feed(
    start: Vec<u8>,
    mut body: Body<'_>,
    pieces: mpsc::Sender<io::Result<Bytes>>,
) -> Result<(), Fault> {
    let mut piece = Ok(Some(start));
    loop {
        match piece {
            Ok(Some(bytes)) => {
                if pieces.send(Ok(bytes.into())).await.is_err() {
                    // nobody listens any more: the answer says why
                    return Ok(());
                }
            }
            Ok(None) => return Ok(()),
            Err(fault) => {
                let _ = pieces.send(Err(io::ErrorKind::InvalidData.into())).await;
                return Err(fault);
            }
        }
        piece = body.next();
    }
}

/// Pieces that wait for the network.
struct Queue(mpsc::Receiver<io::Result<Bytes>>);

impl futures::Stream for Queue {
    type Item = io::Result<Frame<Bytes>>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

/// The content of an answer, as a stream.
struct Content {
    body: Incoming,
    rest: Bytes,
}

impl Content {
    fn of(response: Response<Incoming>) -> Content {
        Content { body: response.into_body(), rest: Bytes::new() }
    }
}

impl AsyncRead for Content {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_frame(cx)) {
                None => return Poll::Ready(Ok(())),
                Some(Err(error)) => return Poll::Ready(Err(io::Error::other(error))),
                Some(Ok(frame)) => self.rest = frame.into_data().unwrap_or_default(),
            }
        }
        let count = self.rest.len().min(buffer.remaining());
        buffer.put_slice(&self.rest.split_to(count));
        Poll::Ready(Ok(()))
    }
}
