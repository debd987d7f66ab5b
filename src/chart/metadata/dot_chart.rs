//! Metadata to the map that templates see as `.Chart` (Helm `pkg/chart/common.go`, `structToMap`).

use std::collections::BTreeMap;

use crate::template::types::Type;
use crate::template::value::{Map, Str, Value};

use super::super::json::from_json;
use super::types::{Dependency, ImportValue, Maintainer, Metadata};

impl Metadata {
    /// A plain map with Go's field names: no list is nil, but `Annotations` may be.
    ///
    /// `IsRoot` is not in it: only a render knows it.
    pub fn to_map(&self) -> Map {
        let entries = [
            ("APIVersion", text(&self.api_version)),
            ("Annotations", Value::Map(self.annotations())),
            ("AppVersion", text(&self.app_version)),
            ("Condition", text(&self.condition)),
            ("Dependencies", Value::list(self.dependencies().iter().map(dependency).collect())),
            ("Deprecated", Value::Bool(self.deprecated)),
            ("Description", text(&self.description)),
            ("Home", text(&self.home)),
            ("Icon", text(&self.icon)),
            ("Keywords", texts(&self.keywords)),
            ("KubeVersion", text(&self.kube_version)),
            ("Maintainers", Value::list(self.maintainers.iter().map(maintainer).collect())),
            ("Name", text(&self.name)),
            ("Sources", texts(&self.sources)),
            ("Tags", text(&self.tags)),
            ("Type", text(&self.kind)),
            ("Version", text(&self.version)),
        ];
        Map::new(Type::Any, entries.into_iter().map(|(key, value)| (key.into(), value)).collect())
    }

    /// A `map[string]string`, nil where `Chart.yaml` has no annotations.
    fn annotations(&self) -> Map {
        let Some(annotations) = &self.annotations else { return Map::nil(Type::String) };
        let entries = annotations.iter().map(|(key, value)| (Str::from(key.as_str()), text(value)));
        Map::new(Type::String, entries.collect::<BTreeMap<_, _>>())
    }
}

fn dependency(dependency: &Dependency) -> Value {
    let imports = dependency.import_values.iter().map(import_value).collect();
    Value::map([
        ("Alias", text(&dependency.alias)),
        ("Condition", text(&dependency.condition)),
        ("Enabled", Value::Bool(dependency.enabled)),
        ("ImportValues", Value::list(imports)),
        ("Name", text(&dependency.name)),
        ("Repository", text(&dependency.repository)),
        ("Tags", texts(&dependency.tags)),
        ("Version", text(&dependency.version)),
    ])
}

fn import_value(import: &ImportValue) -> Value {
    match import {
        ImportValue::Written(written) => from_json(written),
        ImportValue::Path { child, parent, .. } => {
            let entries = [("child".into(), text(child)), ("parent".into(), text(parent))];
            Value::Map(Map::new(Type::String, entries.into()))
        }
    }
}

fn maintainer(maintainer: &Maintainer) -> Value {
    Value::map([
        ("Email", text(&maintainer.email)),
        ("Name", text(&maintainer.name)),
        ("URL", text(&maintainer.url)),
    ])
}

fn text(text: &str) -> Value {
    Value::str(text)
}

fn texts(texts: &[String]) -> Value {
    Value::list(texts.iter().map(|item| text(item)).collect())
}
