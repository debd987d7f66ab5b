//! Fields that others may set in the cluster, read from settings.

use std::collections::BTreeMap;

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

/// What may differ; means what an item of `spec.delivery.ignoreDifferences` means.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IgnoreDifference {
    /// The objects that it counts for; without it all.
    #[serde(default)]
    pub target: Selector,
    /// JSON pointers (RFC 6901).
    #[serde(deserialize_with = "pointers")]
    pub paths: Vec<String>,
}

/// Selects objects; what it does not say counts for every one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Selector {
    pub group: Option<String>,
    pub kind: Option<String>,
    pub name: Option<String>,
    /// Labels of the manifest.
    pub match_labels: BTreeMap<String, String>,
}

fn pointers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    let paths = Vec::<String>::deserialize(deserializer)?;
    if paths.is_empty() {
        return Err(D::Error::custom("paths must name at least one field, such as /spec/replicas"));
    }
    match paths.iter().find(|path| !is_pointer(path)) {
        None => Ok(paths),
        Some(path) => Err(D::Error::custom(format!(
            "{path:?} is no JSON pointer such as /spec/replicas: each step begins with /, and a / or ~ in a name is written ~1 or ~0"
        ))),
    }
}

fn is_pointer(path: &str) -> bool {
    let is_step = |step: &str| {
        let mut escapes = step.split('~').skip(1);
        !step.is_empty() && escapes.all(|after| after.starts_with(['0', '1']))
    };
    path.strip_prefix('/').is_some_and(|steps| steps.split('/').all(is_step))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_a_pointer_into_an_object() {
        for (path, expected) in [
            ("/spec/replicas", true),
            ("/metadata/labels/a.b~1c~0d", true),
            ("/spec/ports/0", true),
            ("", false),
            ("/", false),
            ("spec", false),
            ("/spec/", false),
            ("/a~2", false),
            ("/a~", false),
        ] {
            let read = serde_json::from_value::<IgnoreDifference>(serde_json::json!({"paths": [path]}));
            assert_eq!(read.is_ok(), expected, "{path:?}");
        }
        assert!(serde_json::from_value::<IgnoreDifference>(serde_json::json!({"paths": []})).is_err());
    }
}
