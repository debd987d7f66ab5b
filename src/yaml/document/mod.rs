//! Resource files to JSON values that know their lines.
//!
//! Read as kubectl reads them (k8s.io/apimachinery `util/yaml`): split at `---` lines first, so that a bad
//! document does not spoil its neighbours; JSON is YAML; integers stay integers. Stricter in one point: a key
//! that is set twice is an error.

mod convert;
mod error;
mod locate;
mod split;

pub use error::DocumentError;

use convert::Floats;
use error::Problem;

use super::events::{Mark, SyntaxError};
use super::tree::{MAX_NODES, Tree, TreeError};

/// One document of a file.
#[derive(Debug)]
pub struct Document {
    /// The line of the file, from 1, on which the document's text begins.
    pub first_line: usize,
    pub value: serde_json::Value,
    tree: Tree,
}

impl Document {
    /// The line of the file, from 1, that holds what a path leads to: `spec.rules`,
    /// `spec.containers[0].name`, `spec.rules["node.yml"]`; keys may hold dots without brackets too. Where
    /// the path leads to nothing, the line of the last part that exists. `None` for an unreadable path.
    pub fn line_of(&self, path: &str) -> Option<usize> {
        locate::find(&self.tree, path).map(|line| self.first_line + line)
    }
}

/// The documents of a file in their order; empty ones are left out.
pub fn split(file: &[u8]) -> impl Iterator<Item = Result<Document, DocumentError>> {
    split::chunks(file).filter_map(|chunk| read(chunk.first_line, chunk.text).transpose())
}

/// The first document, in which `1e7` is a float and `10000000` an integer.
pub fn first_typed(file: &[u8]) -> Option<serde_json::Value> {
    let chunk = split::chunks(file).next()?;
    let tree = Tree::first(chunk.text, MAX_NODES).ok()??;
    convert::to_json(&tree, chunk.first_line, Floats::Kept).ok()
}

fn read(first_line: usize, text: &[u8]) -> Result<Option<Document>, DocumentError> {
    let located = |error: TreeError| locate_error(first_line, error);
    let Some(tree) = Tree::first(text, MAX_NODES).map_err(located)? else {
        return Ok(None);
    };
    let value = convert::to_json(&tree, first_line, Floats::AsJson)?;
    Ok((!value.is_null()).then_some(Document { first_line, value, tree }))
}

fn locate_error(first_line: usize, error: TreeError) -> DocumentError {
    let (mark, problem) = match error {
        TreeError::Syntax(SyntaxError { problem, mark, .. }) => (mark, Problem::Syntax(problem)),
        TreeError::UnknownAnchor { name, mark } => (mark, Problem::UnknownAnchor(name)),
        TreeError::TooMany(most) => (Mark::default(), Problem::TooMany(most)),
    };
    DocumentError::new(first_line, mark, &problem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const FILE: &str = "\u{FEFF}# a comment\n---\na: 1\nb:\n- x: 2.0\n  rule.yml: t\n--- # next\r\n\r\n---\nbad: [\n---\nc: 1\nc: 2\n--- {\"d\": 9007199254740993}\n...\n";

    #[test]
    fn a_bad_document_does_not_spoil_its_neighbours() {
        let results: Vec<_> = split(FILE.as_bytes()).collect();
        assert_eq!(results.len(), 4);
        let first = results[0].as_ref().unwrap();
        assert_eq!(first.value, json!({"a": 1, "b": [{"x": 2, "rule.yml": "t"}]}));
        assert_eq!(first.first_line, 3);
        assert_eq!(first.line_of("b[0].x"), Some(5));
        assert_eq!(first.line_of("$.b[0]['rule.yml']"), Some(6));
        assert_eq!(first.line_of("b[0].rule.yml"), Some(6));
        assert_eq!(first.line_of("b[0].nothing.here"), Some(5));
        assert_eq!(first.line_of("b["), None);
        let error = results[1].as_ref().unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 11, column 1: not valid YAML: did not find expected node content"
        );
        let error = results[2].as_ref().unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 13, column 1: key \"c\" is already set in line 12: keep one of the two"
        );
        assert_eq!(results[3].as_ref().unwrap().value, json!({"d": 9_007_199_254_740_993_i64}));
    }

    #[test]
    fn merges_and_aliases_are_followed() {
        let text = "base: &b {x: 1, z: 2}\nuse:\n  <<: *b\n  z: 3\n";
        let document = split(text.as_bytes()).next().unwrap().unwrap();
        assert_eq!(document.value["use"], json!({"x": 1, "z": 3}));
        assert_eq!(document.line_of("use.x"), Some(1));
        assert_eq!(document.line_of("use.z"), Some(4));
    }

    #[test]
    fn hostile_documents_are_refused() {
        let bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n";
        for text in
            [bomb, "a: &a [*a]", &"[".repeat(5000), &format!("{}1{}", "[".repeat(600), "]".repeat(600))]
        {
            assert!(split(text.as_bytes()).next().unwrap().is_err());
        }
    }

    #[test]
    fn directives_stay_with_their_document() {
        let results: Vec<_> = split(b"%YAML 1.1\n---\na: 1\n").collect();
        assert_eq!(results[0].as_ref().unwrap().value, json!({"a": 1}));
    }
}
