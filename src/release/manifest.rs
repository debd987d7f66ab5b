//! The objects of a release to the text that `helm get manifest` prints (Helm `pkg/action/action.go`, `renderResources`).

use crate::render::output::Output;
use crate::render::text;

/// What a render gives: exact.
pub fn text(output: &Output) -> String {
    String::from_utf8_lossy(&text::manifest(output, false)).into_owned()
}

/// One object of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// The template that it comes from, `app/templates/service.yaml`, or the file of the commit where nobody knows it any more.
    pub source: &'a str,
    pub text: &'a str,
}

/// Objects in the order of the inventory. What a file of a commit ends with is not what the chart ended it with: it is a line break in
/// any case, so blank lines may differ from those of the render. Helm and `helm diff` read the same objects.
pub fn joined<'a>(documents: impl IntoIterator<Item = Document<'a>>) -> String {
    let mut joined = Vec::new();
    for Document { source, text } in documents {
        match text.starts_with(SOURCE) {
            true => joined.extend([b"---\n", text.as_bytes(), b"\n"].concat()),
            false => text::document(&mut joined, source.as_bytes(), text.as_bytes()),
        }
    }
    String::from_utf8_lossy(&joined).into_owned()
}

/// Says at the start of a document where it comes from.
const SOURCE: &str = "# Source: ";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_says_its_source_says_it_once() {
        let documents =
            [("a/templates/x.yaml", "kind: X\n"), ("y", "# Source: a/templates/y.yaml\nkind: Y\n")];
        let text = joined(documents.map(|(source, text)| Document { source, text }));
        let expected =
            "---\n# Source: a/templates/x.yaml\nkind: X\n\n---\n# Source: a/templates/y.yaml\nkind: Y\n\n";
        assert_eq!(text, expected);
    }
}
