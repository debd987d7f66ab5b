//! Charts that are out to take all the memory or time there is: each gets a sentence, within 256 MiB.
//!
//! The templates are in `tests/hostile/templates.txt`; charts that multiply themselves are made here.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "support/watched.rs"]
mod watched;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use watched::{Ended, MAX_MEMORY, watched};

/// A chart as paths and contents.
type Files = BTreeMap<String, String>;

#[test]
fn templates_are_told_what_is_wrong() {
    let text = fs::read_to_string("tests/hostile/templates.txt").unwrap();
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with("# ")).collect();
    let wrong: Vec<String> = lines
        .chunks(2)
        .filter_map(|case| {
            let [template, wanted] = case else { panic!("a template without a sentence: {case:?}") };
            let wanted = wanted.strip_prefix("=> ").expect("a sentence behind each template");
            let files = chart([("templates/a.yaml", (*template).to_owned())]);
            complaint(&files, wanted).map(|problem| format!("{template}\n  {problem}"))
        })
        .collect();
    assert!(lines.len() > 60, "the table is read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A resolver is asked over the network where a host is not known to the machine.
#[test]
fn questions_without_end_are_refused() {
    let template = r#"{{ range until 100000 }}{{ $x := getHostByName "127.0.0.1" }}{{ end }}"#;
    let folder = write(&chart([("templates/a.yaml", template.to_owned())]));
    let mut command = Command::new(env!("CARGO_BIN_EXE_promgit"));
    command.args(["template", "x"]).arg(folder.path()).arg("--enable-dns");
    let Ended { code, error, .. } = watched(command);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("template takes more than 10000000 steps"), "{error}");
}

#[test]
fn aliases_of_charts_with_aliases_end() {
    let mut files = Files::new();
    let mut folder = String::new();
    for level in 0..12 {
        let aliases: String =
            (0..8).map(|alias| format!("- {{name: s, version: '*', alias: a{alias}}}\n")).collect();
        let dependencies = if level < 11 { format!("dependencies:\n{aliases}") } else { String::new() };
        let name = if level == 0 { "c" } else { "s" };
        let text = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n{dependencies}");
        files.insert(format!("{folder}Chart.yaml"), text);
        folder += "charts/s/";
    }
    check(
        &files,
        "more than 1000 charts in each other; look for aliases of charts that have aliases themselves",
    );
}

#[test]
fn globals_of_many_charts_end() {
    let mut files = chart([]);
    for number in 0..200 {
        let text = format!("apiVersion: v2\nname: s{number}\nversion: 1.0.0\n");
        files.insert(format!("charts/s{number}/Chart.yaml"), text);
    }
    let globals: String = (0..5000).map(|key| format!("  k{key}: {{a: 1}}\n")).collect();
    files.insert("values.yaml".into(), format!("global:\n{globals}"));
    check(&files, "take more than 67108864 bytes; give fewer values, or hand down fewer globals");
}

#[test]
fn imports_that_multiply_end() {
    let import = |number| format!("  - {{child: a, parent: b.x{number}}}\n");
    let dependency = |count| -> String {
        let imports: String = (0..count).map(import).collect();
        format!("dependencies:\n- name: s\n  version: '*'\n  import-values:\n{imports}")
    };
    let keys: String = (0..1000).map(|key| format!("  k{key}: 1\n")).collect();
    for count in [900, 2000] {
        let mut files = chart([
            ("charts/s/Chart.yaml", "apiVersion: v2\nname: s\nversion: 1.0.0\n".to_owned()),
            ("charts/s/values.yaml", format!("a:\n{keys}")),
        ]);
        files.get_mut("Chart.yaml").unwrap().push_str(&dependency(count));
        check(&files, "chart c has more than 1000 import-values, or they make more than 500000 values");
    }
}

#[test]
fn schemas_that_multiply_end() {
    for keyword in ["allOf", "anyOf"] {
        let mut definitions = serde_json::Map::new();
        for level in 0..40 {
            let next = json!({ "$ref": format!("#/definitions/d{}", level + 1) });
            definitions.insert(format!("d{level}"), json!({ keyword: [next.clone(), next.clone(), next] }));
        }
        definitions.insert("d40".into(), json!({ "type": "object" }));
        let schema = json!({ "definitions": definitions, "$ref": "#/definitions/d0" });
        let files = chart([("values.schema.json", schema.to_string())]);
        check(&files, "the schema would take too long to check; look for $refs that multiply");
    }
}

