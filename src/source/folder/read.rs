//! One file turned into the clusters it holds and the documents it cannot be trusted with.
#![allow(clippy::disallowed_methods)] // this room reads files: that is its work

use std::path::Path;
use std::sync::Arc;

use serde_json::Value as Json;

use super::walk::Stamp;
use crate::api::{self, PrometheusCluster};
use crate::source::event::{Key, Observed, Origin, Refused};
use crate::yaml::document::{self, Document};

/// An API server takes 1.5 MiB an object; a file may hold some.
pub const LARGEST_FILE: u64 = 16 << 20;

/// The API group whose documents are ours; others are left alone.
const GROUP: &str = "promgit.dev";

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    pub clusters: Vec<Observed>,
    pub refused: Vec<Refused>,
}

/// Reads a file that `walk` found. Never fails: what is wrong becomes a refusal.
pub fn file(path: &Path, stamp: Stamp) -> Contents {
    if stamp.bytes() > LARGEST_FILE {
        let reason = format!(
            "{} bytes are more than a resource file may have ({LARGEST_FILE}); split it",
            stamp.bytes()
        );
        return unreadable(path, reason);
    }
    match std::fs::read(path) {
        Ok(bytes) => contents(path, &bytes, stamp),
        Err(error) => unreadable(path, format!("the file cannot be read: {error}")),
    }
}

fn unreadable(path: &Path, reason: String) -> Contents {
    let origin = Origin { path: path.to_path_buf(), line: 1 };
    Contents { clusters: Vec::new(), refused: vec![Refused { key: None, origin, reasons: vec![reason] }] }
}

/// Reads the documents of a file.
pub fn contents(path: &Path, bytes: &[u8], stamp: Stamp) -> Contents {
    let mut contents = Contents::default();
    for document in document::split(bytes) {
        match document {
            Ok(document) => take(path, stamp, &document, &mut contents),
            Err(error) => {
                let origin = Origin { path: path.to_path_buf(), line: error.line };
                contents.refused.push(Refused { key: None, origin, reasons: vec![error.to_string()] });
            }
        }
    }
    contents
}

/// A `List`, as `kubectl get -o yaml` prints it, is its items.
fn take(path: &Path, stamp: Stamp, document: &Document, contents: &mut Contents) {
    let items = match (&document.value["kind"], &document.value["items"]) {
        (Json::String(kind), Json::Array(items)) if kind.ends_with("List") => items.as_slice(),
        _ => std::slice::from_ref(&document.value),
    };
    for (index, item) in items.iter().enumerate() {
        let prefix = if items.len() > 1 { format!("items[{index}]") } else { String::new() };
        one(path, stamp, document, item, &prefix, contents);
    }
}

fn one(path: &Path, stamp: Stamp, document: &Document, item: &Json, prefix: &str, contents: &mut Contents) {
    let line = document.line_of(prefix).unwrap_or(document.first_line);
    let origin = Origin { path: path.to_path_buf(), line };
    if !is_ours(item) {
        tracing::debug!(%origin, kind = %item["kind"], "not a PrometheusCluster: left alone");
        return;
    }
    match api::accept(item.clone()) {
        Ok(cluster) => contents.clusters.push(observed(cluster, origin, stamp)),
        Err(refusals) => {
            let reasons = refusals.iter().map(|refusal| {
                let at = document.line_of(&join(prefix, &refusal.path)).filter(|at| *at != line);
                let at = at.map_or(String::new(), |at| format!("line {at}: "));
                format!("{at}{}", refusal.message)
            });
            let key = key_of(item);
            contents.refused.push(Refused { key, origin, reasons: reasons.collect() });
        }
    }
}

fn join(prefix: &str, path: &str) -> String {
    if prefix.is_empty() { path.to_string() } else { format!("{prefix}.{path}") }
}

fn is_ours(item: &Json) -> bool {
    let group = item["apiVersion"].as_str().and_then(|version| version.split('/').next());
    group == Some(GROUP)
}

fn observed(cluster: PrometheusCluster, origin: Origin, stamp: Stamp) -> Observed {
    let [namespace, name] = [&cluster.metadata.namespace, &cluster.metadata.name];
    let [namespace, name] = [namespace, name].map(|text| text.clone().unwrap_or_default());
    let key = Key { namespace, name };
    Observed { key, cluster: Arc::new(cluster), origin, changed_at: stamp.modified(), generation: None }
}

/// The cluster that a refused document is about, so that it is not taken for deleted.
fn key_of(item: &Json) -> Option<Key> {
    let name = item["metadata"]["name"].as_str()?.to_string();
    let namespace = item["metadata"]["namespace"].as_str().unwrap_or("default").to_string();
    Some(Key { namespace, name })
}
