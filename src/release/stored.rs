//! What the Secret of a record holds, of whichever Helm, to what it says; and to the same with another status.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value as Json;

use super::hook::{Hook, Run};
use super::json;
use super::lenient::{bounded, nullable};
use super::pack::{self, MAX_DATA, Packed, UnpackError};
use super::record::{APPLY_METHOD, Info, Metadata, Record, cut};
use super::span;
use super::status::Status;
use crate::chart::Chart;
use crate::chart::model::File;

/// Bytes of the user's values that are read as data, which takes up to 40 times as much memory. What is committed is less.
const MAX_CONFIG: usize = 1024 * 1024;

/// Templates of a chart that are compared; public charts have some hundreds.
const MAX_TEMPLATES: usize = 20_000;

/// A hook that names no policy goes before it is made again.
const DEFAULT_POLICY: &str = "before-hook-creation";

/// Why a Secret is no record.
#[derive(Debug, thiserror::Error)]
pub enum StoredError {
    #[error(transparent)]
    Unpack(#[from] UnpackError),
    #[error("it is not the JSON of a release: {0}")]
    Json(#[from] serde_json::Error),
    #[error("it is not UTF-8")]
    Text,
    #[error("the values in it take more than {MAX_CONFIG} bytes")]
    Values,
    #[error("with another status it takes {size} bytes, and a Secret holds {MAX_DATA}")]
    TooLarge { size: usize },
}

/// What is new of a revision that goes back to another one.
#[derive(Clone, Debug)]
pub struct Rollback<'a> {
    /// The number of the new revision.
    pub revision: u32,
    pub status: Status,
    pub description: &'a str,
    pub first_deployed: Timestamp,
    pub at: Timestamp,
}

/// A record as it was written. Whatever of it is not known here stays as it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Stored {
    json: Vec<u8>,
}

impl std::fmt::Debug for Stored {
    /// A record may hold Secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Stored({} bytes)", self.json.len())
    }
}

impl Stored {
    /// Reads `data.release` of a Secret, as its client decoded it.
    pub fn read(data: &[u8]) -> Result<Self, StoredError> {
        let json = pack::unpacked(data)?;
        let text = std::str::from_utf8(&json).map_err(|_| StoredError::Text)?;
        serde_json::from_str::<IgnoredAny>(text)?;
        Ok(Stored { json })
    }

    /// The whole record.
    pub fn json(&self) -> &[u8] {
        &self.json
    }

    /// What it says.
    pub fn record(&self) -> Result<Record, StoredError> {
        Ok(serde_json::from_slice(&self.json)?)
    }

    /// The values that the chart was given; null where there are none.
    pub fn config(&self) -> Result<Json, StoredError> {
        values(span::member(&self.json, "config").map(|place| &self.json[place]))
    }

    /// The default values of its chart. `helm upgrade --reuse-values` keeps the values of the revision before in them (Helm
    /// `pkg/action/upgrade.go`, `reuseValues`).
    pub fn defaults(&self) -> Result<Json, StoredError> {
        let chart = self.chart();
        values(span::member(chart, "values").map(|place| &chart[place]))
    }

    /// Whether it was made of this chart: of its name and version, and of its templates, where it holds them.
    pub fn is_of(&self, chart: &Chart) -> Result<bool, StoredError> {
        let Some(held) = serde_json::from_slice::<Option<Held>>(self.chart())? else { return Ok(false) };
        let Held { metadata, templates } = held;
        let is_named =
            (&*chart.metadata.name, &*chart.metadata.version) == (&metadata.name, &metadata.version);
        Ok(is_named && templates.is_none_or(|templates| are_of(&templates, chart)))
    }

    fn chart(&self) -> &[u8] {
        span::member(&self.json, "chart").map_or(json::NULL, |place| &self.json[place])
    }

    /// The same record in another state; `description` replaces what it says of itself, if given. No other byte changes.
    pub fn with_status(&self, status: Status, description: Option<&str>) -> Result<Self, StoredError> {
        // An object whose info is one too, or this fails.
        let _: Record = self.record()?;
        let json = stated(&self.json, status, description).ok_or(StoredError::Text)?;
        Ok(Stored { json })
    }

    /// The same record with what became of hooks: `run` answers for each that ran. Helm also notes the policy that it went by where the
    /// chart names none (Helm `pkg/action/hooks.go`, `hookSetDeletePolicy`).
    pub fn with_runs(&self, run: impl Fn(&Hook) -> Option<Run>) -> Result<Self, StoredError> {
        let mut hooks = self.record()?.hooks;
        for hook in &mut hooks {
            if let Some(run) = run(hook) {
                hook.last_run = run;
                if hook.delete_policies.is_empty() {
                    hook.delete_policies = vec![DEFAULT_POLICY.to_owned()];
                }
            }
        }
        if hooks.is_empty() {
            return Ok(self.clone());
        }
        let hooks = json::list(hooks.iter().map(Hook::json));
        let json = span::replaced(&self.json, &[("hooks", hooks)]).ok_or(StoredError::Text)?;
        Ok(Stored { json })
    }

