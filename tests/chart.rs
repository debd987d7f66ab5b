//! Charts as the real helm sees them: every case file is asked of `helm template` and of the library.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use promgit::chart::overrides::options::Options;
use promgit::chart::semver::{Constraint, Version};
use promgit::chart::{Chart, coalesce, dependency, load, schema};
use promgit::template::types::Type;
use promgit::template::value::{Map, Value};
use promgit::yaml::json;

/// What a template of a chart can see, as one line of JSON.
const DUMP: &str = "{{- $files := list -}}
{{- range $name, $_ := .Files }}{{ $files = append $files $name }}{{ end -}}
dump: {{ dict \"values\" .Values \"chart\" .Chart \"files\" $files | toJson }}
";

#[test]
fn every_case_is_as_helm_says() {
    let mut wrong = Vec::new();
    let mut cases: Vec<_> =
        fs::read_dir(support::root().join("tests/chart")).unwrap().collect::<Result<_, _>>().unwrap();
    cases.sort_by_key(fs::DirEntry::file_name);
    for case in
        cases.iter().map(fs::DirEntry::path).filter(|path| path.extension().is_some_and(|e| e == "case"))
    {
        let folder = tempfile::tempdir().unwrap();
        let args = unpack(&case, folder.path());
        let (ours, helms) =
            (ours(folder.path(), &args), helms(&case.display().to_string(), folder.path(), &args));
        if ours != helms {
            let name = case.file_stem().unwrap().to_string_lossy().into_owned();
            wrong.push(format!("== {name}\n-- helm\n{}\n-- promgit\n{}", shown(&helms), shown(&ours)));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

fn shown(answer: &Answer) -> String {
    let charts: Vec<String> = answer.charts.iter().map(|(path, text)| format!("{path}: {text}")).collect();
    let errors: Vec<String> = answer.error.iter().flatten().cloned().collect();
    [charts, answer.warnings.clone(), errors].concat().join("\n")
}

/// What came out: one line of JSON a chart, what was said, and why it failed.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    charts: BTreeMap<String, String>,
    warnings: Vec<String>,
    /// The lines of the message, sorted: helm walks maps in any order.
    error: Option<Vec<String>>,
}

impl Answer {
    fn failed(mut self, error: &str) -> Self {
        let mut lines: Vec<String> = error.trim().lines().map(str::to_owned).collect();
        lines.sort();
        self.error = Some(lines);
        self.charts.clear();
        self
    }
}

/// Writes the files of a case, `-- path --` above each; returns the lines of `-- args --`.
fn unpack(case: &Path, folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(case).unwrap();
    let mut args = Vec::new();
    for part in text.split("\n-- ").skip(1) {
        let (name, contents) = part.split_once(" --").unwrap();
        let contents = contents.strip_prefix('\n').unwrap_or(contents);
        if name == "args" {
            args = contents.lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
            continue;
        }
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, format!("{}\n", contents.trim_end_matches('\n'))).unwrap();
        if name.ends_with("Chart.yaml") {
            let templates = path.parent().unwrap().join("templates");
            fs::create_dir_all(&templates).unwrap();
            fs::write(templates.join("dump.yaml"), DUMP).unwrap();
        }
    }
    args
}

fn helms(case: &str, folder: &Path, args: &[String]) -> Answer {
    let mut command = support::hermetic(support::helm(), folder);
    command.current_dir(folder).args(["template", "x", "chart"]);
    let output = command.args(args.iter().flat_map(|arg| arg.splitn(2, ' '))).output().unwrap();
    let (out, err) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap());
    let mut answer = Answer::default();
    let (log, error) = err.split_once("Error: ").unwrap_or((&err, ""));
    answer.warnings =
        log.lines().filter(|line| !line.starts_with("level=ERROR")).map(str::to_owned).collect();
    answer.warnings.sort();
    if !output.status.success() {
        return answer.failed(error);
    }
    for document in out.split("---\n").filter(|document| !document.trim().is_empty()) {
        let mut lines = document.lines();
        let path =
            lines.next().unwrap().strip_prefix("# Source: ").unwrap_or_else(|| panic!("{case}: {out}"));
        let path = path
            .strip_suffix("/templates/dump.yaml")
            .unwrap_or_else(|| panic!("{case}: {document}"))
            .to_owned();
        answer.charts.insert(
            path,
            lines
                .next()
                .and_then(|line| line.strip_prefix("dump: "))
                .unwrap_or_else(|| panic!("{case}: {document}"))
                .to_owned(),
        );
    }
    answer
}

fn ours(folder: &Path, args: &[String]) -> Answer {
    let mut answer = Answer::default();
    let error = pipeline(folder, args, &mut answer).err();
    answer.warnings.sort();
    match error {
        Some(error) => answer.failed(&error),
        None => answer,
    }
}

fn pipeline(folder: &Path, args: &[String], answer: &mut Answer) -> Result<(), String> {
    let said = |answer: &mut Answer, warnings: Vec<_>| {
        answer
            .warnings
            .extend(warnings.iter().map(|warning: &promgit::chart::warning::Warning| warning.to_string()));
    };
    let mut read = |path: &str| {
        fs::read(folder.join(path)).map_err(|_| format!("open {path}: no such file or directory"))
    };
    let user = options(folder, args).merge(&mut read).map_err(text)?;
    let chart = load::path(&folder.join("chart")).map_err(text)?;
    said(answer, chart.warnings.clone());
    if chart.metadata.deprecated {
        answer.warnings.push("level=WARN msg=\"this chart is deprecated\"".to_owned());
    }
    if chart.metadata.is_library() {
        return Err("library charts are not installable".to_owned());
    }
    dependency::check(&chart).map_err(text)?;
    let mut warnings = Vec::new();
    let chart = dependency::process(&chart, &user, &mut warnings);
    let values = chart.as_ref().ok().map(|chart| coalesce::values(chart, &user, &mut warnings));
    said(answer, warnings);
    let chart = chart.map_err(text)?;
    let values = values.expect("a chart").map_err(text)?;
    schema::validate(&chart, &values).map_err(text)?;
    dump(&chart, &values, "", &mut answer.charts);
    Ok(())
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn options(folder: &Path, args: &[String]) -> Options {
    let mut options = Options::default();
    for arg in args {
        let (flag, value) = arg.split_once(' ').unwrap();
        let value = value.to_owned();
        match flag {
            "-f" => options.files.push((value.clone(), fs::read(folder.join(value)).unwrap())),
            "--set" => options.set.push(value),
            "--set-string" => options.string.push(value),
            "--set-file" => options.file.push(value),
            "--set-json" => options.json.push(value),
            "--set-literal" => options.literal.push(value),
            flag => panic!("{flag}"),
        }
    }
    options
}

/// What the dump template prints, for the chart and its subcharts.
fn dump(chart: &Chart, values: &Map, parent: &str, charts: &mut BTreeMap<String, String>) {
    let name = &chart.metadata.name;
    let path = if parent.is_empty() { name.clone() } else { format!("{parent}/charts/{name}") };
    let dot_chart = chart.metadata.to_map();
    dot_chart.insert("IsRoot", Value::Bool(parent.is_empty()));
    let mut files: Vec<&str> = chart.files.iter().map(|file| &*file.name).collect();
    files.sort_unstable();
    let entries = [
        ("values".into(), Value::Map(values.clone())),
        ("chart".into(), Value::Map(dot_chart)),
        ("files".into(), Value::strings(files)),
    ];
    let seen = Value::Map(Map::new(Type::Any, entries.into()));
    for subchart in &chart.dependencies {
        let Some(Value::Map(values)) = values.get(&subchart.metadata.name) else { continue };
        dump(subchart, &values, &path, charts);
    }
    let dumps = chart.templates.iter().any(|file| &*file.name == "templates/dump.yaml");
    if dumps && !chart.metadata.is_library() {
        charts.insert(path, String::from_utf8(json::encode(&seen).unwrap()).unwrap());
    }
}

/// Constraints and versions in pairs: whether one accepts the other, and the message where one of them is none.
#[test]
fn versions_are_as_helm_says() {
    let constraints = [
        "1.2.3",
        "=1.2",
        "!=1.2.x",
        ">1",
        ">=1.2.0-0",
        "<2-0",
        "<=1.2",
        "~1.2.3",
        "~>1",
        "^0.2.3",
        "^0.0",
        "*",
        "1.2 - 1.4",
        ">=1, <2 || 3.x",
        "1.x || >=2.5.0 || 5.0.0 - 7.2.3",
        "=>1.2 =<3",
        "~0.0.0",
        "^0",
        ">=1.20.0-0 <1.30.0-0",
    ];
    let versions =
        ["1.2.3", "v1.2", "1.2.4-rc.1", "0.2.9", "2.0.0-0", "3.1.4", "0.0.0", "1.29.3-gke.5+b", "11", "01.2"];
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("chart/templates")).unwrap();
    fs::write(folder.path().join("chart/Chart.yaml"), "apiVersion: v2\nname: app\nversion: 1.0.0\n").unwrap();
    let values = serde_json::json!({ "constraints": constraints, "versions": versions });
    fs::write(folder.path().join("chart/values.yaml"), values.to_string()).unwrap();
    let template = "{{ range $c := .Values.constraints }}{{ range $v := $.Values.versions }}\
        # {{ $c }} {{ $v }}: {{ semverCompare $c $v }} {{ semver $v }} {{ (semver $v).Original }}\n{{ end }}{{ end }}a: 1\n";
    fs::write(folder.path().join("chart/templates/a.yaml"), template).unwrap();
    let mut command = support::hermetic(support::helm(), folder.path());
    let output = command.current_dir(folder.path()).args(["template", "x", "chart"]).output().unwrap();
    let mut ours = String::from("---\n# Source: app/templates/a.yaml\n");
    for constraint in constraints {
        for version in versions {
            let parsed = Version::parse(version).unwrap();
            let accepts = Constraint::parse(constraint).unwrap().check(&parsed);
            ours += &format!("# {constraint} {version}: {accepts} {parsed} {}\n", parsed.original);
        }
    }
    assert_eq!(support::stdout(output), ours + "a: 1\n");
}

/// A gzipped tar of these files.
fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut tar = tar::Builder::new(gzip);
    for (name, data) in files {
        let mut header = tar::Header::new_gnu();
        // Names that the builder itself would refuse.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append(&header, *data).unwrap();
    }
    tar.into_inner().unwrap().finish().unwrap()
}

const METADATA: &[u8] = b"apiVersion: v2\nname: app\nversion: 1.0.0\n";

#[test]
fn archives_are_refused_as_helm_does() {
    let good = ("app/Chart.yaml", METADATA);
    let sub = packed(&[("one/../../x", b"x")]);
    let deep = packed(&[("one/Chart.yaml", b"apiVersion: v2\nname: one\n")]);
    let archives = [
        ("good.tgz", packed(&[good, ("app/values.yaml", b"\xEF\xBB\xBFa: 1\n")])),
        ("windows.tgz", packed(&[("app\\Chart.yaml", METADATA), ("app\\files\\x", b"x")])),
        ("parent.tgz", packed(&[good, ("app/../../x", b"x")])),
        ("absolute.tgz", packed(&[good, ("app//x", b"x")])),
        ("base.tgz", packed(&[("Chart.yaml", METADATA)])),
        ("no-metadata.tgz", packed(&[("app/values.yaml", b"a: 1\n")])),
        ("empty.tgz", packed(&[])),
        ("broken.tgz", packed(&[good])[..60].to_vec()),
        ("subchart.tgz", packed(&[good, ("app/charts/one.tgz", &sub)])),
        ("subchart-bad.tgz", packed(&[good, ("app/charts/one.tgz", &deep)])),
        ("subchart-folder.tgz", packed(&[good, ("app/charts/one.tgz/x", b"x")])),
        ("subchart-text.tgz", packed(&[good, ("app/charts/one.tgz", b"no archive at all")])),
        ("text.tgz", b"no archive\n".to_vec()),
        ("values.yaml", b"a: 1\n".to_vec()),
        ("version.tgz", packed(&[("app/Chart.yaml", b"apiVersion: v9\nname: app\n")])),
        ("metadata.tgz", packed(&[("app/Chart.yaml", b"apiVersion: [v2]\n")])),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in archives {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let mut command = support::hermetic(support::helm(), folder.path());
        let output = command
            .current_dir(folder.path())
            .args(["template", "x"])
            .arg(format!("./{name}"))
            .output()
            .unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        let ours = load::path(&path).map_or_else(|error| format!("Error: {error}\n"), |_| String::new());
        assert_eq!(ours, said, "{name}");
    }
}

#[test]
fn a_chart_has_one_digest() {
    let files: &[(&str, &[u8])] = &[
        ("app/Chart.yaml", METADATA),
        ("app/values.yaml", b"a: 1\n"),
        ("app/templates/a.yaml", b"a: 1\n"),
        ("app/charts/one/Chart.yaml", b"apiVersion: v2\nname: one\nversion: 1.0.0\n"),
        ("app/README.md", b"text"),
    ];
    let folder = tempfile::tempdir().unwrap();
    for (name, data) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, data).unwrap();
    }
    let digest = load::path(&folder.path().join("app")).unwrap().digest();
    let mut command = support::hermetic(support::helm(), folder.path());
    support::stdout(command.current_dir(folder.path()).args(["package", "app"]).output().unwrap());
    let by_helm = load::path(&folder.path().join("app-1.0.0.tgz")).unwrap();
    let by_us = load::archive(&packed(files)).unwrap();
    assert_eq!((by_helm.digest(), by_us.digest()), (digest.clone(), digest.clone()));
    let mut changed = files.to_vec();
    changed[4].1 = b"other";
    assert_ne!(load::archive(&packed(&changed)).unwrap().digest(), digest);
}

#[test]
fn charts_travel_between_threads() {
    fn travels<T: Send + Sync>() {}
    travels::<Chart>();
}
