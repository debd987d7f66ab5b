//! A shell pattern and a path to whether they match (Go's `path/filepath.Match`).

/// `*` and `?` stop at slashes, `[a-z]` and `[^a-z]` are sets, `\` takes the next character as it is.
/// A malformed pattern matches nothing.
pub fn is_match(pattern: &str, path: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().collect();
    let path: Vec<char> = path.chars().collect();
    matches(&pattern, &path)
}

/// Linear in the pattern for each star: only the last one is ever tried again.
fn matches(pattern: &[char], path: &[char]) -> bool {
    let (mut at, mut read) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    loop {
        if pattern.get(at) == Some(&'*') {
            star = Some((at, read));
            at += 1;
            continue;
        }
        if at == pattern.len() && read == path.len() {
            return true;
        }
        if let Some(next) = path.get(read).and_then(|character| one(pattern, at, *character)) {
            (at, read) = (next, read + 1);
            continue;
        }
        match star {
            Some((at_star, taken)) if path.get(taken).is_some_and(|character| *character != '/') => {
                star = Some((at_star, taken + 1));
                (at, read) = (at_star + 1, taken + 1);
            }
            _ => return false,
        }
    }
}

/// Where the pattern goes on if its next part matches the character.
fn one(pattern: &[char], at: usize, character: char) -> Option<usize> {
    match pattern.get(at)? {
        '?' => (character != '/').then_some(at + 1),
        '\\' => (pattern.get(at + 1)? == &character).then_some(at + 2),
        '[' => set(pattern, at + 1, character),
        literal => (*literal == character).then_some(at + 1),
    }
}

fn set(pattern: &[char], mut at: usize, character: char) -> Option<usize> {
    let negated = pattern.get(at) == Some(&'^');
    at += usize::from(negated);
    let mut found = false;
    let mut ranges = 0;
    loop {
        if pattern.get(at) == Some(&']') && ranges > 0 {
            return (found != negated).then_some(at + 1);
        }
        let (low, next) = member(pattern, at)?;
        let (high, next) = match pattern.get(next) {
            Some('-') => member(pattern, next + 1)?,
            _ => (low, next),
        };
        found |= (low..=high).contains(&character);
        (at, ranges) = (next, ranges + 1);
    }
}

fn member(pattern: &[char], at: usize) -> Option<(char, usize)> {
    match pattern.get(at)? {
        '-' | ']' => None,
        '\\' => Some((*pattern.get(at + 1)?, at + 2)),
        character => Some((*character, at + 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::is_match;

    #[test]
    fn patterns_match_as_in_go() {
        for (pattern, path) in [
            ("templates/a.yaml", "templates/a.yaml"),
            ("templates/*", "templates/a.yaml"),
            ("templates/*.yaml", "templates/.yaml"),
            ("*/a*b*c", "x/a1b2bc"),
            ("t/?", "t/ü"),
            ("t/[a-c]", "t/b"),
            ("t/[^a-c]", "t/d"),
            ("t/[\\]]", "t/]"),
            ("t/\\*", "t/*"),
        ] {
            assert!(is_match(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("templates/*", "templates/sub/a.yaml"),
            ("templates", "templates/a.yaml"),
            ("t/?", "t//"),
            ("t/[", "t/["),
            ("t/[]a]", "t/a"),
            ("t/[a-", "t/a"),
            ("*", "a/b"),
            ("a*", "b"),
        ] {
            assert!(!is_match(pattern, path), "{pattern} {path}");
        }
    }
}
