//! The mapping as data: types, what is dropped, errors, precedence, and that no text changes a structure.

use promgit::values::compose::compose;
use promgit::values::mapping::{Mapping, Subject};
use promgit::values::text;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::harness::{RELEASE, default_mapping, documents, folder, subject, template};

fn apply(mapping: &str, spec: &Value) -> Result<Value, String> {
    let mapping = Mapping::parse("values.yaml", mapping).map_err(|error| error.to_string())?;
    mapping.apply(&subject(spec)).map_err(|error| error.to_string())
}

#[test]
fn undefined_drops_and_literals_stay() {
    let mapping = "
dropped: '{{ spec.nothing.at.all }}'
nothing: '{{ none }}'
kept: {a: '{{ spec.nothing }}', b: 1}
gone: {a: {b: '{{ spec.nothing }}', c: ['{{ spec.nothing }}', {d: '{{ spec.nothing }}'}]}}
list: ['{{ spec.nothing }}', two, '{{ spec.n }}']
empty: {}
emptyList: []
literals: [1, 1.5, true, null, text, '{ one brace }', 9007199254740993]
nested: '{{ {\"a\": spec.nothing, \"b\": [spec.nothing, spec.n]} }}'
zero: '{{ 0 }}'
off_: '{{ false }}'
blank: '{{ \"\" }}'
";
    let expected = json!({
        "nothing": null, "kept": {"b": 1}, "list": ["two", 7], "empty": {}, "emptyList": [],
        "literals": [1, 1.5, true, null, "text", "{ one brace }", 9_007_199_254_740_993_u64],
        "nested": {"b": [7]}, "zero": 0, "off_": false, "blank": "",
    });
    assert_eq!(apply(mapping, &json!({"n": 7})), Ok(expected));
    assert_eq!(apply("", &json!({})), Ok(json!({})));
    assert_eq!(apply("a: '{{ spec.b }}'", &json!({})), Ok(json!({})));
}

#[test]
fn numbers_keep_their_digits_until_they_meet_the_renderer() {
    let spec = json!({"big": u64::MAX, "small": i64::MIN, "float": 0.1, "exact": 9_007_199_254_740_993_u64});
    let mapping = "big: '{{ spec.big }}'\nsmall: '{{ spec.small }}'\nfloat: '{{ spec.float }}'\nexact: '{{ spec.exact }}'";
    let values = apply(mapping, &spec).expect("values");
    assert_eq!(values, spec);
    let rendered = text::to_template(&json!({"replicas": 3}));
    let replicas = rendered.as_map().and_then(|map| map.get("replicas"));
    assert!(matches!(replicas, Some(promgit::template::value::Value::Float(3.0))));
}

