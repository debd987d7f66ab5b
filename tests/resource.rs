//! The resource: its definition, and what is said to every good and bad one in `tests/resource/`.
//!
//! A case is a file with one resource, or with two: one that exists and its change. A bad one has the expected sentences
//! beside it, in a `.txt`; `UPDATE=1` writes them. The reference (`tests/resource/reference`) is the API server's own
//! code: it must say the same.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "support/resources.rs"]
mod resources;
mod support;

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use promgit::api::{self, PrometheusCluster, Refusal};
use resources::{Case, cases, plain, read};
use serde::Deserialize;
use serde_json::{Value, json};

const CRD: &str = "charts/promgit-crds/templates/prometheusclusters.promgit.dev.yaml";

/// What the API server's code says; the first answer is about the definition.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    unknown: Vec<String>,
    #[serde(default)]
    decode: String,
    #[serde(default)]
    errors: Vec<String>,
    #[serde(default)]
    object: Value,
}

fn ask(definition: &Path, cases: &[Case]) -> Vec<Answer> {
    let tool = Command::new(support::root().join("tests/resource/reference/install.sh"))
        .output()
        .expect("install.sh");
    let tool = support::stdout(tool);
    let mut child = Command::new(tool.trim())
        .arg(definition)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the reference");
    let mut stdin = child.stdin.take().expect("stdin");
    let lines: Vec<_> =
        cases.iter().map(|case| json!({ "new": case.new, "old": case.old }).to_string()).collect();
    let writer = std::thread::spawn(move || {
        for line in lines {
            writeln!(stdin, "{line}").expect("a pipe");
        }
    });
    let output = support::stdout(child.wait_with_output().expect("output"));
    writer.join().expect("all written");
    output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

fn helm(arguments: &[&str]) -> std::process::Output {
    let home = tempfile::tempdir().expect("a folder");
    let chart = support::root().join("charts/promgit-crds");
    support::hermetic(support::helm(), home.path()).args(arguments).arg(chart).output().expect("helm")
}

fn reference(cases: &[Case]) -> Vec<Answer> {
    let definition = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(definition.path(), api::crd::yaml().expect("a definition")).expect("writable");
    let mut answers = ask(definition.path(), cases);
    answers.remove(0);
    assert_eq!(answers.len(), cases.len());
    answers
}

#[test]
fn generated_definition_is_the_one_of_the_chart() {
    let path = support::root().join(CRD);
    let text = api::crd::yaml().expect("a definition");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).expect("writable");
    }
    let held = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(held == text, "{CRD} is stale; UPDATE=1 cargo test --test resource writes it");
}

#[test]
fn an_api_server_takes_the_definition() {
    let text = api::crd::yaml().expect("a definition");
    let errors = |text: &str| {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), text).expect("writable");
        ask(file.path(), &[]).remove(0).errors
    };
    assert_eq!(errors(&text), Vec::<String>::new());

    // And it does look: a rule without bounds costs too much, and one that does not compile is refused.
    let unbounded = errors(&text.replace("maxItems: 64", "minItems: 0"));
    assert!(unbounded.iter().any(|error| error.contains("cost")), "{unbounded:?}");
    let mistyped = errors(&text.replace("size(self.metadata.name)", "size(self.metadata.nmae)"));
    assert!(mistyped.iter().any(|error| error.contains("undefined field")), "{mistyped:?}");
}

#[test]
fn the_definition_fits_into_an_annotation_of_kubectl_apply() {
    let json = api::crd::definition().expect("a definition").json.to_string();
    assert!(json.len() < 200 * 1024, "{} bytes", json.len());
}

#[test]
fn the_definition_uses_only_keywords_that_are_checked_in_process() {
    const KNOWN: [&str; 19] = [
        "additionalProperties",
        "default",
        "description",
        "enum",
        "format",
        "items",
        "maxItems",
        "maxLength",
        "maxProperties",
        "maximum",
        "minItems",
        "minimum",
        "properties",
        "required",
        "type",
        "x-kubernetes-int-or-string",
        "x-kubernetes-list-type",
        "x-kubernetes-preserve-unknown-fields",
        "x-kubernetes-validations",
    ];
    fn walk(schema: &Value, path: &str) {
        for (keyword, value) in schema.as_object().expect("a schema") {
            assert!(KNOWN.contains(&keyword.as_str()), "{path}: {keyword}");
            match keyword.as_str() {
                "properties" => {
                    let properties = value.as_object().expect("properties");
                    properties.iter().for_each(|(name, schema)| walk(schema, &format!("{path}.{name}")));
                }
                "items" | "additionalProperties" => walk(value, &format!("{path}[]")),
                "format" => {
                    assert!(["int32", "int64"].contains(&value.as_str().expect("text")), "{path}: {value}")
                }
                "x-kubernetes-list-type" => {
                    assert!(["set", "atomic"].contains(&value.as_str().expect("text")), "{path}: {value}");
                }
                _ => {}
            }
        }
    }
    let definition = api::crd::definition().expect("a definition");
    let spec = definition.json.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec");
    walk(spec.expect("a spec"), "spec");
}

