//! Every chart of `tests/parity/` rendered by the real helm and by us: same output, same messages, same exit code.
//!
//! A case is a folder: `chart/`; `cases.yaml` lists runs (`name`, and if wanted `release`, `args`, `files`, `output`:
//! a folder that is compared too); `values/` holds values files; every entry of `broken/` is one more run: a file is
//! added as `templates/broken.*`, a folder is laid over the case. `@` in arguments stands for the run's own folder.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "support/both.rs"]
mod both;
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use both::Said;
use serde::Deserialize;
use walkdir::WalkDir;

/// Runs whose message is not Helm's, and why; exit code and output are.
const OTHER_WORDS: &[(&str, &str)] = &[
    ("parse-errors: broken/complex.yaml", "complex numbers are refused: no chart has a use for them"),
    ("recursion: broken/template-forever.yaml", "10,000 nested templates are the limit here, 100,000 in Go"),
    ("schema: broken/schema-bad-type", "a schema that is none is refused in fewer words"),
];

/// Processes of helm at a time.
const WORKERS: usize = 2;

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Run {
    name: String,
    release: Option<String>,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    files: Vec<String>,
    output: Option<String>,
    /// What of `broken/` is added.
    #[serde(skip)]
    broken: Option<PathBuf>,
    #[serde(skip)]
    case: PathBuf,
}

/// What a program said, and what it wrote.
struct Answer {
    said: Said,
    files: BTreeMap<String, Vec<u8>>,
}

#[test]
fn every_chart_renders_as_helm_renders_it() {
    let mut runs = Vec::new();
    for case in sorted(&support::root().join("tests/parity")) {
        runs.extend(runs_of(&case));
    }
    runs.extend(cluster_runs());
    let only = std::env::var("PARITY").unwrap_or_default();
    runs.retain(|run| label(run).contains(&only));
    let count = runs.len();
    let failures = ask_all(&runs);
    let shown: String = failures.values().map(String::as_str).collect();
    assert!(failures.is_empty(), "{} of {count} runs differ from helm\n{shown}", failures.len());
}

fn ask_all(runs: &[Run]) -> BTreeMap<String, String> {
    let next = AtomicUsize::new(0);
    let failures = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(run) = runs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Some(diff) = differs(run) {
                        failures.lock().unwrap().insert(label(run), diff);
                    }
                }
            });
        }
    });
    failures.into_inner().unwrap()
}

/// Both answers to one run; a readable difference if there is one.
fn differs(run: &Run) -> Option<String> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().canonicalize().unwrap();
    copy(&run.case, &root);
    match &run.broken {
        Some(broken) if broken.is_dir() => copy(broken, &root),
        Some(broken) => {
            let extension = broken.extension().unwrap_or_default().to_string_lossy();
            fs::copy(broken, root.join(format!("chart/templates/broken.{extension}"))).unwrap();
        }
        None => {}
    }
    let arguments = arguments(run, &root);
    let helm = Answer { said: both::helm(&arguments), files: take_files(run, &root) };
    let mut ours = Answer { said: both::promgit(&arguments), files: take_files(run, &root) };
    if OTHER_WORDS.iter().any(|(name, _)| *name == label(run)) {
        if helm.said.stderr == ours.said.stderr {
            return Some(format!("\n──── {}: says the same now; take it off the list\n", label(run)));
        }
        ours.said.stderr.clone_from(&helm.said.stderr);
    }
    let mut text = both::difference(&helm.said, &ours.said).unwrap_or_default();
    let names: std::collections::BTreeSet<&String> = helm.files.keys().chain(ours.files.keys()).collect();
    for name in names {
        if helm.files.get(name) != ours.files.get(name) {
            text += &format!("{name} is written otherwise\n");
        }
    }
    (!text.is_empty()).then(|| format!("\n──── {}: template {}\n{text}", label(run), arguments.join(" ")))
}

fn arguments(run: &Run, root: &Path) -> Vec<String> {
    let root = root.display().to_string();
    let mut arguments: Vec<String> = run.release.clone().into_iter().collect();
    arguments.push(format!("{root}/chart"));
    for file in &run.files {
        arguments.extend(["-f".to_owned(), format!("{root}/{file}")]);
    }
    arguments.extend(run.args.iter().map(|argument| argument.replace('@', &root)));
    arguments
}

/// What a run wrote, removed so that the next one starts anew.
fn take_files(run: &Run, root: &Path) -> BTreeMap<String, Vec<u8>> {
    let Some(output) = &run.output else { return BTreeMap::new() };
    let output = root.join(output);
    let files =
        WalkDir::new(&output).into_iter().filter_map(Result::ok).filter(|entry| entry.file_type().is_file());
    let files =
        files.map(|entry| (entry.path().display().to_string(), fs::read(entry.path()).unwrap())).collect();
    let _ = fs::remove_dir_all(output);
    files
}

fn runs_of(case: &Path) -> Vec<Run> {
    let text = fs::read_to_string(case.join("cases.yaml")).expect("cases.yaml");
    let mut runs: Vec<Run> = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{case:?}: {error}"));
    if case.join("broken").exists() {
        for broken in sorted(&case.join("broken")) {
            let name = format!("broken/{}", broken.file_name().unwrap().to_string_lossy());
            runs.push(Run { name, broken: Some(broken), ..Run::default() });
        }
    }
    for run in &mut runs {
        run.case = case.to_owned();
    }
    runs
}

/// The chart that promgit comes with, under every set of values that its own test has.
fn cluster_runs() -> Vec<Run> {
    let chart = support::root().join("charts/prometheus-cluster");
    let values = support::root().join("tests/prometheus_chart/values");
    if !values.exists() {
        return Vec::new();
    }
    let run = |values: PathBuf| Run {
        name: values.file_stem().unwrap().to_string_lossy().into_owned(),
        release: Some("simple".to_owned()),
        args: vec!["-n".into(), "monitoring".into(), "-f".into(), values.display().to_string()],
        case: chart.clone(),
        ..Run::default()
    };
    sorted(&values).into_iter().map(run).collect()
}

fn label(run: &Run) -> String {
    format!("{}: {}", run.case.file_name().unwrap().to_string_lossy(), run.name)
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The chart and the values of a case, or what is laid over them. A folder that is a chart itself becomes `chart/`.
fn copy(from: &Path, to: &Path) {
    let is_chart = from.join("Chart.yaml").exists();
    for entry in WalkDir::new(from).into_iter().filter_map(Result::ok) {
        let path = entry.path().strip_prefix(from).unwrap();
        if path.starts_with("broken") && !is_chart {
            continue;
        }
        let target = if is_chart { to.join("chart").join(path) } else { to.join(path) };
        if entry.file_type().is_dir() {
            fs::create_dir_all(&target).unwrap();
        } else if entry.path_is_symlink() {
            let _ = fs::remove_file(&target);
            std::os::unix::fs::symlink(fs::read_link(entry.path()).unwrap(), &target).unwrap();
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
