//! The named formats of texts (`santhosh-tekuri/jsonschema` v6 `format.go`): the same ones in every edition.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use jsonschema::{Draft, Validator};
use regex::Regex;
use serde_json::{Value as Json, json};

use super::super::semver::Version;

/// Whether a text has the format; a format that is not known accepts all.
pub fn accepts(format: &str, text: &str) -> bool {
    match format {
        "regex" => Regex::new(text).is_ok(),
        "semver" => Version::parse_strict(text).is_ok(),
        _ => CHECKS.get(format).is_none_or(|check| check.is_valid(&Json::from(text))),
    }
}

/// The formats that the reference checks, and those of the `jsonschema` crate that it does not.
pub const NAMES: [&str; 20] = [
    "date",
    "date-time",
    "duration",
    "email",
    "hostname",
    "idn-email",
    "idn-hostname",
    "ipv4",
    "ipv6",
    "iri",
    "iri-reference",
    "json-pointer",
    "regex",
    "relative-json-pointer",
    "semver",
    "time",
    "uri",
    "uri-reference",
    "uri-template",
    "uuid",
];

/// One check a format, by the newest edition that has them all.
static CHECKS: LazyLock<BTreeMap<&str, Arc<Validator>>> = LazyLock::new(|| {
    let check = |name: &&'static str| {
        let options = jsonschema::options().with_draft(Draft::Draft201909).should_validate_formats(true);
        Some((*name, Arc::new(options.build(&json!({ "format": name })).ok()?)))
    };
    NAMES.iter().filter(|name| !name.starts_with("idn-")).filter_map(check).collect()
});

/// The reason, in the words of the reference for the formats that charts use; a general one for the others.
pub fn reason(format: &str, text: &str) -> String {
    let reason = match format {
        "email" => email(text),
        "hostname" => hostname(text),
        "ipv4" => ipv4(text),
        "ipv6" if !text.contains(':') => Some("missing colon"),
        "date-time" if text.len() < 20 => Some("less than 20 characters long"),
        "date-time" if !matches!(text.as_bytes().get(10), Some(b't' | b'T')) => {
            Some("11th character must be t or T")
        }
        "time" if text.len() < 9 => Some("less than 9 characters long"),
        "json-pointer" if !text.starts_with('/') => Some("not starting with /"),
        "uri" | "iri" if !text.contains(':') => Some("relative url"),
        "uri-reference" | "iri-reference" if text.contains('\\') => Some("contains \\"),
        "duration" if !text.starts_with('P') => Some("must start with P"),
        "uuid" if text.split('-').count() != 5 => Some("must have 5 elements"),
        _ => None,
    };
    reason.map_or_else(|| format!("not a valid {format}"), str::to_owned)
}

fn email(text: &str) -> Option<&'static str> {
    const MAX: usize = 254;
    const MAX_LOCAL: usize = 64;
    if text.len() > MAX {
        return Some("more than 255 characters long");
    }
    match text.rsplit_once('@') {
        None => Some("missing @"),
        Some((local, _)) if local.len() > MAX_LOCAL => Some("local part more than 64 characters long"),
        _ => None,
    }
}

fn hostname(text: &str) -> Option<&'static str> {
    const MAX: usize = 253;
    let text = text.strip_suffix('.').unwrap_or(text);
    if text.len() > MAX {
        return Some("more than 253 characters long");
    }
    text.split('.').find_map(|label| match label {
        label if !(1..=63).contains(&label.len()) => Some("label must be 1 to 63 characters long"),
        label if label.starts_with('-') => Some("label starts with hyphen"),
        label if label.ends_with('-') => Some("label ends with hyphen"),
        _ => None,
    })
}

fn ipv4(text: &str) -> Option<&'static str> {
    if text.split('.').count() != 4 {
        return Some("expected four decimals");
    }
    text.split('.').find_map(|group| match group.parse::<i64>() {
        _ if group.len() > 1 && group.starts_with('0') => Some("leading zeros"),
        Ok(0..=255) | Err(_) => None,
        Ok(_) => Some("decimal must be between 0 and 255"),
    })
}