#[test]
fn schemas_of_many_large_patterns_are_refused() {
    let patterns: serde_json::Map<String, serde_json::Value> =
        (0..2000).map(|at| (format!("^[ab]*a[ab]{{{}}}c", 10 + at), json!({}))).collect();
    let schema = json!({ "properties": { "a": { "patternProperties": patterns } } });
    let names: String = (0..20_000).map(|at| format!("  {}{at}: 1\n", "ab".repeat(20))).collect();
    let files = chart([("values.schema.json", schema.to_string()), ("values.yaml", format!("a:\n{names}"))]);
    check(&files, "the schema would take too long to check");
}

#[test]
fn schemas_that_are_hard_to_read_are_refused() {
    let mut parts = serde_json::Map::new();
    parts.insert("d0".into(), json!({ "properties": { "x": true } }));
    for level in 1..40 {
        let before = json!({ "$ref": format!("#/$defs/d{}", level - 1) });
        parts.insert(format!("d{level}"), json!({ "anyOf": [before.clone(), before] }));
    }
    let schema = json!({ "$defs": parts, "$ref": "#/$defs/d39", "unevaluatedProperties": false });
    check(&chart([("values.schema.json", schema.to_string())]), "the schema would take too long to check");
    let many = format!("[{}[]]", "[],".repeat(5_000_000));
    check(
        &chart([("values.schema.json", many)]),
        "the schema is larger than 16777216 bytes or 500000 values",
    );
}

#[test]
fn reasons_without_end_are_not_all_said() {
    let names: Vec<String> = (0..20_000).map(|at| format!("name-{at}")).collect();
    let schema = json!({ "properties": { "l": { "items": { "required": names } } } });
    let values = format!("l: [{}]\n", vec!["{}"; 3_000].join(", "));
    let files = chart([("values.schema.json", schema.to_string()), ("values.yaml", values)]);
    check(&files, "the values are refused for more reasons than there is room for");
}

#[test]
fn patterns_of_files_without_end_are_refused() {
    let patterns: String = (0..20_000).map(|at| format!("*a*b*c*{at}\n")).collect();
    let folder = write(&chart([(".helmignore", patterns)]));
    for at in 0..500 {
        fs::write(folder.path().join(format!("abcabc{at}")), "").unwrap();
    }
    assert_eq!(told(&folder, ".helmignore has too many patterns for so many files"), None);
}

#[test]
fn values_without_end_are_refused() {
    let laugh: String = ('b'..='i')
        .zip('a'..='h')
        .map(|(this, before)| format!("{this}: &{this} [{}]\n", vec![format!("*{before}"); 10].join(",")))
        .collect();
    let cases = [
        (format!("a: &a [x,x,x,x,x,x,x,x,x,x]\n{laugh}"), "document contains excessive aliasing"),
        (
            (0..600_000).map(|key| format!("k{key}: 1\n")).collect(),
            "more than 500000 values; split the document",
        ),
        (format!("a: {}", "x".repeat(40_000_000)), "input is larger than 32 MiB"),
        (format!("a: {}", "[".repeat(1_000_000)), "exceeded max depth of 10000"),
        (
            format!("a: {}1{}", "{a: ".repeat(5000), "}".repeat(5000)),
            "nested more than 512 levels deep; flatten them",
        ),
    ];
    for (values, wanted) in cases {
        check(&chart([("values.yaml", values)]), wanted);
    }
}

#[test]
fn templates_of_too_many_words_are_refused() {
    let words = "{{ 1 }}".repeat(300_000);
    let files = chart((0..5).map(|number| {
        let name: &'static str =
            ["templates/a", "templates/b", "templates/c", "templates/d", "templates/e"][number];
        (name, words.clone())
    }));
    check(&files, "templates of more than 1000000 words; split the chart");
}

#[test]
fn files_of_many_lines_are_refused() {
    let lines = "{{ len (.Files.Lines \"big\") }}".to_owned();
    let files = chart([("templates/a.yaml", lines), ("big", "\n".repeat(5_000_000))]);
    check(&files, "template holds more than 67108864 bytes in its values");
}

