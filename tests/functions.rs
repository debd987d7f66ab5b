//! Every function of `tests/functions/*.txt`, asked of the real helm and of ourselves.
//!
//! A line is a template. In `*.txt` it prints; all lines go to one helm process. In `*.fails` it does not;
//! each line is a chart of its own. The answers stand beside the cases (`*.golden`, a JSON string a line):
//! `PROMGIT_BLESS=1 cargo test --test functions` writes them anew from helm.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use promgit::render::context::Context;
use promgit::render::functions;
use promgit::render::policy::{Policy, World};
use promgit::template::budgets::Limits;
use promgit::template::eval::Exec;
use promgit::template::funcs::Funcs;
use promgit::template::set::Set;
use promgit::template::value::Value;
use promgit::yaml;
use rand_core::SeedableRng;

/// The template of the failing charts; helm shows this name in its errors.
const FAILING: &str = "c/templates/x.yaml";

#[test]
fn what_prints_prints_the_same() {
    let mut wrong = Vec::new();
    for file in files("txt") {
        let cases = cases(&file);
        let wanted = helm_prints(&cases);
        keep(&file, &wanted);
        let wanted = golden(&file);
        for (case, wanted) in cases.iter().zip(&wanted) {
            let ours = print_ours(case).unwrap_or_else(|error| format!("ERROR {error}"));
            if ours != *wanted {
                wrong.push(report(&file, case, wanted, &ours));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn what_fails_fails_the_same() {
    let mut wrong = Vec::new();
    for file in files("fails") {
        let cases = cases(&file);
        let wanted = helm_fails(&cases);
        keep(&file, &wanted);
        let wanted = golden(&file);
        for (case, wanted) in cases.iter().zip(&wanted) {
            let ours = match fail_ours(case) {
                Ok(printed) => format!("PRINTED {printed}"),
                Err(error) => as_helm_shows(&error),
            };
            if ours != *wanted {
                wrong.push(report(&file, case, wanted, &ours));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases differ\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn there_are_enough_cases_for_every_function() {
    let all: Vec<String> = files("txt").iter().chain(&files("fails")).flat_map(|file| cases(file)).collect();
    let expressions: usize = all.iter().map(|case| case.matches("{{").count()).sum();
    assert!(expressions >= 600, "{expressions} expressions");
    let rare: Vec<&str> = functions::all()
        .map(|function| function.name)
        .filter(|name| all.iter().map(|case| calls(case, name)).sum::<usize>() < 2)
        .collect();
    assert!(rare.is_empty(), "functions with less than two cases: {rare:?}");
}

#[test]
fn the_names_are_those_of_helm() {
    let script = support::root().join("tests/functions/reference/install.sh");
    let tool = support::stdout(std::process::Command::new(script).output().unwrap());
    let printed = support::stdout(std::process::Command::new(tool.trim()).output().unwrap());
    let helm: Vec<&str> = printed.lines().collect();
    let mut ours: Vec<&str> = functions::all().map(|function| function.name).collect();
    ours.sort_unstable();
    assert_eq!(ours, helm);
}

#[test]
fn a_hermetic_render_refuses_what_changes() {
    let cases = [
        "{{ now }}",
        "{{ randAlphaNum 3 }}",
        "{{ uuidv4 }}",
        "{{ genCA \"x\" 3 }}",
        "{{ htpasswd \"a\" \"b\" }}",
        "{{ date \"2006\" nil }}",
        "{{ shuffle \"abc\" }}",
        "{{ encryptAES \"a\" \"b\" }}",
        "{{ randInt 1 3 }}",
        "{{ ago 0 }}",
        "{{ genPrivateKey \"ecdsa\" }}",
        "{{ bcrypt \"x\" }}",
        "{{ randBytes 3 }}",
    ];
    for case in cases {
        let error = run(case, Policy::hermetic()).expect_err(case);
        assert!(error.contains("set the value that the chart would generate"), "{case}: {error}");
    }
}

/// What Go would only stop when the memory or the stack is gone.
#[test]
fn hostile_values_are_refused() {
    let cyclic = "{{ $a := dict }}{{ $_ := set $a \"a\" $a }}";
    let cases = [
        "{{ repeat 9999999999 \"x\" }}".to_owned(),
        "{{ until 99999999 }}".to_owned(),
        "{{ untilStep 0 9223372036854775807 1 }}".to_owned(),
        "{{ seq 99999999 }}".to_owned(),
        "{{ randAlpha 9999999999 }}".to_owned(),
        "{{ nindent 9999999999 \"x\" }}".to_owned(),
        format!("{cyclic}{{{{ deepCopy $a }}}}"),
        format!("{cyclic}{{{{ mustToJson $a }}}}"),
        format!("{cyclic}{{{{ mustToYaml $a }}}}"),
        format!("{cyclic}{{{{ mustToToml $a }}}}"),
        format!("{cyclic}{{{{ $b := dict }}}}{{{{ $_ := set $b \"a\" $b }}}}{{{{ deepEqual $a $b }}}}"),
        format!("{cyclic}{{{{ $b := dict }}}}{{{{ $_ := set $b \"a\" $b }}}}{{{{ merge $a $b }}}}"),
    ];
    for case in cases {
        run(&case, open()).expect_err(&case);
    }
}

/// How often the function's name stands in the template as a word.
fn calls(case: &str, name: &str) -> usize {
    let words = case.split(|letter: char| letter != '_' && !letter.is_ascii_alphanumeric());
    words.filter(|word| *word == name).count()
}

fn report(file: &Path, case: &str, wanted: &str, ours: &str) -> String {
    let file = file.file_name().unwrap().to_string_lossy();
    format!("{file}: {case}\n  helm {wanted:?}\n  ours {ours:?}")
}

fn files(extension: &str) -> Vec<PathBuf> {
    let folder = support::root().join("tests/functions");
    let mut files: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}

/// The templates of a file; blank lines and lines with `#` in front are for the reader.
fn cases(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(file).unwrap();
    text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(str::to_owned).collect()
}

fn golden_file(file: &Path) -> PathBuf {
    let extension = file.extension().unwrap().to_str().unwrap();
    file.with_extension(format!("{extension}.golden"))
}

fn golden(file: &Path) -> Vec<String> {
    let text = fs::read_to_string(golden_file(file)).expect("a golden file; PROMGIT_BLESS=1 writes it");
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Compares helm's answers with the golden file, or writes that.
fn keep(file: &Path, answers: &[String]) {
    if std::env::var_os("PROMGIT_BLESS").is_some() {
        let lines: Vec<String> =
            answers.iter().map(|answer| serde_json::to_string(answer).unwrap()).collect();
        fs::write(golden_file(file), lines.join("\n") + "\n").unwrap();
    }
    let kept = golden(file);
    let stale = "helm answers otherwise now; PROMGIT_BLESS=1 keeps its answers";
    assert_eq!(kept.len(), answers.len(), "{}: {stale}", file.display());
    for (kept, answer) in kept.iter().zip(answers) {
        assert_eq!(kept, answer, "{}: {stale}", file.display());
    }
}

/// One chart for all cases: each is a named template whose output is printed in base 64.
fn helm_prints(cases: &[String]) -> Vec<String> {
    let mut text = String::new();
    for (at, case) in cases.iter().enumerate() {
        text.push_str(&format!("{{{{ define \"c{at}\" }}}}{case}{{{{ end }}}}\n"));
    }
    for at in 0..cases.len() {
        text.push_str(&format!("c{at}: {{{{ include \"c{at}\" . | b64enc | quote }}}}\n"));
    }
    let output = helm(&text);
    let printed = support::stdout(output);
    let answers: BTreeMap<String, String> = printed
        .lines()
        .filter_map(|line| line.strip_prefix('c')?.split_once(": "))
        .map(|(at, text)| (at.to_owned(), text.trim_matches('"').to_owned()))
        .collect();
    let decode = |text: &String| {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    (0..cases.len()).map(|at| decode(&answers[&at.to_string()])).collect()
}

/// A chart for each case, two at a time.
fn helm_fails(cases: &[String]) -> Vec<String> {
    let one = |case: &String| {
        let output = helm(case);
        assert!(!output.status.success(), "helm prints {case}");
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        let error =
            error.trim_end().trim_end_matches("Use --debug flag to render out invalid YAML").trim_end();
        let (_, error) = error.split_once("Error: ").unwrap_or(("", error));
        flat(error.trim_start_matches("template: "))
    };
    let half = cases.len().div_ceil(2);
    std::thread::scope(|scope| {
        let parts: Vec<_> = cases
            .chunks(half.max(1))
            .map(|part| scope.spawn(move || part.iter().map(one).collect::<Vec<_>>()))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

fn helm(template: &str) -> std::process::Output {
    let folder = tempfile::tempdir().unwrap();
    let chart = folder.path().join("chart");
    fs::create_dir_all(chart.join("templates")).unwrap();
    fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: c\nversion: 0.1.0\n").unwrap();
    fs::copy(support::root().join("tests/functions/values.yaml"), chart.join("values.yaml")).unwrap();
    fs::write(chart.join("templates/x.yaml"), template).unwrap();
    let mut command = support::hermetic(support::helm(), folder.path());
    command.args(["template", "r"]).arg(&chart).output().unwrap()
}

/// Helm breaks some errors into lines; both sides are compared without that.
fn flat(error: &str) -> String {
    let words: Vec<&str> = error.split_whitespace().collect();
    words.join(" ").replace(": executing", " executing")
}

/// Our error as helm shows it: only the reason where the chart gave one.
fn as_helm_shows(error: &str) -> String {
    let reason = error.split_once("HELM_ERR_START").and_then(|(_, tail)| tail.split_once("HELM_ERR_END"));
    let place = error.trim_start_matches("template: ").split(": ").next().unwrap_or("");
    match reason {
        None if error.ends_with(" not defined") && !error.contains("executing") => {
            flat(&format!("parse error at ({place}): {}", error.split_once(&format!("{place}: ")).unwrap().1))
        }
        Some((reason, _)) => flat(&format!("execution error at ({place}): {reason}")),
        None => flat(error.trim_start_matches("template: ")),
    }
}

fn print_ours(case: &str) -> Result<String, String> {
    run(&format!("{{{{ define \"c\" }}}}{case}{{{{ end }}}}{{{{ include \"c\" . }}}}"), open())
}

fn fail_ours(case: &str) -> Result<String, String> {
    run(case, open())
}

fn open() -> Policy {
    let now = "2024-05-06T07:08:09.123456789Z[UTC]".parse().unwrap();
    Policy::Open(Box::new(World { now, random: rand_chacha::ChaCha20Rng::seed_from_u64(7) }))
}

/// What helm does to the values of a chart: a null in a map deletes its key.
fn drop_nulls(value: &Value) {
    let Value::Map(map) = value else { return };
    for (key, item) in map.snapshot() {
        if item.is_some() {
            drop_nulls(&item);
        } else {
            map.remove(key);
        }
    }
}

/// Executes a template over the values of the case files, as helm would.
fn run(template: &str, policy: Policy) -> Result<String, String> {
    let values = fs::read(support::root().join("tests/functions/values.yaml")).unwrap();
    let values = yaml::read::value(&values).unwrap();
    drop_nulls(&values);
    let data = Value::map([("Values", values)]);
    let mut set = Set::new("gotpl", Arc::new(Funcs::new(functions::all())));
    set.parse(FAILING, template.as_bytes()).map_err(|error| error.to_string())?;
    let mut context = Context::new(policy);
    let mut exec = Exec::new(Arc::new(set), &mut context, Limits::default());
    let printed = exec.execute_template(FAILING, data).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&printed).into_owned())
}
