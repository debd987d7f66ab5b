//! Kinds of objects as the settings name them: `ClusterRole.rbac.authorization.k8s.io`, `Namespace`, or `*` for any.

use serde::{Deserialize, Serialize};

/// A kind with its API group, as the API machinery writes a `GroupKind`
/// (`k8s.io/apimachinery/pkg/runtime/schema/group_version.go`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct GroupKind(String);

/// Longest kind with its group: a label and a DNS name.
const LONGEST: usize = 63 + 1 + 253;

const ANY: &str = "*";

impl GroupKind {
    /// The name of a kind; `group` is empty for the core group.
    pub fn name(kind: &str, group: &str) -> String {
        if group.is_empty() { kind.to_string() } else { format!("{kind}.{group}") }
    }

    /// Whether this names that kind.
    pub fn is(&self, kind: &str, group: &str) -> bool {
        self.0 == ANY || self.0 == GroupKind::name(kind, group)
    }
}

impl TryFrom<String> for GroupKind {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let (kind, group) = text.split_once('.').unwrap_or((&text, "a"));
        let is_kind = kind.starts_with(|c: char| c.is_ascii_uppercase())
            && kind.chars().all(|c| c.is_ascii_alphanumeric());
        let is_group = group.split('.').all(|part| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
        });
        match text == ANY || text.len() <= LONGEST && is_kind && is_group {
            true => Ok(GroupKind(text)),
            false => {
                let shown: String = text.chars().take(80).collect();
                Err(format!(
                    "{shown:?} is no kind with its group; write it as in ClusterRole.rbac.authorization.k8s.io, \
                     Namespace, or \"*\" for any kind"
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<GroupKind, String> {
        GroupKind::try_from(text.to_string())
    }

    #[test]
    fn a_kind_is_one_of_its_group() {
        let role = parsed("ClusterRole.rbac.authorization.k8s.io").unwrap();
        assert!(role.is("ClusterRole", "rbac.authorization.k8s.io"));
        assert!(!role.is("ClusterRole", "") && !role.is("Role", "rbac.authorization.k8s.io"));
        assert!(parsed("Namespace").unwrap().is("Namespace", ""));
        assert!(parsed("*").unwrap().is("Anything", "a.b"));
    }

    #[test]
    fn what_is_no_kind_says_how_to_write_one() {
        for wrong in
            ["", "clusterroles", "ClusterRole.", "ClusterRole..a", "Cluster Role", "A.B", "rbac/ClusterRole"]
        {
            let error = parsed(wrong).unwrap_err();
            assert!(
                error.contains("write it as in ClusterRole.rbac.authorization.k8s.io"),
                "{wrong}: {error}"
            );
        }
        assert!(parsed(&"A".repeat(100_000)).unwrap_err().len() < 300);
    }
}
