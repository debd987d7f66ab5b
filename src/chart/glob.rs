//! A glob of `.Files.Glob` to a test of file names (`gobwas/glob` with the separator `/`).
//!
//! `*` and `?` stop at a slash, `**` does not; `[abc]`, `[!a-z]`, `{this,or that}`, `\` before a sign. The pattern is
//! rewritten to a regular expression, which is matched in linear time whatever a chart writes.

use std::iter::Peekable;
use std::str::Chars;

use regex::{Regex, RegexBuilder};

/// A compiled pattern.
#[derive(Clone, Debug)]
pub struct Glob(Regex);

/// Why a pattern is refused; the texts are those of `gobwas/glob`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GlobError {
    #[error("unexpected end of input")]
    End,
    #[error("expected close range character")]
    Close,
    #[error("could not parse range")]
    Range,
    #[error("hi character '{0}' should be greater than lo '{1}'")]
    Order(char, char),
    #[error("the pattern is too large; name fewer alternatives")]
    TooLarge,
}

impl Glob {
    pub fn new(pattern: &str) -> Result<Self, GlobError> {
        let regex = rewrite(pattern)?;
        let regex = RegexBuilder::new(&regex).dot_matches_new_line(true).build();
        regex.map(Glob).map_err(|_| GlobError::TooLarge)
    }

    /// Whether the whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}

fn rewrite(pattern: &str) -> Result<String, GlobError> {
    // The reference reads no further than a zero.
    let pattern = pattern.split('\0').next().unwrap_or_default();
    let mut chars = pattern.chars().peekable();
    let mut regex = r"\A".to_owned();
    let mut terms = 0_usize;
    while let Some(char) = chars.next() {
        match char {
            '*' if chars.next_if_eq(&'*').is_some() => regex.push_str(".*"),
            '*' => regex.push_str("[^/]*"),
            '?' => regex.push_str("[^/]"),
            '[' => range(&mut chars, &mut regex)?,
            '{' => {
                terms += 1;
                regex.push_str("(?:");
            }
            ',' if terms > 0 => regex.push('|'),
            '}' if terms > 0 => {
                terms -= 1;
                regex.push(')');
            }
            '\\' => literal(chars.next(), &mut regex),
            char => literal(Some(char), &mut regex),
        }
    }
    // A brace that is never closed ends with the pattern.
    regex.extend(std::iter::repeat_n(')', terms));
    regex.push_str(r"\z");
    Ok(regex)
}

fn literal(char: Option<char>, regex: &mut String) {
    let mut buffer = [0; 4];
    regex.push_str(&regex::escape(char.map_or("", |char| char.encode_utf8(&mut buffer))));
}

/// What follows an opening bracket: one range, or a list of characters.
fn range(chars: &mut Peekable<Chars<'_>>, regex: &mut String) -> Result<(), GlobError> {
    regex.push_str(if chars.next_if_eq(&'!').is_some() { "[^" } else { "[" });
    let first = *chars.peek().ok_or(GlobError::End)?;
    let mut ahead = chars.clone();
    ahead.next();
    if ahead.next() == Some('-') {
        *chars = ahead;
        let last = chars.next().ok_or(GlobError::End)?;
        match chars.next() {
            None => return Err(GlobError::End),
            Some(']') => {}
            Some(_) => return Err(GlobError::Close),
        }
        if last < first {
            return Err(GlobError::Order(last, first));
        }
        class_char(first, regex);
        regex.push('-');
        class_char(last, regex);
    } else {
        list(chars, regex)?;
    }
    regex.push(']');
    Ok(())
}

fn list(chars: &mut Peekable<Chars<'_>>, regex: &mut String) -> Result<(), GlobError> {
    let before = regex.len();
    loop {
        match chars.next().ok_or(GlobError::End)? {
            ']' if regex.len() == before => return Err(GlobError::Range),
            ']' => return Ok(()),
            '\\' => class_char(chars.next().ok_or(GlobError::End)?, regex),
            char => class_char(char, regex),
        }
    }
}

fn class_char(char: char, regex: &mut String) {
    if char.is_ascii_punctuation() {
        regex.push('\\');
    }
    regex.push(char);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_gobwas_matches() {
        let cases = [
            ("*.yaml", "a.yaml", true),
            ("*.yaml", "a/b.yaml", false),
            ("**.yaml", "a/b.yaml", true),
            ("config/**", "config/a/b", true),
            ("config/*", "config/a/b", false),
            ("a?c", "a/c", false),
            ("a[!b]c", "a/c", true),
            ("{a,b*}/c", "bx/c", true),
            ("{a,{b,c}d}", "cd", true),
            ("{a,b", "b", true),
            ("[a-c]", "b", true),
            ("[abc-z]", "-", true),
            ("\\*", "*", true),
            ("a}b,c", "a}b,c", true),
            ("", "", true),
            ("a.b", "axb", false),
            ("**", "a\nb", true),
        ];
        for (pattern, name, matches) in cases {
            assert_eq!(Glob::new(pattern).unwrap().matches(name), matches, "{pattern} {name}");
        }
        for (pattern, error) in [
            ("[", GlobError::End),
            ("[a-]", GlobError::End),
            ("[a-z0]", GlobError::Close),
            ("[]a]", GlobError::Range),
            ("[z-a]", GlobError::Order('a', 'z')),
        ] {
            assert_eq!(Glob::new(pattern).unwrap_err(), error, "{pattern}");
        }
    }
}
