//! A file name pattern to a test of names (Go's `path.Match`: `*`, `?`, `[a-z]`, `\`; none of them crosses a slash).

/// A pattern that can be matched against slash-separated paths.
#[derive(Clone, Debug)]
pub struct Pattern(Vec<Token>);

/// The pattern is malformed; the text is Go's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("syntax error in pattern")]
pub struct BadPattern;

#[derive(Clone, Debug)]
enum Token {
    Char(char),
    /// `?`
    One,
    /// `*`
    Run,
    /// `[a-z]`, `[^x]`
    Class {
        negated: bool,
        ranges: Vec<(char, char)>,
    },
}

impl Pattern {
    pub fn new(text: &str) -> Result<Self, BadPattern> {
        let mut chars = text.chars().peekable();
        let mut tokens = Vec::new();
        while let Some(char) = chars.next() {
            tokens.push(match char {
                '*' => Token::Run,
                '?' => Token::One,
                '[' => class(&mut chars)?,
                '\\' => Token::Char(chars.next().ok_or(BadPattern)?),
                char => Token::Char(char),
            });
        }
        Ok(Pattern(tokens))
    }

    /// Whether the whole name matches.
    pub fn matches(&self, name: &str) -> bool {
        let name: Vec<char> = name.chars().collect();
        let (mut token, mut at) = (0, 0);
        // The last `*` seen and how far it reaches: it grows when the rest does not match.
        let mut run: Option<(usize, usize)> = None;
        loop {
            match self.0.get(token) {
                Some(Token::Run) => {
                    run = Some((token, at));
                    token += 1;
                    continue;
                }
                Some(wanted) if name.get(at).is_some_and(|char| wanted.accepts(*char)) => {
                    (token, at) = (token + 1, at + 1);
                    continue;
                }
                None if at == name.len() => return true,
                _ => {}
            }
            match run {
                Some((start, end)) if name.get(end).is_some_and(|char| *char != '/') => {
                    run = Some((start, end + 1));
                    (token, at) = (start + 1, end + 1);
                }
                _ => return false,
            }
        }
    }
}

impl Token {
    fn accepts(&self, char: char) -> bool {
        match self {
            Token::Char(wanted) => char == *wanted,
            Token::One => char != '/',
            Token::Run => false,
            Token::Class { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&char)) != *negated
            }
        }
    }
}

/// What follows an opening bracket, up to the closing one.
fn class(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<Token, BadPattern> {
    let negated = chars.next_if_eq(&'^').is_some();
    let mut ranges = Vec::new();
    loop {
        if !ranges.is_empty() && chars.next_if_eq(&']').is_some() {
            return Ok(Token::Class { negated, ranges });
        }
        let low = class_char(chars)?;
        let high = if chars.next_if_eq(&'-').is_some() { class_char(chars)? } else { low };
        ranges.push((low, high));
    }
}

fn class_char(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Result<char, BadPattern> {
    match chars.next() {
        Some('\\') => chars.next().ok_or(BadPattern),
        Some('-' | ']') | None => Err(BadPattern),
        Some(char) => Ok(char),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_go_matches() {
        let cases = [
            ("*.txt", "a.txt", true),
            ("*.txt", "a/b.txt", false),
            ("templates/.?*", "templates/.x", true),
            ("templates/.?*", "templates/.", false),
            ("a*b*c/d", "axbxbxc/d", true),
            ("[a-c]x[^d]", "bxe", true),
            ("[a-c]x[^d]", "bxd", false),
            ("a\\*", "a*", true),
            ("*", "", true),
        ];
        for (pattern, name, matches) in cases {
            assert_eq!(Pattern::new(pattern).unwrap().matches(name), matches, "{pattern} {name}");
        }
        for pattern in ["[", "[]a]", "[a", "[-]", "a\\", "[a-"] {
            assert!(Pattern::new(pattern).is_err(), "{pattern}");
        }
    }
}
