//! Two streams to a git program turned into a request and its answer.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::super::body::Body;
use super::super::error::Fault;
use super::super::pkt_line::FLUSH;
use super::super::silence;
use super::super::words::Words;
use super::answer::{Answer, with_words};

/// How long the last words of a program are waited for, once it has closed its output.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How long a program is given to end by itself.
const FAREWELL: Duration = Duration::from_secs(5);

/// A program that serves a repository, somewhere.
pub struct Stream {
    pub answer: Answer,
    pub sink: Box<dyn AsyncWrite + Send + Unpin>,
    pub errors: Errors,
    /// Ends the program, or the connection to it, when it is dropped.
    pub _guard: Box<dyn Send>,
}

/// What a program says beside its answer, collected by a task.
pub struct Errors {
    pub words: Collected,
    pub task: JoinHandle<()>,
}

/// Words that a task adds to.
#[derive(Clone, Default)]
pub struct Collected(Arc<Mutex<Words>>);

impl Collected {
    pub fn add(&self, piece: &[u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).add(piece);
    }

    fn shown(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).shown()
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Stream {
    /// What the program said beside its answer, after it ended its answer.
    pub async fn last_words(&mut self) -> String {
        let _ = timeout(LAST_WORDS, &mut self.errors.task).await;
        self.errors.words.shown()
    }

    /// A server that has answered may stop listening: what it said counts, not that the rest could not be sent.
    pub async fn ask<T>(
        mut self: Box<Self>,
        body: Body<'_>,
        read: impl AsyncFnOnce(&mut Answer) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let Stream { answer, sink, .. } = &mut *self;
        let (sent, result) = tokio::join!(send(sink, body), read(answer));
        match (sent, result) {
            (_, Ok(result)) => {
                self.end().await;
                Ok(result)
            }
            // what is wrong on this side is why the other side heard too little
            (Err(fault), Err(Fault::Ended(_))) if !matches!(fault, Fault::Ended(_)) => Err(fault),
            (_, Err(fault)) => Err(with_words(fault, &self.last_words().await)),
        }
    }

    /// Says that there is nothing to say.
    pub async fn leave(mut self: Box<Self>) {
        if self.sink.write_all(FLUSH).await.is_ok() {
            self.end().await;
        }
    }

    /// Lets the program end: hooks that run after a push belong to it.
    async fn end(&mut self) {
        let _ = self.sink.shutdown().await;
        let _ = timeout(FAREWELL, &mut self.errors.task).await;
    }
}

async fn send(sink: &mut (impl AsyncWrite + Unpin), mut body: Body<'_>) -> Result<(), Fault> {
    let failed = |error: std::io::Error| silence::fault(&error);
    while let Some(piece) = body.next()? {
        sink.write_all(&piece).await.map_err(failed)?;
    }
    sink.flush().await.map_err(failed)
}
