//! Sprig's functions on words and letters: case, wrapping, abbreviation (`Masterminds/goutils`).

use super::define::{Answer, INT, STRING, func, int, text};
use super::runes::{self, to_lower, to_title, to_upper};
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::value::Value;

pub static TABLE: &[Func<Context>] = &[
    func("upper", &[STRING], STRING, |_, a| Ok(Value::str(runes::map(text(a, 0)?, to_upper)))),
    func("lower", &[STRING], STRING, |_, a| Ok(Value::str(runes::map(text(a, 0)?, to_lower)))),
    func("title", &[STRING], STRING, |_, a| Ok(Value::str(title(text(a, 0)?)))),
    func("untitle", &[STRING], STRING, |_, a| Ok(Value::str(untitle(text(a, 0)?)))),
    func("swapcase", &[STRING], STRING, |_, a| Ok(Value::str(swapcase(text(a, 0)?)))),
    func("initials", &[STRING], STRING, |_, a| Ok(Value::str(initials(text(a, 0)?)))),
    func("nospace", &[STRING], STRING, |_, a| Ok(Value::str(nospace(text(a, 0)?)))),
    func("abbrev", &[INT, STRING], STRING, |_, a| {
        let (width, text) = (int(a, 0)?, text(a, 1)?);
        Ok(if width < 4 { Value::Str(text.clone()) } else { Value::str(abbreviate(text, 0, width)) })
    }),
    func("abbrevboth", &[INT, INT, STRING], STRING, |_, a| {
        let (left, right, text) = (int(a, 0)?, int(a, 1)?, text(a, 2)?);
        let keep = right < 4 || left > 0 && right < 7;
        Ok(if keep { Value::Str(text.clone()) } else { Value::str(abbreviate(text, left, right)) })
    }),
    func("wrap", &[INT, STRING], STRING, |exec, a| wrap(exec, text(a, 1)?, int(a, 0)?, b"\n", false)),
    func("wrapWith", &[INT, STRING, STRING], STRING, wrap_with),
];

/// `strings.Title`: the first letter of each word in title case.
fn title(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut before = ' ';
    for rune in runes::runes(text) {
        runes::push(&mut out, if is_separator(before) { to_title(rune) } else { rune });
        before = rune;
    }
    out
}

/// What ends a word for `strings.Title`: in ASCII all but letters, digits and `_`; beyond it white space.
fn is_separator(rune: char) -> bool {
    match rune {
        '_' => false,
        _ if rune.is_ascii() => !rune.is_ascii_alphanumeric(),
        _ => rune.is_whitespace(),
    }
}

/// The first letter of each word in lower case.
fn untitle(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut first = true;
    for rune in runes::runes(text) {
        let space = rune.is_whitespace();
        runes::push(&mut out, if first && !space { to_lower(rune) } else { rune });
        first = space;
    }
    out
}

fn swapcase(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut after_space = true;
    for rune in runes::runes(text) {
        let swapped = match rune {
            _ if runes::is_upper(rune) || runes::is_title(rune) => to_lower(rune),
            _ if runes::is_lower(rune) && after_space => to_title(rune),
            _ if runes::is_lower(rune) => to_upper(rune),
            _ => {
                after_space = rune.is_whitespace();
                runes::push(&mut out, rune);
                continue;
            }
        };
        after_space = false;
        runes::push(&mut out, swapped);
    }
    out
}

/// The first *byte* of each word, read as Latin-1: goutils walks bytes.
fn initials(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut gap = true;
    for rune in text.iter().map(|byte| char::from(*byte)) {
        let space = rune.is_whitespace();
        if gap && !space {
            runes::push(&mut out, rune);
        }
        gap = space;
    }
    out
}

/// Without white space; bytes are read as Latin-1 where there is any, as goutils does.
fn nospace(text: &[u8]) -> Vec<u8> {
    if !text.iter().any(|byte| char::from(*byte).is_whitespace()) {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len());
    let kept = text.iter().map(|byte| char::from(*byte)).filter(|rune| !rune.is_whitespace());
    kept.for_each(|rune| runes::push(&mut out, rune));
    out
}

/// `goutils.AbbreviateFull` for widths of at least 4 (7 with an offset).
fn abbreviate(text: &[u8], offset: i64, width: i64) -> Vec<u8> {
    let size = text.len() as i64;
    if size <= width {
        return text.to_vec();
    }
    let offset = offset.min(size);
    let offset = if size - offset < width - 3 { size - (width - 3) } else { offset };
    let room = (width - 3) as usize;
    if offset <= 4 {
        return [&text[..room], b"..."].concat();
    }
    if offset + width - 3 < size {
        // The rest is abbreviated once more; a width below 4 gives nothing there.
        let inner = &text[offset as usize..];
        let tail = if width - 3 < 4 { Vec::new() } else { abbreviate(inner, 0, width - 3) };
        return [b"...", &*tail].concat();
    }
    [b"...", &text[text.len() - room..]].concat()
}

fn wrap_with(exec: &mut Exec<'_, Context>, args: &[Value]) -> Answer {
    let separator = text(args, 1)?;
    let separator = if separator.is_empty() { b"\n" } else { &**separator };
    wrap(exec, text(args, 2)?, int(args, 0)?, separator, true)
}

/// `goutils.WrapCustom`: lines of at most `width` bytes, broken at spaces; longer words only if asked to.
fn wrap(exec: &mut Exec<'_, Context>, text: &[u8], width: i64, newline: &[u8], cut_words: bool) -> Answer {
    let width = usize::try_from(width).unwrap_or(1).max(1);
    charge(exec, text.len(), width, newline.len())?;
    let mut out = Vec::new();
    let mut left = text;
    while left.len() > width {
        if left[0] == b' ' {
            left = &left[1..];
        } else if let Some(space) = left[..=width].iter().rposition(|byte| *byte == b' ') {
            left = cut(&mut out, left, space, newline, 1);
        } else if cut_words {
            left = cut(&mut out, left, width, newline, 0);
        } else if let Some(space) = left[width..].iter().position(|byte| *byte == b' ') {
            left = cut(&mut out, left, width + space, newline, 1);
        } else {
            break;
        }
    }
    out.extend_from_slice(left);
    Ok(Value::str(out))
}

/// Writes the line up to `at` and gives back what follows the `skip` bytes after it.
fn cut<'t>(out: &mut Vec<u8>, left: &'t [u8], at: usize, newline: &[u8], skip: usize) -> &'t [u8] {
    out.extend_from_slice(&left[..at]);
    out.extend_from_slice(newline);
    &left[at + skip..]
}

fn charge(exec: &mut Exec<'_, Context>, size: usize, width: usize, newline: usize) -> Result<(), CallError> {
    let lines = size / width + 1;
    Ok(exec.budget.text(size.saturating_add(lines.saturating_mul(newline)))?)
}
