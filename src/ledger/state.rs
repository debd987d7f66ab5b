//! The files of a cluster's folder turned into what the words of a commit are made of.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::folder::{self, CLUSTER, CRDS, HOOKS, MANIFESTS, RELEASE, VALUES};
use super::record::Record;
use super::stub::{self, STUBS};
use super::words::objects::Objects;
use crate::yaml::{convert, read};

/// What a folder says, as far as it was read. A file that somebody broke counts as absent: the words get poorer, the
/// commit is right all the same.
#[derive(Debug, Default)]
pub struct State {
    /// `cluster.yaml`.
    pub cluster: Option<Json>,
    pub record: Option<Record>,
    /// `Kind/name` → the object; null for one whose file cannot be read.
    pub objects: Objects,
    /// `sha256:<hex>` over `cluster.yaml`, `values.yaml` and `release.yaml`.
    pub digests: BTreeMap<String, String>,
    /// File of an object → its `Kind/name`; nothing if it holds no object.
    titles: BTreeMap<String, Option<String>>,
}

impl State {
    /// Takes in the file at this path below the folder; without bytes for what is no file.
    pub fn add(&mut self, path: &str, bytes: Option<&[u8]>) {
        if let (CLUSTER | VALUES | RELEASE, Some(bytes)) = (path, bytes) {
            self.digests.insert(path.to_string(), folder::digest(bytes));
        }
        match path {
            CLUSTER => self.cluster = bytes.and_then(json),
            RELEASE => self.record = bytes.and_then(|bytes| Record::parse(bytes).ok()),
            _ if is_object(path) => {
                let object = bytes
                    .and_then(json)
                    .map(stub::as_secret)
                    .and_then(|object| Some((title(&object)?, object)));
                self.titles.insert(path.to_string(), object.as_ref().map(|(title, _)| title.clone()));
                self.objects.extend(object);
            }
            _ => {}
        }
    }

    /// Gives the objects whose files cannot be read the names that the inventory has for them, or `new`.
    pub fn name_unread(&mut self, new: &State) {
        let inventory = self.record.iter().flat_map(|record| &record.inventory);
        let known: BTreeMap<&String, String> =
            inventory.map(|item| (&item.file, format!("{}/{}", item.kind, item.name))).collect();
        let unread = self.titles.iter().filter(|(_, title)| title.is_none()).map(|(path, _)| path);
        let named = unread.filter_map(|path| known.get(path).or(new.titles.get(path)?.as_ref()).cloned());
        for title in named {
            self.objects.entry(title).or_insert(Json::Null);
        }
    }
}

fn is_object(path: &str) -> bool {
    path.split_once('/').is_some_and(|(folder, _)| [MANIFESTS, HOOKS, CRDS, STUBS].contains(&folder))
}

fn json(bytes: &[u8]) -> Option<Json> {
    read::value(bytes).ok().map(|value| convert::to_json(&value)).filter(Json::is_object)
}

fn title(object: &Json) -> Option<String> {
    let text = |pointer: &str| object.pointer(pointer).and_then(Json::as_str);
    Some(format!("{}/{}", text("/kind")?, text("/metadata/name")?))
}
