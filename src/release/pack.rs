//! The JSON of a record to the text that its Secret holds, and back (Helm `pkg/storage/driver/util.go`).

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::read::MultiGzDecoder;

use super::gzip::{self, GZIP, Part};
use crate::yaml::json::EncodeError;

/// What the values of one Secret may take together (Kubernetes `pkg/apis/core/types.go`, `MaxSecretSize`).
pub const MAX_DATA: usize = 1024 * 1024;

/// What a record may unpack to. A megabyte of gzip can be a gigabyte; records of the largest public charts are some megabytes.
pub const MAX_JSON: usize = 32 * 1024 * 1024;

/// Why there is no text of a record.
#[derive(Debug, thiserror::Error)]
pub enum PackError {
    #[error(
        "the record of release {name}, revision {revision}, takes {size} bytes even without the chart's templates, and a \
         Secret holds {MAX_DATA}; let the chart render less, or split it"
    )]
    TooLarge { name: String, revision: u32, size: usize },
    #[error("the record of release {name}, revision {revision}, cannot be written: {source}")]
    Json { name: String, revision: u32, source: EncodeError },
}

/// Why a text is no record.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    #[error("it is larger than a Secret can be")]
    TooLong,
    #[error("it is not base64: {0}")]
    Base64(#[from] base64::DecodeError),
    #[error("it is not gzip: {0}")]
    Gzip(String),
    #[error("it unpacks to more than {MAX_JSON} bytes; no Helm writes such a record")]
    TooLarge,
}

/// The text of a record, ready for its Secret.
#[derive(Clone, PartialEq, Eq)]
pub struct Packed {
    pub(super) text: String,
    /// The record has no room for the files of its chart, and says so.
    pub is_slim: bool,
}

impl Packed {
    /// As it stands in the Secret: base64 of gzip.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl std::fmt::Debug for Packed {
    /// A record may hold Secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Packed({} bytes)", self.text.len())
    }
}

/// gzip, then base64.
pub(super) fn packed(json: &[u8]) -> String {
    encoded(&[&Part::of(json)])
}

/// The same of a text in parts.
pub(super) fn encoded(parts: &[&Part]) -> String {
    STANDARD.encode(gzip::member(parts))
}

/// The JSON in the text that a Secret holds.
pub(super) fn unpacked(text: &[u8]) -> Result<Vec<u8>, UnpackError> {
    if text.len() > MAX_DATA {
        return Err(UnpackError::TooLong);
    }
    // Go's decoder passes over line breaks.
    let text: Vec<u8> = text.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect();
    let bytes = STANDARD.decode(text)?;
    // a record of Helm 3.0's time may not be compressed
    if !bytes.starts_with(GZIP) {
        return Ok(bytes);
    }
    let mut json = Vec::new();
    let mut stream = MultiGzDecoder::new(&bytes[..]).take(MAX_JSON as u64 + 1);
    stream.read_to_end(&mut json).map_err(|error| UnpackError::Gzip(error.to_string()))?;
    if json.len() > MAX_JSON { Err(UnpackError::TooLarge) } else { Ok(json) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_packed_unpacks() {
        for json in [&b"{}"[..], &[b'x'; 100_000], b""] {
            assert_eq!(unpacked(packed(json).as_bytes()).unwrap(), json);
        }
        let plain = STANDARD.encode("{\"name\":\"a\"}");
        assert_eq!(unpacked(plain.as_bytes()).unwrap(), b"{\"name\":\"a\"}");
    }

    #[test]
    fn a_bomb_is_refused() {
        let bomb = packed(&vec![b' '; MAX_JSON + 1]);
        assert!(bomb.len() < MAX_DATA);
        assert!(matches!(unpacked(bomb.as_bytes()), Err(UnpackError::TooLarge)));
        assert!(matches!(unpacked(&vec![b'A'; MAX_DATA + 1]), Err(UnpackError::TooLong)));
        assert!(matches!(unpacked(b"*"), Err(UnpackError::Base64(_))));
        assert!(matches!(unpacked(STANDARD.encode(b"\x1f\x8b\x08\0").as_bytes()), Err(UnpackError::Gzip(_))));
    }
}
