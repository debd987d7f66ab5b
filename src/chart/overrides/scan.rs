//! Reads an override text up to the next sign that means something.

/// The rest of the text.
pub struct Scanner<'t> {
    rest: &'t str,
    /// A backslash takes the meaning from the next character.
    escapes: bool,
}

/// What was read, and the sign it ended at: none at the end of the text.
pub type Run = (String, Option<char>);

impl<'t> Scanner<'t> {
    pub fn new(text: &'t str, escapes: bool) -> Self {
        Scanner { rest: text, escapes }
    }

    pub fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let next = chars.next();
        self.rest = chars.as_str();
        next
    }

    pub fn next_if(&mut self, wanted: char) -> bool {
        self.rest.strip_prefix(wanted).map(|rest| self.rest = rest).is_some()
    }

    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub fn rest(&self) -> &'t str {
        self.rest
    }

    pub fn skip(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }

    /// Reads to one of the signs and takes it.
    pub fn until(&mut self, signs: &[char]) -> Run {
        let mut run = String::new();
        while let Some(char) = self.next() {
            if signs.contains(&char) {
                return (run, Some(char));
            }
            match char {
                '\\' if self.escapes => match self.next() {
                    Some(escaped) => run.push(escaped),
                    None => break,
                },
                char => run.push(char),
            }
        }
        (run, None)
    }
}
