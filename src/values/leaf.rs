//! One text of the mapping: an expression, or itself.

use super::expression::{Expression, ExpressionError};

/// What a text of the mapping stands for.
#[derive(Debug)]
pub enum Leaf {
    /// No braces: the text itself.
    Text(String),
    /// One `{{ expression }}`: its value.
    Expression(Expression),
}

/// Why a text of the mapping is neither.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LeafError {
    #[error(
        "text around an expression; a leaf is one expression, so join texts inside of it: \"{{{{ name ~ '-web' }}}}\""
    )]
    TextAround,
    #[error(
        "a statement cannot be a value; write a conditional expression: \"{{{{ 1 if spec.replicas > 1 }}}}\""
    )]
    Statement,
    #[error("braces with {0:?} trim white space, and a leaf has none around it; write \"{{{{ … }}}}\"")]
    Trim(char),
    #[error("no expression between the braces; leave the key out to let the chart's default rule")]
    Empty,
    #[error(transparent)]
    Expression(#[from] ExpressionError),
}

impl Leaf {
    /// Reads a text. White space around the braces does not count.
    pub fn parse(text: &str) -> Result<Self, LeafError> {
        if text.contains("{%") {
            return Err(LeafError::Statement);
        }
        let inner = text.trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
        let Some(inner) = inner else {
            let braces = ["{{", "}}", "{#"].iter().any(|braces| text.contains(braces));
            return if braces { Err(LeafError::TextAround) } else { Ok(Leaf::Text(text.to_owned())) };
        };
        if let Some(mark) = trim_mark(inner) {
            return Err(LeafError::Trim(mark));
        }
        if inner.trim().is_empty() {
            return Err(LeafError::Empty);
        }
        match Expression::compile(inner) {
            Ok(expression) => Ok(Leaf::Expression(expression)),
            // `{{ a }}-{{ b }}`: two of them, or text between.
            Err(ExpressionError::Engine(_)) if inner.contains("}}") && inner.contains("{{") => {
                Err(LeafError::TextAround)
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// `{{-` is how templates trim; here it would be read as a minus sign.
fn trim_mark(inner: &str) -> Option<char> {
    let first = inner.chars().next().filter(|mark| matches!(mark, '-' | '+'));
    first.or_else(|| inner.chars().next_back().filter(|mark| matches!(mark, '-' | '+')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        Leaf::parse(text).expect_err(text).to_string()
    }

    #[test]
    fn text_without_braces_is_itself() {
        assert!(matches!(Leaf::parse("a {b} c").unwrap(), Leaf::Text(text) if text == "a {b} c"));
        assert!(matches!(Leaf::parse("").unwrap(), Leaf::Text(_)));
    }

    #[test]
    fn braces_inside_of_a_text_literal_do_not_end_the_expression() {
        assert!(matches!(Leaf::parse("{{ '{{ $value }}' }}").unwrap(), Leaf::Expression(_)));
        assert!(matches!(Leaf::parse("  {{ {'a': {'b': 1}} }}  ").unwrap(), Leaf::Expression(_)));
    }

    #[test]
    fn what_is_neither_says_so() {
        assert!(error("{{ name }}-web").starts_with("text around"));
        assert!(error("{{ name }}-{{ namespace }}").starts_with("text around"));
        assert!(error("a }} b").starts_with("text around"));
        assert!(error("{{- name }}").starts_with("braces with '-'"));
        assert!(error("{{ }}").starts_with("no expression"));
        assert!(error("{% if name %}a{% endif %}").starts_with("a statement"));
        assert!(error("{{ nam }}").starts_with("unknown name \"nam\""));
        assert!(error("{{ name | nope }}").starts_with("unknown filter"));
        assert!(error("{{ name + }}").starts_with("syntax error"));
    }
}
