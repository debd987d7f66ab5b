//! One difference turned into a phrase: `replicas 1 → 3`, `retention.time set to 30d`.

use serde_json::{Map, Value};

use crate::ledger::difference::{Difference, ITEM};

/// Longer values are named, not shown.
const LONGEST_VALUE: usize = 60;

/// Keys whose values are never shown: a commit message is read by more people than a Secret is.
const HUSHED: &[&str] =
    &["password", "passwd", "token", "secret", "credential", "apikey", "api_key", "private"];

/// The phrase for a difference; `path` as given.
pub fn phrase(difference: &Difference) -> String {
    let path = &difference.path;
    if let Some(list) = path.strip_suffix(ITEM) {
        return item(list, difference);
    }
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

/// `secrets + remote-write`: a text that came to a list, or went.
fn item(list: &str, difference: &Difference) -> String {
    let (sign, value) = match (&difference.old, &difference.new) {
        (None, new) => ('+', new),
        (old, _) => ('-', old),
    };
    let shown = value.as_ref().filter(|_| !is_hushed(list)).and_then(short).filter(|text| !is_hushed(text));
    format!("{list} {sign} {}", shown.unwrap_or_else(|| "…".into()))
}

/// Fields that name a Secret and hold none.
const NAMES: &[&str] = &["imagepullsecrets", "secretname", "secretkeyref", "secretref", "existingsecret"];

fn is_hushed(path: &str) -> bool {
    let path = path.to_lowercase();
    let path = path.strip_prefix("secrets").unwrap_or(&path).to_string();
    let path = NAMES.iter().fold(path, |path, name| path.replace(name, ""));
    HUSHED.iter().any(|word| path.contains(word))
}

/// A value that fits into a line: a scalar, not too long, one line.
fn short(value: &Value) -> Option<String> {
    let text = match value {
        Value::String(text) if text.is_empty() => "\"\"".to_string(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => list(items)?,
        Value::Object(fields) => map(fields)?,
        Value::Null => return None,
    };
    let fits = text.chars().count() <= LONGEST_VALUE && !text.chars().any(char::is_control);
    fits.then_some(text)
}

/// `{time: 30d}`: fields that are scalars, and none that is hushed.
fn map(fields: &Map<String, Value>) -> Option<String> {
    let field = |(key, value): (&String, &Value)| {
        let shown = !is_hushed(key) && !value.is_object();
        shown.then(|| short(value)).flatten().map(|value| format!("{key}: {value}"))
    };
    let fields: Option<Vec<String>> = fields.iter().map(field).collect();
    let fields = fields.filter(|fields| !fields.is_empty())?;
    Some(format!("{{{}}}", fields.join(", ")))
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
        assert_eq!(words("retention", Value::Null, json!({"time": "30d"})), "retention set to {time: 30d}");
        assert_eq!(words("auth", Value::Null, json!({"password": "a"})), "auth set");
        assert_eq!(words("affinity", Value::Null, json!({"a": {"b": 1}})), "affinity set");
        assert_eq!(words("text", json!("a\nb"), json!("c\nd")), "text changed");
        assert_eq!(words("text", json!("a".repeat(70)), json!("b")), "text changed");
    }

    #[test]
    fn items_come_and_go() {
        assert_eq!(words("secrets[]", Value::Null, json!("a")), "secrets + a");
        assert_eq!(words("args[]", json!("--log.level=debug"), Value::Null), "args - --log.level=debug");
        assert_eq!(words("args[]", Value::Null, json!("--token=x")), "args + …");
        assert_eq!(words("args[]", Value::Null, json!("x".repeat(70))), "args + …");
    }

    #[test]
    fn what_may_be_secret_is_hushed() {
        assert_eq!(words("values.adminPassword", json!("a"), json!("b")), "values.adminPassword changed");
        assert_eq!(words("values.secrets.a", json!("a"), json!("b")), "values.secrets.a changed");
        let names = "imagePullSecrets[0].name";
        assert_eq!(words(names, json!("a"), json!("b")), "imagePullSecrets[0].name a → b");
    }
}
