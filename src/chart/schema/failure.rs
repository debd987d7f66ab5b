//! Refusals to the indented list that Helm prints (`santhosh-tekuri/jsonschema` v6 `output.go`, `kind/kind.go`).

use crate::template::quote;

/// One refusal with its causes.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Where in the values: `/replicas`.
    pub at: String,
    pub text: String,
    pub kind: Kind,
    pub causes: Vec<Failure>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Keyword,
    /// Several refusals of one schema.
    Group,
    /// What a `$ref` leads to; not shown where it adds nothing.
    Reference,
}

impl Failure {
    pub fn new(at: &str, text: impl Into<String>) -> Self {
        Failure { at: at.to_owned(), text: text.into(), kind: Kind::Keyword, causes: Vec::new() }
    }

    pub fn with_causes(mut self, causes: Vec<Failure>) -> Self {
        self.causes = causes;
        self
    }

    /// None, the one, or all of them together.
    pub fn group(at: &str, mut failures: Vec<Failure>) -> Option<Self> {
        if failures.len() < 2 {
            return failures.pop();
        }
        let kind = Kind::Group;
        Some(Failure { kind, ..Failure::new(at, "validation failed").with_causes(failures) })
    }

    /// What was refused behind a reference.
    pub fn reference(at: &str, failure: Failure) -> Self {
        let causes = failure.unpacked();
        Failure { kind: Kind::Reference, ..Failure::new(at, "validation failed").with_causes(causes) }
    }

    /// The members of a group, or the failure alone.
    pub fn unpacked(self) -> Vec<Failure> {
        if self.kind == Kind::Group { self.causes } else { vec![self] }
    }

    /// Writes `- at '/place': reason` lines, causes two columns further in.
    pub fn write(&self, depth: usize, text: &mut String) {
        let hidden = self.kind == Kind::Reference && self.causes.len() == 1;
        if !hidden {
            let indent = "  ".repeat(depth);
            text.push_str(&format!("{indent}- at {}: {}\n", quoted(&self.at), self.text));
        }
        for cause in &self.causes {
            cause.write(if hidden { depth } else { depth + 1 }, text);
        }
    }
}

/// In single quotes, otherwise as Go quotes.
pub fn quoted(text: &str) -> String {
    let quoted = quote::quote(text.as_bytes());
    let inner = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
    format!("'{}'", inner.replace("\\\"", "\"").replace('\'', "\\'"))
}

/// Names in single quotes, separated by commas.
pub fn all_quoted<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| quoted(name.as_ref())).collect::<Vec<_>>().join(", ")
}

/// The path with one more step, `~` and `/` in it spelled as JSON pointers do.
pub fn step(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}
