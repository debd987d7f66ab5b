//! Keeps secrets out of git: finds rendered `Secret` objects that carry data.

use serde_json::Value;

/// A chart rendered a Secret with values in it; a commit would publish them for ever.
#[derive(Debug, thiserror::Error)]
#[error(
    "the chart renders Secret/{name} with data ({keys}), and a commit would keep it for ever; \
     create the Secret outside git and let the chart refer to it (most charts take an `existingSecret` value)"
)]
pub struct SecretInGit {
    pub name: String,
    /// The keys only, never the values.
    pub keys: String,
}

/// Refuses objects of kind Secret that carry `data` or `stringData`, alone or in a `List`.
pub fn check<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Result<(), SecretInGit> {
    for object in objects.into_iter().flat_map(alone) {
        let keys = secret_keys(object);
        if !keys.is_empty() {
            let name = object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?");
            return Err(SecretInGit { name: name.to_string(), keys: keys.join(", ") });
        }
    }
    Ok(())
}

/// The object itself, or the items of a list: `kubectl apply` takes `kind: List` for what is in it.
fn alone(object: &Value) -> Vec<&Value> {
    let mut found = Vec::new();
    let mut open = vec![object];
    while let Some(object) = open.pop() {
        let is_list = object["kind"].as_str().is_some_and(|kind| kind.ends_with("List"));
        match object["items"].as_array().filter(|_| is_list) {
            Some(items) => open.extend(items),
            None => found.push(object),
        }
    }
    found
}

fn secret_keys(object: &Value) -> Vec<&str> {
    if object["kind"] != "Secret" {
        return Vec::new();
    }
    let maps = [&object["data"], &object["stringData"]];
    maps.into_iter().filter_map(Value::as_object).flat_map(|map| map.keys().map(String::as_str)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_message_names_keys_and_never_values() {
        let secret =
            json!({"kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": "hunter2"}});
        let text = check([&secret]).unwrap_err().to_string();
        assert!(
            text.contains("Secret/s") && text.contains("password") && !text.contains("hunter2"),
            "{text}"
        );
    }

    #[test]
    fn a_secret_in_a_list_is_found() {
        let secret = json!({"kind": "Secret", "metadata": {"name": "s"}, "data": {"a": "Yg=="}});
        let list = json!({"kind": "List", "items": [{"kind": "List", "items": [secret]}]});
        assert!(check([&list]).is_err());
    }

    #[test]
    fn a_secret_without_data_and_other_kinds_pass() {
        assert!(
            check([&json!({"kind": "Secret"}), &json!({"kind": "ConfigMap", "data": {"a": "b"}})]).is_ok()
        );
    }
}
