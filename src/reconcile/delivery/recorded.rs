//! A cluster's folder at a commit turned into what Helm keeps of a revision.

use serde_json::Value as Json;

use super::release::ReleaseError;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::folder::{HOOKS, RELEASE, VALUES};
use crate::ledger::record::Record;
use crate::ledger::stub::{NOTES, Secrets};
use crate::release::hook::{Hook, Run};
use crate::release::manifest::{Document, joined};
use crate::yaml::{convert, read};

/// Annotations of hooks (<https://helm.sh/docs/topics/charts_hooks/>).
const EVENTS: &str = "helm.sh/hook";
const WEIGHT: &str = "helm.sh/hook-weight";
const DELETE_POLICIES: &str = "helm.sh/hook-delete-policy";
const OUTPUT_POLICIES: &str = "helm.sh/hook-output-log-policy";

/// What a record is made of, beside the chart.
pub struct Recorded {
    /// The subject of the commit, without the cluster's name.
    pub words: String,
    pub manifest: String,
    pub config: Json,
    pub hooks: Vec<Hook>,
    pub notes: String,
}

/// Reads it. A Secret whose values are not in memory is recorded as the branch has it.
pub fn read(
    reader: &Reader,
    commit: Oid,
    cluster: &str,
    secrets: &Secrets,
) -> Result<Recorded, ReleaseError> {
    let text = |path: &str| -> Result<String, ReleaseError> {
        let bytes = reader.file(commit, &format!("{cluster}/{path}"))?;
        Ok(String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned())
    };
    let broken =
        |path: &str, reason: String| ReleaseError::File { path: format!("{cluster}/{path}"), commit, reason };
    let record = Record::parse(text(RELEASE)?.as_bytes()).map_err(|reason| broken(RELEASE, reason))?;
    let mut documents = Vec::new();
    for item in &record.inventory {
        let document = match secrets.get(&item.file) {
            Some(secret) => secret.to_owned(),
            None => text(&item.file)?,
        };
        documents.push((item.file.clone(), document));
    }
    let documents = documents.iter().map(|(source, text)| Document { source, text });
    let config = read::value(text(VALUES)?.as_bytes()).map_err(|error| broken(VALUES, error.to_string()))?;
    let message = reader.commit(commit)?.message;
    let subject = message.lines().next().unwrap_or_default();
    Ok(Recorded {
        words: subject.split_once(": ").map_or(subject, |(_, words)| words).to_owned(),
        manifest: joined(documents),
        config: convert::to_json(&config),
        hooks: hooks(reader, commit, cluster, secrets)?,
        notes: secrets.get(NOTES).unwrap_or_default().to_owned(),
    })
}

fn hooks(reader: &Reader, commit: Oid, cluster: &str, secrets: &Secrets) -> Result<Vec<Hook>, ReleaseError> {
    let Some(folder) = reader.entry(commit, &format!("{cluster}/{HOOKS}"))?.filter(|entry| entry.is_tree())
    else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for entry in reader.tree(folder.oid)?.into_iter().filter(|entry| entry.is_file()) {
        let path = format!("{HOOKS}/{}", String::from_utf8_lossy(&entry.name));
        let text = match secrets.get(&path) {
            Some(secret) => secret.to_owned(),
            None => String::from_utf8_lossy(&reader.blob(entry.oid)?).into_owned(),
        };
        found.extend(hook(&path, &text));
    }
    found.sort_by(|a, b| (a.weight, &a.name).cmp(&(b.weight, &b.name)));
    Ok(found)
}

fn hook(path: &str, text: &str) -> Option<Hook> {
    let json = convert::to_json(&read::value(text.as_bytes()).ok()?);
    let word = |pointer: &str| json.pointer(pointer).and_then(Json::as_str).unwrap_or_default().to_owned();
    let annotation = |name: &str| json["metadata"]["annotations"][name].as_str().unwrap_or_default();
    let list = |name: &str| -> Vec<String> {
        let words = annotation(name).split(',').map(str::trim).filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    };
    let source = text.lines().next().and_then(|line| line.strip_prefix("# Source: "));
    Some(Hook {
        name: word("/metadata/name"),
        kind: word("/kind"),
        path: source.unwrap_or(path).to_owned(),
        manifest: text.to_owned(),
        events: list(EVENTS),
        last_run: Run::default(),
        weight: annotation(WEIGHT).parse().unwrap_or_default(),
        delete_policies: list(DELETE_POLICIES),
        output_log_policies: list(OUTPUT_POLICIES),
    })
}
