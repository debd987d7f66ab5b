//! Turns object contents into git's SHA-1 object ids, and ids into text and back.

use std::fmt;
use std::str::FromStr;

use sha1::{Digest, Sha1};

/// The length of an id in bytes.
pub const OID_BYTES: usize = 20;
/// The length of an id in hexadecimal digits.
pub const OID_HEX: usize = 2 * OID_BYTES;
/// Digits shown where a person reads an id; git's own default for repositories of this size is 7 to 10.
const SHORT_HEX: usize = 10;

/// The id of an object of a SHA-1 repository.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Oid([u8; OID_BYTES]);

/// The four kinds of objects that a repository holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Commit,
    Tree,
    Blob,
    Tag,
}

/// Text that is no object id.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{text:?} is not an object id: it takes {OID_HEX} hexadecimal digits")]
pub struct OidError {
    pub text: String,
}

impl Oid {
    /// The id of the tree without entries.
    pub const EMPTY_TREE: Oid = Oid([
        0x4b, 0x82, 0x5d, 0xc6, 0x42, 0xcb, 0x6e, 0xb9, 0xa0, 0x60, 0xe5, 0x4b, 0xf8, 0xd6, 0x92, 0x88, 0xfb,
        0xee, 0x49, 0x04,
    ]);

    /// An id from its bytes.
    pub const fn from_bytes(bytes: [u8; OID_BYTES]) -> Oid {
        Oid(bytes)
    }

    /// An id from the first 20 bytes of a slice, as trees and pack indexes hold it.
    pub fn from_slice(bytes: &[u8]) -> Option<Oid> {
        bytes.get(..OID_BYTES)?.try_into().ok().map(Oid)
    }

    /// An id from exactly 40 hexadecimal digits.
    pub fn from_hex(hex: &[u8]) -> Option<Oid> {
        if hex.len() != OID_HEX {
            return None;
        }
        let mut bytes = [0; OID_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(hex.chunks_exact(2)) {
            *byte = digit(pair[0])? << 4 | digit(pair[1])?;
        }
        Some(Oid(bytes))
    }

    /// The bytes of the id.
    pub const fn as_bytes(&self) -> &[u8; OID_BYTES] {
        &self.0
    }

    /// The first ten digits, for messages and tables.
    pub fn short(&self) -> String {
        let mut hex = self.to_string();
        hex.truncate(SHORT_HEX);
        hex
    }
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

impl fmt::Display for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Oid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Oid {
    type Err = OidError;

    fn from_str(text: &str) -> Result<Oid, OidError> {
        Oid::from_hex(text.as_bytes()).ok_or_else(|| OidError { text: text.to_owned() })
    }
}

impl Kind {
    /// The word that git puts into an object's header.
    pub const fn word(self) -> &'static str {
        match self {
            Kind::Commit => "commit",
            Kind::Tree => "tree",
            Kind::Blob => "blob",
            Kind::Tag => "tag",
        }
    }
}

/// The header that precedes the content of an object when it is hashed and when it is stored loose.
pub fn header(kind: Kind, length: usize) -> String {
    format!("{} {length}\0", kind.word())
}

/// The id of an object of that kind and content.
pub fn object_id(kind: Kind, content: &[u8]) -> Oid {
    let mut hash = Sha1::new();
    hash.update(header(kind, content.len()));
    hash.update(content);
    Oid(hash.finalize().into())
}

/// The id of a file's content.
pub fn blob_id(content: &[u8]) -> Oid {
    object_id(Kind::Blob, content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_those_of_git() {
        assert_eq!(blob_id(b"").to_string(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(blob_id(b"hello\n").to_string(), "ce013625030ba8dba906f756967f9e9ca394464a");
        assert_eq!(object_id(Kind::Tree, b""), Oid::EMPTY_TREE);
    }

    #[test]
    fn text_and_back() {
        let id = blob_id(b"x");
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(id.short().len(), SHORT_HEX);
        assert!("abc".parse::<Oid>().is_err());
        assert!("z".repeat(OID_HEX).parse::<Oid>().is_err());
    }
}
