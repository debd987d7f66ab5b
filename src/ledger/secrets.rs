//! Keeps secrets out of git: finds credentials in ConfigMaps, and values of Secrets in what was asked for.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{stub, tokens};

/// What a commit would publish for ever. Only names are told, never a value.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SecretInGit {
    #[error(
        "{field} holds what the chart puts into Secret/{name} as {key}, and a commit would keep it for ever; \
         create the Secret outside git and let the chart refer to it (most charts take an `existingSecret` value)"
    )]
    Value { field: String, name: String, key: String },
    #[error(
        "the chart renders List/{name} with a Secret that carries values; let the chart render the Secret by itself"
    )]
    Listed { name: String },
    #[error(
        "the chart renders ConfigMap/{name} with {kind} in {key}, and a commit would keep it for ever; \
         put it into a Secret that is created outside git, and let the chart mount that"
    )]
    Token { name: String, key: String, kind: &'static str },
}

/// Refuses ConfigMaps that carry a private key or a token of a known format, alone or in a list, and Secrets in a list that
/// was not taken apart: they would get no stub.
pub fn check<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Result<(), SecretInGit> {
    for object in objects {
        let name = |object: &Value| {
            object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?").to_owned()
        };
        for inner in alone(object) {
            if !std::ptr::eq(inner, object) && stub::has_values(inner) {
                return Err(SecretInGit::Listed { name: name(object) });
            }
            if let Some((key, kind)) = token(inner) {
                return Err(SecretInGit::Token { name: name(inner), key: key.to_owned(), kind });
            }
        }
    }
    Ok(())
}

/// Characters of a value of a Secret that is looked for among what was asked for: shorter ones (`true`, `admin`) stand there
/// by chance.
const MIN_VALUE: usize = 6;

/// Names of fields whose text is a secret, however short, if it is part of a rendered Secret.
const TELLING: &[&str] = &[
    "password",
    "passwd",
    "pass",
    "pwd",
    "passphrase",
    "token",
    "secret",
    "apikey",
    "privatekey",
    "credential",
];

/// Refuses what was asked for if it holds the value of a rendered Secret: `cluster.yaml` and `values.yaml` are committed as
/// they are. `asked` is each of these files, with the word that its fields begin with in the resource.
pub fn kept<'a>(
    secrets: impl IntoIterator<Item = &'a Value>,
    asked: [(&str, &Value); 2],
) -> Result<(), SecretInGit> {
    let secrets: Vec<&Value> = secrets.into_iter().filter(|object| stub::has_values(object)).collect();
    if secrets.is_empty() {
        return Ok(());
    }
    let texts = asked.map(|(root, value)| leaves(root, value)).concat();
    for secret in secrets {
        for (key, value) in stub::decoded(secret) {
            if let Some(leaf) = texts.iter().find(|leaf| leaf.is(key, &value)) {
                let name = secret["metadata"]["name"].as_str().unwrap_or("?").to_owned();
                return Err(SecretInGit::Value { field: leaf.field.clone(), name, key: key.to_owned() });
            }
        }
    }
    Ok(())
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// A text or number somewhere in what was asked for.
#[derive(Clone)]
struct Leaf<'a> {
    /// `spec.values.admin.password`
    field: String,
    text: Cow<'a, str>,
    is_telling: bool,
}

impl Leaf<'_> {
    /// Whether it is this value of a Secret, or gives it away: as it is, with other space around it, in base 64 (as `data` of a
    /// Secret has it); as a part of the value, where its own name tells; with the value as a part of it, where the name in the Secret
    /// does.
    fn is(&self, key: &str, value: &[u8]) -> bool {
        let (text, value) = (self.text.trim().as_bytes(), value.trim_ascii());
        let decoded = STANDARD.decode(text).unwrap_or_default();
        value.len() >= MIN_VALUE && (text == value || decoded.trim_ascii() == value)
            || self.is_telling && !text.is_empty() && holds(value, text)
            || value.len() >= MIN_VALUE && tells(key) && holds(text, value)
    }
}

/// Whether a name says that what it names is a secret. What ends in a name is a reference: `existingSecretName`, `secretName`.
fn tells(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_lowercase();
    TELLING.iter().any(|word| plain.ends_with(word) || plain.ends_with(&format!("{word}s")))
}

