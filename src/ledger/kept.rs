//! Values of rendered Secrets turned into where else a commit would keep them: in what was asked for, and in what else is rendered.

use serde_json::Value;

use super::leaves::{self, Leaf, tells};
use super::secrets::{SecretInGit, alone, name_of};
use super::stub;
use crate::secrecy::forms::{self, Form};

/// Characters of a value of a Secret that is looked for: shorter ones (`true`, `admin`) stand anywhere by chance.
const MIN_VALUE: usize = 6;
/// The same for a part of a text that a chart renders: it is long, and not what somebody typed.
const MIN_PART: usize = 8;
/// Characters of a value that was drawn and not thought of, whatever its key is called: of mixed letters, or hexadecimal.
const MIN_DRAWN: usize = 20;
const MIN_DIGITS: usize = 32;

/// A value of a Secret.
struct Kept {
    /// Of the Secret.
    name: String,
    key: String,
    value: Vec<u8>,
    forms: Vec<Form>,
    /// Its key says that it is secret.
    is_telling: bool,
}

impl Kept {
    fn all<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Vec<Kept> {
        let secrets = objects.into_iter().filter(|object| stub::has_values(object));
        let values = |secret: &'a Value| {
            stub::decoded(secret).into_iter().map(|(key, value)| Kept {
                name: name_of(secret),
                key: key.to_owned(),
                is_telling: tells(key),
                forms: forms::of(value.trim_ascii()),
                value: value.trim_ascii().to_vec(),
            })
        };
        secrets.flat_map(values).filter(|kept| !kept.value.is_empty()).collect()
    }

    /// The whole text, in letters of any case.
    fn is_all_of(&self, text: &str) -> bool {
        text.trim().as_bytes().eq_ignore_ascii_case(&self.value)
    }

    /// In any form, somewhere in the text.
    fn is_in(&self, text: &str) -> bool {
        let bytes = text.as_bytes();
        (0..bytes.len()).any(|at| self.forms.iter().any(|form| form.end(bytes, at, false).is_some()))
    }

    /// Whether what somebody asked for gives it away: as a whole, also in base 64 (as `data` of a Secret has it); as a part of the
    /// value, where its own name tells; with the value as a part of it, where the name in the Secret does.
    fn is_asked(&self, leaf: &Leaf<'_>) -> bool {
        let text = leaf.text.trim();
        let whole =
            || self.is_all_of(text) || self.forms.iter().any(|form| form.is_encoded && whole(form, text));
        self.value.len() >= MIN_VALUE && (whole() || self.is_telling && self.is_in(text))
            || leaf.is_telling && !text.is_empty() && holds(&self.value, text.as_bytes())
    }

    /// Whether what a chart renders gives it away. A name (`prom-operator`) stands in labels and addresses, too: it has to be the
    /// whole text of a field for secrets.
    fn is_rendered(&self, leaf: &Leaf<'_>) -> bool {
        if leaf.is_telling && self.value.len() >= forms::SHORTEST && self.is_all_of(&leaf.text) {
            return true;
        }
        let counts = (self.is_telling || is_drawn(&self.value)) && !is_name(&self.value);
        counts
            && (self.value.len() >= MIN_VALUE && self.is_all_of(&leaf.text)
                || self.value.len() >= MIN_PART && self.is_in(&leaf.text))
    }
}

/// Up to the letters of base 64 that fill it up.
fn whole(form: &Form, text: &str) -> bool {
    let end = form.end(text.as_bytes(), 0, false);
    end.is_some_and(|end| {
        text.len() - end <= 3 && text[end..].bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'=')
    })
}

