//! What is wrong with a configuration, and where.

use std::fmt;

use serde_json::Value;

use crate::yaml::document::{self, Document};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// From 1, in the text that was checked.
    pub line: Option<usize>,
    /// `scrape_configs[0].job_name`; empty for the whole text.
    pub path: String,
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)
    }
}

/// Collects problems of one document.
pub struct Problems<'a> {
    document: &'a Document,
    found: Vec<Problem>,
}

impl<'a> Problems<'a> {
    pub fn new(document: &'a Document) -> Self {
        Problems { document, found: Vec::new() }
    }

    pub fn add(&mut self, path: &str, message: impl Into<String>) {
        let line = if path.is_empty() { None } else { self.document.line_of(path) };
        self.found.push(Problem { line, path: path.to_string(), message: message.into() });
    }

    pub fn finish(self) -> Vec<Problem> {
        self.found
    }
}

/// The one document of a text; `what` is what it should be (`a Prometheus configuration`).
pub fn parse(text: &str, what: &str) -> Result<Option<Document>, Problem> {
    let mut documents = document::split(text.as_bytes());
    let whole = |line, message: String| Problem { line, path: String::new(), message };
    match documents.next() {
        None => Ok(None),
        Some(Err(error)) => Err(whole(Some(error.line), error.message)),
        Some(Ok(first)) => {
            if let Some(Ok(second)) = documents.next() {
                let message =
                    "a second document begins here, which Prometheus does not read; remove the `---`".into();
                return Err(whole(Some(second.first_line), message));
            }
            match &first.value {
                Value::Object(_) => Ok(Some(first)),
                Value::Null => Ok(None),
                _ => Err(whole(Some(first.first_line), format!("the text is not {what}: a map is expected"))),
            }
        }
    }
}
