//! Finds credentials that stand in a Prometheus configuration itself: a commit would keep them for ever.

use serde_json::Value;

use super::headers;
use super::problem::{Problem, Problems, parse};
use crate::secrecy::address;

/// Fields of type `Secret` in the configuration of Prometheus 3.16 (`prometheus/common` `config`, `discovery/*`,
/// `storage/remote`), and what to write instead.
const INLINE: &[(&str, &str)] = &[
    ("application_credential_secret", "clouds.yaml, or the environment of the pod"),
    ("application_secret", "the environment of the pod"),
    ("auth_token", "auth_token_file"),
    ("bearer_token", "bearer_token_file"),
    ("certificate_password", "a certificate without a password in a mounted file"),
    ("client_certificate_key", "client_certificate_key_file"),
    ("client_secret", "client_secret_file"),
    ("consumer_key", "the environment of the pod"),
    ("credentials", "credentials_file"),
    ("key", "key_file"),
    ("key_passphrase", "key_passphrase_file"),
    ("password", "password_file"),
    ("private_key", "private_key_path"),
    ("secret_key", "a profile, or the environment of the pod"),
    ("secrets", "files"),
    ("service_account_key", "service_account_key_path"),
    ("token", "authorization with credentials_file"),
];

/// What is sent to who gives out tokens, and is a credential (RFC 6749; RFC 7521). Prometheus has no form with a file for any of it
/// (`prometheus/common` `config.OAuth2`).
const ENDPOINT: &str = "endpoint_params";
const SENT: &[&str] =
    &["assertion", "client_assertion", "client_secret", "password", "refresh_token", "token"];
const INSTEAD_OF_SENT: &str = "client_secret_file with the grant type client_credentials, or authorization with a credentials_file \
                               that something beside Prometheus keeps up to date, since parameters of a token request cannot come \
                               from a file";

/// Maps from a header's name to its values: `headers` of remote storage, `http_headers` (with `values`), and what is
/// sent to a proxy, which is secret as a whole.
const HEADERS: &[&str] = &["headers", "http_headers"];
const PROXY_HEADERS: &str = "proxy_connect_header";

/// Where an address stands, with or without a scheme.
const ADDRESSES: &[&str] = &[
    "api_server",
    "api_url",
    "endpoint",
    "host",
    "identity_endpoint",
    "proxy_url",
    "server",
    "servers",
    "token_url",
    "url",
];

/// Where names are the user's own, and mean no field.
const OWN_NAMES: &[&str] = &["labels", "external_labels", "params"];

/// Depth of a configuration that is looked into.
const DEEPEST: usize = 50;

/// One problem for each credential; the value itself is never part of the message.
pub fn check(text: &str) -> Vec<Problem> {
    let Ok(Some(document)) = parse(text, "a Prometheus configuration") else { return Vec::new() };
    let mut problems = Problems::new(&document);
    walk("", &document.value, 0, &mut problems);
    problems.finish()
}

fn walk(path: &str, value: &Value, depth: usize, problems: &mut Problems<'_>) {
    if depth > DEEPEST {
        return;
    }
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let below = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                member(&below, path, (key.as_str(), value), depth, problems);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(&format!("{path}[{index}]"), item, depth + 1, problems);
            }
        }
        Value::String(text) if has_login(path, text) => {
            problems.add(path, advice("basic_auth with password_file"))
        }
        _ => {}
    }
}

/// A key of a map and what stands below it.
fn member(below: &str, path: &str, (key, value): (&str, &Value), depth: usize, problems: &mut Problems<'_>) {
    if let Some(instead) = instead(path, key).filter(|_| is_given(value)) {
        return problems.add(below, advice(instead));
    }
    match value {
        _ if OWN_NAMES.contains(&key) => {}
        Value::String(kind) if key == "type" && path.ends_with("authorization") => {
            if headers::carries_credential(kind) {
                problems.add(below, advice("type: Bearer and credentials_file"));
            }
        }
        _ if key == PROXY_HEADERS && is_given(value) => {
            problems.add(below, advice("a proxy that asks for no credential"));
        }
        Value::Object(headers) if HEADERS.contains(&key) => {
            for (name, value) in headers {
                header(&format!("{below}.{name}"), name, value, problems);
            }
        }
        value => walk(below, value, depth + 1, problems),
    }
}