    /// The record of a revision that goes back to this one: its chart, values, manifest and hooks, to the byte
    /// (Helm `pkg/action/rollback.go`, `prepareRollback`).
    pub fn rolled_back(&self, next: &Rollback<'_>) -> Result<Self, StoredError> {
        let Record { revision, info, .. } = self.record()?;
        let info = Info {
            first_deployed: Some(next.first_deployed),
            last_deployed: Some(next.at),
            deleted: None,
            description: cut(next.description, ""),
            status: next.status,
            rollback_revision: revision,
            notes: info.notes,
        };
        let members = [
            ("info", info.json()),
            ("version", next.revision.to_string().into_bytes()),
            ("apply_method", json::text(APPLY_METHOD)),
        ];
        let json = span::replaced(&self.json, &members).ok_or(StoredError::Text)?;
        Ok(Stored { json })
    }

    /// The text for its Secret.
    pub fn pack(&self) -> Result<Packed, StoredError> {
        match pack::packed(&self.json) {
            text if text.len() > MAX_DATA => Err(StoredError::TooLarge { size: text.len() }),
            text => Ok(Packed { text, is_slim: false }),
        }
    }
}

/// Values of a record, read as data.
fn values(text: Option<&[u8]>) -> Result<Json, StoredError> {
    match text {
        None => Ok(Json::Null),
        Some(text) if text.len() > MAX_CONFIG => Err(StoredError::Values),
        Some(text) => Ok(serde_json::from_slice(text)?),
    }
}

/// What of a chart in a record says which one it is.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Held {
    #[serde(deserialize_with = "nullable")]
    metadata: Metadata,
    /// None in a slim record.
    #[serde(deserialize_with = "bounded::<_, _, MAX_TEMPLATES>")]
    templates: Option<Vec<Template>>,
}

/// A template, without the time that Helm adds.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Template {
    name: String,
    /// In base64.
    data: String,
}

fn are_of(templates: &[Template], chart: &Chart) -> bool {
    let is = |(held, ours): (&Template, &File)| {
        held.name == *ours.name && held.data == STANDARD.encode(&ours.data)
    };
    templates.len() == chart.templates.len() && templates.iter().zip(chart.templates.iter()).all(is)
}

