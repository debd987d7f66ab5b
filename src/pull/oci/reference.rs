//! `oci://host/path:tag@digest` turned into its parts (Helm `pkg/registry/reference.go`, oras-go `registry/reference.go`).

use std::fmt;

use super::digest::is_digest;
use crate::template::quote::quote;

/// How charts at a registry are told from other names.
pub const SCHEME: &str = "oci://";

/// A place in a registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// Host, with the port if one is written.
    pub registry: String,
    pub repository: String,
    /// With `_` where the version has `+`.
    pub tag: Option<String>,
    pub digest: Option<String>,
}

/// Why a text is no place in a registry; the texts are Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    #[error("invalid reference: missing registry or repository")]
    Missing,
    #[error("invalid reference: invalid registry {0}")]
    Registry(String),
    #[error("invalid reference: invalid repository {0}")]
    Repository(String),
    #[error("invalid reference: invalid tag {0}")]
    Tag(String),
    #[error("invalid reference: invalid digest {0}: {1}")]
    Digest(String, &'static str),
}

impl Reference {
    /// Reads `host/path`, `host/path:tag`, `host/path@digest` and `host/path:tag@digest`, with or without `oci://`.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        let text = text.strip_prefix(SCHEME).unwrap_or(text);
        let (text, digest) = match text.rsplit_once('@') {
            Some((text, digest)) => (text, Some(digest.to_owned())),
            None => (text, None),
        };
        let (registry, path) = text.split_once('/').ok_or(ReferenceError::Missing)?;
        let quoted = |text: &str| quote(text.as_bytes());
        if !is_registry(registry) {
            return Err(ReferenceError::Registry(quoted(registry)));
        }
        let (repository, tag) = match path.split_once(':') {
            Some((repository, tag)) => {
                (repository, Some(tag.replace('+', "_")).filter(|tag| !tag.is_empty()))
            }
            None => (path, None),
        };
        if !is_repository(repository) {
            return Err(ReferenceError::Repository(quoted(repository)));
        }
        if let Some(tag) = tag.as_deref().filter(|tag| !is_tag(tag)) {
            return Err(ReferenceError::Tag(quoted(tag)));
        }
        if let Some(digest) = digest.as_deref().filter(|digest| !is_digest(digest)) {
            return Err(ReferenceError::Digest(quoted(digest), why_not(digest)));
        }
        Ok(Reference { registry: registry.to_owned(), repository: repository.to_owned(), tag, digest })
    }

    /// The same place, at this version.
    #[must_use]
    pub fn at_version(&self, version: &str) -> Self {
        Reference { tag: Some(version.replace('+', "_")), digest: None, ..self.clone() }
    }

    /// What a manifest is asked by.
    pub fn selector(&self) -> Option<&str> {
        self.digest.as_deref().or(self.tag.as_deref())
    }

    /// The host that answers: Docker's registry has another one than its name.
    pub fn host(&self) -> &str {
        if self.registry == "docker.io" { "registry-1.docker.io" } else { &self.registry }
    }
}

/// As Helm shows it: by tag where there is one.
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.registry, self.repository)?;
        match (&self.tag, &self.digest) {
            (Some(tag), _) => write!(f, ":{tag}"),
            (None, Some(digest)) => write!(f, "@{digest}"),
            (None, None) => Ok(()),
        }
    }
}

/// The words of Go's `go-digest` for what is wrong.
fn why_not(digest: &str) -> &'static str {
    let hex = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match digest.split_once(':') {
        Some(("sha256", rest)) if hex(rest) && rest.len() != 64 => "invalid checksum digest length",
        Some((algorithm, rest)) if algorithm != "sha256" && hex(rest) => "unsupported digest algorithm",
        _ => "invalid checksum digest format",
    }
}

/// A host, and a port perhaps.
fn is_registry(text: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:[]".contains(&byte);
    !text.is_empty() && text.bytes().all(allowed)
}

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`, with slashes between such names.
fn is_repository(text: &str) -> bool {
    const MAX_LEN: usize = 255;
    text.len() <= MAX_LEN && text.split('/').all(is_component)
}

fn is_component(text: &str) -> bool {
    let alphanumeric = |byte: u8| byte.is_ascii_digit() || byte.is_ascii_lowercase();
    let ends = text.bytes().next().is_some_and(alphanumeric) && text.bytes().last().is_some_and(alphanumeric);
    let separators = text.split(|c: char| c.is_ascii_digit() || c.is_ascii_lowercase());
    ends && separators
        .filter(|separator| !separator.is_empty())
        .all(|separator| matches!(separator, "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-'))
}

fn is_tag(text: &str) -> bool {
    const MAX_LEN: usize = 128;
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let mut bytes = text.bytes();
    text.len() <= MAX_LEN
        && bytes.next().is_some_and(word)
        && bytes.all(|byte| word(byte) || b".-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_told_apart() {
        let digest = format!("sha256:{}", "0".repeat(64));
        for (text, expected) in [
            ("oci://h:5000/a/b:1.0.0+x", "h:5000/a/b:1.0.0_x".to_owned()),
            ("h/a", "h/a".to_owned()),
            (&format!("h/a@{digest}"), format!("h/a@{digest}")),
            (&format!("h/a:1@{digest}"), "h/a:1".to_owned()),
            ("h", "invalid reference: missing registry or repository".to_owned()),
            ("h/A", "invalid reference: invalid repository \"A\"".to_owned()),
            ("h/a/../b", "invalid reference: invalid repository \"a/../b\"".to_owned()),
            ("h/a:b c", "invalid reference: invalid tag \"b c\"".to_owned()),
            (
                "h/a@sha256:0",
                "invalid reference: invalid digest \"sha256:0\": invalid checksum digest length".to_owned(),
            ),
        ] {
            let is = Reference::parse(text).map_or_else(|error| error.to_string(), |found| found.to_string());
            assert_eq!(is, expected, "{text}");
        }
    }
}
