//! A Go string to a JSON string literal (`appendString` in encoding/json's encode.go).

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Appends the literal, quotes included. `html` escapes `<`, `>` and `&` too.
pub fn quote(text: &[u8], html: bool, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut start = 0;
    let mut at = 0;
    while at < text.len() {
        let (width, escape) = look_at(&text[at..], html);
        if let Some(escape) = escape {
            out.extend_from_slice(&text[start..at]);
            escape.write(out);
            start = at + width;
        }
        at += width;
    }
    out.extend_from_slice(&text[start..]);
    out.push(b'"');
}

enum Escape {
    Short(u8),
    Unicode(u16),
}

impl Escape {
    fn write(&self, out: &mut Vec<u8>) {
        match self {
            Escape::Short(letter) => out.extend_from_slice(&[b'\\', *letter]),
            Escape::Unicode(code) => {
                out.extend_from_slice(b"\\u");
                out.extend([12, 8, 4, 0].map(|shift| HEX[usize::from(code >> shift & 0xF)]));
            }
        }
    }
}

/// The width of the first character and the escape it needs.
fn look_at(rest: &[u8], html: bool) -> (usize, Option<Escape>) {
    let escape = match rest[0] {
        byte @ (b'"' | b'\\') => Escape::Short(byte),
        b'\x08' => Escape::Short(b'b'),
        b'\x0C' => Escape::Short(b'f'),
        b'\n' => Escape::Short(b'n'),
        b'\r' => Escape::Short(b'r'),
        b'\t' => Escape::Short(b't'),
        byte @ (b'<' | b'>' | b'&') if html => Escape::Unicode(u16::from(byte)),
        byte @ ..0x20 => Escape::Unicode(u16::from(byte)),
        ..0x80 => return (1, None),
        _ => return wide(rest),
    };
    (1, Some(escape))
}

fn wide(rest: &[u8]) -> (usize, Option<Escape>) {
    match rest {
        [0xE2, 0x80, last @ (0xA8 | 0xA9), ..] => {
            (3, Some(Escape::Unicode(0x2000 | u16::from(*last & 0x3F))))
        }
        _ => match char_at(rest) {
            Some(c) => (c.len_utf8(), None),
            None => (1, Some(Escape::Unicode(0xFFFD))),
        },
    }
}

/// The character that the bytes begin with, `None` where they are not UTF-8.
pub(in crate::yaml) fn char_at(rest: &[u8]) -> Option<char> {
    let head = &rest[..rest.len().min(4)];
    let valid = match std::str::from_utf8(head) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default(),
    };
    valid.chars().next()
}
