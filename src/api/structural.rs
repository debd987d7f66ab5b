//! From the schema that kube derives to the one that is published: without what a structural schema may not or need
//! not say, and with Kubernetes' own long descriptions cut to their first sentence.

use serde_json::{Map, Value};

/// Fields whose type is Kubernetes' own. Their full descriptions are a third of a megabyte with the rest of the
/// definition, more than `kubectl apply` can keep in its annotation (256 KiB), and stand in Kubernetes' documentation.
const KUBERNETES_TYPES: [&str; 8] = [
    "affinity",
    "conditions",
    "imagePullSecrets",
    "podSecurityContext",
    "resources",
    "selector",
    "tolerations",
    "topologySpreadConstraints",
];

/// Deepest schema that is walked: twice what the deepest of Kubernetes' own types here needs.
const MAX_DEPTH: usize = 48;

/// Rewrites a derived schema for publication.
pub fn finish(schema: &mut Value) {
    walk(schema, false, 0);
}

fn walk(schema: &mut Value, kubernetes: bool, depth: usize) {
    let Value::Object(node) = schema else { return };
    if depth > MAX_DEPTH {
        return;
    }
    tidy(node, kubernetes);
    if let Some(Value::Object(properties)) = node.get_mut("properties") {
        for (name, property) in properties {
            let theirs = kubernetes || KUBERNETES_TYPES.contains(&name.as_str());
            // The field's own description is ours; what lies below it is theirs.
            let own = (!kubernetes && theirs).then(|| property.get("description").cloned()).flatten();
            walk(property, theirs, depth + 1);
            if let (Some(own), Some(property)) = (own, property.as_object_mut()) {
                property.insert("description".to_owned(), own);
            }
        }
    }
    for keyword in ["items", "additionalProperties"] {
        if let Some(child) = node.get_mut(keyword) {
            walk(child, kubernetes, depth + 1);
        }
    }
}

/// `nullable` goes: the API server then drops a null for an optional field, and takes the default where there is one,
/// in place of storing it.
fn tidy(node: &mut Map<String, Value>, kubernetes: bool) {
    node.remove("nullable");
    node.remove("title");
    if node.get("default") == Some(&Value::Null) {
        node.remove("default");
    }
    if let Some(Value::Array(allowed)) = node.get_mut("enum") {
        allowed.retain(|value| !value.is_null());
    }
    if let Some(Value::String(text)) = node.get_mut("description") {
        *text = if kubernetes { first_sentence(text) } else { one_line(text) };
    }
}

/// Doc comments are wrapped for the source; a description is one paragraph a line.
fn one_line(text: &str) -> String {
    text.split("\n\n")
        .map(|paragraph| paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n\n")
}

fn first_sentence(text: &str) -> String {
    let paragraph = text.split("\n\n").next().unwrap_or_default();
    let line = paragraph.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.match_indices(". ").find(|(at, _)| !abbreviation(&line[..*at])) {
        Some((at, _)) => line[..=at].to_owned(),
        None => line,
    }
}

fn abbreviation(before: &str) -> bool {
    ["e.g", "i.e", "etc", "vs"].iter().any(|short| before.ends_with(short))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn keeps_the_first_sentence_of_kubernetes() {
        assert_eq!(
            first_sentence("Key is a key, e.g. a. Empty means all.\n\nMore."),
            "Key is a key, e.g. a."
        );
        assert_eq!(first_sentence("One"), "One");
    }

    #[test]
    fn drops_what_a_structural_schema_need_not_say() {
        let mut schema = json!({
            "title": "T", "nullable": true,
            "properties": { "affinity": { "description": "Ours. Whole.", "properties": { "a": { "description": "A. B." } } } },
        });
        finish(&mut schema);
        let expected = json!({
            "properties": { "affinity": { "description": "Ours. Whole.", "properties": { "a": { "description": "A." } } } },
        });
        assert_eq!(schema, expected);
    }
}
