//! A packed record to the Secret that holds it, and the change of one that is there (Helm `pkg/storage/driver/secrets.go`).

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde_json::{Map, Value as Json, json};

use super::marks;
use super::pack::Packed;
use super::status::Status;

/// The type of the Secrets of records.
pub const TYPE: &str = "helm.sh/release.v1";
/// In front of their names.
const PREFIX: &str = "sh.helm.release.v1";
/// The key in `data`.
pub const KEY: &str = "release";

/// The label that names the release.
pub const NAME: &str = "name";
const OWNER: &str = "owner";
const STATUS: &str = "status";
const VERSION: &str = "version";
const CREATED: &str = "createdAt";
pub(super) const MODIFIED: &str = "modifiedAt";
const HELM: &str = "helm";

/// Labels that say what Helm has to know; all others are the user's (`systemLabels`).
const SYSTEM: &[&str] = &[NAME, OWNER, STATUS, VERSION, CREATED, MODIFIED];

/// The Secret of a revision: `sh.helm.release.v1.simple.v3`.
pub fn name(release: &str, revision: u32) -> String {
    format!("{PREFIX}.{release}.v{revision}")
}

/// The revision in the name of a Secret, if it is one of this release.
pub fn revision(release: &str, secret: &str) -> Option<u32> {
    let number = secret.strip_prefix(PREFIX)?.strip_prefix('.')?.strip_prefix(release)?.strip_prefix(".v")?;
    number.parse().ok().filter(|revision| name(release, *revision) == secret)
}

/// Selects the Secrets of all revisions of all releases.
pub const OWNED: &str = "owner=helm";

/// Selects the Secrets of all revisions of a release.
pub fn selector(release: &str) -> String {
    format!("{NAME}={release},{OWNER}={HELM}")
}

/// A record that is written for the first time.
#[derive(Clone, Debug)]
pub struct New<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
    pub revision: u32,
    pub status: Status,
    /// The commit that it deploys; its labels follow from it.
    pub commit: &'a str,
    /// Further ones: what somebody gave the revision before (`helm upgrade --labels`), which Helm hands on too.
    pub labels: &'a BTreeMap<String, String>,
    pub at: Timestamp,
}

/// The labels that the next revision takes over from the one before.
pub fn inherited(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let is_kept = |key: &&String| {
        !SYSTEM.contains(&key.as_str()) && ![marks::COMMIT, marks::REVISION].contains(&key.as_str())
    };
    labels.iter().filter(|(key, _)| is_kept(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

impl New<'_> {
    /// The Secret, ready to be created.
    pub fn secret(&self, record: &Packed) -> Json {
        let mut labels = inherited(self.labels);
        labels.extend(marks::labels(self.commit, self.revision));
        let own = [
            (NAME, self.name.to_owned()),
            (OWNER, HELM.to_owned()),
            (STATUS, self.status.to_string()),
            (VERSION, self.revision.to_string()),
            (CREATED, self.at.as_second().to_string()),
        ];
        labels.extend(own.map(|(key, value)| (key.to_owned(), value)));
        json!({
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {"name": name(self.name, self.revision), "namespace": self.namespace, "labels": labels},
            "type": TYPE,
            "data": data(record),
        })
    }
}

/// What changes of a Secret when its record does: a JSON merge patch, which leaves all other labels alone.
pub fn patch(status: Status, record: &Packed, at: Timestamp) -> Json {
    let labels = json!({STATUS: status.as_str(), MODIFIED: at.as_second().to_string()});
    json!({"metadata": {"labels": labels}, "data": data(record)})
}

/// Base64 once more: that is how JSON carries the bytes of a Secret.
fn data(record: &Packed) -> Map<String, Json> {
    Map::from_iter([(KEY.to_owned(), STANDARD.encode(&record.text).into())])
}

/// What the labels of a record's Secret say: status, and the last moment at which it was written.
pub(super) fn state(labels: &BTreeMap<String, String>) -> (Status, Option<Timestamp>) {
    let status = labels.get(STATUS).and_then(|word| word.parse().ok()).unwrap_or_default();
    let at = labels.get(MODIFIED).or_else(|| labels.get(CREATED)).and_then(|text| text.parse().ok());
    (status, at.and_then(|seconds| Timestamp::from_second(seconds).ok()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_revision_of_its_release_alone() {
        assert_eq!(revision("a.v1", &name("a.v1", 20)), Some(20));
        for other in
            ["sh.helm.release.v1.a.v1", "sh.helm.release.v1.a.v1.v01", "sh.helm.release.v1.a.v1.v+2", "x"]
        {
            assert_eq!(revision("a.v1", other), None, "{other}");
        }
    }

    #[test]
    fn what_somebody_labelled_is_handed_on() {
        let found = [("team", "x"), ("status", "deployed"), (marks::COMMIT, "1a"), (marks::REVISION, "1")];
        let found = found.map(|(key, value)| (key.to_owned(), value.to_owned()));
        let next = inherited(&BTreeMap::from(found));
        assert_eq!(next, BTreeMap::from([("team".to_owned(), "x".to_owned())]));
    }
}
