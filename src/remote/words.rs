//! What a server says, turned into a text that may be shown: bounded, without control characters.

use std::collections::VecDeque;

/// Characters of a server's words that are kept: what a person reads of a condition, and what fits into a status.
pub const MAX_WORDS: usize = 2_000;
/// Of these, so many are of the beginning: what it is about. The end has the rest, and with it the reason.
const MAX_START: usize = 600;
const MAX_END: usize = MAX_WORDS - MAX_START;
/// Bytes that are kept until they are shown, of the beginning and of the end: a character has up to 4, and lines of progress, which
/// are not shown, come between words.
const MAX_BYTES: usize = 4 * MAX_WORDS;
/// Between a beginning and an end.
const CUT: &str = " … ";

/// Words that come in pieces.
#[derive(Clone, Debug, Default)]
pub struct Words {
    start: Vec<u8>,
    end: VecDeque<u8>,
    cut: bool,
}

impl Words {
    /// Takes a piece; of what is too much, the middle is left out.
    pub fn add(&mut self, piece: &[u8]) {
        let room = (MAX_BYTES - self.start.len()).min(piece.len());
        self.start.extend(&piece[..room]);
        let rest = &piece[room..];
        let kept = &rest[rest.len().saturating_sub(MAX_BYTES)..];
        let surplus = (self.end.len() + kept.len()).saturating_sub(MAX_BYTES);
        self.cut |= surplus > 0 || kept.len() < rest.len();
        self.end.drain(..surplus);
        self.end.extend(kept);
    }

    /// The words, fit to be shown.
    pub fn shown(&self) -> String {
        let end: Vec<u8> = self.end.iter().copied().collect();
        if !self.cut {
            return clean(&String::from_utf8_lossy(&[&*self.start, &*end].concat()));
        }
        let [start, end] = [&self.start, &end].map(|bytes| lines(&String::from_utf8_lossy(bytes)));
        shortened(&format!("{start}{CUT}{end}"))
    }
}

/// One text, fit to be shown: control characters and what terminals take for commands are gone, lines are trimmed, a line that was
/// overwritten (progress) shows as it ended, empty lines are left out, and of what is too long the middle.
pub fn clean(text: &str) -> String {
    shortened(&lines(text))
}

fn lines(text: &str) -> String {
    let mut out = String::new();
    for line in text.split('\n') {
        let line = line.trim_end_matches('\r');
        let line = without_escapes(line.rsplit('\r').next().unwrap_or(line));
        let line = line.trim();
        if line.is_empty() {
            continue;
        }
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(line);
    }
    out
}

fn shortened(text: &str) -> String {
    let count = text.chars().count();
    if count <= MAX_WORDS {
        return text.to_owned();
    }
    let at = |count: usize| text.char_indices().nth(count).map_or(text.len(), |(at, _)| at);
    let (start, end) = (&text[..at(MAX_START)], &text[at(count - MAX_END)..]);
    format!("{}{CUT}{}", start.trim_end(), end.trim_start())
}

fn without_escapes(line: &str) -> String {
    let mut out = String::with_capacity(line.len());
    let mut characters = line.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '\u{1b}' if characters.peek() == Some(&'[') => {
                // ends with the first letter (ECMA-48 5.4)
                let _ = characters.by_ref().skip(1).find(|c| ('@'..='~').contains(c));
            }
            '\t' => out.push(' '),
            // directions and zero-width characters make a text look like another one
            c if c.is_control()
                || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}') =>
                {}
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_is_harmless() {
        for (said, shown) in [
            ("hello\n", "hello"),
            ("a\r\nb\r\n", "a\nb"),
            ("10%\r50%\r100%\ndone\n\n", "100%\ndone"),
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}x", "]0;titlex"),
            ("a\0b\u{202e}c", "abc"),
            ("\u{1b}[", ""),
        ] {
            assert_eq!(clean(said), shown, "{said:?}");
        }
        let most = MAX_WORDS + CUT.chars().count();
        assert_eq!(clean(&"ü".repeat(3 * MAX_WORDS)).chars().count(), most);
        assert_eq!(clean(&"ü".repeat(MAX_WORDS)).chars().count(), MAX_WORDS);
    }

    #[test]
    fn a_reason_at_the_end_of_a_flood_is_kept() {
        for pieces in [1, 7, 100_000] {
            let flood = "first of all\n".to_owned() + &"again and again\n".repeat(80_000) + "the reason\n";
            let mut words = Words::default();
            flood.as_bytes().chunks(flood.len() / pieces).for_each(|piece| words.add(piece));
            let shown = words.shown();
            assert!(shown.starts_with("first of all\n") && shown.ends_with("\nthe reason"), "{shown}");
            assert!(shown.contains(CUT) && shown.chars().count() <= MAX_WORDS + CUT.len(), "{shown}");
        }
        for length in [MAX_BYTES - 1, MAX_BYTES, MAX_BYTES + 1, 2 * MAX_BYTES, 2 * MAX_BYTES + 1] {
            let mut words = Words::default();
            let text = "a".repeat(length);
            text.as_bytes().chunks(999).for_each(|piece| words.add(piece));
            assert_eq!(words.shown(), clean(&text), "{length}");
        }
    }
}
