//! Copies the values that `import-values` names from subcharts into the default values of their parent.

use crate::template::fmt::print_value;
use crate::template::frozen::Frozen;
use crate::template::quote::quote;
use crate::template::value::{Map, Value};

use super::super::coalesce::{self, Nulls};
use super::super::json::from_json;
use super::super::metadata::ImportValue;
use super::super::model::Chart;
use super::super::tables;
use super::super::warning::Warning;
use super::{DependencyError, MAX_IMPORTED, MAX_IMPORTS};

/// Imports into `chart` and all its subcharts, the innermost first.
pub fn process(chart: &mut Chart, warnings: &mut Vec<Warning>) -> Result<(), DependencyError> {
    for subchart in &mut chart.dependencies {
        process(subchart, warnings)?;
    }
    let Some(mut declared) = chart.metadata.dependencies.take() else { return Ok(()) };
    let values = coalesce::with(chart, &tables::empty(), Nulls::Keep, warnings)?;

    let imported = tables::empty();
    if declared.iter().map(|dependency| dependency.import_values.len()).sum::<usize>() > MAX_IMPORTS {
        return Err(DependencyError::Imports(chart.metadata.name.clone()));
    }
    for dependency in &mut declared {
        dependency.import_values = resolve(&dependency.import_values);
        for import in &dependency.import_values {
            let ImportValue::Path { child, parent, exported } = import else { continue };
            match tables::table(&values, &format!("{}.{child}", dependency.name)) {
                Ok(table) => coalesce::tables(&imported, &nested(parent, table), Nulls::Keep, warnings),
                Err(part) => warnings.push(missing(&dependency.name, &part, *exported)),
            }
        }
    }
    if !has_at_most(MAX_IMPORTED, &imported) {
        return Err(DependencyError::Imports(chart.metadata.name.clone()));
    }
    // What the parent sets itself wins over what it imports. The copy unties the two.
    let values = tables::copy_map(&values);
    coalesce::tables(&values, &imported, Nulls::Keep, warnings);
    chart.values = Frozen::from(&Value::Map(values));
    chart.metadata.dependencies = Some(declared);
    Ok(())
}

/// `{child: a, parent: b}` as it is, `name` as `exports.name` into the root; anything else is dropped.
fn resolve(imports: &[ImportValue]) -> Vec<ImportValue> {
    let text = |map: &Map, key| {
        String::from_utf8_lossy(&print_value(&map.get(key).unwrap_or(Value::Nil))).into_owned()
    };
    let resolve = |import: &ImportValue| match import {
        ImportValue::Written(written) => match from_json(written) {
            Value::Map(map) => {
                let (child, parent) = (text(&map, "child"), text(&map, "parent"));
                Some(ImportValue::Path { child, parent, exported: false })
            }
            Value::Str(name) => {
                let child = format!("exports.{}", name.to_text());
                Some(ImportValue::Path { child, parent: ".".to_owned(), exported: true })
            }
            _ => None,
        },
        path => Some(path.clone()),
    };
    imports.iter().filter_map(resolve).collect()
}

/// Whether a table and all in it, each time that it is referred to, are no more than so many values.
fn has_at_most(most: usize, table: &Map) -> bool {
    let mut left = most;
    let mut open = vec![Value::Map(table.clone())];
    while let Some(value) = open.pop() {
        let inside = match value {
            Value::Map(map) => map.borrow().values().cloned().collect(),
            Value::List(list) => list.snapshot(),
            _ => Vec::new(),
        };
        let Some(rest) = left.checked_sub(inside.len()) else { return false };
        left = rest;
        open.extend(inside);
    }
    true
}

/// The table put below a dotted path; `.` is the root.
fn nested(path: &str, table: Map) -> Map {
    if path == "." {
        return table;
    }
    path.rsplit('.').fold(table, |table, part| {
        let outer = tables::empty();
        outer.insert(part, Value::Map(table));
        outer
    })
}

fn missing(chart: &str, part: &str, exported: bool) -> Warning {
    let error = format!("{} is not a table", quote(part.as_bytes()));
    if exported {
        Warning::warn("ImportValues missing table").with("error", error)
    } else {
        Warning::warn("ImportValues missing table from chart").with("chart", chart).with("error", error)
    }
}
