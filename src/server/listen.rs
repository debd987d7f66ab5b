//! An address turned into a server: bounded in connections, in header size and in time, drained when told to stop.
//!
//! What is served is small and the same for everybody, so the bounds are what keeps a stranger from costing the agent
//! memory; `axum::serve` has none of them.

use std::future::Future;
use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpListener};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpStream;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

/// Who asks is the kubelet and one or two Prometheus servers; the rest waits in the system's queue.
const MOST_CONNECTIONS: usize = 64;
/// A request of Prometheus or of a browser is below 4 KiB. hyper takes no less than 8 KiB.
const LARGEST_HEAD: usize = 16 * 1024;
/// From a connection, or the request before, to the end of a request's header.
const HEAD_TIME: Duration = Duration::from_secs(10);
/// A connection in all. Prometheus opens a new one without a word.
const LIFETIME: Duration = Duration::from_secs(600);
/// From the word to stop to the end of the last answer.
const GRACE: Duration = Duration::from_secs(2);
/// After an accept that failed for want of something (file descriptors) that others may give back.
const PAUSE: Duration = Duration::from_millis(200);

/// Why nothing can be served at an address.
#[derive(Debug, thiserror::Error)]
#[error("server.listen {address}: {reason}; {way_out} (--listen)")]
pub struct ListenError {
    address: SocketAddr,
    reason: io::Error,
    way_out: &'static str,
}

/// A socket that is bound, so that nothing else can take the address, and that nobody answers on yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
}

impl Server {
    /// Takes the address; port 0 takes a free one.
    pub fn bind(address: SocketAddr) -> Result<Self, ListenError> {
        let bind = || {
            let listener = TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            Ok(Server { address: listener.local_addr()?, listener })
        };
        bind().map_err(|reason| ListenError { address, way_out: way_out(&reason), reason })
    }

    /// Where it listens, with the real port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop`, then finishes what it is answering. Needs a runtime with input, output and time.
    pub async fn serve(self, pages: Router, stop: impl Future<Output = ()>) -> Result<(), ListenError> {
        let Server { listener, address } = self;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(|reason| ListenError {
            address,
            way_out: way_out(&reason),
            reason,
        })?;
        tracing::info!("serving /livez, /readyz and /metrics at http://{address}");
        let (stopping, stopped) = watch::channel(());
        let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
        let mut connections = JoinSet::new();
        let mut stop = pin!(stop);
        loop {
            tokio::select! {
                () = &mut stop => break,
                Some(_) = connections.join_next() => {}
                (stream, place) = accept(&listener, &places) => {
                    connections.spawn(converse(stream, pages.clone(), stopped.clone(), place));
                }
            }
        }
        drop((listener, stopping));
        // What is not done by then is cut off when the set is dropped.
        let _ = timeout(GRACE, async { while connections.join_next().await.is_some() {} }).await;
        Ok(())
    }
}

fn way_out(reason: &io::Error) -> &'static str {
    match reason.kind() {
        ErrorKind::AddrInUse => "stop the process that listens there, or choose another port",
        ErrorKind::PermissionDenied => "choose a port from 1024 on",
        ErrorKind::AddrNotAvailable => "this machine has no such address; 0.0.0.0 means all that it has",
        _ => "choose another address",
    }
}

/// The next connection for which there is a place.
async fn accept(listener: &tokio::net::TcpListener, places: &Arc<Semaphore>) -> (TcpStream, Place) {
    loop {
        let place = places.clone().acquire_owned().await.ok();
        match listener.accept().await {
            Ok((stream, _)) => return (stream, place),
            // The caller went away meanwhile.
            Err(error) if error.kind() == ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!("a connection cannot be accepted: {error}");
                sleep(PAUSE).await;
            }
        }
    }
}

/// Given back when the connection ends. None only if the semaphore were closed, which nobody does.
type Place = Option<OwnedSemaphorePermit>;

/// One connection from its first byte to its end. What goes wrong on it is the caller's concern.
async fn converse(stream: TcpStream, pages: Router, mut stopped: watch::Receiver<()>, _place: Place) {
    let mut builder = http1::Builder::new();
    builder.timer(TokioTimer::new()).header_read_timeout(HEAD_TIME).max_buf_size(LARGEST_HEAD);
    let connection = builder.serve_connection(TokioIo::new(stream), TowerToHyperService::new(pages));
    let mut connection = pin!(connection);
    tokio::select! {
        _ = connection.as_mut() => return,
        // Ends when the sender is dropped.
        _ = stopped.changed() => {}
        () = sleep(LIFETIME) => {}
    }
    connection.as_mut().graceful_shutdown();
    let _ = timeout(GRACE, connection).await;
}
