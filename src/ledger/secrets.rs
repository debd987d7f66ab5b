//! Texts that a commit would publish turned into the first that holds a key or token: in what was asked for, and in what is rendered.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::{leaves, stub};
use crate::secrecy::tokens;

/// What a commit would publish for ever. Only names are told, never a value.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum SecretInGit {
    #[error(
        "{field} holds what the chart puts into Secret/{name} as {key}, and a commit would keep it for ever; \
         create the Secret outside git and let the chart refer to it (most charts take an `existingSecret` value)"
    )]
    Value { field: String, name: String, key: String },
    #[error(
        "{field} holds {kind}, and a commit would keep it for ever; \
         put it into a Secret that is created outside git, and refer to that (`spec.secrets` mounts one)"
    )]
    Asked { field: String, kind: &'static str },
    #[error(
        "the chart renders {place} with what it puts into Secret/{name} as {key}, in {field}, and a commit would keep it for \
         ever; let the chart refer to the Secret there (`secretKeyRef`, or a mounted file)"
    )]
    Rendered { place: String, field: String, name: String, key: String },
    #[error(
        "the chart renders List/{name} with a Secret that carries values; let the chart render the Secret by itself"
    )]
    Listed { name: String },
    #[error(
        "the chart renders {place} with {kind} in {key}, and a commit would keep it for ever; \
         put it into a Secret that is created outside git, and let the chart refer to that"
    )]
    Token { place: String, key: String, kind: &'static str },
}

/// Refuses a private key or a token of a known format in what was asked for. `asked`: documents, with the word that their
/// fields begin with.
pub fn asked(asked: &[(&str, &Value)]) -> Result<(), SecretInGit> {
    let leaves = asked.iter().flat_map(|(root, value)| leaves::of(root, value));
    let found = leaves.filter_map(|leaf| Some((kind(&leaf.text)?, leaf.field))).next();
    found.map_or(Ok(()), |(kind, field)| Err(SecretInGit::Asked { field, kind }))
}

/// Refuses objects that carry a private key or a token of a known format, alone or in a list, and Secrets in a list that
/// were not taken apart: they would get no stub. Of a Secret, its stub shows the metadata only.
pub fn check<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Result<(), SecretInGit> {
    for object in objects {
        for inner in alone(object) {
            if !std::ptr::eq(inner, object) && stub::has_values(inner) {
                return Err(SecretInGit::Listed { name: name_of(object) });
            }
            if let Some((key, kind)) = token(inner) {
                return Err(SecretInGit::Token { place: place(inner), key, kind });
            }
        }
    }
    Ok(())
}

/// The same for a text as it was rendered: comments are committed, too.
pub fn check_text(object: &Value, text: &str) -> Result<(), SecretInGit> {
    let found = Some(text).filter(|_| !is_apart(object)).and_then(tokens::kind);
    let key = || "a comment".to_owned();
    found.map_or(Ok(()), |kind| Err(SecretInGit::Token { place: place(object), key: key(), kind }))
}

/// A Secret has a stub, and a definition is documentation, which may show what a key looks like.
fn is_apart(object: &Value) -> bool {
    object["kind"] == "Secret" || object["kind"] == "CustomResourceDefinition"
}

fn place(object: &Value) -> String {
    format!("{}/{}", object["kind"].as_str().unwrap_or("?"), name_of(object))
}

/// The name in its metadata.
pub fn name_of(object: &Value) -> String {
    object.pointer("/metadata/name").and_then(Value::as_str).unwrap_or("?").to_owned()
}

/// The first field that holds a credential, and of what kind; of a ConfigMap, its key.
fn token(object: &Value) -> Option<(String, &'static str)> {
    let (root, shown) = match is_apart(object) {
        true => ("metadata", &object["metadata"]),
        false => ("", object),
    };
    leaves::of(root, shown).into_iter().find_map(|leaf| {
        let kind = kind(&leaf.text)?;
        let key = ["data", "binaryData"].into_iter().find_map(|map| leaf.field.strip_prefix(map));
        let key = key.filter(|_| object["kind"] == "ConfigMap");
        Some((key.map_or(leaf.field.clone(), |key| key.trim_matches(['.', '[', ']']).to_owned()), kind))
    })
}

/// Bytes of a text in base 64 from which on it may hold a key or token.
const SHORTEST: usize = 24;

/// As it is, or in base 64.
fn kind(text: &str) -> Option<&'static str> {
    let decoded = || STANDARD.decode(text.trim()).ok().filter(|_| text.len() >= SHORTEST);
    tokens::kind(text).or_else(|| tokens::kind(&String::from_utf8_lossy(&decoded()?)))
}

