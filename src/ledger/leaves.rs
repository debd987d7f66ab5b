//! A document turned into its texts, each with the field that it stands in, and whether that field is one for secrets.

use std::borrow::Cow;

use serde_json::Value;

/// Names of fields whose text is a secret, or their ends.
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
    "accesskey",
    "accountkey",
    "appkey",
    "applicationkey",
    "authkey",
    "encryptionkey",
    "licensekey",
    "masterkey",
    "secretkey",
    "sharedkey",
    "signingkey",
    "tlskey",
];

/// Whether a name says that what it names is a secret. What ends in a name is a reference: `existingSecretName`, `secretName`.
pub fn tells(name: &str) -> bool {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    let plain = plain.to_lowercase();
    TELLING
        .iter()
        .any(|word| plain.ends_with(word) || plain.strip_suffix('s').is_some_and(|one| one.ends_with(word)))
}

/// A text, a number or a key somewhere in a document.
#[derive(Clone)]
pub struct Leaf<'a> {
    /// `spec.values.admin.password`, `metadata.annotations[example.com/a]`
    pub field: String,
    pub text: Cow<'a, str>,
    pub is_telling: bool,
}

/// What is still to be looked at.
struct Open<'a> {
    field: String,
    /// Of the key that it stands below, however deep in lists.
    name: &'a str,
    is_telling: bool,
    value: &'a Value,
}

/// All of them.
pub fn of<'a>(root: &'a str, value: &'a Value) -> Vec<Leaf<'a>> {
    let mut found = Vec::new();
    let mut open = vec![Open { field: root.to_owned(), name: root, is_telling: false, value }];
    while let Some(Open { field, name, is_telling, value }) = open.pop() {
        match value {
            Value::String(text) => found.push(Leaf { field, text: text.into(), is_telling }),
            Value::Number(number) => found.push(Leaf { field, text: number.to_string().into(), is_telling }),
            Value::Array(items) => {
                let item = |(at, value)| Open { field: format!("{field}[{at}]"), name, is_telling, value };
                open.extend(items.iter().enumerate().map(item));
            }
            Value::Object(members) => {
                // as the environment of a container has it
                let of_value = members.get("name").and_then(Value::as_str).is_some_and(tells);
                for (key, value) in members {
                    let field = below(&field, key);
                    let is_key =
                        || tells(key) || tells(&format!("{name}{key}")) || of_value && key == "value";
                    found.push(Leaf { field: field.clone(), text: key.into(), is_telling: false });
                    open.push(Open { field, name: key, is_telling: is_key(), value });
                }
            }
            _ => {}
        }
    }
    found
}

fn below(field: &str, key: &str) -> String {
    match key.contains(['.', '/']) {
        true => format!("{field}[{key}]"),
        false if field.is_empty() => key.to_owned(),
        false => format!("{field}.{key}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_that_tell() {
        for name in [
            "password",
            "DB_PASSWORD",
            "api-tokens",
            "auth.key",
            "tls.key",
            "clientSecret",
            "X-Api-Key",
            "AWS_SECRET_ACCESS_KEY",
        ] {
            assert!(tells(name), "{name}");
        }
        for name in [
            "secretName",
            "existingSecretKeyName",
            "key",
            "publicKey",
            "passwordFile",
            "tokenUrl",
            "partition-key",
            "author",
        ] {
            assert!(!tells(name), "{name}");
        }
    }

    #[test]
    fn texts_with_their_fields() {
        let value =
            json!({"auth": {"key": "a"}, "env": [{"name": "PW_PASSWORD", "value": "b"}], "m": {"x/y": 1}});
        let leaves = of("spec", &value);
        let told = |text: &str| {
            leaves.iter().find(|leaf| leaf.text == text).map(|leaf| (&*leaf.field, leaf.is_telling))
        };
        for (text, expected) in [
            ("a", ("spec.auth.key", true)),
            ("b", ("spec.env[0].value", true)),
            ("PW_PASSWORD", ("spec.env[0].name", false)),
            ("1", ("spec.m[x/y]", false)),
            ("x/y", ("spec.m[x/y]", false)),
        ] {
            assert_eq!(told(text), Some(expected), "{text}");
        }
    }
}