fn holds(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// Lower case words, as objects and hosts are called.
fn is_name(value: &[u8]) -> bool {
    value.iter().all(|byte| byte.is_ascii_lowercase() || b"-._/:".contains(byte))
}

fn is_drawn(value: &[u8]) -> bool {
    let any = |is: fn(&u8) -> bool| value.iter().any(is);
    let digits = any(u8::is_ascii_digit);
    let hexadecimal =
        value.len() >= MIN_DIGITS && value.iter().all(u8::is_ascii_hexdigit) && any(u8::is_ascii_alphabetic);
    let letters = value.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=_-".contains(byte));
    let mixed = letters && any(u8::is_ascii_lowercase) && any(u8::is_ascii_uppercase);
    digits && (hexadecimal || value.len() >= MIN_DRAWN && mixed)
}

/// Refuses what was asked for if it holds the value of a rendered Secret: `cluster.yaml` and `values.yaml` are committed as
/// they are. `asked` is each of these files, with the word that its fields begin with in the resource.
pub fn asked<'a>(
    objects: impl IntoIterator<Item = &'a Value>,
    asked: [(&str, &Value); 2],
) -> Result<(), SecretInGit> {
    let kept = Kept::all(objects);
    if kept.is_empty() {
        return Ok(());
    }
    for leaf in asked.iter().flat_map(|(root, value)| leaves::of(root, value)) {
        if let Some(Kept { name, key, .. }) = kept.iter().find(|kept| kept.is_asked(&leaf)) {
            return Err(SecretInGit::Value { field: leaf.field, name: name.clone(), key: key.clone() });
        }
    }
    Ok(())
}

