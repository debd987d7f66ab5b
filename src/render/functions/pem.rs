//! PEM blocks as Go's `encoding/pem` reads and writes them.

use super::base::{decode64, encode64};
use super::runes::find;

/// Letters of base 64 in a line.
const LINE: usize = 64;

/// A block: its type (`CERTIFICATE`) and its bytes.
#[derive(Debug)]
pub struct Block {
    pub label: String,
    pub bytes: Vec<u8>,
}

/// The block as text.
pub fn encode(label: &str, bytes: &[u8]) -> String {
    let body = encode64(bytes);
    let mut out = format!("-----BEGIN {label}-----\n");
    for line in body.as_bytes().chunks(LINE) {
        out.push_str(&String::from_utf8_lossy(line));
        out.push('\n');
    }
    out.push_str(&format!("-----END {label}-----\n"));
    out
}

/// The first block of a text; what stands before it is skipped, headers inside it, too.
pub fn decode(text: &[u8]) -> Option<Block> {
    let mut left = text;
    loop {
        let start = find(left, b"-----BEGIN ")?;
        left = &left[start + 11..];
        let Some(label_end) = find(left, b"-----") else { continue };
        let label = std::str::from_utf8(&left[..label_end]).ok().filter(|label| !label.contains('\n'));
        let Some(label) = label else { continue };
        let body = &left[label_end + 5..];
        let Some(end) = find(body, format!("-----END {label}-----").as_bytes()) else { continue };
        if let Some(bytes) = content(&body[..end]) {
            return Some(Block { label: label.to_owned(), bytes });
        }
    }
}

/// The bytes between the two lines; a header has a colon.
fn content(body: &[u8]) -> Option<Vec<u8>> {
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.contains(&b':'));
    let letters: Vec<u8> =
        lines.flatten().copied().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r')).collect();
    decode64(&letters).ok()
}
