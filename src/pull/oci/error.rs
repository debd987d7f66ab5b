//! A registry's refusal turned into the words that Helm's registry library has for it (oras-go `remote/errcode`).

use http::StatusCode;
use serde::Deserialize;

use super::super::address::Address;
use super::super::http::client::Answer;
use super::super::http::fault::Fault;
use super::reference::ReferenceError;
use crate::chart::semver::SemverError;

/// Why a registry gives no chart. Displays as Helm says it.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error(transparent)]
    Fault(#[from] Fault),
    #[error(transparent)]
    Constraint(#[from] SemverError),
    #[error("GET \"{address}\": response status code {code}: {reason}")]
    Status { address: String, code: u16, reason: String },
    #[error("{0}: not found")]
    NotFound(String),
    #[error("GET \"{address}\": basic credential not found")]
    NoCredential { address: String },
    #[error("GET \"{address}\": {reason}")]
    Token { address: String, reason: String },
    #[error("GET \"{address}\": failed to decode response: {reason}")]
    Decode { address: String, reason: String },
    #[error("invalid next link \"{link}\": not the same origin as \"{address}\"")]
    Link { link: String, address: String },
    #[error("{0} has more than {1} tags; give an exact version")]
    TooManyTags(String, usize),
    #[error("chart reference and version mismatch: {version} is not {tag}")]
    Mismatch { version: String, tag: String },
    #[error("chart reference digest mismatch: {is} is not {wanted}")]
    DigestMismatch { is: String, wanted: String },
    #[error("unable to locate any tags in provided repository: {0}")]
    NoTags(String),
    #[error("could not locate a version matching provided version string {0}")]
    NoVersion(String),
    #[error("failed to perform \"{step}\" on source: {source}")]
    Copy { step: &'static str, source: Box<RegistryError> },
    #[error(
        "{digest}: the registry sent other contents, with the digest {is}; push the chart again, or ask who runs it"
    )]
    Contents { digest: String, is: String },
    #[error("{address}: the manifest cannot be read: {reason}")]
    Manifest { address: String, reason: String },
    #[error("{0} is an index of several artifacts, not a chart; name one of them by its digest")]
    Index(String),
    #[error("could not load config with mediatype {0}")]
    NoConfig(&'static str),
    #[error("manifest does not contain a layer with mediatype {0}")]
    NoLayer(&'static str),
    #[error("the chart {name} has {size} bytes; at most {limit} are taken")]
    TooLarge { name: String, size: u64, limit: usize },
}

impl RegistryError {
    /// The same question may be answered later.
    pub fn is_outage(&self) -> bool {
        match self {
            RegistryError::Fault(_) => true,
            RegistryError::Status { code, .. } => *code == 429 || *code >= 500,
            RegistryError::Copy { source, .. } => source.is_outage(),
            _ => false,
        }
    }

    /// There is no such chart, or no such version of it.
    pub fn is_not_found(&self) -> bool {
        match self {
            RegistryError::NotFound(_) => true,
            RegistryError::Copy { source, .. } => source.is_not_found(),
            _ => false,
        }
    }

    /// Names the step of the pull, as Helm's library does.
    pub fn during(self, step: &'static str) -> Self {
        RegistryError::Copy { step, source: Box::new(self) }
    }
}

/// Why an answer is not the JSON that is wanted, in the words of encoding/json where it is no JSON at all.
pub fn json_reason(body: &[u8], error: &serde_json::Error) -> String {
    crate::yaml::json::decode(body).map_or_else(|wrong| wrong.to_string(), |_| error.to_string())
}

/// What a registry says of itself, bounded: an error is a sentence.
const MAX_SHOWN: usize = 1_000;

#[derive(Deserialize)]
struct Refusal {
    errors: Vec<Reason>,
}

#[derive(Deserialize)]
struct Reason {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    detail: serde_json::Value,
}

/// An answer with a status that is not wanted.
pub fn refusal(answer: &Answer) -> RegistryError {
    let Answer { status, body, address, .. } = answer;
    RegistryError::Status { address: shown(address), code: status.as_u16(), reason: reason(*status, body) }
}

fn shown(address: &Address) -> String {
    address.to_string()
}

fn reason(status: StatusCode, body: &[u8]) -> String {
    let refusal = serde_json::from_slice::<Refusal>(body).ok().filter(|refusal| !refusal.errors.is_empty());
    let Some(refusal) = refusal else { return status.canonical_reason().unwrap_or_default().to_owned() };
    let text = refusal.errors.iter().map(words).collect::<Vec<_>>().join("; ");
    text.chars().filter(|character| !character.is_control()).take(MAX_SHOWN).collect()
}

fn words(reason: &Reason) -> String {
    let code = reason.code.replace('_', " ").to_lowercase();
    match (&*reason.message, &reason.detail) {
        ("", _) => code,
        (message, serde_json::Value::Null) => format!("{code}: {message}"),
        (message, detail) => format!("{code}: {message}: {}", go_text(detail)),
    }
}

/// JSON as Go's `%v` prints it: `map[Name:a Tag:b]`, `[a b]`.
fn go_text(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => "<nil>".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::Array(items) => format!("[{}]", items.iter().map(go_text).collect::<Vec<_>>().join(" ")),
        Value::Object(map) => {
            let sorted: std::collections::BTreeMap<_, _> = map.iter().collect();
            let entries = sorted.iter().map(|(key, value)| format!("{key}:{}", go_text(value)));
            format!("map[{}]", entries.collect::<Vec<_>>().join(" "))
        }
    }
}
