//! A resource that YAML cannot hold turned into the name of the field that is to blame.

use serde_json::{Value as Json, json};

use crate::ledger::text;

/// Where, and why: `metadata.annotations[kubernetes.io/change-cause]`, `control characters are not allowed`. The first
/// field in the order of names; `None` where each can be written.
pub fn field(resource: &Json) -> Option<(String, String)> {
    let mut waiting = vec![(String::new(), resource)];
    while let Some((path, value)) = waiting.pop() {
        match value {
            Json::Object(fields) => {
                if let Some(reason) = fields.keys().find_map(|key| reason(&json!({key: null}))) {
                    return Some((format!("a key of {path}"), reason));
                }
                let below = fields.iter().rev();
                waiting.extend(below.map(|(key, value)| (child(&path, key), value)));
            }
            Json::Array(items) => {
                let below = items.iter().enumerate().rev();
                waiting.extend(below.map(|(at, value)| (format!("{path}[{at}]"), value)));
            }
            leaf => {
                if let Some(reason) = reason(leaf) {
                    return Some((path, reason));
                }
            }
        }
    }
    None
}

fn reason(value: &Json) -> Option<String> {
    // The writer's words begin with «yaml: », as go-yaml's do.
    text::yaml("", value).err().map(|error| error.reason.replacen("yaml: ", "", 1))
}

fn child(path: &str, key: &str) -> String {
    match key.chars().all(|c| c.is_ascii_alphanumeric()) {
        _ if path.is_empty() => key.to_string(),
        true => format!("{path}.{key}"),
        false => format!("{path}[{key}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_is_named() {
        let annotated =
            json!({"metadata": {"annotations": {"a.b/c": "x", "kubernetes.io/change-cause": "a\u{7f}b"}}});
        let values = json!({"spec": {"values": {"list": [{"a": 1}, {"a": "\u{80}"}]}}});
        let keys = json!({"spec": {"values": {"a\u{7f}": 1}}});
        for (resource, expected) in [
            (annotated, "metadata.annotations[kubernetes.io/change-cause]"),
            (values, "spec.values.list[1].a"),
            (keys, "a key of spec.values"),
        ] {
            assert_eq!(
                field(&resource).unwrap(),
                (expected.into(), "control characters are not allowed".into())
            );
        }
        assert_eq!(field(&json!({"a": "b\u{7}"})), None);
    }
}
