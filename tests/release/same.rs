//! Every chart of the tests: the record that promgit writes is helm's, to the byte.
//!
//! `helm install --dry-run=client --output=json` prints what it would keep. Only the times are another matter: when it was asked, and
//! those of the files on disk, which promgit does not know.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use promgit::release::draft::Draft;
use promgit::release::manifest::{Document, joined};
use promgit::release::status::Status;
use promgit::release::stored::Stored;
use promgit::render::split;
use regex::Regex;

use crate::rendered::{Rendered, moment, render};
use crate::support;

/// Processes of helm at a time.
const WORKERS: usize = 2;

const NAMESPACE: &str = "monitoring";

/// A chart with values, if it has some.
struct Case {
    chart: PathBuf,
    values: Option<PathBuf>,
}

fn cases() -> Vec<Case> {
    let root = support::root();
    let mut charts: Vec<PathBuf> = sorted(&root.join("tests/release/charts"));
    charts.extend(sorted(&root.join("charts")));
    charts.extend(sorted(&root.join("tests/parity")).into_iter().map(|case| case.join("chart")));
    let mut cases: Vec<Case> = charts.into_iter().map(|chart| Case { chart, values: None }).collect();
    let own = root.join("charts/prometheus-cluster");
    let values = sorted(&root.join("tests/prometheus_chart/values"));
    cases.extend(values.into_iter().map(|values| Case { chart: own.clone(), values: Some(values) }));
    cases
}

fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// What helm would keep; none where it would refuse the chart.
fn helms(case: &Case) -> Option<String> {
    let home = tempfile::tempdir().unwrap();
    let mut helm = support::hermetic(support::helm(), home.path());
    helm.args(["install", "simple", "--dry-run=client", "--output=json", "--namespace", NAMESPACE]);
    // Ours are applied otherwise, but to be rolled back by hand so (`release/record.rs`).
    helm.arg("--server-side=false");
    helm.arg(&case.chart).args(case.values.iter().flat_map(|path| ["--values".as_ref(), path.as_os_str()]));
    let output = helm.output().unwrap();
    output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
}

/// With the times that promgit has, or none.
fn masked(text: &str) -> String {
    let time = r#""\d{4}-\d\d-\d\dT[^"]*""#;
    let of_files = Regex::new(&format!(r#","modtime":{time}"#)).unwrap();
    let of_schema = Regex::new(&format!(r#""schemamodtime":{time}"#)).unwrap();
    let deployed = Regex::new(&format!(
        r#"^(\{{"name":"simple","info":\{{"first_deployed":){time}(,"last_deployed":){time}"#
    ))
    .unwrap();
    let text = of_files.replace_all(text.trim_end(), "");
    let text = of_schema.replace_all(&text, r#""schemamodtime":"0001-01-01T00:00:00Z""#);
    deployed.replace(&text, format!(r#"$1"{0}"$2"{0}""#, moment())).into_owned()
}

fn ours(rendered: &Rendered) -> String {
    let mut release = rendered.release(1, Status::Unknown);
    // What helm calls a release that it did not make.
    release.description = "Dry run complete";
    release.status = Status::PendingInstall;
    let packed = Draft::of(&release).unwrap().packed();
    assert!(!packed.is_slim);
    String::from_utf8(Stored::read(packed.text().as_bytes()).unwrap().json().to_vec()).unwrap()
}

/// The first place where two texts part.
fn parting(helm: &str, ours: &str) -> String {
    let at = helm.bytes().zip(ours.bytes()).take_while(|(a, b)| a == b).count();
    let around = |text: &str| {
        text.as_bytes()[at.saturating_sub(60)..(at + 120).min(text.len())].escape_ascii().to_string()
    };
    format!("  helm: …{}…\n  ours: …{}…\n", around(helm), around(ours))
}

fn differs(case: &Case) -> Result<Option<String>, ()> {
    let Some(helm) = helms(case) else { return Err(()) };
    let values = case.values.as_ref().map(|path| std::fs::read_to_string(path).unwrap()).unwrap_or_default();
    let rendered = render(&case.chart, &values, "simple", NAMESPACE);
    let label = || format!("{} {:?}", case.chart.display(), case.values);
    let rendered = match rendered {
        Ok(rendered) if rendered.output.is_drawn => return Err(()),
        Ok(rendered) => rendered,
        Err(error) if error.contains("gives another answer on every run") => return Err(()),
        Err(error) => return Ok(Some(format!("{}: {error}\n", label()))),
    };
    if joined_otherwise(&rendered) {
        return Ok(Some(format!("{}: joined otherwise\n", label())));
    }
    let (helm, ours) = (masked(&helm), ours(&rendered));
    Ok((helm != ours).then(|| format!("{}\n{}", label(), parting(&helm, &ours))))
}

/// What the files of a commit are joined to holds the same documents: only the line breaks at their ends are theirs.
fn joined_otherwise(rendered: &Rendered) -> bool {
    let manifests = rendered.output.manifests.iter();
    let texts = manifests
        .map(|manifest| (manifest.path.to_text(), manifest.text.to_text().trim_end().to_owned() + "\n"));
    let texts: Vec<_> = texts.collect();
    let joined = joined(texts.iter().map(|(source, text)| Document { source, text }));
    documents(&joined) != documents(&rendered.manifest)
}

fn documents(manifest: &str) -> Vec<&[u8]> {
    split::documents(manifest.as_bytes()).into_iter().map(split::trim).collect()
}

#[test]
fn every_record_is_the_one_that_helm_would_write() {
    let (cases, next) = (cases(), AtomicUsize::new(0));
    let (wrong, compared) = (Mutex::new(Vec::new()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if let Ok(difference) = differs(case) {
                        compared.fetch_add(1, Ordering::Relaxed);
                        wrong.lock().unwrap().extend(difference);
                    }
                }
            });
        }
    });
    let (wrong, compared) = (wrong.into_inner().unwrap(), compared.into_inner());
    println!("{compared} of {} charts and values compared", cases.len());
    assert!(wrong.is_empty(), "{} of {compared} records differ from helm's\n{}", wrong.len(), wrong.concat());
    // The rest is refused by helm, or draws random values.
    assert!(compared * 10 > cases.len() * 7, "only {compared} of {} were compared", cases.len());
}