#[test]
fn errors_name_file_line_and_leaf() {
    let text = std::fs::read_to_string(folder("mapping-errors.yaml")).expect("table");
    let table: Vec<Value> = serde_yaml::from_str(&text).expect("YAML");
    let spec = json!({"replicas": 2, "text": "some text"});
    let mut wrong = Vec::new();
    for case in table {
        let error = apply(case["mapping"].as_str().expect("mapping"), &spec).map_err(Value::String);
        if error.as_ref() != Err(&case["message"]) {
            wrong.push(format!("{}\n  is:     {error:?}\n  should: {}", case["mapping"], case["message"]));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn another_chart_has_its_own_mapping() {
    let chart = folder("other-chart");
    let text = std::fs::read_to_string(folder("other-chart.yaml")).expect("mapping");
    let mapping = Mapping::parse("other-chart.yaml", &text).expect("a mapping");
    let spec = json!({
        "replicas": 2, "storage": {"size": "1Gi"}, "externalLabels": {"a": "b"}, "secrets": ["one", "two"],
        "config": "x: 1\n", "logLevel": "info",
    });
    let (labels, annotations) = (json!({}), json!({"example.com/owner": "alice"}));
    let subject = Subject {
        name: "simple",
        namespace: "example",
        spec: &spec,
        labels: &labels,
        annotations: &annotations,
    };
    let values = compose(&mapping, &subject, &Value::Null).expect("values");
    let printed = template(&chart, RELEASE, &[&values]).expect("renders");
    let object = &documents(&printed)[0];
    assert_eq!(object["data"]["count"], "2");
    let seen: Value = serde_yaml::from_str(object["data"]["values"].as_str().expect("text")).expect("YAML");
    let expected = json!({
        "owner": "alice",
        "server": {
            "count": 2, "highlyAvailable": true, "persistence": {"enabled": true, "request": "1Gi"},
            "args": ["--log.level=info"], "labels": [["a", "b"]], "firstSecret": "one",
            "files": {"prometheus.yml": "x: 1\n"}, "empty": {}, "number": 8,
        },
    });
    assert_eq!(seen, expected);

    let spec = json!({"replicas": 1});
    let values = mapping.apply(&self::subject(&spec)).expect("values");
    let expected = json!({
        "owner": "example/simple", "server": {"count": 1, "highlyAvailable": false, "empty": {}, "number": 8},
    });
    assert_eq!(values, expected, "the chart's own args, labels and persistence rule");
}

/// Merging is what helm does with one `-f` for each layer.
#[test]
fn layers_are_merged_as_helm_merges_files() {
    let chart = folder("other-chart");
    let layers = [
        json!({"server": {"count": 2, "args": ["a"], "deep": {"x": 1, "y": {"z": 1}}}, "owner": "mapping"}),
        json!({"server": {"args": null, "deep": {"y": {"w": 2}}, "persistence": {"size": 1}}, "owner": {"now": "a map"}}),
        json!({"server": {"count": null, "deep": {"x": null, "y": "text"}}, "more": [1, {"a": null}]}),
    ];
    let mapping = Mapping::parse("values.yaml", &layers[0].to_string()).expect("a mapping");
    let spec = json!({"values": layers[1]});
    let merged = compose(&mapping, &subject(&spec), &layers[2]).expect("values");
    let of_helm = template(&chart, RELEASE, &layers.each_ref()).expect("renders");
    assert_eq!(template(&chart, RELEASE, &[&merged]), Ok(of_helm));
}

#[test]
fn layers_have_to_be_maps_of_a_bounded_size() {
    let mapping = Mapping::parse("values.yaml", "").expect("a mapping");
    let say = |spec: Value, overrides: Value| {
        compose(&mapping, &subject(&spec), &overrides).expect_err("refused").to_string()
    };
    assert_eq!(
        say(json!({"values": 3}), json!({})),
        "spec.values must be a map of Helm values, such as {replicas: 2}"
    );
    assert_eq!(
        say(json!({}), json!([])),
        "overrideValues must be a map of Helm values, such as {replicas: 2}"
    );
    let large = json!({"values": {"a": "x".repeat(3 << 20)}});
    assert!(say(large, json!({})).starts_with("spec.values: gives more than 2097152 bytes"));
    let deep = (0..200).fold(json!(1), |inner, _| json!({"a": inner}));
    assert!(say(json!({}), deep.clone()).starts_with("overrideValues: is nested more than 100 levels"));
    let error = mapping.apply(&subject(&deep)).expect_err("too deep").to_string();
    assert!(error.starts_with("values.yaml: is nested more than 100 levels"), "{error}");
}

/// The text of values.yaml: sorted, every digit, read back as the same values, and a digest that anyone can check.
#[test]
fn values_are_written_as_helm_prints_them() {
    let values = json!({"b": [1, 1.5], "a": {"z": 9_007_199_254_740_993_u64, "y": "yes", "x": "two\nlines\n"}, "c": null, "d": {}});
    let text = text::to_yaml(&values).expect("YAML");
    let expected = "a:\n  x: |\n    two\n    lines\n  \"y\": \"yes\"\n  z: 9007199254740993\nb:\n- 1\n- 1.5\nc: null\nd: {}\n";
    assert_eq!(String::from_utf8(text.clone()).expect("UTF-8"), expected);
    assert_eq!(text::digest(b""), "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_eq!(text::digest(&text), text::digest(&text::to_yaml(&values).expect("YAML")));
}

/// Characters that go-yaml does not keep: helm still reads what was meant.
#[test]
fn helm_reads_fragile_characters_back() {
    let text = "a\u{85}b\u{2028}c\u{7f}d\0e\u{feff}f\u{ffff}g😀\r\n\té";
    let values = json!({"owner": text});
    let written = text::to_yaml(&values).expect("YAML");
    let home = tempfile::tempdir().expect("temporary folder");
    let file = home.path().join("values.yaml");
    std::fs::write(&file, written).expect("values file");
    let mut helm = crate::support::hermetic(crate::support::helm(), home.path());
    helm.args(["template", "simple"]).arg(folder("other-chart")).arg("--values").arg(file);
    let of_file = crate::support::stdout(helm.output().expect("helm runs"));
    let data = &documents(&of_file)[0]["data"];
    assert_eq!(data["owner"], text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>());
}

/// Render threads share one mapping.
#[test]
fn a_mapping_is_shared_between_threads() {
    fn shared<T: Send + Sync>(_: &T) {}
    shared(&default_mapping());
}

/// A spec that has `text` in every place where a user can write one.
fn spec_of(text: &str) -> Value {
    json!({
        "config": text, "rules": {"a.yml": text}, "version": text, "image": text,
        "imagePullSecrets": [{"name": text}], "retention": {"time": text, "size": text},
        "storage": {"size": text, "storageClassName": text, "accessModes": [text], "selector": {"matchLabels": {"a": text}}},
        "resources": {"limits": {"cpu": text}}, "nodeSelector": {"a": text}, "tolerations": [{"key": text}],
        "priorityClassName": text, "podMetadata": {"labels": {"a": text}, "annotations": {"a": text}},
        "serviceAccountName": text, "externalLabels": {"a": text}, "externalUrl": text, "routePrefix": text,
        "enableFeatures": [text], "additionalArgs": [text], "secrets": [text], "configMaps": [text],
        "values": {"extra": text},
    })
}

/// The tree with every text replaced by a mark.
fn shape(value: &Value) -> Value {
    match value {
        Value::String(_) => json!("text"),
        Value::Array(items) => items.iter().map(shape).collect(),
        Value::Object(entries) => entries.iter().map(|(key, value)| (key.clone(), shape(value))).collect(),
        other => other.clone(),
    }
}

fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(entries) => entries.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

/// Texts that try: YAML structure, template syntax, line ends, anchors, and anything else.
fn nasty() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "\n",
        "a: b\n",
        "- ",
        "{{ spec }}",
        "}}",
        "{%",
        "#",
        "'",
        "\"",
        "\\",
        "&a ",
        "*a",
        "!!int ",
        "---\n",
        "...\n",
        "null",
        "true",
        "1e3",
        "0x1F",
        ": ",
        "? ",
        "|\n",
        ">\n",
        "\t",
        "\r\n",
        "\u{85}",
        "\u{2028}",
        "\u{feff}",
        "\0",
        "${X}",
    ]);
    prop_oneof![prop::collection::vec(pieces, 1..12).prop_map(|pieces| pieces.concat()), ".{1,40}"]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_text_changes_the_structure(text in nasty()) {
        let spec = spec_of(&text);
        let values = compose(&default_mapping(), &subject(&spec), &Value::Null).expect("values");
        let benign = compose(&default_mapping(), &subject(&spec_of("benign")), &Value::Null).expect("values");
        prop_assert_eq!(shape(&values), shape(&benign));
        prop_assert!(texts(&values).into_iter().all(|found| found == text), "a text was changed");

        // The file that is committed says the same.
        let written = text::to_yaml(&values).expect("YAML");
        let read = promgit::yaml::document::split(&written).next().expect("a document").expect("YAML");
        prop_assert_eq!(read.value, values);
    }
}