/// Refuses a render that has the value of a Secret outside of it, too: in a ConfigMap, an argument, an annotation.
pub fn rendered<'a>(objects: impl IntoIterator<Item = &'a Value> + Clone) -> Result<(), SecretInGit> {
    let kept = Kept::all(objects.clone());
    if kept.is_empty() {
        return Ok(());
    }
    for object in objects.into_iter().flat_map(alone) {
        // of a Secret, its stub shows only this
        let shown = if object["kind"] == "Secret" { ("metadata", &object["metadata"]) } else { ("", object) };
        for leaf in leaves::of(shown.0, shown.1) {
            if let Some(Kept { name, key, .. }) = kept.iter().find(|kept| kept.is_rendered(&leaf)) {
                let kind = object["kind"].as_str().unwrap_or("?");
                let place = format!("{kind}/{}", name_of(object));
                return Err(SecretInGit::Rendered {
                    place,
                    field: leaf.field,
                    name: name.clone(),
                    key: key.clone(),
                });
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    use serde_json::json;

    use super::*;

    fn secret() -> Value {
        json!({"kind": "Secret", "metadata": {"name": "s"}, "stringData": {
            "config": "user: operator\npassword: ab\n", "key": "hunter2", "pin": "424242", "admin-password": "s3cret-Word",
            "auth.key": "K3y-of-all", "username": "grafana-Admin1", "weak-password": "prom-operator",
            "session": "aZ3aZ3aZ3aZ3aZ3aZ3aZ3aZ3", "ca.crt": "-----BEGIN CERTIFICATE-----\nMIIBaZ3\n",
        }})
    }

    #[test]
    fn a_value_that_was_asked_for_is_found_and_not_shown() {
        let told = |values: &Value| {
            let asked = [("spec.values", values), ("values", &Value::Null)];
            self::asked([&secret()], asked).err().map(|error| error.to_string())
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
            (json!({"users": ["admin:s3cret-Word"]}), "spec.values.users[0] holds"),
            (json!({"dbPass": "ab"}), "spec.values.dbPass holds"),
            (json!({"shouted": "HUNTER2"}), "spec.values.shouted holds"),
            (json!({"users": ["ADMIN:S3CRET-WORD"]}), "spec.values.users[0] holds"),
            (json!({"users": {"s3cret-word": "admin"}}), "spec.values.users.s3cret-word holds"),
            (json!({"env": [{"name": "DB_PASSWORD", "value": "ab"}]}), "spec.values.env[0].value holds"),
            (json!({"auth": {"key": "ab"}}), "spec.values.auth.key holds"),
            (json!({"auth.key": "ab"}), "spec.values[auth.key] holds"),
            (json!({"url": "https://u:k3y-of-all@h"}), "spec.values.url holds"),
        ];
        for (values, expected) in table {
            let told = told(&values).unwrap_or_default();
            assert!(told.starts_with(expected) && !told.contains("unter2"), "{values}: {told}");
        }
        for values in [
            json!({"user": "ab", "existingSecretName": "ab"}),
            json!({"user": "operator"}),
            json!({"password": ""}),
            json!({"password": "other"}),
            json!({"hunter": "hunter2-and-more"}),
            json!({"env": [{"name": "DB_USER", "value": "ab"}]}),
            json!({"author": {"key": "x"}, "partition": {"key": "ab"}}),
            json!({"key": "ab"}),
        ] {
            assert_eq!(told(&values), None, "{values}");
        }
    }

    #[test]
    fn a_value_that_is_rendered_elsewhere_is_found_and_not_shown() {
        let told = |object: &Value| rendered([&secret(), object]).err().map(|error| error.to_string());
        let map = |data: Value| json!({"kind": "ConfigMap", "metadata": {"name": "m"}, "data": data});
        let pod = |container: Value| json!({"kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [container]}});
        let found = [
            (
                map(json!({"a": "login: admin s3cret-Word\n"})),
                "ConfigMap/m with what it puts into Secret/s as admin-password, in data.a",
            ),
            (map(json!({"a": "S3CRET-WORD"})), "ConfigMap/m"),
            (map(json!({"a": "say s3cret-word"})), "ConfigMap/m"),
            (map(json!({"a": STANDARD.encode("admin:s3cret-Word")})), "ConfigMap/m"),
            (map(json!({"a": "https://u:s3cret%2DWord@h"})), "ConfigMap/m"),
            (map(json!({"s3cret-Word": "admin"})), "in data.s3cret-Word"),
            (map(json!({"a": "x=K3y-of-all;"})), "as auth.key, in data.a"),
            (map(json!({"a": "id: aZ3aZ3aZ3aZ3aZ3aZ3aZ3aZ3"})), "as session, in data.a"),
            (map(json!({"password": "prom-operator"})), "as weak-password, in data.password"),
            (map(json!({"db.password": "HUNTER2"})), "as key, in data[db.password]"),
            (pod(json!({"args": ["--password=s3cret-Word"]})), "in spec.containers[0].args[0]"),
            (
                pod(json!({"env": [{"name": "TOKEN", "value": "hunter2"}]})),
                "in spec.containers[0].env[0].value",
            ),
            (
                json!({"kind": "Secret", "metadata": {"name": "t", "annotations": {"x/y": "s3cret-Word"}}, "data": {"a": "eA=="}}),
                "Secret/t with what it puts into Secret/s as admin-password, in metadata.annotations[x/y]",
            ),
            (json!({"kind": "List", "items": [map(json!({"a": "s3cret-Word"}))]}), "ConfigMap/m"),
        ];
        for (object, expected) in found {
            let told = told(&object).unwrap_or_default();
            assert!(told.contains(expected), "{object}: {told}");
            assert!(
                !told.contains("hunter2") && (expected.contains("data.s3") || !told.contains("3cret")),
                "{told}"
            );
        }
        for object in [
            map(json!({"a": "the user is operator, the namespace grafana-Admin1"})),
            map(json!({"username": "grafana-Admin1"})),
            map(json!({"a": "hunter2 is no key that tells"})),
            map(json!({"url": "http://prom-operator:8080/prom-operator"})),
            map(json!({"passwordFile": "/run/prom-operator", "password": "$(PASSWORD)"})),
            map(json!({"a": "s3cret"})),
            map(json!({"ca.crt": "-----BEGIN CERTIFICATE-----\nMIIBaZ3\n"})),
            map(json!({"a": "424242 424242"})),
            pod(
                json!({"env": [{"name": "A_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "s", "key": "admin-password"}}}]}),
            ),
            pod(json!({"args": ["--password-file=/etc/s/admin-password"], "name": "prom-operator"})),
            json!({"kind": "Webhook", "metadata": {"name": "w"}, "caBundle": STANDARD.encode("-----BEGIN CERTIFICATE-----\nMIIBaZ3\n")}),
            json!({"kind": "Deployment", "metadata": {"name": "prom-operator", "labels": {"app": "prom-operator"}}}),
            json!({"kind": "Secret", "metadata": {"name": "t"}, "stringData": {"again": "s3cret-Word"}}),
            map(json!({"checksum": "0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"})),
            map(json!({"password": "", "token": "another"})),
        ] {
            assert_eq!(told(&object), None, "{object}");
        }
    }
}
