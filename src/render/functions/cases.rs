//! Turns identifiers into snake, kebab and camel case as `huandu/xstrings` splits them into words.

use super::define::{STRING, func, text};
use super::runes::{self, decode, is_letter, is_number, is_punct, is_upper, to_lower, to_upper};
use crate::render::context::Context;
use crate::template::eval::Exec;
use crate::template::func::{CallError, Func};
use crate::template::value::{Str, Value};

pub static TABLE: &[Func<Context>] = &[
    func("snakecase", &[STRING], STRING, |exec, a| Ok(Value::str(separated(charged(exec, a)?, '_')))),
    func("kebabcase", &[STRING], STRING, |exec, a| Ok(Value::str(separated(charged(exec, a)?, '-')))),
    func("camelcase", &[STRING], STRING, |exec, a| Ok(Value::str(pascal(charged(exec, a)?)))),
];

/// Bytes that are cut into words in a step.
const BYTES_PER_STEP: usize = 4;

fn charged<'a>(exec: &mut Exec<'_, Context>, args: &'a [Value]) -> Result<&'a Str, CallError> {
    let text = text(args, 0)?;
    exec.budget.steps((text.len() / BYTES_PER_STEP) as u64)?;
    Ok(text)
}

/// What a run of letters is to xstrings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Word {
    Invalid,
    Number,
    UpperCase,
    Alphabet,
    Connector,
    Punctuation,
    Other,
}

/// One word of the text and what follows it.
struct Cut<'t> {
    kind: Word,
    word: &'t [u8],
    rest: &'t [u8],
}

fn is_connector(rune: char) -> bool {
    rune == '-' || rune == '_' || rune.is_whitespace()
}

/// Letters that are no Chinese characters.
fn is_alphabet(rune: char) -> bool {
    let cjk = matches!(rune, '\u{4e00}'..='\u{9fcc}' | '\u{3400}'..='\u{4d85}' | '\u{20000}'..='\u{2b81d}');
    is_letter(rune) && !cjk
}

/// `camelCaseToLowerCase`: words in lower case with the connector between them. Numbers stay with the
/// word before them unless lower-case letters follow (`Bld4Floor` → `bld4_floor`, `http2xx` → `http_2xx`).
fn separated(text: &[u8], connector: char) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 8);
    if text.is_empty() {
        return out;
    }
    let mut now = next_word(text);
    while !now.rest.is_empty() {
        if now.kind != Word::Connector {
            lower(&mut out, &now, connector);
        }
        let before = now;
        now = next_word(before.rest);
        match before.kind {
            Word::Number => {
                now = glue(&mut out, now, connector);
                if !matches!(now.kind, Word::Invalid | Word::Punctuation | Word::Connector) {
                    runes::push(&mut out, connector);
                }
            }
            Word::Connector => lower(&mut out, &before, connector),
            Word::Punctuation => {}
            _ => now = after_letters(&mut out, now, connector),
        }
    }
    lower(&mut out, &now, connector);
    out
}

/// What follows a word of letters: a number may belong to it or to what comes next.
fn after_letters<'t>(out: &mut Vec<u8>, now: Cut<'t>, connector: char) -> Cut<'t> {
    if now.kind != Word::Number {
        if !matches!(now.kind, Word::Connector | Word::Punctuation) {
            runes::push(out, connector);
        }
        return now;
    }
    if now.rest.is_empty() {
        return now;
    }
    let number = now;
    let next = next_word(number.rest);
    if next.kind != Word::Alphabet {
        lower(out, &number, connector);
        if !matches!(next.kind, Word::Connector | Word::Punctuation) {
            runes::push(out, connector);
        }
        return next;
    }
    runes::push(out, connector);
    lower(out, &number, connector);
    let next = glue(out, next, connector);
    if !matches!(next.kind, Word::Invalid | Word::Connector | Word::Punctuation) {
        runes::push(out, connector);
    }
    next
}

/// Writes lower-case words and numbers that stick together, and gives back the word after them.
fn glue<'t>(out: &mut Vec<u8>, mut now: Cut<'t>, connector: char) -> Cut<'t> {
    while matches!(now.kind, Word::Alphabet | Word::Number) {
        lower(out, &now, connector);
        now = next_word(now.rest);
    }
    now
}

fn lower(out: &mut Vec<u8>, cut: &Cut<'_>, connector: char) {
    if !matches!(cut.kind, Word::UpperCase | Word::Connector) {
        out.extend_from_slice(cut.word);
        return;
    }
    for rune in runes::runes(cut.word) {
        let rune = match rune {
            _ if is_connector(rune) => connector,
            _ if is_upper(rune) => to_lower(rune),
            _ => rune,
        };
        runes::push(out, rune);
    }
}

