//! A text that go-yaml v2 reads and libyaml 0.2.5 does not to one that both read alike.
//!
//! libyaml became stricter after go-yaml was translated from it. Where it refuses such a text, the character
//! in its way is replaced by a stand-in, and the stand-in is turned back in the scalars that come out.

use std::borrow::Cow;

use super::events::{COMMA_AFTER_TAG, SyntaxError};

/// So many characters are replaced one after the other, each with a new start; hostile texts could ask for
/// more, honest ones do not.
const MAX_REPAIRS: usize = 100;

/// Bytes that are read again for all replacements but the first, which is half a second: a long text has to be honest
/// more often.
const MAX_READ_AGAIN: usize = 32 << 20;

const BOM: &[u8] = b"\xEF\xBB\xBF";

/// The text for libyaml, and what stands in it for what.
pub(super) struct Reading<'i> {
    pub text: Cow<'i, [u8]>,
    /// A byte order mark that is not at the start of the text.
    bom: Option<[u8; 3]>,
    /// A colon before a flow indicator inside of a plain scalar.
    colon: Option<[u8; 3]>,
    repairs: usize,
    read_again: usize,
}

impl<'i> Reading<'i> {
    pub fn new(input: &'i [u8]) -> Self {
        let mut reading =
            Reading { text: Cow::Borrowed(input), bom: None, colon: None, repairs: 0, read_again: 0 };
        // libyaml passes over the mark at the start of any line, go-yaml takes it for text.
        let body = input.strip_prefix(BOM).unwrap_or(input);
        if find(body, BOM).is_some() {
            reading.bom = unused(input);
            if let Some(stand_in) = reading.bom {
                let start = input.len() - body.len();
                let mut text = input[..start].to_vec();
                text.extend(replace(body, BOM, &stand_in));
                reading.text = Cow::Owned(text);
            }
        }
        reading
    }

    /// Whether the error's cause could be replaced, so that another try is worth it.
    pub fn repair(&mut self, error: &SyntaxError) -> bool {
        let Some(at) = error.offset.filter(|_| self.repairs < MAX_REPAIRS) else {
            return false;
        };
        self.repairs += 1;
        self.read_again += at;
        if self.repairs > 1 && self.read_again > MAX_READ_AGAIN {
            return false;
        }
        match error.problem.as_str() {
            "found unexpected ':'" => {
                self.colon = self.colon.or_else(|| unused(&self.text));
                let Some(stand_in) = self.colon else { return false };
                self.text.to_mut().splice(at..=at, stand_in);
                true
            }
            "found unknown escape character" if self.text[at..].starts_with(b"\\'") => {
                self.text.to_mut().remove(at);
                true
            }
            COMMA_AFTER_TAG | "did not find expected whitespace or line break" => {
                // For go-yaml these belong to the tag, all of them.
                let escapes = self.text[at..].iter().map_while(|byte| in_tag(*byte)).copied();
                let escapes: Vec<[u8; 3]> = escapes.collect();
                self.text.to_mut().splice(at..at + escapes.len(), escapes.concat());
                !escapes.is_empty()
            }
            _ => false,
        }
    }

    /// A scalar's text with every stand-in turned back.
    pub fn restore<'t>(&self, text: &'t [u8], plain: bool) -> Cow<'t, [u8]> {
        let mut text = Cow::Borrowed(text);
        let stand_ins: [(_, &[u8]); 2] = [(self.bom, BOM), (self.colon.filter(|_| plain), b":")];
        for (stand_in, original) in stand_ins {
            if let Some(stand_in) = stand_in.filter(|stand_in| find(&text, stand_in).is_some()) {
                text = Cow::Owned(replace(&text, &stand_in, original));
            }
        }
        text
    }
}

/// How a tag holds what libyaml takes for the end of one.
fn in_tag(byte: u8) -> Option<&'static [u8; 3]> {
    match byte {
        b',' => Some(b"%2C"),
        b'[' => Some(b"%5B"),
        b']' => Some(b"%5D"),
        _ => None,
    }
}

/// A character for private use that the text does not hold.
fn unused(text: &[u8]) -> Option<[u8; 3]> {
    let mut candidates = ('\u{E000}'..='\u{F8FF}').map(|c| {
        let mut bytes = [0; 3];
        c.encode_utf8(&mut bytes);
        bytes
    });
    // Each look is a walk through the text, so a text that holds them all is not looked at to the end.
    candidates.by_ref().take(16).find(|candidate| find(text, candidate).is_none())
}

fn find(text: &[u8], piece: &[u8]) -> Option<usize> {
    text.windows(piece.len()).position(|window| window == piece)
}

fn replace(text: &[u8], from: &[u8], to: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find(rest, from) {
        out.extend_from_slice(&rest[..at]);
        out.extend_from_slice(to);
        rest = &rest[at + from.len()..];
    }
    out.extend_from_slice(rest);
    out
}
