//! A cluster's folder at a commit turned into what Helm keeps of a revision.

use serde_json::Value as Json;

use super::hooks::commit;
use super::release::ReleaseError;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::folder::{RELEASE, VALUES};
use crate::ledger::record::Record;
use crate::ledger::stub::{NOTES, Secrets};
use crate::release::hook::Hook;
use crate::release::manifest::{Document, joined};
use crate::yaml::{convert, read};

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
    let hooks = commit::read(reader, commit, cluster, secrets)?;
    let subject = message.lines().next().unwrap_or_default();
    Ok(Recorded {
        words: subject.split_once(": ").map_or(subject, |(_, words)| words).to_owned(),
        manifest: joined(documents),
        config: convert::to_json(&config),
        hooks: hooks.iter().map(commit::Hook::recorded).collect(),
        notes: secrets.get(NOTES).unwrap_or_default().to_owned(),
    })
}
