//! One revision of a release to the JSON that Helm keeps of it, and back (Helm `pkg/release/v1/release.go`, `info.go`).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer};

use super::chart::{ChartText, config};
use super::hook::Hook;
use super::json::Object;
use super::lenient::{self, nullable};
use super::status::Status;
use crate::yaml::json::EncodeError;

/// Longest description, in characters (Helm `pkg/action/action.go`, `MaxDescriptionLength`).
pub const MAX_DESCRIPTION: usize = 512;

/// Added to the description of a record that has no room for the files of its chart.
const SLIM: &str = " (larger than a Secret: kept without the chart's templates)";

/// How Helm 4 is to apply its objects when somebody rolls it back or upgrades it by hand: as Helm 3 does. By server-side apply it would
/// meet promgit as the manager of their fields, and refuse with conflicts until it is told to force them.
pub(super) const APPLY_METHOD: &str = "csa";

/// What is to be recorded.
#[derive(Clone, Debug)]
pub struct Release<'a> {
    pub name: &'a str,
    pub namespace: &'a str,
    /// From 1 on.
    pub revision: u32,
    pub status: Status,
    /// One line for `helm history`; cut where it is longer than Helm allows.
    pub description: &'a str,
    /// When its first revision was deployed.
    pub first_deployed: Timestamp,
    pub last_deployed: Timestamp,
    /// When it was uninstalled.
    pub deleted: Option<Timestamp>,
    /// The revision that this one goes back to.
    pub rollback: Option<u32>,
    /// What `NOTES.txt` printed.
    pub notes: &'a str,
    pub chart: &'a ChartText,
    /// The values that the chart was given, without its own.
    pub config: &'a serde_json::Value,
    /// As `manifest::text` or `manifest::joined` makes it.
    pub manifest: &'a str,
    pub hooks: &'a [Hook],
}

/// With which parts of its chart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Size {
    Whole,
    Slim,
}

impl Release<'_> {
    /// What stands before the chart, as an object of its own.
    pub(super) fn head(&self, size: Size) -> Vec<u8> {
        Object::new().some_text("name", self.name).raw("info", &self.info(size)).end()
    }

    /// What stands behind the chart, up to the end of the record.
    pub(super) fn rest(&self) -> Result<Vec<u8>, EncodeError> {
        let mut object = Object::going_on();
        match config(self.config)? {
            config if config.is_empty() => &mut object,
            config => object.raw("config", &config),
        };
        object.some_text("manifest", self.manifest).some_list("hooks", self.hooks.iter().map(Hook::json));
        object.some_number("version", self.revision.into()).some_text("namespace", self.namespace);
        Ok(object.text("apply_method", APPLY_METHOD).end())
    }

    fn info(&self, size: Size) -> Vec<u8> {
        let description = match size {
            Size::Whole => cut(self.description, ""),
            Size::Slim => cut(self.description, SLIM),
        };
        let &Release { first_deployed, last_deployed, deleted, status, rollback, .. } = self;
        let (first_deployed, last_deployed) = (Some(first_deployed), Some(last_deployed));
        let (rollback_revision, notes) = (rollback.unwrap_or_default(), self.notes.to_owned());
        Info { first_deployed, last_deployed, deleted, description, status, rollback_revision, notes }.json()
    }
}

/// At most as many characters as Helm allows, the end included.
pub(super) fn cut(text: &str, end: &str) -> String {
    let room = MAX_DESCRIPTION - end.chars().count();
    match text.chars().count() <= room {
        true => format!("{text}{end}"),
        false => text.chars().take(room - 1).chain(['…']).chain(end.chars()).collect(),
    }
}

/// What a record says, without the files and values of its chart; the user's values are read by
/// [`super::stored::Stored::config`]. Fields that a Helm does not write are empty.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Record {
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    #[serde(deserialize_with = "nullable")]
    pub namespace: String,
    #[serde(rename = "version", deserialize_with = "nullable")]
    pub revision: u32,
    #[serde(deserialize_with = "nullable")]
    pub info: Info,
    #[serde(deserialize_with = "nullable")]
    pub chart: Chart,
    #[serde(deserialize_with = "nullable")]
    pub manifest: String,
    #[serde(deserialize_with = "hooks")]
    pub hooks: Vec<Hook>,
    /// `ssa`, `csa`, or empty in the records of Helm 3, which knows the second alone.
    #[serde(deserialize_with = "nullable")]
    pub apply_method: String,
}

/// How the revision is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Info {
    #[serde(deserialize_with = "lenient::moment")]
    pub first_deployed: Option<Timestamp>,
    #[serde(deserialize_with = "lenient::moment")]
    pub last_deployed: Option<Timestamp>,
    #[serde(deserialize_with = "lenient::moment")]
    pub deleted: Option<Timestamp>,
    #[serde(deserialize_with = "nullable")]
    pub description: String,
    #[serde(deserialize_with = "status")]
    pub status: Status,
    #[serde(deserialize_with = "nullable")]
    pub rollback_revision: u32,
    #[serde(deserialize_with = "nullable")]
    pub notes: String,
}

impl Info {
    pub(super) fn json(&self) -> Vec<u8> {
        let at = |time: Option<Timestamp>| time.map(|time| time.to_string()).unwrap_or_default();
        let mut object = Object::new();
        object.some_text("first_deployed", at(self.first_deployed));
        object.some_text("last_deployed", at(self.last_deployed)).some_text("deleted", at(self.deleted));
        object.some_text("description", &self.description).some_text("status", self.status.as_str());
        object.some_number("rollback_revision", self.rollback_revision.into());
        object.some_text("notes", &self.notes).end()
    }
}

/// Which chart.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default)]
pub struct Chart {
    #[serde(deserialize_with = "nullable")]
    pub metadata: Metadata,
}

/// What of `Chart.yaml` anybody asks for.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Metadata {
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    #[serde(deserialize_with = "nullable")]
    pub version: String,
    #[serde(deserialize_with = "nullable")]
    pub app_version: String,
    #[serde(deserialize_with = "nullable")]
    pub annotations: BTreeMap<String, String>,
}

fn status<'de, D: Deserializer<'de>>(reader: D) -> Result<Status, D::Error> {
    let word: String = nullable(reader)?;
    Ok(word.parse().unwrap_or_default())
}

/// Hooks of one release. Public charts have up to 40, and a chart renders at most 20,000 objects here; `{}` is one too.
const MAX_HOOKS: usize = 20_000;

fn hooks<'de, D: Deserializer<'de>>(reader: D) -> Result<Vec<Hook>, D::Error> {
    Ok(lenient::bounded::<_, _, MAX_HOOKS>(reader)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::{MAX_DESCRIPTION, SLIM, cut};

    #[test]
    fn a_description_is_as_long_as_helm_allows() {
        assert_eq!(cut("a", ""), "a");
        assert_eq!(cut("a", SLIM), format!("a{SLIM}"));
        for end in ["", SLIM] {
            let long = cut(&"é".repeat(MAX_DESCRIPTION + 1), end);
            assert_eq!(long.chars().count(), MAX_DESCRIPTION);
            assert!(long.ends_with(&format!("…{end}")), "{long}");
        }
    }
}
