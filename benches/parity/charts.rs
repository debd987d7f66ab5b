//! A folder turned into the cases it holds: every chart, alone and with each of its `ci/*values.yaml`.

use std::fs;
use std::path::{Path, PathBuf};

/// One question to both programs.
pub struct Case {
    pub chart: PathBuf,
    /// A values file of the chart's `ci/` folder; none for the defaults.
    pub values: Option<PathBuf>,
    pub label: String,
}

/// Charts are folders with a `Chart.yaml` (but not the subcharts in `charts/`) and `.tgz` files, at any depth.
pub fn below(root: &Path) -> Vec<Case> {
    let mut charts = Vec::new();
    find(root, false, &mut charts);
    charts.iter().flat_map(|chart| cases(root, chart)).collect()
}

fn find(path: &Path, in_chart: bool, charts: &mut Vec<PathBuf>) {
    if !path.is_dir() {
        if path.extension().is_some_and(|extension| extension == "tgz") {
            charts.push(path.to_owned());
        }
        return;
    }
    let is_chart = path.join("Chart.yaml").exists();
    if is_chart {
        charts.push(path.to_owned());
    }
    for entry in sorted(path) {
        let is_link = entry.symlink_metadata().is_ok_and(|data| data.is_symlink());
        let is_subchart = (is_chart || in_chart) && entry.ends_with("charts");
        // An archive inside of a chart is one of its files.
        let is_inside = (is_chart || in_chart) && !entry.is_dir();
        if !is_link && !is_subchart && !is_inside {
            find(&entry, is_chart || in_chart, charts);
        }
    }
}

fn cases(root: &Path, chart: &Path) -> Vec<Case> {
    let name = chart.strip_prefix(root).unwrap_or(chart).display().to_string();
    let name = if name.is_empty() { root.display().to_string() } else { name };
    let mut cases = vec![Case { chart: chart.to_owned(), values: None, label: name.clone() }];
    let files = sorted(&chart.join("ci")).into_iter().filter(|path| is_values(path));
    cases.extend(files.map(|file| {
        let label = format!("{name} -f ci/{}", file.file_name().unwrap_or_default().display());
        Case { chart: chart.to_owned(), values: Some(file), label }
    }));
    cases
}

/// `ci/*values.y*ml`, as the tools that test charts read them.
fn is_values(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    ["values.yaml", "values.yml"].iter().any(|end| name.ends_with(end))
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths
}
