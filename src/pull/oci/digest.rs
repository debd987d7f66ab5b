//! Bytes turned into their digest, and a text into whether it is one.

use sha2::{Digest as _, Sha256};

use crate::chart::digest::written;

/// `sha256:<hex>` of these bytes.
pub fn of(bytes: &[u8]) -> String {
    written(&Sha256::digest(bytes))
}

/// Whether the text is `sha256:` and 64 lower-case hexadecimal digits: the only algorithm that charts are published with.
pub fn is_digest(text: &str) -> bool {
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    text.strip_prefix("sha256:").is_some_and(|rest| rest.len() == 64 && rest.bytes().all(hex))
}
