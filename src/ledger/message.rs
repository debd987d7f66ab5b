//! The words of a change turned into the text of a commit message, by a template.

use minijinja::{Environment, context};

use super::template;

/// What the template may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    pub namespace: String,
    pub name: String,
    /// `example/simple: replicas 1 → 3`
    pub subject: String,
    /// All that was asked for, in words; the subject holds as many as fit.
    pub changes: Vec<String>,
    /// One line an object: `~ StatefulSet/simple  spec.replicas 1 → 3`.
    pub objects: Vec<String>,
    /// Claims that keep the data of a deleted cluster.
    pub claims: Vec<String>,
    /// Annotation `kubernetes.io/change-cause`; empty if not given.
    pub cause: String,
}

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
#[error(
    "the commit message template cannot be rendered: {0:#}; correct the file that `templates.commit` names"
)]
pub struct MessageError(#[from] minijinja::Error);

/// The message template, compiled once. Trailers are not its business: they are added after it.
pub struct Template(Environment<'static>);

const NAME: &str = "commit.j2";

impl Template {
    /// Compiles the template text (minijinja).
    pub fn compile(text: &str) -> Result<Self, MessageError> {
        Ok(Template(template::compile(NAME, text, false)?))
    }

    /// Subject and body, without trailers and without surrounding blank lines.
    pub fn render(&self, words: &Words) -> Result<String, MessageError> {
        let Words { namespace, name, subject, changes, objects, claims, cause } = words;
        let text = self.0.get_template(NAME)?.render(context! {
            namespace, name, subject, changes, objects, claims, cause,
        })?;
        Ok(text.trim().to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words() -> Words {
        Words {
            namespace: "example".into(),
            name: "simple".into(),
            subject: "example/simple: replicas 1 → 3".into(),
            changes: vec!["replicas 1 → 3".into()],
            objects: vec!["~ StatefulSet/simple  spec.replicas 1 → 3".into()],
            claims: vec![],
            cause: String::new(),
        }
    }

    fn render(words: &Words) -> String {
        Template::compile(include_str!("../../config/commit.j2")).unwrap().render(words).unwrap()
    }

    #[test]
    fn the_shipped_template_gives_subject_and_objects() {
        let expected = "example/simple: replicas 1 → 3\n\n~ StatefulSet/simple  spec.replicas 1 → 3";
        assert_eq!(render(&words()), expected);
    }

    #[test]
    fn several_changes_are_listed_when_the_subject_cannot_hold_them() {
        let mut words = words();
        words.changes = ["replicas 1 → 3", "version a → b", "x", "y"].map(String::from).into();
        words.subject = "example/simple: replicas 1 → 3, version a → b and 2 more".into();
        words.cause = "more load".into();
        let text = render(&words);
        assert!(
            text.contains("\n\nmore load\n\n* replicas 1 → 3\n* version a → b\n* x\n* y\n\n~ Stateful"),
            "{text}"
        );
    }

    #[test]
    fn retained_claims_are_listed() {
        let words = Words { claims: vec!["data-simple-0".into()], objects: vec![], ..words() };
        assert!(render(&words).ends_with("Retained claims:\n* data-simple-0"), "{}", render(&words));
    }

    #[test]
    fn a_template_that_names_nothing_known_is_an_error() {
        let template = Template::compile("{{ subjekt }}").unwrap();
        let text = template.render(&words()).unwrap_err().to_string();
        assert!(text.contains("templates.commit"), "{text}");
    }
}