#[test]
fn every_field_of_our_own_is_described_and_bounded() {
    fn walk(schema: &Value, path: &str) {
        let has = |keyword: &str| schema.get(keyword).is_some();
        match schema["type"].as_str() {
            Some("string") => assert!(has("maxLength") || has("enum"), "{path} has no maxLength"),
            Some("array") => assert!(has("maxItems"), "{path} has no maxItems"),
            Some("object") if has("additionalProperties") => {
                assert!(has("maxProperties"), "{path} has no maxProperties")
            }
            _ => {}
        }
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{path}.{name}");
            let description = property["description"].as_str().unwrap_or_default();
            assert!(description.ends_with(['.', ')']), "{path} is not described: {description:?}");
            walk_unless_kubernetes(property, &path);
        }
        for keyword in ["items", "additionalProperties"] {
            if let Some(child) = schema.get(keyword) {
                walk(child, &format!("{path}[]"));
            }
        }
    }
    fn walk_unless_kubernetes(schema: &Value, path: &str) {
        const THEIRS: [&str; 6] = [
            "spec.affinity",
            "spec.imagePullSecrets",
            "spec.podSecurityContext",
            "spec.resources",
            "spec.tolerations",
            "spec.topologySpreadConstraints",
        ];
        if !THEIRS.contains(&path) {
            walk(schema, path);
        }
    }
    let definition = api::crd::definition().expect("a definition");
    let spec = definition.json.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec");
    walk(spec.expect("a spec"), "spec");
}

#[test]
fn nothing_but_the_annotations_is_a_helm_template() {
    let text = api::crd::yaml().expect("a definition");
    let lines: Vec<_> = text.lines().filter(|line| line.contains("{{") || line.contains("}}")).collect();
    assert_eq!(lines, ["    # {{- with .Values.annotations }}{{ toYaml . | nindent 4 }}{{- end }}"]);
}

#[test]
fn good_resources_are_stored_as_an_api_server_stores_them() {
    let cases = cases("tests/resource/good");
    for (case, answer) in cases.iter().zip(reference(&cases)) {
        let name = case.path.display();
        let ours = case.accept().unwrap_or_else(|refusals| panic!("{name}: {refusals:#?}"));
        assert_eq!((answer.unknown.len(), answer.decode.as_str()), (0, ""), "{name}");
        assert_eq!(answer.errors, Vec::<String>::new(), "{name}");
        let theirs: PrometheusCluster = serde_json::from_value(answer.object).expect("a resource");
        assert_eq!(ours, theirs, "{name}");
    }
}

