//! Packets of a server turned into data, what it tells the user, and its last word (gitprotocol-pack, "side-band").

use tokio::io::AsyncRead;

use super::advertisement::{refusal, unreadable};
use super::error::Fault;
use super::pkt_line::{Packet, Packets};
use super::words::Words;

const DATA: u8 = 1;
const PROGRESS: u8 = 2;
const FATAL: u8 = 3;

/// The next piece of data; nothing after the flush that ends it. What is for the user is added to the words.
pub async fn next(
    packets: &mut Packets<impl AsyncRead + Unpin>,
    words: &mut Words,
) -> Result<Option<Vec<u8>>, Fault> {
    loop {
        let mut line = match packets.next().await.map_err(unreadable)? {
            Some(Packet::Line(line)) => line,
            Some(Packet::Flush) => return Ok(None),
            None => return Err(Fault::Ended(words.shown())),
        };
        match line.first().copied() {
            Some(DATA) => {
                line.remove(0);
                return Ok(Some(line));
            }
            Some(PROGRESS) => words.add(&line[1..]),
            Some(FATAL) => {
                words.add(&line[1..]);
                return Err(refusal(&words.shown()));
            }
            Some(_) => {
                let text = format!("{}{}", words.shown(), String::from_utf8_lossy(&line));
                return Err(match line.strip_prefix(b"ERR ") {
                    Some(_) => refusal(&super::words::clean(&text)),
                    None => Fault::Protocol(format!("a packet has the side-band {}", line[0])),
                });
            }
            None => {}
        }
    }
}
