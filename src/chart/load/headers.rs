//! A tar stream to the same stream, broken off where a name or extended header is longer than Go reads one.
//!
//! The tar library reads such a header whole, however long the archive says that it is.

use std::io::{self, Read};

use tar::{EntryType, Header, PaxExtensions};

/// Bytes of a long name or of extended headers (`maxSpecialFileSize` of Go's `archive/tar`).
const MAX_SPECIAL: u64 = 1 << 20;

const BLOCK: usize = 512;

/// Where an extended header of an old sparse file says that another follows.
const MORE_SPARSE: usize = 504;

/// Follows the blocks of a stream.
pub struct Headers<R> {
    inner: R,
    /// The block, or the extended headers, being read.
    seen: Vec<u8>,
    state: State,
    /// What an extended header said the size of the next entry is.
    size: Option<u64>,
}

enum State {
    Header,
    /// Another block of a sparse file's map, then so many bytes of contents.
    Sparse(u64),
    /// Extended headers of so many bytes, then the rest of their block.
    Extended(u64),
    /// Contents to pass over.
    Contents(u64),
}

impl<R: Read> Headers<R> {
    pub fn new(inner: R) -> Self {
        Headers { inner, seen: Vec::with_capacity(BLOCK), state: State::Header, size: None }
    }

    fn look(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let wanted = match self.state {
                State::Contents(left) => {
                    let passed = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = &bytes[passed..];
                    self.pass(left - passed as u64);
                    continue;
                }
                State::Extended(size) => padded(size) as usize,
                State::Header | State::Sparse(_) => BLOCK,
            };
            let taken = (wanted - self.seen.len()).min(bytes.len());
            self.seen.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if self.seen.len() == wanted {
                let seen = std::mem::take(&mut self.seen);
                self.whole(&seen)?;
            }
        }
        Ok(())
    }

    fn pass(&mut self, left: u64) {
        self.state = if left == 0 { State::Header } else { State::Contents(left) };
    }

    /// A header, a map or extended headers are complete.
    fn whole(&mut self, seen: &[u8]) -> io::Result<()> {
        match self.state {
            State::Header => self.header(Header::from_byte_slice(seen))?,
            State::Sparse(size) if seen[MORE_SPARSE] == 0 => self.pass(size),
            State::Extended(size) => {
                self.size = size_in(&seen[..size as usize]);
                self.state = State::Header;
            }
            State::Sparse(_) | State::Contents(_) => {}
        }
        Ok(())
    }

    fn header(&mut self, header: &Header) -> io::Result<()> {
        if header.as_bytes().iter().all(|byte| *byte == 0) {
            return Ok(());
        }
        let kind = header.entry_type();
        let size = header.entry_size()?;
        let is_name = matches!(kind, EntryType::GNULongName | EntryType::GNULongLink);
        let is_extended = matches!(kind, EntryType::XHeader | EntryType::XGlobalHeader);
        if (is_name || is_extended) && size > MAX_SPECIAL {
            return Err(io::Error::other("archive/tar: header field too long"));
        }
        if kind == EntryType::XHeader && size > 0 {
            self.state = State::Extended(size);
            return Ok(());
        }
        let size = if is_name || is_extended { size } else { self.size.take().unwrap_or(size) };
        let size = padded(size);
        match header.as_gnu() {
            Some(gnu) if kind == EntryType::GNUSparse && gnu.is_extended() => {
                self.state = State::Sparse(size)
            }
            _ => self.pass(size),
        }
        Ok(())
    }
}

/// Whole blocks.
fn padded(size: u64) -> u64 {
    size.div_ceil(BLOCK as u64).saturating_mul(BLOCK as u64)
}

fn size_in(records: &[u8]) -> Option<u64> {
    let mut records = PaxExtensions::new(records).map_while(Result::ok);
    records.find(|record| record.key() == Ok("size"))?.value().ok()?.parse().ok()
}

impl<R: Read> Read for Headers<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.look(&buffer[..read])?;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str, kind: EntryType, size: u64) -> Vec<u8> {
        let mut header = Header::new_gnu();
        header.set_path(name).unwrap();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_cksum();
        header.as_bytes().to_vec()
    }

    fn read(stream: &[u8]) -> io::Result<usize> {
        Headers::new(stream).read_to_end(&mut Vec::new())
    }

    #[test]
    fn long_names_are_refused_and_long_files_are_not() {
        let contents = vec![b'x'; 3 << 20];
        let file = [header("a", EntryType::Regular, 3 << 20), contents.clone()].concat();
        assert_eq!(read(&file).unwrap(), file.len());
        for kind in [EntryType::GNULongName, EntryType::XHeader, EntryType::XGlobalHeader] {
            let name = [file.clone(), header("b", kind, 3 << 20), contents.clone()].concat();
            assert_eq!(read(&name).unwrap_err().to_string(), "archive/tar: header field too long");
        }
    }

    #[test]
    fn a_size_in_an_extended_header_counts() {
        let mut records = b"16 size=1048576\n".to_vec();
        records.resize(512, 0);
        let long = header("b", EntryType::GNULongName, 3 << 20);
        let mut contents = long.clone();
        contents.resize(1 << 20, 0);
        let hidden =
            [header("x", EntryType::XHeader, 16), records, header("a", EntryType::Regular, 0), contents]
                .concat();
        assert_eq!(read(&hidden).unwrap(), hidden.len(), "what looks like a header is contents");
        assert!(read(&[hidden, long].concat()).is_err());
    }
}
