//! What is wrong with a resource file, as one line that editors can jump to: `file:line: cluster: message`.

use std::fmt;

use serde::Serialize;

use crate::source::event::{Key, Observed, Origin, Reason, Refused};

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    pub file: String,
    /// From 1; 0 for a whole file or folder.
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

    /// One for each reason.
    pub fn of(refused: &Refused) -> Vec<Self> {
        let one = |reason: &Reason| {
            let origin = Origin { line: reason.line, ..refused.origin.clone() };
            Problem::at(&origin, refused.key.as_ref(), reason.text.clone())
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

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Problem { file, line, cluster, message } = self;
        match line {
            0 => write!(f, "{file}: ")?,
            line => write!(f, "{file}:{line}: ")?,
        }
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
    fn each_reason_is_a_line_with_its_own_place() {
        let reason = |line, text: &str| Reason { line, text: text.into() };
        let refused = Refused {
            key: Some(Key { namespace: "n".into(), name: "a".into() }),
            origin: Origin { path: "x.yaml".into(), line: 2 },
            reasons: vec![reason(7, "spec.replicas is wrong"), reason(0, "too large")],
            resource: None,
        };
        let lines: Vec<String> = Problem::of(&refused).iter().map(Problem::to_string).collect();
        assert_eq!(lines, ["x.yaml:7: n/a: spec.replicas is wrong", "x.yaml: n/a: too large"]);
    }
}
