//! A list of objects turned into the bytes of a pack, a piece at a time: never more than one object and one piece in memory.

use sha1::{Digest as _, Sha1};

use crate::git::oid::Kind;
use crate::git::pack::header;
use crate::git::pack_entry::EntryEncoder;
use crate::git::reader::ReadError;
use crate::git::{Oid, Reader};

use super::error::Fault;

/// Bytes that are collected into a piece.
const PIECE: usize = 64 << 10;

/// A pack that is being read out of the repository.
pub struct PackStream<'r> {
    reader: &'r Reader,
    objects: std::vec::IntoIter<Oid>,
    count: u32,
    state: State,
    hash: Sha1,
    encoder: EntryEncoder,
}

#[derive(PartialEq, Eq)]
enum State {
    Header,
    Objects,
    Done,
}

impl<'r> PackStream<'r> {
    /// A pack of these objects.
    pub fn new(reader: &'r Reader, objects: Vec<Oid>) -> PackStream<'r> {
        let count = u32::try_from(objects.len()).unwrap_or(u32::MAX);
        let (hash, encoder) = (Sha1::new(), EntryEncoder::default());
        PackStream { reader, objects: objects.into_iter(), count, state: State::Header, hash, encoder }
    }

    /// The next piece; nothing at the end.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Fault> {
        if self.state == State::Done {
            return Ok(None);
        }
        let mut piece = Vec::with_capacity(PIECE.min(1 << 10));
        if self.state == State::Header {
            piece.extend_from_slice(&header(self.count));
            self.state = State::Objects;
        }
        while piece.len() < PIECE {
            let Some(oid) = self.objects.next() else {
                self.hash.update(&piece);
                piece.extend_from_slice(&self.hash.finalize_reset());
                self.state = State::Done;
                return Ok(Some(piece));
            };
            self.append(oid, &mut piece)?;
        }
        self.hash.update(&piece);
        Ok(Some(piece))
    }

    fn append(&mut self, oid: Oid, piece: &mut Vec<u8>) -> Result<(), Fault> {
        let (kind, content) = match self.reader.object(oid) {
            // git knows it without having it
            Err(_) if oid == Oid::EMPTY_TREE => (Kind::Tree, Vec::new()),
            object => object.map_err(ReadError::from)?,
        };
        let packed = self.encoder.append(kind, &content, piece);
        packed.map_err(|error| Fault::Settings(format!("object {oid} cannot be compressed: {error}")))
    }
}
