//! A chart with schemas turned into what Helm logs of them with `--debug` (`pkg/chart/common/util/jsonschema.go`).

use crate::chart::Chart;
use crate::chart::warning::Warning;
use crate::template::value::{Map, Value};

/// The lines in the order in which [`super::validate`] looks at charts.
pub fn lines(chart: &Chart, values: &Map) -> Vec<Warning> {
    let mut lines = Vec::new();
    walk(chart, values, &mut lines);
    lines
}

fn walk(chart: &Chart, values: &Map, lines: &mut Vec<Warning>) {
    let name = &chart.metadata.name;
    if let Some(schema) = &chart.schema {
        lines.push(Warning::debug("chart name").with("chart-name", &**name));
        if serde_json::from_slice::<serde::de::IgnoredAny>(schema).is_ok() {
            let schema = String::from_utf8_lossy(schema);
            lines.push(Warning::debug("unmarshalled JSON schema").with("schema", schema));
        }
    }
    let count = chart.dependencies.len().to_string();
    let line = Warning::debug("number of dependencies in the chart");
    lines.push(line.with("chart", &**name).with("dependencies", count));
    for subchart in &chart.dependencies {
        if let Some(Value::Map(values)) = values.get(&subchart.metadata.name) {
            walk(subchart, &values, lines);
        }
    }
}
