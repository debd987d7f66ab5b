//! Case files read, and charts rendered by helm into objects.

use std::path::{Path, PathBuf};

use promgit::values::mapping::{Mapping, Subject};
use serde_json::Value;

use crate::support;

/// The release of every case that does not say otherwise.
pub const RELEASE: (&str, &str) = ("simple", "example");

pub fn chart() -> PathBuf {
    support::root().join("charts/prometheus-cluster")
}

pub fn folder(name: &str) -> PathBuf {
    support::root().join("tests/prometheus_chart").join(name)
}

/// The case files of a folder as (name, content), in name order.
pub fn cases(name: &str) -> Vec<(String, Value)> {
    let entries = std::fs::read_dir(folder(name)).expect("case folder");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).expect("case file");
        let value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        (path.file_stem().expect("name").to_string_lossy().into_owned(), value)
    };
    paths.into_iter().map(read).collect()
}

/// The mapping that promgit uses by default.
pub fn default_mapping() -> Mapping {
    let text = std::fs::read_to_string(support::root().join("config/values.yaml")).expect("mapping");
    Mapping::parse("config/values.yaml", &text).expect("config/values.yaml is a mapping")
}

pub fn subject(spec: &Value) -> Subject<'_> {
    let (name, namespace) = RELEASE;
    Subject { name, namespace, spec, labels: &Value::Null, annotations: &Value::Null }
}

/// What helm printed, or what it complained about.
pub fn template(chart: &Path, release: (&str, &str), values: &[&Value]) -> Result<String, String> {
    let home = tempfile::tempdir().expect("temporary folder");
    let mut helm = support::hermetic(support::helm(), home.path());
    helm.arg("template").arg(release.0).arg(chart).args(["--namespace", release.1]);
    for (at, values) in values.iter().enumerate() {
        let file = home.path().join(format!("{at}.json"));
        std::fs::write(&file, values.to_string()).expect("values file");
        helm.arg("--values").arg(file);
    }
    let output = helm.output().expect("helm runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

/// The objects of a chart under some values.
pub fn objects(chart: &Path, release: (&str, &str), values: &Value) -> Vec<Value> {
    let text = template(chart, release, &[values]).unwrap_or_else(|error| panic!("{values}: {error}"));
    documents(&text)
}

/// The documents of a YAML stream that hold something.
pub fn documents(text: &str) -> Vec<Value> {
    let read = |document| <Value as serde::Deserialize>::deserialize(document).expect("helm prints YAML");
    serde_yaml::Deserializer::from_str(text).map(read).filter(|object: &Value| !object.is_null()).collect()
}

/// `StatefulSet/simple`
pub fn id(object: &Value) -> String {
    let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    format!("{}/{}", text("/kind"), text("/metadata/name"))
}

pub fn find<'a>(objects: &'a [Value], wanted: &str) -> Option<&'a Value> {
    objects.iter().find(|object| id(object) == wanted)
}

/// The value at a JSON pointer; behind `#` the pointer goes on inside of a text that is YAML.
pub fn at(object: &Value, pointer: &str) -> Value {
    match pointer.split_once('#') {
        None => object.pointer(pointer).cloned().unwrap_or_default(),
        Some((outer, inner)) => {
            let text = at(object, outer);
            let inside: Value =
                serde_yaml::from_str(text.as_str().expect("text")).expect("YAML inside of YAML");
            at(&inside, inner)
        }
    }
}
