//! A text read in every dialect that there is; what was read is written and read again, and has to be the same.

use promgit::template::value::Value;
use promgit::yaml::{document, json, pretty, read, write};

pub fn run(data: &[u8]) {
    if let Ok(value) = read::value(data) {
        again(&value);
    }
    if let Ok(value) = json::decode(data) {
        again(&value);
    }
    let _ = (read::map(data), read::list(data), json::decode_map(data), json::decode_list(data));
    let _ = document::first_typed(data);
    for document in document::split(data) {
        match document {
            Ok(document) => drop(document.line_of("a.b")),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
}

fn again(value: &Value) {
    // A value that JSON cannot hold cannot be compared; it is too deep.
    let Ok(wanted) = json::encode(value) else { return };
    let read_back = json::decode(&wanted).expect("JSON of our own");
    assert_eq!(text(&json::encode(&read_back).expect("JSON")), text(&wanted), "JSON");
    if let Ok(indented) = json::encode_indent(value) {
        let read_back = json::decode(&indented).expect("indented JSON of our own");
        assert_eq!(text(&json::encode(&read_back).expect("JSON")), text(&wanted), "indented JSON");
    }
    for (name, written) in [("go-yaml v2", write::to_vec(value)), ("go-yaml v3", pretty::to_vec(value))] {
        let Ok(written) = written else { continue };
        let read_back = read::value(&written);
        let read_back = read_back.unwrap_or_else(|error| panic!("{name}: {error}\n{}", text(&written)));
        if LOST.iter().any(|lost| holds(&written, lost) || holds(&wanted, lost)) {
            continue;
        }
        let found = json::encode(&read_back).expect("JSON");
        assert_eq!(text(&found), text(&wanted), "{name}:\n{}", text(&written));
    }
}

/// What go-yaml writes and does not read as what it was: line breaks of Unicode as they are, a byte order mark at a
/// start, and the sign of a zero.
const LOST: &[&[u8]] =
    &[b"\xC2\x85", b"\xE2\x80\xA8", b"\xE2\x80\xA9", b"\\u2028", b"\\u2029", b"\xEF\xBB\xBF", b"-0"];

fn holds(text: &[u8], piece: &[u8]) -> bool {
    text.windows(piece.len()).any(|window| window == piece)
}

fn text(bytes: &[u8]) -> String {
    bytes.escape_ascii().to_string()
}