fn next_word(text: &[u8]) -> Cut<'_> {
    let cut = |kind, size: usize| Cut { kind, word: &text[..size], rest: &text[size..] };
    let (first, size) = next_valid(text, char::REPLACEMENT_CHARACTER);
    if first == char::REPLACEMENT_CHARACTER {
        return cut(Word::Invalid, size);
    }
    let run = |holds: &dyn Fn(char) -> bool| size + run_length(&text[size..], first, holds);
    if is_connector(first) {
        cut(Word::Connector, run(&is_connector))
    } else if is_punct(first) {
        cut(Word::Punctuation, run(&is_punct))
    } else if is_upper(first) {
        cut(Word::UpperCase, upper_run(text, first, size))
    } else if is_alphabet(first) {
        cut(Word::Alphabet, run(&|rune| is_alphabet(rune) && !is_upper(rune)))
    } else if is_number(first) {
        cut(Word::Number, run(&is_number))
    } else {
        cut(
            Word::Other,
            run(&|rune| !is_connector(rune) && !is_alphabet(rune) && !is_number(rune) && !is_punct(rune)),
        )
    }
}

/// The bytes of a word that begins in upper case: `HTTP` of `HTTPStatus`, `Status` of `StatusOK`.
fn upper_run(text: &[u8], first: char, size: usize) -> usize {
    if size == text.len() {
        return size;
    }
    let (second, width) = next_valid(&text[size..], first);
    if is_upper(second) {
        return capitals(text, second, size, width);
    }
    if is_alphabet(second) {
        let after = size + width;
        return after + run_length(&text[after..], second, &|rune| is_alphabet(rune) && !is_upper(rune));
    }
    size
}

/// A run of capitals; the last one belongs to the next word if lower-case letters follow.
fn capitals(text: &[u8], second: char, size: usize, width: usize) -> usize {
    let (mut rune, mut last, mut end) = (second, width, size + width);
    while end < text.len() {
        let (next, width) = next_valid(&text[end..], rune);
        rune = next;
        if !is_upper(rune) {
            break;
        }
        last = width;
        end += width;
    }
    if end < text.len() && is_alphabet(rune) { end - last } else { end }
}

/// How many bytes the runes take for which `holds` is true.
fn run_length(text: &[u8], first: char, holds: &dyn Fn(char) -> bool) -> usize {
    let (mut before, mut end) = (first, 0);
    while end < text.len() {
        let (rune, width) = next_valid(&text[end..], before);
        if !holds(rune) || width == 0 {
            break;
        }
        before = rune;
        end += width;
    }
    end
}

/// The next rune that is valid, with the width of what was skipped; at the end the rune before it.
fn next_valid(text: &[u8], before: char) -> (char, usize) {
    let mut width = 0;
    while width < text.len() {
        let (rune, size) = decode(&text[width..]);
        width += size;
        if rune != char::REPLACEMENT_CHARACTER {
            return (rune, width);
        }
    }
    (before, width)
}

/// `ToPascalCase`: connectors inside vanish and the letter after one goes upper; leading ones stay.
fn pascal(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut letters = runes::runes(text);
    let Some(mut now) = letters.by_ref().find(|rune| {
        if is_connector(*rune) {
            runes::push(&mut out, *rune);
        }
        !is_connector(*rune)
    }) else {
        // Only connectors: xstrings writes the last one twice.
        if let Some(last) = runes::runes(text).last() {
            runes::push(&mut out, last);
        }
        return out;
    };
    let mut shouting = is_upper(now);
    now = to_upper(now);
    for rune in letters {
        let before = now;
        now = rune;
        if is_connector(now) && is_connector(before) {
            runes::push(&mut out, before);
        } else if is_connector(before) {
            shouting = is_upper(now);
            now = to_upper(now);
        } else {
            if shouting && is_upper(now) {
                now = to_lower(now);
            } else {
                shouting = false;
            }
            runes::push(&mut out, before);
        }
    }
    runes::push(&mut out, now);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_words_like_xstrings() {
        let cases = [
            ("FirstName", "first_name"),
            ("HTTPServer", "http_server"),
            ("NoHTTPS", "no_https"),
            ("GO PATH", "go_path"),
            ("http2xx", "http_2xx"),
            ("HTTP20xOK", "http_20x_ok"),
            ("Duration2m3s", "duration_2m3s"),
            ("Bld4Floor3rd", "bld4_floor_3rd"),
        ];
        for (text, wanted) in cases {
            assert_eq!(String::from_utf8_lossy(&separated(text.as_bytes(), '_')), wanted);
        }
    }

    #[test]
    fn joins_words_like_xstrings() {
        let cases = [
            ("some_words", "SomeWords"),
            ("_complex__case_", "_Complex_Case_"),
            ("GOLANG_IS_GREAT", "GolangIsGreat"),
            ("__", "___"),
            ("a", "A"),
        ];
        for (text, wanted) in cases {
            assert_eq!(String::from_utf8_lossy(&pascal(text.as_bytes())), wanted, "{text}");
        }
    }
}
