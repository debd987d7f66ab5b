//! One difference turned into a phrase: `replicas 1 → 3`, `retention.time set to 30d`.

use serde_json::Value;

use crate::ledger::difference::Difference;

/// Longer values are named, not shown.
const LONGEST_VALUE: usize = 40;

/// Keys whose values are never shown: a commit message is read by more people than a Secret is.
const HUSHED: &[&str] =
    &["password", "passwd", "token", "secret", "credential", "apikey", "api_key", "private"];

/// The phrase for a difference; `path` as given.
pub fn phrase(difference: &Difference) -> String {
    let path = &difference.path;
    if is_hushed(path) {
        return match (&difference.old, &difference.new) {
            (None, _) => format!("{path} set"),
            (_, None) => format!("{path} removed"),
            _ => format!("{path} changed"),
        };
    }
    match (difference.old.as_ref().map(short), difference.new.as_ref().map(short)) {
        (Some(Some(old)), Some(Some(new))) => format!("{path} {old} → {new}"),
        (None, Some(Some(new))) => format!("{path} set to {new}"),
        (None, Some(None)) => format!("{path} set"),
        (Some(_), None) => format!("{path} removed"),
        _ => format!("{path} changed"),
    }
}

/// Names of Secrets are no secrets.
fn is_hushed(path: &str) -> bool {
    const NAMES: &[&str] = &["secrets", "imagepullsecrets", "secretname", "existingsecret"];
    let path = path.to_lowercase();
    let field = path.split('[').next().unwrap_or_default();
    !NAMES.iter().any(|name| field.ends_with(name)) && HUSHED.iter().any(|word| path.contains(word))
}

/// A value that fits into a line: a scalar, not too long, one line.
fn short(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) if text.is_empty() => "\"\"".to_string(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => list(items)?,
        Value::Null | Value::Object(_) => return None,
    };
    let fits = text.chars().count() <= LONGEST_VALUE && !text.chars().any(char::is_control);
    fits.then_some(text)
}

fn list(items: &[Value]) -> Option<String> {
    let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
    Some(items?.join(", ")).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn words(path: &str, old: Value, new: Value) -> String {
        let some = |value: Value| (!value.is_null()).then_some(value);
        phrase(&Difference { path: path.into(), old: some(old), new: some(new) })
    }

    #[test]
    fn scalars_are_shown() {
        assert_eq!(words("replicas", json!(1), json!(3)), "replicas 1 → 3");
        assert_eq!(words("retention.time", Value::Null, json!("30d")), "retention.time set to 30d");
        assert_eq!(words("image", json!("x"), Value::Null), "image removed");
        assert_eq!(words("secrets", json!(["a"]), json!(["a", "b"])), "secrets a → a, b");
        assert_eq!(words("routePrefix", json!("/a"), json!("")), "routePrefix /a → \"\"");
    }

    #[test]
    fn structures_and_long_texts_are_named() {
        assert_eq!(words("affinity", Value::Null, json!({"a": 1})), "affinity set");
        assert_eq!(words("text", json!("a\nb"), json!("c\nd")), "text changed");
        assert_eq!(words("text", json!("a".repeat(50)), json!("b")), "text changed");
    }

    #[test]
    fn what_may_be_secret_is_hushed() {
        assert_eq!(words("values.adminPassword", json!("a"), json!("b")), "values.adminPassword changed");
    }
}
