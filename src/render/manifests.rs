//! Rendered files to manifests and hooks in install order (Helm `pkg/release/v1/util/manifest_sorter.go`).

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::chart::warning::Warning;
use crate::template::value::Str;
use crate::yaml::convert;
use crate::yaml::read::{self, ReadError};

use super::head::{Head, HeadError};
use super::hook::{self, Event, Role, Terms};
use super::order;
use super::split;

/// One object of a chart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Manifest {
    /// The template that it comes from: `app/charts/db/templates/service.yaml`.
    pub path: Str,
    pub head: Head,
    /// The text exactly as rendered, without leading white space.
    pub text: Str,
    /// The same as data, so that who needs it does not have to read it again; not kept of large charts.
    json: Option<Json>,
}

impl Manifest {
    fn read(path: &Str, document: &[u8], keeps_json: bool) -> Result<Self, HeadError> {
        let value = read::value(document)?;
        let (head, json) = (Head::of(&value)?, keeps_json.then(|| convert::to_json(&value)));
        Ok(Manifest { path: path.clone(), head, text: document.into(), json })
    }

    /// The object as data; null where the document says nothing.
    ///
    /// # Errors
    /// None that the render did not have: the text was read before.
    pub fn into_json(self) -> Result<Json, ReadError> {
        match self.json {
            Some(json) => Ok(json),
            None => Ok(convert::to_json(&read::value(&self.text)?)),
        }
    }
}

/// An object that belongs to an event in the life of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hook {
    pub manifest: Manifest,
    pub events: Vec<Event>,
    pub weight: i64,
    /// `before-hook-creation`, `hook-succeeded`, `hook-failed`, or whatever the chart says.
    pub delete_policies: Vec<String>,
    pub output_log_policies: Vec<String>,
}

impl Hook {
    /// Whether `helm test` runs it.
    pub fn is_test(&self) -> bool {
        self.events.contains(&Event::Test)
    }
}

/// Objects of one release. Public charts have up to 1,000, and a record of them has to fit into Kubernetes' 1 MiB.
const MAX_MANIFESTS: usize = 20_000;

/// Bytes of rendered text up to which the data is kept beside it: data takes ten times as much memory.
const MAX_KEPT: usize = 1 << 20;

/// Why rendered files are no manifests.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The text is Helm's.
    #[error("YAML parse error on {path}: {source}")]
    Yaml { path: String, source: HeadError },
    #[error("the chart renders more than {MAX_MANIFESTS} objects; split it")]
    TooMany,
}

/// What a chart's files hold, each part stable-sorted by kind.
#[derive(Debug, Default)]
pub struct Sorted {
    pub manifests: Vec<Manifest>,
    pub hooks: Vec<Hook>,
}

/// Splits the files (path to contents), reads the head of each document and sorts by kind.
///
/// Hooks for events that Helm does not know are left out with a warning.
pub fn sort(files: &BTreeMap<Str, Vec<u8>>, warnings: &mut Vec<Warning>) -> Result<Sorted, ManifestError> {
    let mut sorted = Sorted::default();
    let keeps_json = files.values().map(Vec::len).sum::<usize>() <= MAX_KEPT;
    for (path, contents) in files {
        for document in split::documents(contents) {
            let manifest = Manifest::read(path, document, keeps_json)
                .map_err(|source| ManifestError::Yaml { path: path.to_text().into_owned(), source })?;
            if sorted.manifests.len() + sorted.hooks.len() >= MAX_MANIFESTS {
                return Err(ManifestError::TooMany);
            }
            sorted.add(manifest, warnings);
        }
    }
    sorted.manifests.sort_by(|a, b| order::compare(&a.head.kind, &b.head.kind));
    sorted.hooks.sort_by(|a, b| order::compare(&a.manifest.head.kind, &b.manifest.head.kind));
    Ok(sorted)
}

impl Sorted {
    fn add(&mut self, manifest: Manifest, warnings: &mut Vec<Warning>) {
        match hook::role(&manifest.head.annotations) {
            Role::Manifest => self.manifests.push(manifest),
            Role::Unknown(types) => {
                warnings.push(Warning::info("skipping unknown hooks").with("hookTypes", types));
            }
            Role::Hook(terms) => {
                let Terms { events, weight, delete_policies, output_log_policies } = terms;
                self.hooks.push(Hook { manifest, events, weight, delete_policies, output_log_policies });
            }
        }
    }
}
