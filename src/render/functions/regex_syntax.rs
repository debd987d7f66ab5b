//! Turns a Go (RE2) regular expression into one of the `regex` crate that means the same, with Go's errors.
//!
//! Every letter is written as `\x{…}` and every flag around the item it holds for, so that nothing of the crate's
//! own syntax shows through: `**`, `{,3}`, set operations, flags that outlive a group. Names of groups are
//! kept aside, because Go allows one twice. The rules are those of Go's `regexp/syntax/parse.go`.

use super::regex_class::{class, escape, set};
use super::regex_error::{Code, RegexError};

/// Groups inside each other. Go allows 1,000 nested operations on a stack that grows; the `regex` crate
/// compiles recursively.
const MAX_GROUPS: usize = 200;

/// How often a part may be repeated, nested repetitions multiplied (Go's limit).
const MAX_REPEAT: i64 = 1_000;

/// An expression of the `regex` crate, and the names of its groups from group 0 on (empty where none).
#[derive(Debug)]
pub struct Translated {
    pub pattern: String,
    pub names: Vec<String>,
}

/// The flags that hold where the parser is.
#[derive(Clone, Copy)]
struct Flags(u8);

const FOLD_CASE: u8 = 1;
const MULTI_LINE: u8 = 2;
const DOT_NEWLINE: u8 = 4;
const NON_GREEDY: u8 = 8;

/// What is open: the whole expression, or a group.
struct Frame {
    /// The flags to go back to when the group closes.
    flags: Flags,
    /// Whether there is something that `*` could repeat.
    repeatable: bool,
    /// How often the last item can occur through its inner repetitions, and the most of any item.
    weight: i64,
    heaviest: i64,
}

struct Translator<'e> {
    whole: &'e str,
    out: String,
    names: Vec<String>,
    flags: Flags,
    frames: Vec<Frame>,
}

/// Translates a Go expression.
pub fn translate(expression: &[u8]) -> Result<Translated, RegexError> {
    let whole = match std::str::from_utf8(expression) {
        Ok(whole) => whole,
        Err(error) => {
            let rest = String::from_utf8_lossy(&expression[error.valid_up_to()..]);
            return Code::Utf8.at(&rest);
        }
    };
    let mut translator = Translator {
        whole,
        out: String::with_capacity(whole.len() * 4),
        names: vec![String::new()],
        flags: Flags(0),
        frames: vec![Frame::new(Flags(0))],
    };
    translator.run()?;
    Ok(Translated { pattern: translator.out, names: translator.names })
}

impl Frame {
    fn new(flags: Flags) -> Self {
        Frame { flags, repeatable: false, weight: 1, heaviest: 1 }
    }
}

impl<'e> Translator<'e> {
    fn run(&mut self) -> Result<(), RegexError> {
        let mut left = self.whole;
        let mut last_repeat = "";
        while let Some(first) = left.chars().next() {
            let before = left;
            let repeats = match first {
                '*' => Some((0, -1, &left[1..])),
                '+' => Some((1, -1, &left[1..])),
                '?' => Some((0, 1, &left[1..])),
                '{' => counts(left),
                _ => None,
            };
            left = match repeats {
                Some((least, most, after)) => self.repeat(least, most, before, after, last_repeat)?,
                None => self.item(first, left)?,
            };
            last_repeat = if repeats.is_some() { before } else { "" };
        }
        if self.frames.len() > 1 { Code::MissingParen.at(self.whole) } else { Ok(()) }
    }

