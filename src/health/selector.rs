//! A label selector turned into the text that `kubectl get pods -l` takes.
//!
//! Source: apimachinery `metav1.LabelSelectorAsSelector` and `labels.Requirement.String`.

use serde_json::Value;

use super::fields::items;

/// `app=web,tier in (a,b),!canary`, in the order of the keys; a selector of nothing is empty.
pub fn text(selector: &Value) -> String {
    let labels = selector["matchLabels"].as_object().into_iter().flatten();
    let labels = labels.filter_map(|(key, value)| Some((key.as_str(), format!("{key}={}", value.as_str()?))));
    let expressions = items(selector, &["matchExpressions"]).iter().filter_map(expression);
    let mut terms: Vec<(&str, String)> = labels.chain(expressions).collect();
    terms.sort_by_key(|(key, _)| *key);
    terms.into_iter().map(|(_, term)| term).collect::<Vec<_>>().join(",")
}

fn expression(item: &Value) -> Option<(&str, String)> {
    let key = item["key"].as_str()?;
    let mut values: Vec<&str> = items(item, &["values"]).iter().filter_map(Value::as_str).collect();
    values.sort_unstable();
    let values = values.join(",");
    let term = match item["operator"].as_str()? {
        "In" => format!("{key} in ({values})"),
        "NotIn" => format!("{key} notin ({values})"),
        "Exists" => key.to_string(),
        "DoesNotExist" => format!("!{key}"),
        _ => return None,
    };
    Some((key, term))
}
