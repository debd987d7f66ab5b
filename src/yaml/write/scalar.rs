//! What a scalar's text allows: `yaml_emitter_analyze_scalar` of go-yaml's emitterc.go.

use super::dialect::Dialect;
use crate::yaml::resolve::Version;

/// The styles in which a text keeps its meaning.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Allowed {
    pub multiline: bool,
    pub plain: bool,
    pub single_quoted: bool,
    pub block: bool,
}

/// Short facts that the loop collects.
#[derive(Default)]
struct Facts {
    indicators: bool,
    line_breaks: bool,
    special: bool,
    tabs: bool,
    leading_blank: bool,
    trailing_space: bool,
    trailing_break: bool,
    break_space: bool,
    space_break: bool,
}

/// Only the block context is asked for: flow collections are written when they are empty.
pub(super) fn analyze(dialect: &Dialect, text: &[u8]) -> Allowed {
    if text.is_empty() {
        return Allowed { multiline: false, plain: true, single_quoted: true, block: false };
    }
    let facts = collect(dialect, text);
    let broken = facts.space_break || facts.special;
    let edges = facts.leading_blank || facts.trailing_space || facts.trailing_break;
    let quoted_only = facts.break_space || broken || facts.tabs;
    Allowed {
        multiline: facts.line_breaks,
        plain: !(edges || quoted_only || facts.line_breaks || facts.indicators),
        single_quoted: !quoted_only,
        block: !(facts.trailing_space || broken),
    }
}

fn collect(dialect: &Dialect, text: &[u8]) -> Facts {
    let mut facts =
        Facts { indicators: text.starts_with(b"---") || text.starts_with(b"..."), ..Facts::default() };
    let (mut previous_space, mut previous_break, mut after_blank) = (false, false, true);
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let width = width(rest[0]);
        let next = rest.get(width);
        let before_blank = next.is_none_or(|byte| matches!(byte, b' ' | b'\t'));
        facts.indicators |= is_indicator(rest[0], at == 0, after_blank, before_blank);
        if rest[0] == b'\t' && dialect.version == Version::V3 {
            facts.tabs = true;
        } else if !is_printable(rest) {
            facts.special = true;
        }
        let (space, line_break) = (rest[0] == b' ', is_break(rest));
        if space || line_break {
            facts.leading_blank |= at == 0;
            facts.line_breaks |= line_break;
            facts.trailing_space |= space && next.is_none();
            facts.trailing_break |= line_break && next.is_none();
            facts.break_space |= space && previous_break;
            facts.space_break |= line_break && previous_space;
        }
        (previous_space, previous_break) = (space, line_break);
        after_blank = space || line_break || matches!(rest[0], b'\t' | 0);
        at += width;
    }
    facts
}

fn is_indicator(byte: u8, first: bool, after_blank: bool, before_blank: bool) -> bool {
    match byte {
        b',' | b'[' | b']' | b'{' | b'}' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"' | b'%' | b'@'
        | b'`' => first,
        b'#' => first || after_blank,
        b'?' | b'-' => first && before_blank,
        b':' => before_blank,
        _ => false,
    }
}

/// Bytes of the character that begins with `byte`.
pub(super) fn width(byte: u8) -> usize {
    match byte {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

/// `is_break`: CR, LF, NEL, LS, PS.
pub(super) fn is_break(rest: &[u8]) -> bool {
    matches!(rest, [b'\r' | b'\n', ..] | [0xC2, 0x85, ..] | [0xE2, 0x80, 0xA8 | 0xA9, ..])
}

/// `is_printable`, with go-yaml's gaps: nothing beyond the basic plane, no byte order mark.
pub(super) fn is_printable(rest: &[u8]) -> bool {
    match rest {
        [b'\n' | 0x20..=0x7E, ..] => true,
        [0xC2, second, ..] => *second >= 0xA0,
        [0xC3..=0xEC, ..] | [0xEE, ..] => true,
        [0xED, second, ..] => *second < 0xA0,
        [0xEF, 0xBB, 0xBF, ..] | [0xEF, 0xBF, 0xBE | 0xBF, ..] => false,
        [0xEF, ..] => true,
        _ => false,
    }
}
