//! The words of a change turned into the text of a commit message, by a template.

use minijinja::context;

use super::template::{Replaceable, Text};

/// What the template may use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words {
    pub namespace: String,
    pub name: String,
    /// `example/simple: replicas 1 → 3`
    pub subject: String,
    /// All that was asked for, in words; the subject holds as many as fit.
    pub changes: Vec<String>,
    /// What the change does to what runs: `Prometheus reloads its configuration`.
    pub effects: Vec<String>,
    /// One line an object: `~ StatefulSet/simple  spec.replicas 1 → 3`.
    pub objects: Vec<String>,
    /// Claims that keep the data of a deleted cluster.
    pub claims: Vec<String>,
    /// Claims that go with it, and the data with them.
    pub lost: Vec<String>,
    /// Claims of an earlier cluster of that name, whose data a new one has again.
    pub attached: Vec<String>,
    /// Annotation `kubernetes.io/change-cause`; empty if not given.
    pub cause: String,
}

/// Claims that one line names.
const MOST_NAMES: usize = 10;

impl Words {
    /// The subject for those who read no further: with the names of claims that it only counts.
    pub fn told(&self) -> String {
        let (shown, rest) = self.attached.split_at(self.attached.len().min(MOST_NAMES));
        let more = if rest.is_empty() { String::new() } else { format!(" and {} more", rest.len()) };
        match shown {
            [] => self.subject.clone(),
            shown => {
                let Words { namespace, name, .. } = self;
                format!("{namespace}/{name}: created, re-attached data: {}{more}", shown.join(", "))
            }
        }
    }
}

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
#[error(
    "the commit message template cannot be rendered: {0:#}; correct the file that `templates.commit` names"
)]
pub struct MessageError(#[from] minijinja::Error);

/// The message template, compiled once. Trailers are not its business: they are added after it.
pub struct Template(Replaceable);

const NAME: &str = "commit.j2";

impl Template {
    /// Compiles the template text (minijinja), and the one that promgit ships, which is used where that one fails.
    pub fn compile(text: &str, shipped: &str) -> Result<Self, MessageError> {
        Ok(Template(Replaceable::compile(NAME, text, shipped, false)?))
    }

    /// Subject and body, without trailers and without surrounding blank lines. A text that had to be ours says why at its end.
    pub fn render(&self, words: &Words) -> Result<String, MessageError> {
        let Words { namespace, name, subject, changes, effects, objects, claims, lost, attached, cause } =
            words;
        let Text { text, fault } = self.0.render(&context! {
            namespace, name, subject, changes, effects, objects, claims, lost, attached, cause,
        })?;
        let text = text.trim();
        Ok(match fault {
            None => text.to_owned(),
            Some(fault) => format!("{text}\n\nThe text is promgit's own: {}.", MessageError(fault)),
        })
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
            effects: vec![],
            objects: vec!["~ StatefulSet/simple  spec.replicas 1 → 3".into()],
            claims: vec![],
            lost: vec![],
            attached: vec![],
            cause: String::new(),
        }
    }

    const SHIPPED: &str = include_str!("../../config/commit.j2");

    fn render(words: &Words) -> String {
        Template::compile(SHIPPED, SHIPPED).unwrap().render(words).unwrap()
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
        let (lost, attached) = (words.claims.clone(), vec!["data-simple-1".into()]);
        let words = Words { claims: vec![], lost, attached, ..words };
        let expected = "Deleted claims:\n* data-simple-0\n\nClaims attached again:\n* data-simple-1";
        assert!(render(&words).ends_with(expected), "{}", render(&words));
        assert_eq!(words.told(), "example/simple: created, re-attached data: data-simple-1");
        assert_eq!(self::words().told(), self::words().subject);
    }

    #[test]
    fn a_template_that_fails_gives_way_to_ours_which_says_so() {
        for broken in [
            "{{ subjekt }}",
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            "{% if nothing is defined %}x{% endif %}",
            "",
        ] {
            let text = Template::compile(broken, SHIPPED).unwrap().render(&words()).unwrap();
            let told = text.strip_prefix(&render(&words())).unwrap();
            assert!(told.starts_with("\n\nThe text is promgit's own: the commit message template"), "{told}");
            assert!(told.contains("templates.commit"), "{told}");
        }
        assert!(Template::compile("{{", SHIPPED).is_err());
    }
}