/// A header: a text, or a map with `values`, `secrets` and `files`.
fn header(path: &str, name: &str, value: &Value, problems: &mut Problems<'_>) {
    let given = |key: &str| value.get(key).is_some_and(is_given);
    let (place, is_inline) = match value {
        Value::String(_) => (path.to_owned(), is_secret(name, value)),
        _ if given("secrets") => (format!("{path}.secrets"), true),
        _ => (format!("{path}.values"), is_secret(name, &value["values"])),
    };
    if is_inline {
        problems.add(&place, advice("http_headers with files, or authorization with credentials_file"));
    }
}

/// Whether a header with this name, or any of these values, is sent for who it says we are.
fn is_secret(name: &str, values: &Value) -> bool {
    let each = values.as_array().map_or(std::slice::from_ref(values), Vec::as_slice);
    let texts = || each.iter().filter_map(Value::as_str);
    headers::tells(name) && is_given(values)
        || texts().any(|text| headers::carries_credential(text) || address::has_login(text))
}

/// `key` is a secret only inside `tls_config`; a relabel rule or header may be called anything.
fn instead(path: &str, key: &str) -> Option<&'static str> {
    if path.ends_with(ENDPOINT) {
        return SENT.contains(&key).then_some(INSTEAD_OF_SENT);
    }
    let (_, instead) = INLINE.iter().find(|(name, _)| *name == key)?;
    (key != "key" || path.ends_with("tls_config")).then_some(instead)
}

fn is_given(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(entries) => !entries.is_empty(),
        Value::Null => false,
        _ => true,
    }
}

fn has_login(path: &str, text: &str) -> bool {
    let field = path.rsplit('.').next().unwrap_or_default();
    let field = field.split('[').next().unwrap_or_default();
    if ADDRESSES.contains(&field) { address::is_with_login(text) } else { address::has_login(text) }
}

fn advice(instead: &str) -> String {
    format!(
        "a credential in the configuration would be kept in git for ever; use {instead}, and mount the Secret \
         with `spec.secrets` (below /etc/prometheus/secrets/<name>)"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_are_found_and_never_shown() {
        let text = "remote_write:\n- url: https://u:hunter2@x/\n  basic_auth:\n    username: u\n    password: hunter2\n";
        let found: Vec<String> = check(text).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(
            found.iter().any(|problem| problem.starts_with("line 5: remote_write[0].basic_auth.password: "))
        );
        assert!(found.iter().any(|problem| problem.starts_with("line 2: remote_write[0].url: ")));
        assert!(found.iter().all(|problem| !problem.contains("hunter2")));
    }

    #[test]
    fn what_is_sent_for_a_token_is_given_no_file_that_prometheus_does_not_know() {
        let text = "scrape_configs:\n- job_name: a\n  oauth2:\n    client_id: c\n    client_secret_file: f\n    token_url: https://t\n    endpoint_params: {grant_type: password, username: u, password: hunter2}\n";
        let found: Vec<String> = check(text).iter().map(ToString::to_string).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        let place = "line 7: scrape_configs[0].oauth2.endpoint_params.password: ";
        assert!(found[0].starts_with(place) && found[0].contains("use client_secret_file with"), "{found:?}");
        assert!(!found[0].contains("password_file") && !found[0].contains("hunter2"), "{found:?}");
    }

    #[test]
    fn files_labels_and_plain_urls_are_fine() {
        let text = "global: {external_labels: {token: x}}\nremote_write:\n- url: https://x/y@z:1\n  basic_auth: {password_file: /etc/prometheus/secrets/a/p}\n  tls_config: {key_file: k}\n";
        assert!(check(text).is_empty(), "{:?}", check(text));
    }
}
