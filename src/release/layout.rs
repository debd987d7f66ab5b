//! What the files of a commit do not say of the render that they come from, to the exact text that Helm keeps.
//!
//! A file is one object, and ends with a line break. A document of a chart has a template that it comes from, may end without a line break,
//! may be a list of objects, or a comment.

use serde::{Deserialize, Serialize};

use crate::render::text;

/// The documents of a render, in Helm's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layout {
    manifests: Vec<Part>,
    hooks: Vec<Part>,
}

/// One document.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    /// The template: `app/templates/service.yaml`.
    #[serde(rename = "s")]
    source: String,
    /// How many files it became; of most, one.
    #[serde(rename = "n", default = "one", skip_serializing_if = "is_one")]
    files: usize,
    /// The file has a line break more.
    #[serde(rename = "o", default, skip_serializing_if = "std::ops::Not::not")]
    is_open: bool,
    /// What it says, where no file does.
    #[serde(rename = "t", default, skip_serializing_if = "Option::is_none")]
    text: Option<String>,
    /// Of a hook, whose files are in another order: `Job/a`.
    #[serde(rename = "h", default, skip_serializing_if = "Option::is_none")]
    title: Option<String>,
}

fn one() -> usize {
    1
}

fn is_one(count: &usize) -> bool {
    *count == 1
}

impl Part {
    fn of(source: &str, document: &str, files: &[&str]) -> Self {
        let source = source.to_owned();
        match files {
            [file] if *file == document => Part { source, files: 1, ..Part::default() },
            [file] if file.strip_suffix('\n') == Some(document) => {
                Part { source, files: 1, is_open: true, ..Part::default() }
            }
            _ => Part { source, files: files.len(), text: Some(document.to_owned()), ..Part::default() },
        }
    }

    /// The document, of the files that it became.
    fn document<'a>(&'a self, files: &'a [String]) -> &'a str {
        match (&self.text, files) {
            (Some(text), _) => text,
            (None, [file, ..]) if self.is_open => file.strip_suffix('\n').unwrap_or(file),
            (None, [file, ..]) => file,
            (None, []) => "",
        }
    }
}

impl Layout {
    /// Reads it; none where it is none.
    pub fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Adds a document that is applied, and the files that it became.
    pub fn manifest(&mut self, source: &str, document: &str, files: &[&str]) {
        self.manifests.push(Part::of(source, document, files));
    }

    /// Adds a hook, `Job/a`.
    pub fn hook(&mut self, source: &str, document: &str, files: &[&str], title: String) {
        self.hooks.push(Part { title: Some(title), ..Part::of(source, document, files) });
    }

    /// The manifest of files in the order of the inventory; none where they are not those of the render.
    pub fn joined(&self, files: &[String]) -> Option<String> {
        if self.manifests.iter().map(|part| part.files).sum::<usize>() != files.len() {
            return None;
        }
        let (mut joined, mut rest) = (Vec::new(), files);
        for part in &self.manifests {
            let (own, others) = rest.split_at_checked(part.files)?;
            text::document(&mut joined, part.source.as_bytes(), part.document(own).as_bytes());
            rest = others;
        }
        String::from_utf8(joined).ok()
    }

    /// Of a hook and its file: its place among all, the template that it comes from, and its exact text.
    pub fn of_hook(&self, title: &str, file: &str) -> Option<(usize, String, String)> {
        let at = self.hooks.iter().position(|part| part.title.as_deref() == Some(title))?;
        let part = self.hooks.get(at)?;
        let text = part.document(&[file.to_owned()]).to_owned();
        Some((at, part.source.clone(), text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_told_as_the_render_had_them() {
        let mut layout = Layout::default();
        layout.manifest("a/templates/x.yaml", "kind: X", &["kind: X\n"]);
        layout.manifest("a/templates/list.yaml", "kind: List", &["kind: A\n", "kind: B\n"]);
        layout.manifest("a/templates/comment.yaml", "# nothing", &[]);
        layout.manifest("a/templates/y.yaml", "kind: Y\n\n", &["kind: Y\n\n"]);
        let layout = Layout::parse(&layout.text()).unwrap();
        let files = ["kind: X\n", "kind: A\n", "kind: B\n", "kind: Y\n\n"].map(str::to_owned);
        let expected = "---\n# Source: a/templates/x.yaml\nkind: X\n---\n# Source: a/templates/list.yaml\nkind: List\n\
                        ---\n# Source: a/templates/comment.yaml\n# nothing\n---\n# Source: a/templates/y.yaml\nkind: Y\n\n\n";
        assert_eq!(layout.joined(&files).as_deref(), Some(expected));
        assert_eq!(layout.joined(&files[..3]), None);
        assert_eq!(Layout::parse("not"), None);
    }

    #[test]
    fn a_hook_is_found_by_its_title() {
        let mut layout = Layout::default();
        layout.hook("a/templates/b.yaml", "kind: Job", &["kind: Job\n"], "Job/b".into());
        layout.hook("a/templates/a.yaml", "kind: Job\n", &["kind: Job\n"], "Job/a".into());
        let found = |title| layout.of_hook(title, "kind: Job\n");
        assert_eq!(found("Job/b"), Some((0, "a/templates/b.yaml".into(), "kind: Job".into())));
        assert_eq!(found("Job/a"), Some((1, "a/templates/a.yaml".into(), "kind: Job\n".into())));
        assert_eq!(found("Job/c"), None);
    }
}
