//! Text of somebody else turned into text that a terminal only shows: what would move its cursor, name its window or answer for its
//! user is spelled out instead.

use std::borrow::Cow;

/// The text with control characters in caret notation (`^[`, `^G`, `M-^[`, as `cat -v` writes them), but for line ends, tabs and
/// colours (ECMA-48 8.3.117).
pub fn harmless(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_control) {
        out.push_str(&rest[..at]);
        let taken = match colour(&rest[at..]) {
            Some(length) => {
                out.push_str(&rest[at..at + length]);
                length
            }
            None => {
                let found = rest[at..].chars().next().unwrap_or_default();
                out.push_str(&spelled(found));
                found.len_utf8()
            }
        };
        rest = &rest[at + taken..];
    }
    out.push_str(rest);
    Cow::Owned(out)
}

fn is_control(c: char) -> bool {
    c.is_control() && !matches!(c, '\n' | '\t')
}

/// The length of a colour (`ESC [ 1 ; 31 m`) at the start.
fn colour(text: &str) -> Option<usize> {
    let numbers = text.strip_prefix("\u{1b}[")?;
    let end = numbers.find(|c: char| !c.is_ascii_digit() && c != ';')?;
    numbers[end..].starts_with('m').then_some("\u{1b}[".len() + end + 1)
}

fn spelled(c: char) -> String {
    let code = u32::from(c);
    let (meta, low) = if code >= 0x80 { ("M-", code - 0x80) } else { ("", code) };
    let shown = char::from_u32(low ^ 0x40).unwrap_or('?');
    format!("{meta}^{shown}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_act_upon_is_spelled_out() {
        let table = [
            ("plain\ttext\nand ünïcode\n", "plain\ttext\nand ünïcode\n"),
            ("\u{1b}[31mred\u{1b}[0m \u{1b}[1;2mx\u{1b}[m", "\u{1b}[31mred\u{1b}[0m \u{1b}[1;2mx\u{1b}[m"),
            ("\u{1b}]0;title\u{7}", "^[]0;title^G"),
            ("\u{1b}[2J\u{1b}[1A", "^[[2J^[[1A"),
            ("a\rb\u{8}\u{7f}\0", "a^Mb^H^?^@"),
            ("\u{9b}2J", "M-^[2J"),
            ("\u{1b}[31", "^[[31"),
            ("\u{1b}", "^["),
        ];
        for (text, expected) in table {
            assert_eq!(harmless(text), expected, "{text:?}");
        }
    }
}