#[test]
fn archives_in_a_chart_share_their_room() {
    let files = chart([]);
    let folder = write(&files);
    fs::create_dir(folder.path().join("charts")).unwrap();
    let zeros = vec![0; 20 << 20];
    for number in 0..6 {
        let name = format!("s{number}");
        let chart = format!("apiVersion: v2\nname: {name}\nversion: 1.0.0\n").into_bytes();
        let archive = archive(&[(format!("{name}/Chart.yaml"), &chart), (format!("{name}/zeros"), &zeros)]);
        fs::write(folder.path().join(format!("charts/{name}.tgz")), archive).unwrap();
    }
    let wanted =
        "the archives of the chart hold more than 104857600 bytes or 50000 files and folders together";
    assert_eq!(told(&folder, wanted), None);
}

/// A `.tgz` of these files.
fn archive(files: &[(String, &[u8])]) -> Vec<u8> {
    let gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let mut archive = tar::Builder::new(gzip);
    for (path, data) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(data.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, *data).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// A chart that has what every chart needs, and these files.
fn chart(files: impl IntoIterator<Item = (&'static str, String)>) -> Files {
    let needed = [
        ("Chart.yaml", "apiVersion: v2\nname: c\nversion: 1.0.0\n".to_owned()),
        ("values.yaml", "a: 1\n".to_owned()),
    ];
    needed.into_iter().chain(files).map(|(path, text)| (path.to_owned(), text)).collect()
}

fn check(files: &Files, wanted: &str) {
    if let Some(problem) = complaint(files, wanted) {
        panic!("{problem}");
    }
}

/// What is wrong with the way in which the program refuses a chart; nothing if it does as it should.
fn complaint(files: &Files, wanted: &str) -> Option<String> {
    told(&write(files), wanted)
}

fn told(folder: &tempfile::TempDir, wanted: &str) -> Option<String> {
    let Ended { code, error, most } = run(folder.path());
    let shown: String = error.chars().take(300).collect();
    if code != Some(1) {
        return Some(format!("ended with {code:?}: {shown}"));
    }
    if !error.contains(wanted) {
        return Some(format!("said: {shown}\n  not: {wanted}"));
    }
    (most > MAX_MEMORY).then(|| format!("took {most} KiB"))
}

fn write(files: &Files) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn run(chart: &Path) -> Ended {
    let mut command = Command::new(env!("CARGO_BIN_EXE_promgit"));
    command.args(["template", "x"]).arg(chart);
    watched(command)
}

/// Only the cluster whose values make the chart hostile is refused; the others are committed.
#[test]
fn the_agent_goes_on() {
    let bomb = "{{ $l := list 1 2 3 4 5 6 7 8 }}{{ range until 60 }}{{ $l = concat $l $l }}{{ end }}";
    let template = format!(
        "{{{{ if .Values.hostile }}}}{bomb}{{{{ end }}}}apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{{{ .Release.Name }}}}\n"
    );
    let folder = write(&chart([("templates/a.yaml", template)]));
    let bed = tempfile::tempdir().unwrap();
    let at = |name: &str| bed.path().join(name);
    fs::create_dir(at("clusters")).unwrap();
    for (name, hostile) in [("bad", true), ("good", false)] {
        let text = format!(
            "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\nmetadata: {{name: {name}, namespace: example}}\n\
             spec: {{values: {{hostile: {hostile}}}}}\n"
        );
        fs::write(at("clusters").join(format!("{name}.yaml")), text).unwrap();
    }
    let settings = format!("chart:\n  path: {}\n", folder.path().display());
    fs::write(at("promgit.yaml"), settings).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_promgit"));
    command.args(["run", "--once", "--config"]).arg(at("promgit.yaml")).arg("--repo").arg(at("deploy.git"));
    command.arg("--source").arg(format!("dir:{}", at("clusters").display()));
    let Ended { code, error, most } = watched(command);
    assert_eq!(code, Some(1), "{error}");
    assert!(error.contains("template holds more than 67108864 bytes in its values"), "{error}");
    assert!(most <= MAX_MEMORY, "took {most} KiB");
    let mut git = Command::new("git");
    git.arg("--git-dir").arg(at("deploy.git")).args(["ls-tree", "-r", "--name-only", "deploy/example"]);
    let files = String::from_utf8(git.output().unwrap().stdout).unwrap();
    assert!(files.contains("good/manifests/configmap-good.yaml") && !files.contains("bad/"), "{files}");
}
