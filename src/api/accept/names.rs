//! From a name, a label or an annotation key to what Kubernetes finds wrong with it.
//!
//! Source: k8s.io/apimachinery `pkg/api/validate/content/{dns,kube}.go`; sentences and regular expressions are its.

const LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const KEY: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";

/// What is wrong with a DNS label (RFC 1123), such as the name of a namespace.
pub fn dns_label(name: &str) -> Vec<String> {
    let mut wrong = longer_than(name, 63, "characters");
    if !is_dns_label(name) {
        wrong.push(if is_dns_subdomain(name) {
            "must not contain dots".to_owned()
        } else {
            format!(
                "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and \
                 end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '{LABEL}')"
            )
        });
    }
    wrong
}

/// What is wrong with a DNS subdomain (RFC 1123), such as the name of most objects.
pub fn dns_subdomain(name: &str) -> Vec<String> {
    let mut wrong = longer_than(name, 253, "characters");
    if !is_dns_subdomain(name) {
        wrong.push(format!(
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start \
             and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{LABEL}(\\.{LABEL})*')"
        ));
    }
    wrong
}

/// What is wrong with the key of a label or annotation.
pub fn label_key(key: &str) -> Vec<String> {
    let pattern = format!(
        "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character \
         (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '{KEY}')"
    );
    let mut wrong = Vec::new();
    let name = match key.split('/').collect::<Vec<_>>()[..] {
        [name] => name,
        [prefix, name] => {
            let about_prefix =
                if prefix.is_empty() { vec!["must be non-empty".to_owned()] } else { dns_subdomain(prefix) };
            wrong.extend(about_prefix.into_iter().map(|sentence| format!("prefix part {sentence}")));
            name
        }
        _ => {
            let with_prefix = "with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
            return vec![format!("a valid label key {pattern} {with_prefix}")];
        }
    };
    if name.is_empty() {
        wrong.push("name part must be non-empty".to_owned());
    }
    wrong.extend(longer_than(name, 63, "bytes").into_iter().map(|sentence| format!("name part {sentence}")));
    if !is_label_name(name) {
        wrong.push(format!("name part {pattern}"));
    }
    wrong
}

/// What is wrong with the value of a label.
pub fn label_value(value: &str) -> Vec<String> {
    let mut wrong = longer_than(value, 63, "bytes");
    if !value.is_empty() && !is_label_name(value) {
        wrong.push(format!(
            "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start \
             and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for \
             validation is '({KEY})?')"
        ));
    }
    wrong
}

/// Kubernetes counts bytes, and calls them characters in the sentences about names.
fn longer_than(text: &str, most: usize, unit: &str) -> Vec<String> {
    if text.len() > most { vec![format!("must be no more than {most} {unit}")] } else { Vec::new() }
}

fn is_dns_label(text: &str) -> bool {
    let edge = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    framed(text, edge, |byte| edge(byte) || *byte == b'-')
}

fn is_dns_subdomain(text: &str) -> bool {
    text.split('.').all(is_dns_label)
}

fn is_label_name(text: &str) -> bool {
    framed(text, u8::is_ascii_alphanumeric, |byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte))
}

/// Whether the first and last byte are `edge` and all are `inner`.
fn framed(text: &str, edge: impl Fn(&u8) -> bool, inner: impl Fn(&u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(&edge) && bytes.last().is_some_and(&edge) && bytes.iter().all(inner)
}
