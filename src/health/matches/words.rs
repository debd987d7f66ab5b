//! A place and two values turned into a sentence of bounded length.

use serde_json::Value;

use crate::health::text::brief;

/// A value beyond this is not for reading; the diff has it.
const MOST_VALUE: usize = 80;
/// Keys of maps can be long (253 characters), and paths have several.
const MOST_PATH: usize = 300;

/// One place where the two differ.
#[derive(Debug)]
pub struct Found {
    pub path: String,
    /// `None`: the manifest does not have it.
    pub manifest: Option<Value>,
    /// `None`: the live object does not have it.
    pub live: Option<Value>,
    /// The values are a Secret's.
    pub is_secret: bool,
}

impl Found {
    /// `spec.replicas is 2 in the cluster and 3 in the manifest`.
    pub fn sentence(&self) -> String {
        let path = brief(&self.path, MOST_PATH);
        match (&self.live, &self.manifest) {
            (Some(_), Some(_)) if self.is_secret => {
                format!("{path} is not the same in the cluster and in the manifest (values are not shown)")
            }
            (None, Some(_)) if self.is_secret => format!("{path} is missing in the cluster"),
            (Some(_), None) if self.is_secret => format!("{path} is not in the manifest"),
            (Some(live), Some(manifest)) => {
                let (live, manifest) = apart(&live.to_string(), &manifest.to_string());
                format!("{path} is {live} in the cluster and {manifest} in the manifest")
            }
            (None, Some(manifest)) => {
                format!(
                    "{path} is missing in the cluster and {} in the manifest",
                    shown(&manifest.to_string())
                )
            }
            (live, None) => {
                let live = live.as_ref().map(Value::to_string).unwrap_or_default();
                format!("{path} is {} in the cluster and missing in the manifest", shown(&live))
            }
        }
    }
}

/// Both values, cut so that they still differ: long texts that begin alike are shown from just before the difference.
fn apart(one: &str, other: &str) -> (String, String) {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let skip = if same < MOST_VALUE - 10 { 0 } else { same - 20 };
    let from = |text: &str| {
        let rest: String = text.chars().skip(skip).collect();
        if skip == 0 { shown(&rest) } else { format!("…{}", shown(&rest)) }
    };
    (from(one), from(other))
}

fn shown(value: &str) -> String {
    brief(value, MOST_VALUE)
}

/// The path one step down: `spec.replicas`, `metadata.labels["helm.sh/chart"]`.
pub fn join(path: &str, key: &str) -> String {
    let plain = key.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c)) && !key.is_empty();
    match (path.is_empty(), plain) {
        (true, true) => key.to_string(),
        (false, true) => format!("{path}.{key}"),
        (_, false) => format!("{path}[{key:?}]"),
    }
}
