//! A YAML document to what Helm looks at in it: API version, kind, name, annotations (`SimpleHead` in
//! `pkg/release/v1/util/manifest.go`, read by `sigs.k8s.io/yaml` and `encoding/json`).

use std::collections::BTreeMap;

use crate::template::value::{Map, Str, Value};
use crate::yaml::read::{self, ReadError};

/// The head of a manifest; empty where the document says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    pub api_version: String,
    pub kind: String,
    pub name: String,
    pub annotations: BTreeMap<String, String>,
}

/// Why a document is no manifest; the text is Helm's.
#[derive(Debug, thiserror::Error)]
pub enum HeadError {
    #[error(transparent)]
    Yaml(#[from] ReadError),
    #[error(
        "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal {found} into Go {place} of type {wanted}"
    )]
    Type { found: &'static str, place: &'static str, wanted: &'static str },
}

const METADATA_TYPE: &str =
    r#"struct { Name string "json:\"name\""; Annotations map[string]string "json:\"annotations\"" }"#;

impl Head {
    /// Reads the first document of the text.
    pub fn read(document: &[u8]) -> Result<Self, HeadError> {
        Head::of(&read::value(document)?)
    }

    /// The head of a document that was read already.
    pub fn of(document: &Value) -> Result<Self, HeadError> {
        let mut reader = Reader::default();
        match document {
            Value::Map(map) => reader.root(map),
            Value::Nil => {}
            other => return Err(wrong(other, "value", "util.SimpleHead")),
        }
        match reader.error {
            Some(error) => Err(error),
            None => Ok(reader.head),
        }
    }
}

/// Fills a head in the order of the keys; the first wrong type is reported when all is read.
#[derive(Default)]
struct Reader {
    head: Head,
    error: Option<HeadError>,
}

impl Reader {
    fn root(&mut self, map: &Map) {
        for (key, value) in map.borrow().iter() {
            match field(key, &["apiVersion", "kind", "metadata"]) {
                Some("apiVersion") => {
                    if let Some(text) = self.text(value, "struct field SimpleHead.apiVersion") {
                        self.head.api_version = text;
                    }
                }
                Some("kind") => {
                    if let Some(text) = self.text(value, "struct field SimpleHead.kind") {
                        self.head.kind = text;
                    }
                }
                Some(_) => self.metadata(value),
                None => {}
            }
        }
    }

    fn metadata(&mut self, value: &Value) {
        let map = match value {
            Value::Map(map) => map,
            Value::Nil => {
                self.head.name.clear();
                return self.head.annotations.clear();
            }
            other => return self.wrong(other, "struct field SimpleHead.metadata", METADATA_TYPE),
        };
        for (key, value) in map.borrow().iter() {
            match field(key, &["name", "annotations"]) {
                Some("name") => {
                    if let Some(text) = self.text(value, "struct field .metadata.name") {
                        self.head.name = text;
                    }
                }
                Some(_) => self.annotations(value),
                None => {}
            }
        }
    }

    fn annotations(&mut self, value: &Value) {
        const PLACE: &str = "struct field .metadata.annotations";
        let map = match value {
            Value::Map(map) => map,
            Value::Nil => return self.head.annotations.clear(),
            other => return self.wrong(other, PLACE, "map[string]string"),
        };
        for (key, value) in map.borrow().iter() {
            let text = self.text(value, PLACE).unwrap_or_default();
            self.head.annotations.insert(key.to_text().into_owned(), text);
        }
    }

    /// A string, or what `sigs.k8s.io/yaml` turns into one where a string is wanted.
    fn text(&mut self, value: &Value, place: &'static str) -> Option<String> {
        match value {
            Value::Str(text) => Some(text.to_text().into_owned()),
            Value::Bool(flag) => Some(flag.to_string()),
            Value::Float(number) => Some(number.to_string()),
            Value::Nil => None,
            other => {
                self.wrong(other, place, "string");
                None
            }
        }
    }

    fn wrong(&mut self, value: &Value, place: &'static str, wanted: &'static str) {
        self.error.get_or_insert_with(|| wrong(value, place, wanted));
    }
}

fn wrong(value: &Value, place: &'static str, wanted: &'static str) -> HeadError {
    let found = match value {
        Value::Map(_) => "object",
        Value::List(_) => "array",
        Value::Bool(_) => "bool",
        Value::Str(_) => "string",
        _ => "number",
    };
    HeadError::Type { found, place, wanted }
}

/// The field that `encoding/json` sets for a key: case does not matter.
fn field(key: &Str, names: &[&'static str]) -> Option<&'static str> {
    names.iter().find(|name| name.as_bytes().eq_ignore_ascii_case(key)).copied()
}
