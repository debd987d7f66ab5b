//! What is said to a server turned into pieces: lines, and the pack that follows them.

use super::error::Fault;
use super::pack_stream::PackStream;

/// What is said after the advertisement.
pub struct Body<'r> {
    lines: Option<Vec<u8>>,
    pack: Option<PackStream<'r>>,
}

impl<'r> Body<'r> {
    /// Lines alone, or followed by a pack.
    pub fn new(lines: Vec<u8>, pack: Option<PackStream<'r>>) -> Body<'r> {
        Body { lines: Some(lines), pack }
    }

    /// The next piece; nothing at the end.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        match (self.lines.take(), &mut self.pack) {
            (Some(lines), _) => Ok(Some(lines)),
            (None, Some(pack)) => pack.next(),
            (None, None) => Ok(None),
        }
    }
}
