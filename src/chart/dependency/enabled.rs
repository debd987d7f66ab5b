//! Applies aliases, versions, tags and conditions: which subcharts there are, under which names.

use std::collections::BTreeSet;

use crate::template::value::{Map, Value};

use super::super::coalesce;
use super::super::metadata::Dependency;
use super::super::model::Chart;
use super::super::semver::{Constraint, Version};
use super::super::tables;
use super::super::warning::Warning;
use super::DependencyError;

/// Removes the disabled subcharts of `chart` and, with their own values, those of its subcharts.
///
/// `left` is how many more charts there may be. A chart that declares no dependencies keeps all of `charts/`, unprocessed.
pub fn process(
    chart: &mut Chart,
    values: &Map,
    path: &str,
    left: &mut usize,
    warnings: &mut Vec<Warning>,
) -> Result<(), DependencyError> {
    *left = left.checked_sub(1).ok_or(DependencyError::TooMany)?;
    let Some(mut declared) = chart.metadata.dependencies.take() else { return Ok(()) };
    chart.dependencies = wanted(std::mem::take(&mut chart.dependencies), &mut declared);

    let values = coalesce::values(chart, values, warnings)?;
    tags(&mut declared, &values, warnings);
    conditions(&mut declared, &values, path, warnings);

    let disabled: BTreeSet<&str> = declared
        .iter()
        .filter(|dependency| !dependency.enabled)
        .map(|dependency| &*dependency.name)
        .collect();
    chart.dependencies.retain(|subchart| !disabled.contains(&*subchart.metadata.name));
    for subchart in &mut chart.dependencies {
        let path = format!("{path}{}.", subchart.metadata.name);
        process(subchart, &values, &path, left, warnings)?;
    }
    let kept: Vec<_> =
        declared.iter().filter(|dependency| !disabled.contains(&*dependency.name)).cloned().collect();
    // Helm leaves no empty list behind: without dependencies, nothing is imported.
    chart.metadata.dependencies = (!kept.is_empty()).then_some(kept);
    Ok(())
}

/// The subcharts in Helm's order: those that no dependency speaks of, then one per dependency, renamed to its alias.
fn wanted(found: Vec<Chart>, declared: &mut [Dependency]) -> Vec<Chart> {
    let mut charts: Vec<Chart> = found
        .iter()
        .filter(|chart| !declared.iter().any(|dependency| is_for(dependency, chart)))
        .cloned()
        .collect();
    for dependency in declared {
        let chart = found.iter().find(|chart| is_for(dependency, chart)).cloned();
        if !dependency.alias.is_empty() {
            dependency.name.clone_from(&dependency.alias);
        }
        dependency.enabled = true;
        if let Some(mut chart) = chart {
            if !dependency.alias.is_empty() {
                chart.metadata.name.clone_from(&dependency.alias);
            }
            charts.push(chart);
        }
    }
    charts
}

fn is_for(dependency: &Dependency, chart: &Chart) -> bool {
    dependency.name == chart.metadata.name && is_compatible(&dependency.version, &chart.metadata.version)
}

/// Whether both texts can be read and the version satisfies the constraint (Helm `IsCompatibleRange`).
fn is_compatible(constraint: &str, version: &str) -> bool {
    let (Ok(version), Ok(constraint)) = (Version::parse(version), Constraint::parse(constraint)) else {
        return false;
    };
    constraint.check(&version)
}

/// A dependency is off if one of its tags is false and none is true.
fn tags(declared: &mut [Dependency], values: &Map, warnings: &mut Vec<Warning>) {
    let Ok(tags) = tables::table(values, "tags") else { return };
    for dependency in declared {
        let (mut on, mut off) = (false, false);
        for tag in &dependency.tags {
            match tags.get(tag) {
                None => {}
                Some(Value::Bool(flag)) => *(if flag { &mut on } else { &mut off }) = true,
                Some(_) => warnings.push(not_a_bool("tag", tag, &dependency.name)),
            }
        }
        dependency.enabled = on || !off;
    }
}

/// The first condition that is a bool in the values decides, whatever the tags said.
fn conditions(declared: &mut [Dependency], values: &Map, path: &str, warnings: &mut Vec<Warning>) {
    for dependency in declared {
        for condition in dependency.condition.trim().split(',').filter(|condition| !condition.is_empty()) {
            match tables::scalar(values, &format!("{path}{condition}")) {
                None => {}
                Some(Value::Bool(flag)) => {
                    dependency.enabled = flag;
                    break;
                }
                Some(_) => warnings.push(not_a_bool("path", condition, &dependency.name)),
            }
        }
    }
}

fn not_a_bool(what: &'static str, name: &str, chart: &str) -> Warning {
    Warning::warn("returned non-bool value").with(what, name).with("chart", chart)
}
