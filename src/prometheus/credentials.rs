//! Finds credentials that stand in a Prometheus configuration itself: a commit would keep them for ever.

use serde_json::Value;

use super::problem::{Problem, Problems, parse};

/// Fields of type `Secret` in Prometheus' configuration, and the field that names a file instead.
const INLINE: &[(&str, &str)] = &[
    ("password", "password_file"),
    ("credentials", "credentials_file"),
    ("bearer_token", "bearer_token_file"),
    ("client_secret", "client_secret_file"),
    ("secret_key", "a profile, or the environment of the pod"),
    ("application_credential_secret", "a file"),
    ("token", "token_file"),
    ("secrets", "files"),
    ("key", "key_file"),
    ("client_certificate_key", "client_certificate_key_file"),
];

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
                match instead(path, key).filter(|_| is_given(value)) {
                    Some(instead) => problems.add(&below, advice(instead)),
                    // Labels and parameters are data of the user, not fields.
                    None if ["labels", "external_labels", "params"].contains(&key.as_str()) => {}
                    None => walk(&below, value, depth + 1, problems),
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(&format!("{path}[{index}]"), item, depth + 1, problems);
            }
        }
        Value::String(text) if has_password(text) => {
            problems.add(path, advice("basic_auth with password_file"))
        }
        _ => {}
    }
}

/// `key` is a secret only inside `tls_config`; a relabel rule or header may be called anything.
fn instead(path: &str, key: &str) -> Option<&'static str> {
    let (_, instead) = INLINE.iter().find(|(name, _)| *name == key)?;
    (key != "key" || path.ends_with("tls_config")).then_some(instead)
}

fn is_given(value: &Value) -> bool {
    match value {
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Null => false,
        _ => true,
    }
}

/// `https://user:password@host/`
fn has_password(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once("://") else { return false };
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let user = host.rsplit_once('@').map(|(user, _)| user);
    scheme.chars().all(|c| c.is_ascii_alphanumeric())
        && user.is_some_and(|user| user.contains(':') && !user.ends_with(':'))
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
    fn files_labels_and_plain_urls_are_fine() {
        let text = "global: {external_labels: {token: x}}\nremote_write:\n- url: https://x/y@z:1\n  basic_auth: {password_file: /etc/prometheus/secrets/a/p}\n  tls_config: {key_file: k}\n";
        assert!(check(text).is_empty(), "{:?}", check(text));
    }
}
