//! Texts of other programs turned into parts of one readable line.

/// The text on one line, of at most `most` characters; `…` stands for what was cut.
pub fn brief(text: &str, most: usize) -> String {
    let mut line = String::new();
    let mut left = most;
    for word in text.split_whitespace() {
        let gap = usize::from(!line.is_empty());
        let length = word.chars().count();
        if length + gap > left {
            // A long word is cut inside, a short one is left out.
            let room = left.saturating_sub(gap + 1);
            let part: String =
                if room > most / 4 { word.chars().take(room).collect() } else { String::new() };
            let space = if line.is_empty() || part.is_empty() { "" } else { " " };
            if part.is_empty() && line.chars().count() >= most {
                line.pop();
            }
            return format!("{line}{space}{part}…");
        }
        if gap == 1 {
            line.push(' ');
        }
        line.push_str(word);
        left -= length + gap;
    }
    line
}

/// `1 pod`, `2 pods`.
pub fn counted(count: i64, noun: &str) -> String {
    if count == 1 { format!("{count} {noun}") } else { format!("{count} {noun}s") }
}

/// A sentence of another program without its final period, as a part of ours.
pub fn clause(text: &str, most: usize) -> String {
    let line = brief(text, most);
    line.strip_suffix('.').map(str::to_string).unwrap_or(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brief_text_is_one_line_of_bounded_length() {
        assert_eq!(brief("a\n  b\tc ", 10), "a b c");
        assert_eq!(brief("one two three", 9), "one two…");
        assert_eq!(brief("abcdefghij", 5), "abcd…");
        assert_eq!(brief("äöü äöü", 7), "äöü äöü");
        for most in 1..30 {
            let text = brief("0/3 nodes are available: insufficientcpuandmemory on every node", most);
            assert!(text.chars().count() <= most, "{most}: {text}");
        }
    }

    #[test]
    fn a_clause_has_no_period() {
        assert_eq!(clause("No space left.", 40), "No space left");
        assert_eq!((counted(1, "pod"), counted(0, "pod")), ("1 pod".into(), "0 pods".into()));
    }
}
