//! One file turned into the clusters it holds and the documents it cannot be trusted with.
#![allow(clippy::disallowed_methods)] // this room reads files: that is its work

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value as Json;

use super::walk::{self, Found, Stamp};
use crate::api::names::{DEFAULT_NAMESPACE, GROUP, KIND};
use crate::api::{self, PrometheusCluster};
use crate::source::event::{Key, Observed, Origin, Reason, Refused};
use crate::yaml::document::{self, Document, DocumentError};

/// An API server takes 1.5 MiB an object; a file may hold some.
pub const LARGEST_FILE: u64 = 16 << 20;

const LIST_KIND: &str = "PrometheusClusterList";

/// What a file holds.
#[derive(Clone, Debug, Default)]
pub struct Contents {
    pub clusters: Vec<Observed>,
    pub refused: Vec<Refused>,
    /// The file itself could not be read: nothing is known of it, and the next look may succeed.
    pub unreadable: bool,
    /// The file was written while it was read: what came of that may be half of it.
    pub torn: bool,
}

/// Reads what `walk` found. Never fails: what is wrong becomes a refusal.
pub fn found(path: &Path, found: &Found) -> Contents {
    match found {
        Found::File(stamp) => file(path, *stamp),
        Found::Unreadable(reason) => unreadable(path, reason.clone()),
    }
}

/// The same, of files that may be written at this moment: what is not as it was found is not told.
pub fn whole(path: &Path, found: &Found) -> Contents {
    let contents = self::found(path, found);
    match found {
        Found::File(stamp) if walk::stamp(path).ok() != Some(*stamp) => {
            Contents { torn: true, ..Contents::default() }
        }
        _ => contents,
    }
}

/// Reads a file, whose stamp was taken before.
pub fn file(path: &Path, stamp: Stamp) -> Contents {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_end(&mut bytes));
    match read {
        Ok(read) if read as u64 > LARGEST_FILE => unreadable(
            path,
            format!("a resource file may have {LARGEST_FILE} bytes, this one has more; split it"),
        ),
        Ok(_) => contents(path, &bytes, stamp),
        Err(error) => {
            unreadable(path, format!("the file cannot be read: {error}; let promgit read it, or remove it"))
        }
    }
}

fn unreadable(path: &Path, text: String) -> Contents {
    let refused = refused(None, Origin { path: path.to_path_buf(), line: 0 }, text);
    Contents { refused: vec![refused], unreadable: true, ..Contents::default() }
}

fn refused(key: Option<Key>, origin: Origin, text: String) -> Refused {
    let reasons = vec![Reason { line: origin.line, text }];
    Refused { key, origin, reasons, resource: None }
}

/// Reads the documents of a file.
pub fn contents(path: &Path, bytes: &[u8], stamp: Stamp) -> Contents {
    let mut contents = Contents::default();
    for document in document::split(bytes) {
        match document {
            Ok(document) => take(path, stamp, &document, &mut contents),
            Err(DocumentError { line, column, message }) => {
                let origin = Origin { path: path.to_path_buf(), line };
                let text = format!("column {column}: {message}; correct it");
                contents.refused.push(refused(None, origin, text));
            }
        }
    }
    contents
}

/// A `List`, as `kubectl get -o yaml` prints it, is its items.
fn take(path: &Path, stamp: Stamp, document: &Document, contents: &mut Contents) {
    let value = &document.value;
    let (Some(kind), Some(items)) = (value["kind"].as_str(), value["items"].as_array()) else {
        return one(path, stamp, document, value, "", contents);
    };
    if !kind.ends_with("List") {
        return one(path, stamp, document, value, "", contents);
    }
    for (index, item) in items.iter().enumerate() {
        let mut item = item.clone();
        // A typed list says once what its items are (k8s.io/cli-runtime `pkg/resource/visitor.go`).
        if let Some(fields) = item.as_object_mut().filter(|_| kind == LIST_KIND && is_ours(value)) {
            fields.entry("apiVersion").or_insert_with(|| value["apiVersion"].clone());
            fields.entry("kind").or_insert_with(|| KIND.into());
        }
        one(path, stamp, document, &item, &format!("items[{index}]"), contents);
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
            let reasons = refusals.into_iter().map(|refusal| {
                let line = document.line_of(&join(prefix, &refusal.path)).unwrap_or(line);
                Reason { line, text: refusal.message }
            });
            let reasons = reasons.collect();
            contents.refused.push(Refused { key: key_of(item), origin, reasons, resource: None });
        }
    }
}

fn join(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", path) => path.to_string(),
        (prefix, "") => prefix.to_string(),
        (prefix, path) => format!("{prefix}.{path}"),
    }
}

/// Whether a document is meant for us: by its API group, or by its kind if it names no group (a slip of the pen
/// must not look like a deletion).
fn is_ours(item: &Json) -> bool {
    match item["apiVersion"].as_str().and_then(|version| version.split_once('/')) {
        Some((group, _)) => group == GROUP,
        None => item["apiVersion"] == GROUP || item["kind"] == KIND,
    }
}

fn observed(cluster: PrometheusCluster, origin: Origin, stamp: Stamp) -> Observed {
    let [namespace, name] = [&cluster.metadata.namespace, &cluster.metadata.name];
    let [namespace, name] = [namespace, name].map(|text| text.clone().unwrap_or_default());
    let key = Key { namespace, name };
    // A time to come is a mistake of some clock; a commit that took it over would date all that follow.
    let changed_at = stamp.modified().min(Timestamp::now());
    Observed { key, cluster: Arc::new(cluster), origin, changed_at, generation: None }
}

/// The cluster that a refused document is about, so that it is not taken for deleted.
fn key_of(item: &Json) -> Option<Key> {
    let name = item["metadata"]["name"].as_str()?.to_string();
    let namespace = match &item["metadata"]["namespace"] {
        Json::Null => DEFAULT_NAMESPACE.to_string(),
        // `n` is a truth value in YAML: whose cluster this is, nobody can tell.
        namespace => namespace.as_str()?.to_string(),
    };
    Some(Key { namespace, name })
}
