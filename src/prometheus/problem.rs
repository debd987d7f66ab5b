//! What is wrong with a configuration or a rule file, and where; with the checks that both are made of.

use std::fmt;

use serde_json::{Map, Value};

use super::{duration, keys};
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

    /// The keys of a map are known ones. Not `strict`: another Prometheus will read it, which may know more, and only
    /// what looks like a misspelling is wrong.
    pub fn keys(&mut self, path: &str, map: &Map<String, Value>, known: &[&[&str]], strict: bool) {
        let all = || known.iter().flat_map(|keys| keys.iter().copied());
        for key in map.keys().filter(|key| !all().any(|known| known == *key)) {
            let hint = keys::meant(key, all());
            if hint.is_some() || strict {
                let hint = hint.map_or(String::new(), |meant| format!("; did you mean {meant}?"));
                self.add(&join(path, key), format!("Prometheus {} has no such key{hint}", keys::VERSION));
            }
        }
    }

    /// A length of time in milliseconds, if there is a good one.
    pub fn length(&mut self, path: &str, map: &Map<String, Value>, key: &str) -> Option<u64> {
        let text = match map.get(key)? {
            // Prometheus keeps its default.
            Value::Null => return None,
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        };
        let length = duration::parse(&text);
        if length.is_none() {
            let message = format!("{text:?} is not a length of time; write 15s, 5m or 1h30m");
            self.add(&join(path, key), message);
        }
        length
    }

    pub fn finish(self) -> Vec<Problem> {
        self.found
    }
}

/// The path of a key of the map at `path`.
pub fn join(path: &str, key: &str) -> String {
    if path.is_empty() { key.to_string() } else { format!("{path}.{key}") }
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
