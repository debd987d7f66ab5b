//! The tag of a commit, from a template over its cluster.

use minijinja::{Environment, context};

use super::template;

/// Why commits can have no tags.
#[derive(Debug, thiserror::Error)]
pub enum TagError {
    #[error(
        "commit.tag {template:?} cannot be rendered: {reason}; write a template over `namespace`, `name` and `generation`"
    )]
    Template { template: String, reason: String },
    #[error(
        "commit.tag {0:?} gives several commits the same tag; let it contain {{{{ namespace }}}}, {{{{ name }}}} and \
         {{{{ generation }}}}, with a / between them"
    )]
    Same(String),
}

/// Cluster and generation → tag, checked once.
pub struct Tags(Environment<'static>);

const NAME: &str = "commit.tag";

/// Namespace, name and generation.
type Commit = (&'static str, &'static str, i64);

/// Commits that must not share a tag: different in one thing, or by where one ends and the next begins.
const APART: [(Commit, Commit); 6] = [
    (("one", "one", 1), ("two", "one", 1)),
    (("one", "one", 1), ("one", "two", 1)),
    (("one", "one", 1), ("one", "one", 2)),
    (("one-a", "b", 1), ("one", "a-b", 1)),
    (("onea", "b", 1), ("one", "ab", 1)),
    (("one", "a1", 1), ("one", "a", 11)),
];

impl Tags {
    /// Compiles `commit.tag` and tries it on commits that must not share a tag.
    pub fn compile(text: &str) -> Result<Self, TagError> {
        let failed = |error: minijinja::Error| TagError::Template {
            template: text.into(),
            reason: format!("{error:#}"),
        };
        let tags = Tags(template::compile(NAME, text, false).map_err(failed)?);
        let render = |(namespace, name, generation)| tags.render(namespace, name, generation).map_err(failed);
        for (one, other) in APART {
            if render(one)? == render(other)? {
                return Err(TagError::Same(text.to_owned()));
            }
        }
        Ok(tags)
    }

    /// Without `refs/tags/`.
    pub fn of(&self, namespace: &str, name: &str, generation: i64) -> Option<String> {
        self.render(namespace, name, generation).ok()
    }

    fn render(&self, namespace: &str, name: &str, generation: i64) -> Result<String, minijinja::Error> {
        self.0.get_template(NAME)?.render(context! { namespace, name, generation })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_of_one_commit() {
        let refused =
            |text: &str| Tags::compile(text).err().map_or("accepted".into(), |error| error.to_string());
        assert!(refused("{{ namespace }}/{{ name }}").contains("several commits the same tag"));
        assert!(refused("{{ name }}-{{ generation }}").contains("same tag"));
        assert!(refused("{{ namespace }}-{{ name }}/{{ generation }}").contains("same tag"));
        assert!(refused("{{ namespace }}/{{ name }}{{ generation }}").contains("same tag"));
        assert_eq!(refused("{{ namespace }}.{{ name }}-{{ generation }}"), "accepted");
        assert!(refused("{{ nane }}").contains("cannot be rendered"));
        let tags = Tags::compile("{{ namespace }}/{{ name }}/v{{ generation }}").unwrap();
        assert_eq!(tags.of("n", "a", 7).as_deref(), Some("n/a/v7"));
    }
}
