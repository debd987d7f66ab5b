//! Values checked against the `values.schema.json` of a chart and its subcharts
//! (Helm `pkg/chart/common/util/jsonschema.go`).

pub mod compiled;
mod cost;
mod explain;
mod failure;
pub mod log;
mod format;
mod number;
mod pattern;
mod unevaluated;

use crate::template::value::{Map, Value};

use super::json::to_json;
use super::model::Chart;

/// Values that a schema refuses, or a schema that is none; the text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("values don't meet the specifications of the schema(s) in the following chart(s):\n{0}")]
pub struct SchemaError(pub String);

/// Checks coalesced values, and in them the values of every subchart, against the schemas.
///
/// A schema cannot reach beyond itself: nothing is fetched.
pub fn validate(chart: &Chart, values: &Map) -> Result<(), SchemaError> {
    let mut text = String::new();
    check(chart, values, &mut text);
    if text.is_empty() { Ok(()) } else { Err(SchemaError(text)) }
}

fn check(chart: &Chart, values: &Map, text: &mut String) {
    if let Some(schema) = &chart.schema {
        let compiled = chart.validator.get_or_init(|| compiled::Compiled::new(schema));
        if let Err(error) = compiled.check(&to_json(&Value::Map(values.clone()))) {
            text.push_str(&format!("{}:\n{error}", chart.metadata.name));
        }
    }
    for subchart in &chart.dependencies {
        let name = &subchart.metadata.name;
        match values.get(name) {
            None | Some(Value::Nil) => {}
            Some(Value::Map(values)) => check(subchart, &values, text),
            Some(other) => {
                let found = other.type_of();
                text.push_str(&format!(
                    "{name}:\ninvalid type for values: expected object (map), got {found}\n"
                ));
            }
        }
    }
}
