//! A connection turned into requests and their answers, one after the other.

use bytes::Bytes;
use http::{HeaderMap, Method, Response};
use hyper::body::{Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;

use super::super::address::Address;
use super::connect::{Connection, Forwarded};
use super::fault::{self, Cause, system};
use super::request::request;

/// What the head of an answer may hold, in bytes. Registries send long challenges; no server sends this much.
const MAX_HEAD: usize = 64 << 10;

/// A connection that carries one request at a time. It ends when this is dropped, an unread answer with it.
pub struct Exchange<B> {
    sender: SendRequest<B>,
    forwarded: Option<Forwarded>,
    _driver: Driver,
}

/// Ends the connection.
struct Driver(tokio::task::JoinHandle<()>);

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl<B> Exchange<B>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    /// Makes an exchange of a connection.
    pub async fn open(connection: Connection) -> Result<Self, Cause> {
        let Connection { stream, forwarded } = connection;
        let (sender, driver) = http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(|error| explain(&error))?;
        let driver = Driver(tokio::spawn(async move {
            // what goes wrong is told to whoever waits for the answer
            let _ = driver.await;
        }));
        Ok(Exchange { sender, forwarded, _driver: driver })
    }

    /// Waits until the last answer is read; false when the server has ended the connection.
    pub async fn is_ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Sends a request and waits for the head of its answer.
    pub async fn send(
        &mut self,
        method: Method,
        address: &Address,
        headers: &HeaderMap,
        body: B,
    ) -> Result<Response<Incoming>, Cause> {
        let request = request(method, address, headers, self.forwarded.as_ref(), body)?;
        self.sender.send_request(request).await.map_err(|error| explain(&error))
    }
}

fn explain(error: &hyper::Error) -> Cause {
    use std::error::Error as _;
    if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
        return Cause::Ended;
    }
    let io = error.source().and_then(|source| source.downcast_ref::<std::io::Error>());
    match io {
        Some(io) => match fault::tls(io) {
            Cause::Io(_) => Cause::Io(system(io)),
            cause => cause,
        },
        None => Cause::Malformed(error.to_string()),
    }
}
