//! The good and bad resources of `tests/resource/`, and what is compared of the sentences about them.
#![allow(dead_code, clippy::disallowed_methods, clippy::expect_used)] // a test that cannot start may panic

use std::path::PathBuf;

use promgit::api::{self, PrometheusCluster, Refusal};
use serde::Deserialize;
use serde_json::Value;

use crate::support;

const BLOCKED: &str = "some validation rules were not checked because the object was invalid";

/// A resource, or the change of one.
pub struct Case {
    pub path: PathBuf,
    pub old: Option<Value>,
    pub new: Value,
}

impl Case {
    pub fn accept(&self) -> Result<PrometheusCluster, Vec<Refusal>> {
        match &self.old {
            None => api::accept(self.new.clone()),
            Some(old) => {
                api::accept_change(self.new.clone(), &api::accept(old.clone()).expect("the old one is good"))
            }
        }
    }
}

pub fn cases(folder: &str) -> Vec<Case> {
    let folder = support::root().join(folder);
    let mut paths: Vec<_> =
        std::fs::read_dir(&folder).expect("cases").map(|entry| entry.expect("entry").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {}", folder.display());
    paths.into_iter().map(read).collect()
}

pub fn read(path: PathBuf) -> Case {
    let text = std::fs::read_to_string(&path).expect("readable");
    let documents =
        serde_yaml::Deserializer::from_str(&text).map(|document| Value::deserialize(document).expect("YAML"));
    let mut documents: Vec<_> = documents.map(as_kubectl_sends).collect();
    let new = documents.pop().expect("a document");
    Case { path, old: documents.pop(), new }
}

/// kubectl turns YAML into JSON, in which Go writes whole floats without a fraction.
fn as_kubectl_sends(mut value: Value) -> Value {
    match &mut value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e18) {
                *number = (float as i64).into();
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = as_kubectl_sends(item.take())),
        Value::Object(fields) => {
            fields.values_mut().for_each(|field| *field = as_kubectl_sends(field.take()))
        }
        _ => {}
    }
    value
}

/// A sentence without what differs between the API server and us on purpose: hints, and how it is written out.
pub fn plain(message: &str) -> String {
    if message.contains(BLOCKED) {
        return BLOCKED.to_owned();
    }
    let message = message
        .split(" (did you mean")
        .next()
        .unwrap_or_default()
        .replace('\n', "\\n")
        .replace('\u{1b}', "\\x1b")
        .replace('\u{202e}', "\\u202e");
    message.replace(
        "write a name: only an API server can make one from generateName",
        "name or generateName is required",
    )
}