#[test]
fn bad_resources_are_refused_in_the_words_of_an_api_server() {
    let cases = cases("tests/resource/bad");
    let update = std::env::var_os("UPDATE").is_some();
    let mut wrong = String::new();
    for (case, answer) in cases.iter().zip(reference(&cases)) {
        let refusals = case.accept().err().unwrap_or_default();
        let ours: String = refusals.iter().map(|refusal| format!("{refusal}\n")).collect();
        let expected = case.path.with_extension("txt");
        if update {
            std::fs::write(&expected, &ours).expect("writable");
        }
        let expected = std::fs::read_to_string(&expected).unwrap_or_default();
        if ours.is_empty() || ours != expected {
            wrong += &format!("{}\n  expected:\n{expected}  is:\n{ours}", case.path.display());
        }
        if let Err(difference) = compare(&refusals, &answer) {
            wrong += &format!("{}\n{difference}", case.path.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// Every value of a resource that uses every field, replaced by values of every other kind: well over a thousand resources, and
/// the API server says the same of each.
#[test]
fn wrong_values_everywhere_are_told_as_an_api_server_tells_them() {
    let whole = read(support::root().join("tests/resource/good/every-field.yaml")).new;
    let wrong = [
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e19),
        json!(4_294_967_296_i64),
        json!(""),
        json!("x y"),
        json!("1Gi"),
        json!("x".repeat(70_000)),
        json!([]),
        json!([null, 1, "a", {}, [], "a"]),
        json!({}),
        json!({ "a.b/c": 1, "d": "e", "f": null, "g": {} }),
    ];
    let mut pointers = Vec::new();
    collect(&whole["spec"], "/spec", &mut pointers);
    let cases: Vec<_> = pointers
        .iter()
        .flat_map(|pointer| wrong.iter().map(move |wrong| (pointer, wrong)))
        .map(|(pointer, wrong)| {
            let mut new = whole.clone();
            *new.pointer_mut(pointer).expect("a value") = wrong.clone();
            Case { path: format!("{pointer} = {:.60}", wrong.to_string()).into(), old: None, new }
        })
        .collect();
    assert!(cases.len() > 1500, "{}", cases.len());
    let mut different = String::new();
    for (case, answer) in cases.iter().zip(reference(&cases)) {
        let result = case.accept();
        let refusals = result.as_ref().err().cloned().unwrap_or_default();
        if let Err(difference) = compare(&refusals, &answer) {
            different += &format!("{}\n{difference}", case.path.display());
        } else if let Ok(ours) = result {
            let theirs: PrometheusCluster = serde_json::from_value(answer.object).expect("a resource");
            assert_eq!(ours, theirs, "{}", case.path.display());
        }
    }
    assert!(different.is_empty(), "{different}");
}

/// The JSON pointers of all values but the free-form ones.
fn collect(value: &Value, pointer: &str, pointers: &mut Vec<String>) {
    pointers.push(pointer.to_owned());
    let children: Vec<_> = match value {
        _ if pointer == "/spec/values" => Vec::new(),
        Value::Object(fields) => {
            fields.iter().map(|(name, value)| (name.replace('/', "~1"), value)).collect()
        }
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| (index.to_string(), item)).collect()
        }
        _ => Vec::new(),
    };
    children.into_iter().for_each(|(name, value)| collect(value, &format!("{pointer}/{name}"), pointers));
}

/// The same sentences in any order: the server goes through Go maps. Left aside are our hints, and what the server
/// says of a field that has no place in the object.
fn compare(refusals: &[Refusal], answer: &Answer) -> Result<(), String> {
    if !answer.decode.is_empty() {
        return if refusals.is_empty() {
            Err(format!("  the server refuses: {}\n", answer.decode))
        } else {
            Ok(())
        };
    }
    let unknown = answer.unknown.iter().map(|path| plain(&format!("unknown field \"{path}\"")));
    let errors = answer.errors.iter().map(|error| plain(error.trim_start_matches("<nil>: ")));
    let mut theirs: Vec<_> = unknown.chain(errors).collect();
    let mut ours: Vec<_> = refusals.iter().map(|refusal| plain(&refusal.message)).collect();
    theirs.sort();
    ours.sort();
    if ours == theirs { Ok(()) } else { Err(format!("  ours:   {ours:#?}\n  theirs: {theirs:#?}\n")) }
}

#[test]
fn the_chart_passes_helm_lint() {
    support::stdout(helm(&["lint", "--strict"]));
}

#[test]
fn the_chart_renders_the_definition_and_the_annotations_of_its_values() {
    let rendered = |arguments: &[&str]| -> Value {
        let text = support::stdout(helm(&[&["template"], arguments].concat()));
        serde_yaml::from_str(&text).expect("one document")
    };
    let mut expected = api::crd::definition().expect("a definition").json.clone();
    assert_eq!(rendered(&[]), expected);

    // As kubectl reads the file, without helm.
    let plain: Value = serde_yaml::from_str(&api::crd::yaml().expect("a definition")).expect("one document");
    assert_eq!(plain, expected);

    expected["metadata"]["annotations"]["argocd.argoproj.io/sync-options"] = "ServerSideApply=true".into();
    let set = "annotations.argocd\\.argoproj\\.io/sync-options=ServerSideApply=true";
    assert_eq!(rendered(&["--set", set]), expected);
}

#[test]
fn the_examples_are_good_and_do_not_collide() {
    let mut seen = std::collections::BTreeSet::new();
    for case in cases("examples") {
        let cluster =
            case.accept().unwrap_or_else(|refusals| panic!("{}: {refusals:#?}", case.path.display()));
        let name = (cluster.metadata.namespace, cluster.metadata.name);
        assert!(seen.insert(name.clone()), "{name:?} stands in two examples");
    }
    assert!(seen.len() >= 5, "{seen:?}");
}

#[test]
fn nothing_of_a_resource_is_lost_between_json_and_rust() {
    let case = read(support::root().join("tests/resource/good/every-field.yaml"));
    let written = serde_json::to_value(case.accept().expect("good")).expect("JSON");
    let mut expected = case.new;
    expected["metadata"]["namespace"] = "default".into();
    assert_eq!(written, expected);
    let definition = api::crd::definition().expect("a definition");
    let fields =
        definition.json.pointer("/spec/versions/0/schema/openAPIV3Schema/properties/spec/properties");
    for field in fields.and_then(Value::as_object).expect("fields").keys() {
        assert!(written["spec"].get(field).is_some(), "every-field.yaml has no {field}");
    }
}

#[test]
fn nesting_without_end_is_refused() {
    let mut values = json!({});
    for _ in 0..200 {
        values = json!({ "a": values });
    }
    let object = json!({
        "apiVersion": "promgit.dev/v1alpha1", "kind": "PrometheusCluster",
        "metadata": { "name": "a" }, "spec": { "values": values },
    });
    let refusals = api::accept(object).expect_err("too deep");
    assert_eq!(refusals[0].message, "the resource is nested deeper than 100 levels; flatten it");
}
