//! Keeps secrets out of git: finds rendered `Secret` objects that carry data, and credentials in ConfigMaps.

use serde_json::Value;

use super::tokens;

/// What a commit would publish for ever. Only names are told, never a value.
#[derive(Debug, thiserror::Error)]
pub enum SecretInGit {
    #[error(
        "the chart renders Secret/{name} with data ({keys}), and a commit would keep it for ever; \
         create the Secret outside git and let the chart refer to it (most charts take an `existingSecret` value)"
    )]
    Secret { name: String, keys: String },
    #[error(
        "the chart renders ConfigMap/{name} with {kind} in {key}, and a commit would keep it for ever; \
         put it into a Secret that is created outside git, and let the chart mount that"
    )]
    Token { name: String, key: String, kind: &'static str },
}

/// Refuses Secrets that carry `data` or `stringData`, and ConfigMaps that carry a private key or a token of a known
/// format; alone or in a `List`.
pub fn check<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Result<(), SecretInGit> {
    for object in objects.into_iter().flat_map(alone) {
        let name = || object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?").to_owned();
        let keys = secret_keys(object);
        if !keys.is_empty() {
            return Err(SecretInGit::Secret { name: name(), keys: keys.join(", ") });
        }
        if let Some((key, kind)) = token(object) {
            return Err(SecretInGit::Token { name: name(), key: key.to_owned(), kind });
        }
    }
    Ok(())
}

/// The first key of a ConfigMap that holds a credential, and of what kind.
fn token(object: &Value) -> Option<(&str, &'static str)> {
    let entries = object["data"].as_object().filter(|_| object["kind"] == "ConfigMap")?;
    entries.iter().find_map(|(key, text)| Some((key.as_str(), tokens::kind(text.as_str()?)?)))
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
    fn a_key_in_a_config_map_is_found_and_not_shown() {
        let data = json!({"a": "b", "tls.key": "-----BEGIN PRIVATE KEY-----\nhunter2"});
        let map = json!({"kind": "ConfigMap", "metadata": {"name": "m"}, "data": data});
        let text = check([&map]).unwrap_err().to_string();
        assert!(
            text.contains("ConfigMap/m with a private key in tls.key") && !text.contains("hunter2"),
            "{text}"
        );
    }

    #[test]
    fn a_secret_without_data_and_other_kinds_pass() {
        assert!(
            check([&json!({"kind": "Secret"}), &json!({"kind": "ConfigMap", "data": {"a": "b"}})]).is_ok()
        );
    }
}
