//! A chart and a user's values to the chart with the subcharts that these values ask for
//! (Helm `pkg/chart/v2/util/dependencies.go`).

mod enabled;
mod import;

use crate::template::value::Map;

use super::coalesce::CoalesceError;
use super::model::Chart;
use super::warning::Warning;

/// Charts of one release, each alias counted. Public umbrella charts have about 60; a chart that gives a few aliases to
/// a chart that gives a few aliases, and so on, would have more than there is memory for.
const MAX_CHARTS: usize = 1_000;

/// Entries of `import-values` that one chart may have. Public charts have up to 20.
const MAX_IMPORTS: usize = 1_000;

/// Nodes of the values that a chart has after its imports.
const MAX_IMPORTED: usize = 500_000;

/// Why the subcharts could not be chosen; the first text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DependencyError {
    #[error("chart dependencies processing failed: {0}")]
    Values(#[from] CoalesceError),
    #[error(
        "chart dependencies processing failed: more than {MAX_CHARTS} charts in each other; look for aliases of \
         charts that have aliases themselves"
    )]
    TooMany,
    #[error(
        "chart dependencies processing failed: chart {0} has more than {MAX_IMPORTS} import-values, or they make more \
         than {MAX_IMPORTED} values; import less"
    )]
    Imports(String),
}

/// A dependency of `Chart.yaml` has no chart below `charts/`; the text is Helm's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an error occurred while checking for chart dependencies. You may need to run 'helm dependency build' \
     to fetch missing dependencies: found in Chart.yaml, but missing in charts/ directory: {}",
    .0.join(", ")
)]
pub struct MissingDependencies(pub Vec<String>);

/// The chart with disabled subcharts removed, aliases applied and `import-values` in its default values.
///
/// `warnings` gets what Helm prints on standard error meanwhile.
pub fn process(chart: &Chart, user: &Map, warnings: &mut Vec<Warning>) -> Result<Chart, DependencyError> {
    let mut chart = chart.clone();
    let mut left = MAX_CHARTS;
    enabled::process(&mut chart, user, "", &mut left, warnings)?;
    import::process(&mut chart, warnings)?;
    Ok(chart)
}

/// Checks that every dependency of `Chart.yaml` was found, disabled or not (Helm `action.CheckDependencies`).
pub fn check(chart: &Chart) -> Result<(), MissingDependencies> {
    let found = |name: &str| chart.dependencies.iter().any(|subchart| subchart.metadata.name == name);
    let missing = chart.metadata.dependencies().iter().map(|dependency| &dependency.name);
    let missing: Vec<String> = missing.filter(|name| !found(name)).cloned().collect();
    if missing.is_empty() { Ok(()) } else { Err(MissingDependencies(missing)) }
}
