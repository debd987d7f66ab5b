//! A cluster's folder at a commit turned into what Helm keeps of a revision.

use serde_json::Value as Json;

use super::folder::{Folder, ReleaseError};
use super::hooks::commit;
use crate::git::oid::Oid;
use crate::git::reader::Reader;
use crate::ledger::folder::VALUES;
use crate::ledger::record::Item;
use crate::ledger::stub::{LAYOUT, NOTES, Secrets};
use crate::release::hook::Hook;
use crate::release::layout::Layout;
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

/// Reads it, by the `inventory` of the commit. A Secret whose values are not in memory is recorded as the branch has it.
pub fn read(
    reader: &Reader,
    commit: Oid,
    cluster: &str,
    inventory: &[Item],
    secrets: &Secrets,
) -> Result<Recorded, ReleaseError> {
    let folder = Folder::open(reader, commit, cluster)?;
    let text = |path: &str| -> Result<String, ReleaseError> {
        Ok(String::from_utf8_lossy(&folder.find(path)?.unwrap_or_default()).into_owned())
    };
    let (mut sources, mut texts) = (Vec::new(), Vec::new());
    for item in inventory {
        texts.push(match secrets.get(&item.file) {
            Some(secret) => secret.to_owned(),
            None => text(&item.file)?,
        });
        sources.push(item.file.as_str());
    }
    let layout = secrets.get(LAYOUT).and_then(Layout::parse).unwrap_or_default();
    let documents = || sources.iter().zip(&texts).map(|(source, text)| Document { source, text });
    let config = read::value(text(VALUES)?.as_bytes());
    let config = config.map_err(|error| folder.broken(VALUES, error.to_string()))?;
    let message = reader.commit(commit)?.message;
    let hooks = commit::read(&folder, secrets)?;
    let subject = message.lines().next().unwrap_or_default();
    Ok(Recorded {
        words: subject.split_once(": ").map_or(subject, |(_, words)| words).to_owned(),
        manifest: layout.joined(&texts).unwrap_or_else(|| joined(documents())),
        config: convert::to_json(&config),
        hooks: laid_out(&layout, &hooks),
        notes: secrets.get(NOTES).unwrap_or_default().to_owned(),
    })
}

/// Hooks in Helm's order, each with the template that it comes from.
fn laid_out(layout: &Layout, hooks: &[commit::Hook]) -> Vec<Hook> {
    let mut placed: Vec<(usize, Hook)> = Vec::with_capacity(hooks.len());
    for hook in hooks {
        let recorded = hook.recorded();
        placed.push(match layout.of_hook(&hook.object.title(), &hook.text) {
            Some((at, path, manifest)) => (at, Hook { path, manifest, ..recorded }),
            None => (usize::MAX, recorded),
        });
    }
    placed.sort_by_key(|(at, _)| *at);
    placed.into_iter().map(|(_, hook)| hook).collect()
}
