//! What a chart may know of the release it is rendered for: `.Release`.

use crate::template::value::Value;

/// One revision of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    pub name: String,
    pub namespace: String,
    /// From 1 on.
    pub revision: i64,
    /// `.Release.IsUpgrade`; `.Release.IsInstall` is the opposite.
    pub is_upgrade: bool,
}

/// Longest name of a release: objects add up to ten characters to it, and labels end at 63
/// (`pkg/chart/v2/util/validate_name.go`).
const MAX_NAME: usize = 53;

const NAME_PATTERN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";

/// A name that Helm does not take for a release, in Helm's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error("no name provided")]
    Missing,
    #[error(
        "invalid release name, must match regex {NAME_PATTERN} and the length must not be longer than {MAX_NAME}"
    )]
    Invalid,
}

/// Checks the name of a release.
pub fn validate_name(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Missing);
    }
    let is_label = |label: &str| {
        let letters = label.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'));
        letters && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    if name.len() > MAX_NAME || !name.split('.').all(is_label) { Err(NameError::Invalid) } else { Ok(()) }
}

impl Release {
    /// `.Release`
    pub fn value(&self) -> Value {
        Value::map([
            ("Name", Value::str(self.name.as_str())),
            ("Namespace", Value::str(self.namespace.as_str())),
            ("IsUpgrade", Value::Bool(self.is_upgrade)),
            ("IsInstall", Value::Bool(!self.is_upgrade)),
            ("Revision", Value::int(self.revision)),
            ("Service", Value::str("Helm")),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked_as_helm_does() {
        for good in ["a", "0", "a-b.c-1", "a.b", "a--b"] {
            assert_eq!(validate_name(good), Ok(()), "{good}");
        }
        for bad in ["A", "a_b", "-a", "a-", "a..b", ".a", "a.", "a.-b", "é"] {
            assert_eq!(validate_name(bad), Err(NameError::Invalid), "{bad}");
        }
        assert_eq!(validate_name(""), Err(NameError::Missing));
        assert_eq!(validate_name(&"a".repeat(53)), Ok(()));
        assert_eq!(validate_name(&"a".repeat(54)), Err(NameError::Invalid));
    }
}
