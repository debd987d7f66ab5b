//! An input and its fellows to an input that is a little different.

use crate::random::Random;

/// Bytes that parsers look at, and some that they rather do not.
const PIECES: &[&[u8]] = &[
    b"{{",
    b"}}",
    b"{{- ",
    b" -}}",
    b"(",
    b")",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\"",
    b"`",
    b"'",
    b"\\",
    b"|",
    b"|-\n",
    b">+\n",
    b":",
    b": ",
    b"- ",
    b"? ",
    b"&a ",
    b"*a",
    b"<<: ",
    b"!!binary ",
    b"!!str ",
    b"#",
    b"\n",
    b"\r\n",
    b"\n---\n",
    b"\t",
    b" ",
    b"\0",
    b"\xEF\xBB\xBF",
    b"\xFF",
    b"\xE2\x80\xA8",
    b"\xC2\x85",
    b"null",
    b"~",
    b"0",
    b"-1",
    b"9223372036854775807",
    b"1e308",
    b".5",
    b"$",
    b"$x",
    b".",
    b"..",
    b"/",
    b",",
    b"=",
    b"%",
    b"*",
    b"^",
];

/// Changes at once: few, so that the input stays what it is.
const MOST: usize = 4;

/// No changed input is longer: what is slow because it is long is the search's to find.
const LONGEST: usize = 8 << 10;

pub fn change(text: &[u8], all: &[Vec<u8>], random: &mut Random) -> Vec<u8> {
    let mut changed = text.to_vec();
    for _ in 0..=random.below(MOST) {
        once(&mut changed, all, random);
    }
    changed.truncate(LONGEST);
    changed
}

fn once(text: &mut Vec<u8>, all: &[Vec<u8>], random: &mut Random) {
    let from = random.below(text.len() + 1);
    let to = (from + random.below(16)).min(text.len());
    match random.below(7) {
        0 => text.truncate(from),
        1 => drop(text.drain(from..to)),
        2 if from < text.len() => text[from] ^= 1 << random.below(8),
        3 => {
            let again = text[from..to].to_vec();
            insert(text, from, &again);
        }
        4 => {
            // A piece of another input.
            let other = &all[random.below(all.len())];
            let start = random.below(other.len() + 1);
            let end = (start + random.below(64)).min(other.len());
            insert(text, from, &other[start..end]);
        }
        5 => {
            let piece = PIECES[random.below(PIECES.len())];
            insert(text, from, &piece.repeat(1 + random.below(40)));
        }
        _ => insert(text, from, PIECES[random.below(PIECES.len())]),
    }
}

fn insert(text: &mut Vec<u8>, at: usize, piece: &[u8]) {
    text.splice(at..at, piece.iter().copied());
}
