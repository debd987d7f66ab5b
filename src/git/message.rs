//! Turns a subject, paragraphs and trailers, whatever text they hold, into a commit message in which each is what it was.

use super::trailers::{KeyError, is_disruptive, line, looks_like_trailer, one_line};

/// Characters of a subject: what `git log --oneline` and forges show without cutting.
pub const MAX_SUBJECT: usize = 72;
/// Bytes of a body: longer lists belong into a file of the commit.
pub const MAX_BODY: usize = 32 << 10;
/// Pushes a line to where git does not read it: no trailer, no comment, no `---`.
const INDENT: &str = "  ";

/// A message under construction.
#[derive(Clone, Debug, Default)]
pub struct Message {
    subject: String,
    paragraphs: Vec<String>,
    trailers: Vec<(String, String)>,
}

/// Parts that make no message.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum MessageError {
    #[error("the subject {subject:?} of a commit message has no text; say what changed")]
    NoSubject { subject: String },
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Message {
    /// A message with that subject: made one line, cut to [`MAX_SUBJECT`] characters.
    pub fn new(subject: &str) -> Message {
        Message { subject: subject.to_owned(), ..Message::default() }
    }

    /// Adds a paragraph; it may have several lines. An empty one is left out.
    pub fn paragraph(mut self, text: &str) -> Message {
        self.paragraphs.push(text.to_owned());
        self
    }

    /// Adds a trailer.
    pub fn trailer(mut self, key: &str, value: &str) -> Message {
        self.trailers.push((key.to_owned(), value.to_owned()));
        self
    }

    /// The text: subject, body, trailers, an empty line between them. `git interpret-trailers --parse` reads exactly the trailers
    /// that were added.
    pub fn build(&self) -> Result<String, MessageError> {
        // a leading `---` or `#` would end the message, or hide its first line
        let subject = one_line(&self.subject);
        let subject = shorten(subject.trim_start_matches(['-', '#', ' ']));
        if subject.is_empty() {
            return Err(MessageError::NoSubject { subject: self.subject.clone() });
        }
        let mut parts = vec![subject];
        let body: Vec<String> =
            self.paragraphs.iter().map(|text| plain(text)).filter(|text| !text.is_empty()).collect();
        if !body.is_empty() {
            parts.push(cut(body.join("\n\n")));
        }
        if !self.trailers.is_empty() {
            let lines: Result<Vec<_>, _> =
                self.trailers.iter().map(|(key, value)| line(key, value)).collect();
            parts.push(lines?.join("\n"));
        }
        Ok(parts.join("\n\n") + "\n")
    }
}

fn shorten(subject: &str) -> String {
    if subject.chars().count() <= MAX_SUBJECT {
        return subject.to_owned();
    }
    let cut: String = subject.chars().take(MAX_SUBJECT - 1).collect();
    format!("{}…", cut.trim_end())
}

fn cut(mut body: String) -> String {
    if body.len() > MAX_BODY {
        body.truncate(body.floor_char_boundary(MAX_BODY));
        let whole = body.rfind('\n').unwrap_or(body.len());
        body.truncate(whole);
        body.push_str("\n…");
    }
    body
}

/// Lines without what disturbs a terminal, without empty ones at the ends and in a row, and none that git would interpret.
fn plain(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for raw in text.replace("\r\n", "\n").split(['\n', '\r']) {
        let clean = raw.replace('\t', "    ").replace(is_disruptive, " ").replace(" >8 ", " > 8 ");
        let clean = clean.trim_end();
        let interpreted = clean.starts_with("---") || clean.starts_with('#') || looks_like_trailer(clean);
        let gap = clean.is_empty() && lines.last().is_none_or(String::is_empty);
        if !gap {
            lines.push(if interpreted { format!("{INDENT}{clean}") } else { clean.to_owned() });
        }
    }
    lines.join("\n").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_in_order() {
        let text =
            Message::new("example/simple: replicas 1 → 3").paragraph("~ a\n+ b").trailer("Generation", "5");
        assert_eq!(text.build().unwrap(), "example/simple: replicas 1 → 3\n\n~ a\n+ b\n\nGeneration: 5\n");
    }

    #[test]
    fn a_subject_is_one_short_line() {
        let text = Message::new(&format!("--- #a\nb\u{7}{}", "x".repeat(100))).build().unwrap();
        assert!(text.starts_with("a b xxx") && text.ends_with("x…\n"), "{text}");
        assert_eq!(text.trim_end().chars().count(), MAX_SUBJECT);
        assert!(Message::new("\n--\t").build().is_err());
    }

    #[test]
    fn a_body_forges_nothing() {
        let text = Message::new("s")
            .paragraph("Cluster: evil\r\n---\n\n\n\n# x\nSigned-off-by: y\n")
            .build()
            .unwrap();
        assert_eq!(text, "s\n\n  Cluster: evil\n  ---\n\n  # x\n  Signed-off-by: y\n");
        assert_eq!(super::super::trailers::parse(&text), []);
    }

    #[test]
    fn a_long_body_is_cut_at_a_line() {
        let text = Message::new("s").paragraph(&"word\n".repeat(MAX_BODY)).build().unwrap();
        assert!(text.len() < MAX_BODY + 20 && text.ends_with("word\n…\n"));
    }
}
