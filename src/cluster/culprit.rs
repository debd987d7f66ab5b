//! The `metadata.managedFields` of an object and the path of a field turned into who set it. Pure.
//!
//! Source: sigs.k8s.io/structured-merge-diff `fieldpath/serialize-pe.go`: a field is `f:name`, an item of a list that is a map
//! `k:{"name":"x"}`, one of a set `v:"x"`.

use serde_json::Value;

use super::object::FIELD_MANAGER;

/// A step of a path as differences are told: `spec`, `containers[prometheus]`, `data["prometheus.yml"]`.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    Field(String),
    Item(String),
}

/// Who, but for promgit, wrote this field; where nobody owns it (it is gone), whoever wrote last. None where nobody else did.
pub fn culprit<'a>(metadata: &'a Value, path: &str) -> Option<&'a str> {
    let steps = steps(path);
    let entries = metadata["managedFields"].as_array().into_iter().flatten();
    let others: Vec<&Value> = entries.filter(|entry| is_of_others(entry)).collect();
    let owner = others.iter().filter(|entry| holds(&entry["fieldsV1"], &steps));
    // a time in RFC 3339, always in UTC, is in order as a text
    let newest = |entry: &&&Value| entry["time"].as_str().unwrap_or_default().to_owned();
    let found = owner.max_by_key(newest).or_else(|| others.iter().max_by_key(newest))?;
    found["manager"].as_str()
}

/// Whether an entry of `managedFields` is somebody else's, and of more than a status.
pub(super) fn is_of_others(entry: &Value) -> bool {
    entry["manager"] != FIELD_MANAGER && entry["subresource"] != "status"
}

/// Whether the field itself is owned. A list or map that is one value to the API server ends the walk above it.
fn holds(fields: &Value, steps: &[Step]) -> bool {
    let Some((first, rest)) = steps.split_first() else { return true };
    let Some(map) = fields.as_object() else { return false };
    if map.is_empty() {
        return true;
    }
    let below = match first {
        Step::Field(name) => map.get(&format!("f:{name}")),
        Step::Item(key) => map.iter().find(|(step, _)| is_item(step, key)).map(|(_, below)| below),
    };
    below.is_some_and(|below| holds(below, rest))
}

fn is_item(step: &str, key: &str) -> bool {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    match step.split_once(':') {
        Some(("k", json)) => serde_json::from_str::<Value>(json).is_ok_and(|json| {
            // the names of the fields are in order, in both
            let parts: Vec<String> =
                json.as_object().into_iter().flatten().map(|(_, value)| text(value)).collect();
            parts.join("/") == key
        }),
        Some(("v", json)) => serde_json::from_str::<Value>(json).is_ok_and(|json| text(&json) == key),
        Some(("i", place)) => place == key,
        _ => false,
    }
}

fn steps(path: &str) -> Vec<Step> {
    let (mut steps, mut rest) = (Vec::new(), path);
    while !rest.is_empty() {
        if let Some(quoted) = rest.strip_prefix("[\"") {
            let Some(end) = quoted.find("\"]") else { break };
            steps.push(Step::Field(quoted[..end].replace("\\\"", "\"")));
            rest = &quoted[end + 2..];
        } else if let Some(item) = rest.strip_prefix('[') {
            let Some(end) = item.find(']') else { break };
            steps.push(Step::Item(item[..end].to_owned()));
            rest = &item[end + 1..];
        } else {
            let name = rest.strip_prefix('.').unwrap_or(rest);
            let end = name.find(['.', '[']).unwrap_or(name.len());
            steps.push(Step::Field(name[..end].to_owned()));
            rest = &name[end..];
        }
    }
    steps
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn metadata() -> Value {
        let item = json!({"f:image": {}, ".": {}, "f:name": {}});
        json!({"managedFields": [
            {"manager": "promgit", "time": "2026-01-09T00:00:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "hpa", "subresource": "scale", "time": "2026-01-01T00:00:00Z", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
            {"manager": "edit", "time": "2026-01-02T00:00:00Z", "fieldsV1":
                {"f:spec": {"f:template": {"f:containers": {"k:{\"name\":\"main\"}": item}},
                    "f:ports": {"k:{\"port\":80,\"protocol\":\"TCP\"}": {"f:targetPort": {}}}, "f:selector": {}}}},
            {"manager": "labeller", "time": "2026-01-03T00:00:00Z", "fieldsV1": {"f:metadata": {"f:labels": {"f:a.b/c": {}}}}},
            {"manager": "controller", "subresource": "status", "time": "2026-01-04T00:00:00Z", "fieldsV1": {"f:status": {}}},
        ]})
    }

    #[test]
    fn who_owns_the_field_did_it() {
        for (path, expected) in [
            ("spec.replicas", "hpa"),
            ("spec.template.containers[main].image", "edit"),
            ("spec.template.containers[main]", "edit"),
            ("spec.ports[80/TCP].targetPort", "edit"),
            ("spec.selector.app", "edit"),
            ("metadata.labels[\"a.b/c\"]", "labeller"),
            // nobody has it any more: who wrote last
            ("data.gone", "labeller"),
        ] {
            assert_eq!(culprit(&metadata(), path), Some(expected), "{path}");
        }
        assert_eq!(culprit(&json!({}), "spec.replicas"), None);
        assert_eq!(culprit(&json!({"managedFields": [{"manager": "promgit"}]}), "spec.replicas"), None);
    }
}