fn leaves<'a>(root: &str, value: &'a Value) -> Vec<Leaf<'a>> {
    let mut found = Vec::new();
    let mut open = vec![(root.to_owned(), false, value)];
    while let Some((field, is_telling, value)) = open.pop() {
        match value {
            Value::String(text) => found.push(Leaf { field, text: text.into(), is_telling }),
            Value::Number(number) => {
                found.push(Leaf { field, text: number.to_string().into(), is_telling });
            }
            Value::Array(items) => open.extend(
                items.iter().enumerate().map(|(at, item)| (format!("{field}[{at}]"), is_telling, item)),
            ),
            Value::Object(members) => open
                .extend(members.iter().map(|(key, member)| (format!("{field}.{key}"), tells(key), member))),
            _ => {}
        }
    }
    found
}

/// The first key of a ConfigMap that holds a credential, and of what kind.
fn token(object: &Value) -> Option<(&str, &'static str)> {
    let maps = [&object["data"], &object["binaryData"]];
    let maps = maps.into_iter().filter(|_| object["kind"] == "ConfigMap").filter_map(Value::as_object);
    maps.flatten().find_map(|(key, text)| {
        let text = text.as_str()?;
        let decoded = || STANDARD.decode(text.trim()).ok();
        let inside = || tokens::kind(&String::from_utf8_lossy(&decoded()?));
        Some((key.as_str(), tokens::kind(text).or_else(inside)?))
    })
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn secret(data: &Value) -> Value {
        json!({"kind": "Secret", "metadata": {"name": "s"}, "stringData": data})
    }

    #[test]
    fn a_value_that_was_asked_for_is_found_and_not_shown() {
        let rendered = secret(&json!({
            "config": "user: operator\npassword: ab\n", "key": "hunter2", "pin": "424242", "admin-password": "s3cret-word",
        }));
        let told = |values: &Value| {
            let asked = [("spec.values", values), ("values", &Value::Null)];
            kept([&rendered], asked).err().map(|error| error.to_string())
        };
        let table = [
            (
                json!({"a": {"b": ["x", "hunter2"]}}),
                "spec.values.a.b[1] holds what the chart puts into Secret/s as key",
            ),
            (
                json!({"db": {"adminPassword": "ab"}}),
                "spec.values.db.adminPassword holds what the chart puts",
            ),
            (json!({"api_tokens": ["ab"]}), "spec.values.api_tokens[0] holds"),
            (json!({"b64": "aHVudGVyMg=="}), "spec.values.b64 holds"),
            (json!({"spaced": " hunter2\n"}), "spec.values.spaced holds"),
            (json!({"pin": 424242}), "spec.values.pin holds"),
            (json!({"users": ["admin:s3cret-word"]}), "spec.values.users[0] holds"),
            (json!({"dbPass": "ab"}), "spec.values.dbPass holds"),
        ];
        for (values, expected) in table {
            let told = told(&values).unwrap_or_default();
            assert!(told.starts_with(expected) && !told.contains("hunter2"), "{told}");
        }
        let innocent = [
            json!({"user": "ab", "existingSecretName": "ab"}),
            json!({"user": "operator"}),
            json!({"password": ""}),
            json!({"password": "other"}),
        ];
        for values in innocent {
            assert_eq!(told(&values), None, "{values}");
        }
    }

    #[test]
    fn a_secret_in_a_list_of_lists_is_found() {
        let list =
            json!({"kind": "List", "items": [{"kind": "List", "items": [secret(&json!({"a": "b"}))]}]});
        assert!(check([&list]).is_err());
        assert!(check([&secret(&json!({"a": "b"}))]).is_ok(), "it gets a stub");
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
    fn a_key_in_base_64_is_found_too() {
        let key = STANDARD.encode("-----BEGIN PRIVATE KEY-----\nhunter2");
        for member in ["data", "binaryData"] {
            let map = json!({"kind": "ConfigMap", "metadata": {"name": "m"}, member: {"k": key}});
            assert!(check([&map]).is_err(), "{member}");
        }
    }

    #[test]
    fn a_secret_without_data_and_other_kinds_pass() {
        assert!(
            check([&json!({"kind": "Secret"}), &json!({"kind": "ConfigMap", "data": {"a": "b"}})]).is_ok()
        );
    }
}
