//! A kind, a namespace and a name turned into the path of an API server, checked and escaped as client-go does it
//! (`k8s.io/client-go/rest/request.go`).

use crate::template::quote::quote;

/// Where objects of a kind are. Without a resource: of a kind that is not served.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    pub group: String,
    pub version: String,
    pub resource: String,
    pub is_namespaced: bool,
}

/// Why there is no path; the texts are client-go's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlaceError {
    #[error("invalid {what} {}: [{reasons}]", quote(text.as_bytes()))]
    Part { what: &'static str, text: String, reasons: String },
    #[error("resource name may not be empty")]
    NoName,
}

impl Place {
    /// The path of one object.
    pub fn object(&self, namespace: &str, name: &str) -> Result<String, PlaceError> {
        let namespace = self.namespace(namespace)?;
        if name.is_empty() {
            return Err(PlaceError::NoName);
        }
        Ok(self.path(namespace, part("resource name", name)?))
    }

    /// The path of all objects, in one namespace or, where that is empty, in all of them.
    pub fn list(&self, namespace: &str) -> Result<String, PlaceError> {
        Ok(self.path(self.namespace(namespace)?, ""))
    }

    fn namespace<'a>(&self, namespace: &'a str) -> Result<&'a str, PlaceError> {
        if self.is_namespaced { part("namespace", namespace) } else { Ok("") }
    }

    /// Empty parts are left out, as client-go's `AbsPath` does it: of a kind that is not served only the name is left.
    fn path(&self, namespace: &str, name: &str) -> String {
        let namespaces = if namespace.is_empty() { "" } else { "namespaces" };
        let root = if self.group.is_empty() { "api" } else { "apis" };
        joined(&[root, &self.group, &self.version, namespaces, namespace, &self.resource, name])
    }
}

/// A path of these parts.
pub fn joined(parts: &[&str]) -> String {
    parts.iter().filter(|part| !part.is_empty()).map(|part| format!("/{}", escaped(part))).collect()
}

/// What may be a part of a path (`rest.IsValidPathSegmentName`).
fn part<'a>(what: &'static str, text: &'a str) -> Result<&'a str, PlaceError> {
    let reasons = match text {
        "." | ".." => format!("may not be '{text}'"),
        _ => {
            let wrong = ['/', '%'].iter().filter(|c| text.contains(**c));
            wrong.map(|c| format!("may not contain '{c}'")).collect::<Vec<_>>().join(" ")
        }
    };
    match reasons.is_empty() {
        true => Ok(text),
        false => Err(PlaceError::Part { what, text: text.to_owned(), reasons }),
    }
}

/// A part of a path as Go's `net/url` writes it.
fn escaped(part: &str) -> String {
    let keep = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~$&+,:;=@".contains(&byte);
    part.bytes()
        .map(|byte| if keep(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}
