//! What is wrong with a resource file, as one line that editors can jump to: `file:line: cluster: message`.

use std::fmt;

use serde::Serialize;

use crate::source::event::{Key, Observed, Origin, Refused};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub file: String,
    /// From 1.
    pub line: usize,
    /// Where it can be told.
    pub cluster: Option<String>,
    pub message: String,
}

impl Problem {
    /// About an accepted cluster.
    pub fn with(observed: &Observed, message: impl fmt::Display) -> Self {
        Problem::at(&observed.origin, Some(&observed.key), message.to_string())
    }

    /// One for each reason. A reason that names a line of its own (`line 7: …`) moves the problem there.
    pub fn of(refused: &Refused) -> Vec<Self> {
        let one = |reason: &String| {
            let (line, message) = own_line(reason).unwrap_or((refused.origin.line, reason));
            let origin = Origin { line, ..refused.origin.clone() };
            Problem::at(&origin, refused.key.as_ref(), message.to_string())
        };
        refused.reasons.iter().map(one).collect()
    }

    fn at(origin: &Origin, key: Option<&Key>, message: String) -> Self {
        let file = origin.path.display().to_string();
        // Helm ends some messages with an empty line.
        let message = message.trim_end().to_string();
        Problem { file, line: origin.line, cluster: key.map(Key::to_string), message }
    }
}

/// `line 7: …` or `line 7, column 3: …` → 7 and what remains.
fn own_line(reason: &str) -> Option<(usize, &str)> {
    let rest = reason.strip_prefix("line ")?;
    let end = rest.find(|c: char| !c.is_ascii_digit())?;
    let (number, rest) = rest.split_at(end);
    let message = rest.strip_prefix(": ").or_else(|| rest.strip_prefix(", "))?;
    Some((number.parse().ok()?, message))
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { file, line, cluster, message } = self;
        write!(f, "{file}:{line}: ")?;
        match cluster {
            // Some messages begin with the object, in the words of the API server.
            Some(cluster) if !message.contains(cluster.as_str()) => write!(f, "{cluster}: {message}"),
            _ => write!(f, "{message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_with_a_line_of_its_own_is_reported_there() {
        let refused = Refused {
            key: Some(Key { namespace: "n".into(), name: "a".into() }),
            origin: Origin { path: "x.yaml".into(), line: 2 },
            reasons: vec!["line 7: spec.replicas is wrong".into(), "line 3, column 4: not YAML".into()],
        };
        let lines: Vec<String> = Problem::of(&refused).iter().map(Problem::to_string).collect();
        assert_eq!(lines, ["x.yaml:7: n/a: spec.replicas is wrong", "x.yaml:3: n/a: column 4: not YAML"]);
    }
}