/// A record, or its beginning, in another state; none where it is no object whose info is one too.
pub(super) fn stated(json: &[u8], status: Status, description: Option<&str>) -> Option<Vec<u8>> {
    let mut members = vec![("status", json::text(status.as_str()))];
    members.extend(description.map(|text| ("description", json::text(cut(text, "")))));
    let info = span::member(json, "info").map(|place| &json[place]);
    let info = info.filter(|info| *info != json::NULL).unwrap_or(b"{}");
    let info = span::replaced(info, &members)?;
    span::replaced(json, &[("info", info)])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::load;

    /// Written as no Helm would, but with what a later one may add.
    const FOREIGN: &str = r#"{"name":"a","info":{"first_deployed":"2024-01-01T00:00:00.5+01:00","deleted":"",
        "status":"deployed","labels":{"status":"x"},"description":"Upgrade complete"},"version":3,
        "config":{"big":123456789012345678901234567890,"f":1.50},"hooks":null,"sequence":["later"]}"#;

    fn stored(json: &str) -> Stored {
        Stored::read(pack::packed(json.as_bytes()).as_bytes()).unwrap()
    }

    #[test]
    fn a_record_of_somebody_else_changes_in_its_status_alone() {
        let changed = stored(FOREIGN).with_status(Status::Superseded, None).unwrap();
        let expected = FOREIGN.replacen("\"deployed\"", "\"superseded\"", 1);
        assert_eq!(std::str::from_utf8(changed.json()).unwrap(), expected);
        let changed = stored(FOREIGN).with_status(Status::Failed, Some("it \"broke\"")).unwrap();
        let expected = FOREIGN.replacen("\"deployed\"", "\"failed\"", 1);
        let expected = expected.replacen("Upgrade complete", r#"it \"broke\""#, 1);
        assert_eq!(std::str::from_utf8(changed.json()).unwrap(), expected);
        assert_eq!(Stored::read(changed.pack().unwrap().text.as_bytes()).unwrap(), changed);
    }

    #[test]
    fn a_record_is_told_how_its_hooks_ran() {
        let json = r#"{"name":"a","hooks":[{"name":"x","kind":"Job","events":["pre-install"],"last_run":{"phase":""}},
            {"name":"y","kind":"Job","last_run":{"phase":""},"delete_policies":["hook-failed"]}],"later":1}"#;
        let at = Some("2026-01-02T03:04:05Z".parse().unwrap());
        let run = Run { started_at: at, completed_at: at, phase: crate::release::hook::Phase::Failed };
        let changed = stored(json).with_runs(|hook| (hook.name == "x").then(|| run.clone())).unwrap();
        let hooks = changed.record().unwrap().hooks;
        assert_eq!((&hooks[0].last_run, &hooks[1].last_run), (&run, &Run::default()));
        // as Helm notes the policy of a hook that it ran
        assert_eq!(hooks[0].delete_policies, ["before-hook-creation"]);
        assert_eq!(hooks[1].delete_policies, ["hook-failed"]);
        assert!(std::str::from_utf8(changed.json()).unwrap().ends_with(r#","later":1}"#));
        let none = stored(r#"{"name":"a","hooks":null}"#);
        assert_eq!(none.with_runs(|_| Some(run.clone())).unwrap(), none);
    }

    #[test]
    fn what_helm_3_writes_is_read() {
        let record = stored(FOREIGN).record().unwrap();
        assert_eq!((record.name.as_str(), record.revision, record.info.status), ("a", 3, Status::Deployed));
        let first = record.info.first_deployed.map(|time| time.to_string());
        assert_eq!((first.as_deref(), record.info.deleted), (Some("2023-12-31T23:00:00.5Z"), None));
        assert_eq!(stored(FOREIGN).config().unwrap()["f"], serde_json::json!(1.5));
        assert_eq!(stored("{}").config().unwrap(), Json::Null);
    }

    #[test]
    fn a_record_is_of_the_chart_that_it_holds() {
        let file = |name: &str, text: &str| File { name: name.into(), data: text.into() };
        let chart = |version: &str, template: &str| {
            let metadata = format!("apiVersion: v2\nname: c\nversion: {version}\n");
            let files = [("Chart.yaml", metadata.as_str()), ("templates/a.yaml", template)];
            load::files(files.map(|(name, text)| file(name, text)).to_vec()).unwrap()
        };
        let held = r#"{"metadata":{"name":"c","version":"1.0.0"},"values":{"b":2},"templates":TEMPLATES}"#;
        // Helm adds times since 4.0
        let whole = r#"[{"name":"templates/a.yaml","modtime":"2026-01-01T00:00:00Z","data":"YTogMQ=="}]"#;
        let record =
            |templates: &str| stored(&format!(r#"{{"chart":{}}}"#, held.replace("TEMPLATES", templates)));
        assert_eq!(record(whole).defaults().unwrap(), serde_json::json!({"b": 2}));
        for (version, template, is_of) in
            [("1.0.0", "a: 1", true), ("1.0.1", "a: 1", false), ("1.0.0", "a: 2", false)]
        {
            let chart = chart(version, template);
            assert_eq!(record(whole).is_of(&chart).unwrap(), is_of, "{version} {template}");
            // slim
            assert_eq!(record("null").is_of(&chart).unwrap(), version == "1.0.0", "{version} {template}");
            assert!(!stored("{}").is_of(&chart).unwrap());
            let many = format!("[{}{{}}]", "{},".repeat(MAX_TEMPLATES));
            assert!(record(&many).is_of(&chart).is_err());
        }
    }

    #[test]
    fn a_record_without_a_state_gets_one() {
        for json in [r#"{"name":"a"}"#, r#"{"name":"a","info":null}"#] {
            let changed = stored(json).with_status(Status::Failed, Some("x")).unwrap().record().unwrap();
            assert_eq!(
                (changed.info.status, changed.info.description.as_str()),
                (Status::Failed, "x"),
                "{json}"
            );
        }
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let hooks = format!(r#"{{"hooks":[{}{{}}]}}"#, "{},".repeat(20_000));
        for json in ["", "{", "[1]", "null", r#"{"info":[]}"#, r#"{"version":-1}"#, &hooks] {
            let packed = pack::packed(json.as_bytes());
            let changed =
                Stored::read(packed.as_bytes()).and_then(|found| found.with_status(Status::Failed, None));
            assert!(changed.is_err(), "{json:.40}");
        }
        let bytes = pack::packed(b"{\"name\":\"\xff\"}");
        assert!(matches!(Stored::read(bytes.as_bytes()), Err(StoredError::Text)));
    }
}