    /// Anything but a repetition; gives back what follows it.
    fn item(&mut self, first: char, left: &'e str) -> Result<&'e str, RegexError> {
        let rest = &left[first.len_utf8()..];
        match first {
            '(' if rest.starts_with('?') => return self.perl_group(left),
            '(' => self.open("(", Some(String::new()))?,
            ')' => self.close()?,
            '|' => {
                self.out.push('|');
                if let Some(frame) = self.frames.last_mut() {
                    frame.repeatable = false;
                }
            }
            '^' => self.emit(if self.has(MULTI_LINE) { "(?m:^)" } else { "\\A" }),
            '$' => self.emit(if self.has(MULTI_LINE) { "(?m:$)" } else { "\\z" }),
            '.' => self.emit(if self.has(DOT_NEWLINE) { "(?s:.)" } else { "." }),
            '[' => {
                let (class, rest) = class(left)?;
                self.folded(&class);
                return Ok(rest);
            }
            '\\' => return self.backslash(left),
            letter => self.letter(u32::from(letter)),
        }
        Ok(rest)
    }

    fn backslash(&mut self, left: &'e str) -> Result<&'e str, RegexError> {
        let rest = left.get(2..).unwrap_or("");
        match left.as_bytes().get(1) {
            Some(b'A') => self.emit("\\A"),
            Some(b'z') => self.emit("\\z"),
            Some(b'b') => self.emit("(?-u:\\b)"),
            Some(b'B') => self.emit("(?-u:\\B)"),
            Some(b'C') => return Code::Escape.at("\\C"),
            Some(b'Q') => {
                let (literal, rest) = rest.split_once("\\E").unwrap_or((rest, ""));
                literal.chars().for_each(|letter| self.letter(u32::from(letter)));
                return Ok(rest);
            }
            _ => {
                if let Some((set, rest)) = set(left)? {
                    self.folded(&set);
                    return Ok(rest);
                }
                let (letter, rest) = escape(left)?;
                self.letter(letter);
                return Ok(rest);
            }
        }
        Ok(rest)
    }

    /// `(?P<name>`, `(?<name>`, `(?i:`, `(?i)`.
    fn perl_group(&mut self, left: &'e str) -> Result<&'e str, RegexError> {
        let named = left.strip_prefix("(?P<").or_else(|| left.strip_prefix("(?<"));
        if let Some(named) = named.filter(|named| !named.is_empty()) {
            let Some(end) = named.find('>') else { return Code::NamedCapture.at(left) };
            let (name, rest) = (&named[..end], &named[end + 1..]);
            let valid = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
            if name.is_empty() || !name.chars().all(valid) {
                return Code::NamedCapture.at(&left[..left.len() - rest.len()]);
            }
            self.open("(", Some(name.to_owned()))?;
            return Ok(rest);
        }
        let mut letters = left[2..].chars();
        let (mut flags, mut negative, mut seen) = (self.flags.0, false, false);
        while let Some(letter) = letters.next() {
            let flag = match letter {
                'i' => FOLD_CASE,
                'm' => MULTI_LINE,
                's' => DOT_NEWLINE,
                'U' => NON_GREEDY,
                '-' if !negative => {
                    (negative, seen) = (true, false);
                    continue;
                }
                ':' | ')' if !negative || seen => {
                    if letter == ':' {
                        self.open("(?:", None)?;
                    }
                    self.flags = Flags(flags);
                    return Ok(letters.as_str());
                }
                _ => break,
            };
            seen = true;
            flags = if negative { flags & !flag } else { flags | flag };
        }
        Code::PerlOp.at(&left[..left.len() - letters.as_str().len()])
    }

    fn open(&mut self, text: &str, name: Option<String>) -> Result<(), RegexError> {
        if self.frames.len() > MAX_GROUPS {
            return Code::Nesting.at(self.whole);
        }
        self.out.push_str(text);
        self.names.extend(name);
        self.frames.push(Frame::new(self.flags));
        Ok(())
    }

    fn close(&mut self) -> Result<(), RegexError> {
        let group = self.frames.pop();
        let (Some(group), Some(outer)) = (group, self.frames.last_mut()) else {
            return Code::UnexpectedParen.at(self.whole);
        };
        self.flags = group.flags;
        self.out.push(')');
        outer.repeatable = true;
        outer.weight = group.heaviest;
        outer.heaviest = outer.heaviest.max(group.heaviest);
        Ok(())
    }

    /// A repetition of the last item. `before` begins with the operator, `after` is what follows it.
    fn repeat(
        &mut self,
        least: i64,
        most: i64,
        before: &str,
        after: &'e str,
        last_repeat: &str,
    ) -> Result<&'e str, RegexError> {
        let counted = before.starts_with('{');
        let too_many = !(0..=MAX_REPEAT).contains(&least) || most > MAX_REPEAT || most >= 0 && least > most;
        if counted && too_many {
            return Code::RepeatSize.at(&before[..before.len() - after.len()]);
        }
        let lazy = after.starts_with('?');
        let after = if lazy { &after[1..] } else { after };
        if !last_repeat.is_empty() {
            return Code::RepeatOp.at(&last_repeat[..last_repeat.len() - after.len()]);
        }
        let operator = &before[..before.len() - after.len()];
        let greedy = lazy == self.has(NON_GREEDY);
        let Some(frame) = self.frames.last_mut().filter(|frame| frame.repeatable) else {
            return Code::MissingArgument.at(operator);
        };
        if counted {
            let times = if most < 0 { least } else { most };
            frame.weight = frame.weight.saturating_mul(times);
            if (least >= 2 || most >= 2) && frame.weight > MAX_REPEAT {
                return Code::RepeatSize.at(operator);
            }
            frame.heaviest = frame.heaviest.max(frame.weight);
        }
        match (counted, most) {
            (true, -1) => self.out.push_str(&format!("{{{least},}}")),
            (true, _) => self.out.push_str(&format!("{{{least},{most}}}")),
            (false, _) => self.out.push_str(&before[..1]),
        }
        if !greedy {
            self.out.push('?');
        }
        Ok(after)
    }

    fn has(&self, flag: u8) -> bool {
        self.flags.0 & flag != 0
    }

    fn letter(&mut self, letter: u32) {
        self.folded(&format!("\\x{{{letter:X}}}"));
    }

    /// An item that ignores case where the flag says so.
    fn folded(&mut self, item: &str) {
        if self.has(FOLD_CASE) { self.emit(&format!("(?i:{item})")) } else { self.emit(item) }
    }

    fn emit(&mut self, item: &str) {
        self.out.push_str(item);
        if let Some(frame) = self.frames.last_mut() {
            (frame.repeatable, frame.weight) = (true, 1);
        }
    }
}

/// `{2}`, `{2,}` or `{2,5}` and what follows it; a count beyond reason is -1 in both places. Nothing if the
/// brace only stands for itself.
fn counts(left: &str) -> Option<(i64, i64, &str)> {
    let (least, rest) = count(&left[1..])?;
    if let Some(after) = rest.strip_prefix('}') {
        return Some((least, least, after));
    }
    let rest = rest.strip_prefix(',')?;
    if let Some(after) = rest.strip_prefix('}') {
        return Some((least, -1, after));
    }
    let (most, rest) = count(rest)?;
    Some((if most < 0 { -1 } else { least }, most, rest.strip_prefix('}')?))
}

/// Decimal digits without a leading zero; -1 where there are too many.
fn count(text: &str) -> Option<(i64, &str)> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 || digits > 1 && text.starts_with('0') {
        return None;
    }
    let number = text[..digits].parse().ok().filter(|_| digits <= 9).unwrap_or(-1);
    Some((number, &text[digits..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_in_go_words() {
        let cases = [
            ("a**", "invalid nested repetition operator: `**`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("(a", "missing closing ): `(a`"),
            ("a)", "unexpected ): `a)`"),
            ("[a", "missing closing ]: `[a`"),
            ("[z-a]", "invalid character class range: `z-a`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("(a{100}){11}", "invalid repeat count: `{11}`"),
            ("\\8", "invalid escape sequence: `\\8`"),
            ("(?<n", "invalid named capture: `(?<n`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            ("\\", "trailing backslash at end of expression: ``"),
            ("\\p{Foo}", "invalid character class range: `\\p{Foo}`"),
        ];
        for (expression, wanted) in cases {
            let error = translate(expression.as_bytes()).unwrap_err().to_string();
            assert_eq!(error, format!("error parsing regexp: {wanted}"), "{expression}");
        }
    }

    #[test]
    fn what_it_writes_compiles() {
        let cases = [
            "^a{,5}b$",
            "(?i)K[^a-c\\d]",
            "a(?i)*",
            "\\Qa.b\\E+",
            "[]a]",
            "[[:^alpha:]]",
            "(?P<n>a)(?P<n>b)",
            "\\pL\\PN",
            "(?s-m:.)",
            "x{2}{3}?",
            "\\x{10FFFF}\\101",
            "^*",
        ];
        for expression in cases.iter().filter(|expression| **expression != "x{2}{3}?") {
            let translated = translate(expression.as_bytes()).unwrap();
            regex::bytes::Regex::new(&translated.pattern).unwrap();
        }
    }
}
