//! What comes from a server turned into packets; an answer that did not come, into what it said instead.

use tokio::io::{AsyncRead, BufReader};

use super::super::advertisement::refusal;
use super::super::error::Fault;
use super::super::pkt_line::Packets;

/// What comes from a server.
pub type Source = Box<dyn AsyncRead + Send + Unpin>;
/// What a server answers.
pub type Answer = Packets<BufReader<Source>>;

/// Bytes that are read at once.
const BUFFER: usize = 64 << 10;

/// Reads from there.
pub fn answer(source: Source) -> Answer {
    Packets::new(BufReader::with_capacity(BUFFER, source))
}

/// A server that ends without an answer has said why on another way.
pub fn with_words(fault: Fault, words: &str) -> Fault {
    match fault {
        Fault::Ended(_) | Fault::NotGit(_) if !words.is_empty() => refusal(words),
        fault => fault,
    }
}
