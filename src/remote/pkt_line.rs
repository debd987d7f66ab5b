//! Bytes turned into the packets that git's protocols are made of, and back (gitprotocol-common, "pkt-line Format").

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::words;

/// Bytes of a packet, with its length: the most that the protocol allows.
pub const MAX_PACKET: usize = 65_520;
const LENGTH: usize = 4;
/// The end of a list.
pub const FLUSH: &[u8] = b"0000";

/// One packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Packet {
    Flush,
    Line(Vec<u8>),
}

/// Bytes that are no packets.
#[derive(Debug, thiserror::Error)]
pub enum PacketError {
    #[error("a packet starts with {0:?}, which is no length")]
    Length(String),
    #[error("it ends in the middle of a packet")]
    CutOff,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads packets from a stream, and what follows them.
pub struct Packets<R> {
    stream: R,
}

impl<R: AsyncRead + Unpin> Packets<R> {
    pub fn new(stream: R) -> Self {
        Packets { stream }
    }

    /// The next packet; nothing at the end of the stream.
    pub async fn next(&mut self) -> Result<Option<Packet>, PacketError> {
        let mut length = [0; LENGTH];
        let got = fill(&mut self.stream, &mut length).await?;
        if got == 0 {
            return Ok(None);
        }
        if got < LENGTH {
            return Err(PacketError::CutOff);
        }
        let Some(length) = read_length(&length) else {
            return Err(PacketError::Length(words::clean(&String::from_utf8_lossy(&length))));
        };
        if length == 0 {
            return Ok(Some(Packet::Flush));
        }
        let mut line = vec![0; length - LENGTH];
        match fill(&mut self.stream, &mut line).await? == line.len() {
            true => Ok(Some(Packet::Line(line))),
            false => Err(PacketError::CutOff),
        }
    }

    /// The stream, at what follows the packets that were read.
    pub fn into_inner(self) -> R {
        self.stream
    }

    /// The stream itself.
    pub fn stream(&mut self) -> &mut R {
        &mut self.stream
    }
}

/// 0 for a flush, else 4 to [`MAX_PACKET`]. 1 to 3 belong to version 2, which is not spoken here.
fn read_length(digits: &[u8; LENGTH]) -> Option<usize> {
    if !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let length = usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()?;
    (length == 0 || (LENGTH..=MAX_PACKET).contains(&length)).then_some(length)
}

/// Reads until the buffer is full or the stream ends.
async fn fill(stream: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while got < buffer.len() {
        match stream.read(&mut buffer[got..]).await? {
            0 => break,
            count => got += count,
        }
    }
    Ok(got)
}

/// Appends a line; the lines that are written here are far below [`MAX_PACKET`].
pub fn push_line(out: &mut Vec<u8>, line: &[u8]) {
    out.extend_from_slice(format!("{:04x}", line.len() + LENGTH).as_bytes());
    out.extend_from_slice(line);
}

/// A line without the end that most senders give it.
pub fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\n").unwrap_or(line)
}
