//! Every chart of `tests/parity/` rendered by the real helm and by us: same output, same messages, same exit code.
//!
//! A case is a folder: `chart/`; `cases.yaml` lists runs (`name`, and if wanted `release`, `args`, `files`, `output`:
//! a folder that is compared too); `values/` holds values files; every entry of `broken/` is one more run: a file is
//! added as `templates/broken.*`, a folder is laid over the case. `@` in arguments stands for the run's own folder.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use clap::Parser;
use promgit::cli::template;
use promgit::cli::template::arguments::Arguments;
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

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    arguments: Arguments,
}

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

#[derive(PartialEq)]
struct Answer {
    stdout: Vec<u8>,
    stderr: String,
    code: i32,
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
    let helm = helm(run, &arguments, &root);
    let ours = ours(run, &arguments, &root);
    let other_words = OTHER_WORDS.iter().any(|(name, _)| *name == label(run));
    let same_outcome = helm.code == ours.code && helm.stdout == ours.stdout && helm.files == ours.files;
    if other_words && same_outcome && helm.stderr == ours.stderr {
        return Some(format!("\n──── {}: says the same now; take it off the list\n", label(run)));
    }
    if same_outcome && (other_words || helm.stderr == ours.stderr) {
        return None;
    }
    let mut text = format!("\n──── {}: template {}\n", label(run), arguments.join(" "));
    if helm.code != ours.code {
        let _ = writeln!(text, "exit code: helm {}, ours {}", helm.code, ours.code);
    }
    compare(&mut text, "stderr", helm.stderr.as_bytes(), ours.stderr.as_bytes());
    compare(&mut text, "stdout", &helm.stdout, &ours.stdout);
    let names: std::collections::BTreeSet<&String> = helm.files.keys().chain(ours.files.keys()).collect();
    for name in names {
        let contents = |answer: &Answer| answer.files.get(name).cloned().unwrap_or_default();
        compare(&mut text, name, &contents(&helm), &contents(&ours));
    }
    Some(text)
}

fn compare(text: &mut String, what: &str, helm: &[u8], ours: &[u8]) {
    if helm == ours {
        return;
    }
    let (helm, ours) = (String::from_utf8_lossy(helm), String::from_utf8_lossy(ours));
    let diff = similar::TextDiff::from_lines(&helm, &ours);
    let _ =
        writeln!(text, "{}", diff.unified_diff().context_radius(2).header(&format!("helm {what}"), "ours"));
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

fn helm(run: &Run, arguments: &[String], root: &Path) -> Answer {
    let home = tempfile::tempdir().unwrap();
    let output =
        support::hermetic(support::helm(), home.path()).arg("template").args(arguments).output().unwrap();
    Answer {
        stdout: output.stdout,
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        code: output.status.code().unwrap_or(-1),
        files: take_files(run, root),
    }
}

fn ours(run: &Run, arguments: &[String], root: &Path) -> Answer {
    let command = std::iter::once("template").chain(arguments.iter().map(String::as_str));
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let code = match Command::try_parse_from(command) {
        Ok(command) => template::run(&command.arguments, &mut stdout, &mut stderr).into(),
        Err(error) => {
            stderr = error.to_string().into_bytes();
            error.exit_code()
        }
    };
    let stderr = String::from_utf8_lossy(&stderr).into_owned();
    Answer { stdout, stderr, code, files: take_files(run, root) }
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
        } else {
            fs::copy(entry.path(), &target).unwrap();
        }
    }
}
