//! A chart and its values to the context that each of its templates sees (Helm `pkg/engine/engine.go`, `recAllTpls`).

use crate::chart::Chart;
use crate::template::types::Type;
use crate::template::value::circles::dismantle;
use crate::template::value::{Map, Str, Value};

use super::capabilities::Capabilities;
use super::common_values::{VALUES, seen_as_values, table};
use super::files;
use super::release::Release;

/// The contexts of a chart and of all its subcharts.
pub struct Scopes {
    /// In the order of [`walk`].
    contexts: Vec<Map>,
}

impl Scopes {
    /// `values` are the coalesced values of the whole chart. Subcharts see their part of them, shared: what
    /// a template sets is seen by all templates after it.
    pub fn new(chart: &Chart, values: Map, release: &Release, capabilities: &Capabilities) -> Self {
        let mut builder = Builder {
            release: release.value(),
            capabilities: capabilities.value(),
            scopes: Scopes { contexts: Vec::new() },
        };
        builder.chart(chart, seen_as_values(&values), true);
        builder.scopes
    }

    /// What `.` is in a template of the chart with this number; `.Template` tells the template who it is.
    pub fn of(&self, chart: usize, template: &Str, base_path: &Str) -> Value {
        let Some(context) = self.contexts.get(chart) else { return Value::Nil };
        let names = [("Name", template), ("BasePath", base_path)];
        let names = names.into_iter().map(|(key, text)| (key.into(), Value::Str(text.clone())));
        context.insert("Template", Value::Map(Map::named(&VALUES, names.collect())));
        Value::Map(context.clone())
    }
}

impl Drop for Scopes {
    /// Takes everything apart: a chart may have put a map into itself (`set .Values "top" .`), and a circle of
    /// references would never be freed.
    fn drop(&mut self) {
        dismantle(self.contexts.drain(..).map(Value::Map).collect());
    }
}

/// Visits a chart and its subcharts, a chart before its subcharts, with the full path of each.
pub fn walk<'c>(chart: &'c Chart, visit: &mut impl FnMut(&str, &'c Chart)) {
    fn below<'c>(chart: &'c Chart, path: &str, visit: &mut impl FnMut(&str, &'c Chart)) {
        visit(path, chart);
        for subchart in &chart.dependencies {
            below(subchart, &format!("{path}/charts/{}", subchart.metadata.name), visit);
        }
    }
    below(chart, &chart.metadata.name, visit);
}

struct Builder {
    release: Value,
    capabilities: Value,
    scopes: Scopes,
}

impl Builder {
    fn chart(&mut self, chart: &Chart, values: Map, is_root: bool) -> Map {
        let metadata = chart.metadata.to_map();
        metadata.insert("IsRoot", Value::Bool(is_root));
        let subcharts = Map::new(Type::Any, Default::default());
        let files = chart.files.iter().map(|file| (Str::from(&*file.name), file.data.clone()));
        let context = Map::new(Type::Any, Default::default());
        context.insert("Chart", Value::Map(metadata));
        context.insert("Files", files::value(files));
        context.insert("Release", self.release.clone());
        context.insert("Capabilities", self.capabilities.clone());
        context.insert("Values", Value::Map(values.clone()));
        context.insert("Subcharts", Value::Map(subcharts.clone()));
        self.scopes.contexts.push(seen_as_values(&context));
        for subchart in &chart.dependencies {
            let name = &subchart.metadata.name;
            let below = table(&values, name.as_bytes());
            let below = below.unwrap_or_else(|_| Map::named(&VALUES, Default::default()));
            let inner = self.chart(subchart, below, false);
            subcharts.insert(name.as_str(), Value::Map(inner));
        }
        context
    }
}
