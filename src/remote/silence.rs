//! A stream turned into one that fails when nothing comes or goes for too long.

use std::future::Future as _;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

use crate::pull::http::fault::system;

use super::error::Fault;

/// Looks after the streams of one conversation.
#[derive(Clone, Debug)]
pub struct Watch {
    limit: Duration,
    fired: Arc<AtomicBool>,
}

impl Watch {
    pub fn new(limit: Duration) -> Watch {
        Watch { limit, fired: Arc::default() }
    }

    /// The stream, looked after.
    pub fn over<S>(&self, stream: S) -> Watched<S> {
        let sleep = Box::pin(tokio::time::sleep(self.limit));
        Watched { stream, sleep, watch: self.clone() }
    }

    /// Whatever a silence led to, it is the silence that is told.
    pub fn explain(&self, fault: Fault) -> Fault {
        match self.fired.load(Ordering::Relaxed) {
            true => Fault::Silent(self.limit),
            false => fault,
        }
    }
}

/// A stream that is looked after.
pub struct Watched<S> {
    stream: S,
    sleep: Pin<Box<Sleep>>,
    watch: Watch,
}

impl<S> Watched<S> {
    /// A result that is there counts as life; else the time that is left is waited for.
    fn judge<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        let end = Instant::now() + self.watch.limit;
        if result.is_ready() {
            self.sleep.as_mut().reset(end);
            return result;
        }
        match self.sleep.as_mut().poll(cx) {
            Poll::Ready(()) => {
                self.watch.fired.store(true, Ordering::Relaxed);
                Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.stream).poll_read(cx, buffer);
        self.judge(cx, result)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.judge(cx, result)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // done at once by most streams, and again and again: it says nothing about the other side
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// An error of a stream that stood.
pub fn fault(error: &io::Error) -> Fault {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, Other, UnexpectedEof};
    match error.kind() {
        BrokenPipe | ConnectionAborted | ConnectionReset | Other | UnexpectedEof => {
            Fault::Ended(String::new())
        }
        _ => Fault::Unreachable(system(error)),
    }
}
