//! One field and what is wrong with it, in the words of an API server.
//!
//! Source of the wordings: k8s.io/apimachinery `pkg/util/validation/field/errors.go` and k8s.io/kube-openapi
//! `pkg/validation/errors`.

use serde_json::Value;

/// Why a resource is refused: the field and the sentence that kubectl would print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Path of the field, such as `spec.storage.size` or `spec.secrets[1]`; empty for the object itself.
    pub path: String,
    /// The whole sentence, path included, such as `spec.replicas: Invalid value: 0: …`.
    pub message: String,
    /// Whether it leaves the object in a state in which rules cannot be asked (k8s.io/apiextensions-apiserver
    /// `pkg/registry/customresource/strategy.go`, `hasBlockingErr`).
    pub(super) blocking: bool,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

impl Refusal {
    /// A sentence that already names its field.
    pub(super) fn sentence(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into(), blocking: false }
    }

    /// The value has the right type and is wrong.
    pub(super) fn invalid(path: &str, value: &Value, detail: &str) -> Self {
        Self::field(path, &format!("Invalid value: {}: {}", shown(value), printable(detail)), false)
    }

    /// As [`Refusal::invalid`], for objects and lists, whose value is not shown.
    pub(super) fn invalid_unshown(path: &str, detail: &str) -> Self {
        Self::field(path, &format!("Invalid value: {}", printable(detail)), false)
    }

    /// The value has the wrong type: `found` in place of `expected`, in the words of JSON schema.
    pub(super) fn wrong_type(path: &str, expected: &str, found: &str) -> Self {
        let detail = format!("{} in body must be of type {expected}: {found:?}", printable(path));
        Self::field(path, &format!("Invalid value: {found:?}: {detail}"), true)
    }

    /// There is no value.
    pub(super) fn required(path: &str, detail: &str) -> Self {
        let detail = if detail.is_empty() { String::new() } else { format!(": {detail}") };
        Self::field(path, &format!("Required value{detail}"), true)
    }

    /// The value is none of the allowed ones.
    pub(super) fn unsupported(path: &str, value: &Value, allowed: &[String]) -> Self {
        let allowed: Vec<_> = allowed.iter().map(|word| format!("{word:?}")).collect();
        let detail = format!("Unsupported value: {}: supported values: {}", shown(value), allowed.join(", "));
        Self::field(path, &detail, true)
    }

    /// A text has more than `most` characters.
    pub(super) fn too_long(path: &str, most: i64) -> Self {
        let unit = if most == 1 { "byte" } else { "bytes" };
        Self::field(path, &format!("Too long: may not be more than {most} {unit}"), true)
    }

    /// A list or map has more than `most` entries.
    pub(super) fn too_many(path: &str, count: usize, most: i64) -> Self {
        let unit = if most == 1 { "item" } else { "items" };
        Self::field(path, &format!("Too many: {count}: must have at most {most} {unit}"), true)
    }

    /// The value stands in a set for the second time.
    pub(super) fn duplicate(path: &str, value: &Value) -> Self {
        Self::field(path, &format!("Duplicate value: {}", shown(value)), false)
    }

    fn field(path: &str, body: &str, blocking: bool) -> Self {
        let message = if path.is_empty() { body.to_owned() } else { format!("{}: {body}", printable(path)) };
        Self { path: path.to_owned(), message, blocking }
    }
}

/// A value as Go prints it in such a sentence: scalars with `%v` or `%q`, all else as JSON.
fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => go_quote(text),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.as_i64().is_none() => go_float(float),
            _ => number.to_string(),
        },
        _ => value.to_string().replace('&', "\\u0026").replace('<', "\\u003c").replace('>', "\\u003e"),
    }
}

/// A text for a terminal: names come from a file that somebody else may have written. The server leaves them as they
/// are.
pub(super) fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    escape(text, &mut shown);
    shown
}

/// Go's `%q`.
fn go_quote(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for piece in text.split_inclusive(['"', '\\']) {
        let (plain, end) = match piece.strip_suffix(['"', '\\']) {
            Some(plain) => (plain, piece.chars().next_back()),
            None => (piece, None),
        };
        escape(plain, &mut quoted);
        quoted.extend(end.into_iter().flat_map(|end| ['\\', end]));
    }
    quoted.push('"');
    quoted
}

/// Writes what a terminal would act on, or not show, in the escapes of Go's `%q`.
fn escape(text: &str, quoted: &mut String) {
    for c in text.chars() {
        match c {
            '\u{7}' => quoted.push_str("\\a"),
            '\u{8}' => quoted.push_str("\\b"),
            '\u{c}' => quoted.push_str("\\f"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\u{b}' => quoted.push_str("\\v"),
            c if (c as u32) < 0x20 || c as u32 == 0x7f => quoted.push_str(&format!("\\x{:02x}", c as u32)),
            c if hidden(c) && (c as u32) <= 0xffff => quoted.push_str(&format!("\\u{:04x}", c as u32)),
            c if hidden(c) => quoted.push_str(&format!("\\U{:08x}", c as u32)),
            c => quoted.push(c),
        }
    }
}

/// What Go holds for unprintable, as far as it may hide or reorder text on a terminal: controls, spaces other than
/// the plain one, marks of direction, private use.
fn hidden(c: char) -> bool {
    c.is_control()
        || (c.is_whitespace() && c != ' ')
        || matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
        || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{e0fff}' | '\u{f0000}'..='\u{10ffff}')
}

/// Go's `%v` of a float64: the shortest digits, with an exponent below 1e-4 and from 1e6 on (`strconv.FormatFloat` with
/// 'g' and -1).
pub(super) fn go_float(float: f64) -> String {
    let exponent = if float == 0.0 { 0.0 } else { float.abs().log10().floor() };
    if (-4.0..6.0).contains(&exponent) {
        return float.to_string();
    }
    let text = format!("{float:e}");
    let Some((digits, exponent)) = text.split_once('e') else { return text };
    let (sign, exponent) = exponent.strip_prefix('-').map_or(("+", exponent), |positive| ("-", positive));
    format!("{digits}e{sign}{exponent:0>2}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn shows_values_as_go_does() {
        assert_eq!(shown(&json!("a\"b\n\u{1}\u{202e}é")), "\"a\\\"b\\n\\x01\\u202eé\"");
        assert_eq!(shown(&json!(1e30)), "1e+30");
        assert_eq!(shown(&json!(0.00001)), "1e-05");
        assert_eq!(shown(&json!(1.5)), "1.5");
        assert_eq!(shown(&json!(-1_234_567.5)), "-1.2345675e+06");
        assert_eq!(shown(&json!(-3)), "-3");
        assert_eq!(shown(&json!({ "a": "<b>" })), "{\"a\":\"\\u003cb\\u003e\"}");
    }
}
