//! Value sets of the two charts, rendered by helm and by promgit.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support;

pub const AGENT: &str = "charts/promgit";
pub const PROMETHEUS: &str = "charts/prometheus-cluster";

/// The value sets of a folder, in name order.
pub fn value_sets(folder: &str) -> Vec<(String, PathBuf)> {
    let entries = std::fs::read_dir(support::root().join(folder)).expect("value sets");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("entry").path()).collect();
    paths.sort();
    let name = |path: &Path| path.file_stem().expect("name").to_string_lossy().into_owned();
    paths.into_iter().map(|path| (name(&path), path)).collect()
}

pub fn read(path: &Path) -> Value {
    let text = std::fs::read_to_string(path).expect("a value set");
    serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// What a program prints for `template`, or what it complains about.
fn template(program: &Path, chart: &str, release: (&str, &str), values: &Path) -> Result<String, String> {
    let home = tempfile::tempdir().expect("temporary folder");
    let mut command: Command = support::hermetic(program, home.path());
    command.arg("template").arg(release.0).arg(support::root().join(chart));
    command.args(["--namespace", release.1]).arg("--values").arg(values);
    let output = command.output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
}

pub fn helm(chart: &str, release: (&str, &str), values: &Path) -> Result<String, String> {
    template(&support::helm(), chart, release, values)
}

pub fn promgit(chart: &str, release: (&str, &str), values: &Path) -> Result<String, String> {
    template(Path::new(env!("CARGO_BIN_EXE_promgit")), chart, release, values)
}

/// The objects of a chart under a value set.
pub fn objects(chart: &str, release: (&str, &str), values: &Path) -> Vec<Value> {
    let text = helm(chart, release, values).unwrap_or_else(|error| panic!("{}: {error}", values.display()));
    let read = |document| <Value as serde::Deserialize>::deserialize(document).expect("helm prints YAML");
    serde_yaml::Deserializer::from_str(&text).map(read).filter(|object: &Value| !object.is_null()).collect()
}

/// The agent's objects under a value set.
pub fn agent(values: &Path) -> Vec<Value> {
    objects(AGENT, ("promgit", "promgit-system"), values)
}

pub fn of_kind<'a>(objects: &'a [Value], kind: &str) -> Vec<&'a Value> {
    objects.iter().filter(|object| object["kind"] == kind).collect()
}

pub fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