/// The object itself, or the items of a list: `kubectl apply` takes `kind: List` for what is in it.
pub fn alone(object: &Value) -> Vec<&Value> {
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
    fn a_token_is_found_wherever_git_would_keep_it() {
        let token = format!("ghp_{}", "aZ3".repeat(12));
        let told = |object: Value| check([&object]).err().map(|error| error.to_string()).unwrap_or_default();
        for (object, expected) in [
            (
                json!({"kind": "Pod", "metadata": {"name": "p"}, "spec": {"args": [format!("--x={token}")]}}),
                "Pod/p with a GitHub token in spec.args[0]",
            ),
            (
                json!({"kind": "Pod", "metadata": {"name": "p", "annotations": {"a/b": token}}}),
                "in metadata.annotations[a/b]",
            ),
            (
                json!({"kind": "Pod", "metadata": {"name": "p"}, "spec": {token.clone(): 1}}),
                "Pod/p with a GitHub token",
            ),
            (
                json!({"kind": "Secret", "metadata": {"name": "s", "labels": {"a": token}}}),
                "Secret/s with a GitHub token in metadata.labels.a",
            ),
            (
                json!({"kind": "ConfigMap", "metadata": {"name": "m"}, "data": {"a.b": token}}),
                "ConfigMap/m with a GitHub token in a.b",
            ),
        ] {
            let told = told(object);
            assert!(told.contains(expected), "{told}");
        }
        for object in [
            json!({"kind": "Secret", "stringData": {"a": token}}),
            json!({"kind": "CustomResourceDefinition", "spec": {"description": token}}),
            json!({"kind": "Pod", "spec": {"args": ["ghp_short", "--token-file=/x"], "env": [{"name": "T", "value": "$(TOKEN)"}]}}),
        ] {
            assert_eq!(told(object), "");
        }
        let object = json!({"kind": "ConfigMap", "metadata": {"name": "m"}});
        let text = format!("# {token}\nkind: ConfigMap\n");
        assert!(
            check_text(&object, &text)
                .unwrap_err()
                .to_string()
                .contains("ConfigMap/m with a GitHub token in a comment")
        );
        assert!(
            check_text(&json!({"kind": "Secret"}), &text).is_ok() && check_text(&object, "# none").is_ok()
        );
    }

    #[test]
    fn a_token_that_was_asked_for_is_found() {
        let token = format!("glc_{}==", "aZ3".repeat(30));
        let metadata = json!({"annotations": {"kubernetes.io/change-cause": format!("use {token}")}});
        let spec = json!({
            "additionalArgs": [token], "podMetadata": {"labels": {"a": token}}, "values": {"env": [{"name": "A", "value": token}]},
        });
        for (root, value, field) in [
            ("metadata", &metadata, "metadata.annotations[kubernetes.io/change-cause]"),
            ("spec", &json!({"additionalArgs": spec["additionalArgs"]}), "spec.additionalArgs[0]"),
            ("spec", &json!({"podMetadata": spec["podMetadata"]}), "spec.podMetadata.labels.a"),
            ("spec", &json!({"values": spec["values"]}), "spec.values.env[0].value"),
            ("spec", &json!({"rules": {"a.yaml": format!("# {token}")}}), "spec.rules[a.yaml]"),
            ("values", &json!({"a": STANDARD.encode(&token)}), "values.a"),
        ] {
            let told = asked(&[(root, value)]).unwrap_err().to_string();
            assert!(
                told.starts_with(&format!("{field} holds a Grafana Cloud token")) && !told.contains("aZ3"),
                "{told}"
            );
        }
        for value in [
            json!({"annotations": {"kubernetes.io/change-cause": "glc_ tokens are in the vault now"}}),
            json!({"values": {"env": [{"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "token"}}}]}}),
            json!({"additionalArgs": ["--web.config.file=/etc/prometheus/secrets/web/config.yml"]}),
            json!({"podMetadata": {"annotations": {"checksum/config": "0a".repeat(32)}}}),
            json!({"secrets": ["glc-token"], "replicas": 3}),
        ] {
            assert_eq!(asked(&[("x", &value)]), Ok(()), "{value}");
        }
    }

    #[test]
    fn a_secret_without_data_and_other_kinds_pass() {
        assert!(
            check([&json!({"kind": "Secret"}), &json!({"kind": "ConfigMap", "data": {"a": "b"}})]).is_ok()
        );
    }
}
