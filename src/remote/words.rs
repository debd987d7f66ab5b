//! What a server says, turned into a text that may be shown: bounded, without control characters.

/// Characters of a server's words that are kept: what a person reads of a condition, and what fits into a status.
pub const MAX_WORDS: usize = 2_000;
/// Bytes that are kept until they are shown; a character has up to 4.
const MAX_BYTES: usize = 4 * MAX_WORDS;

/// Words that come in pieces.
#[derive(Clone, Debug, Default)]
pub struct Words {
    bytes: Vec<u8>,
    cut: bool,
}

impl Words {
    /// Takes a piece; what is too much is left out.
    pub fn add(&mut self, piece: &[u8]) {
        let room = MAX_BYTES - self.bytes.len();
        self.bytes.extend(&piece[..room.min(piece.len())]);
        self.cut |= piece.len() > room;
    }

    /// The words, fit to be shown.
    pub fn shown(&self) -> String {
        let text = clean(&String::from_utf8_lossy(&self.bytes));
        if self.cut && !text.ends_with('…') { format!("{text} …") } else { text }
    }
}

/// One text, fit to be shown: control characters and what terminals take for commands are gone, lines are trimmed, a line that was
/// overwritten (progress) shows as it ended, empty lines are left out.
pub fn clean(text: &str) -> String {
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
    match out.char_indices().nth(MAX_WORDS) {
        Some((end, _)) => format!("{} …", out[..end].trim_end()),
        None => out,
    }
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
        assert_eq!(clean(&"ü".repeat(3 * MAX_WORDS)).chars().count(), MAX_WORDS + 2);
        let mut words = Words::default();
        for _ in 0..10_000 {
            words.add(b"again and again\n");
        }
        assert!(words.shown().chars().count() <= MAX_WORDS + 2 && words.shown().ends_with('…'));
    }
}
