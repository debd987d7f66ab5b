//! What the chart refuses, and what it says.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::harness::{RELEASE, cases, chart, template};
use crate::support;

#[test]
fn bad_values_get_the_message_of_their_case() {
    for (file, table) in cases("refused") {
        for case in table.as_array().expect("a list of cases") {
            let refusal =
                template(&chart(), RELEASE, &[&case["values"]]).expect_err(&case["values"].to_string());
            let refusal = refusal.replace("Use --debug flag to render out invalid YAML", "");
            let message = case["message"].as_str().expect("message");
            assert!(refusal.trim().ends_with(message), "{file}: {}: {refusal}", case["values"]);
        }
    }
}

/// The schema knows each value of `values.yaml`, and no other.
#[test]
fn the_schema_and_the_defaults_have_the_same_keys() {
    let read = |file: &str| std::fs::read_to_string(chart().join(file)).expect("file");
    let schema: Value = serde_json::from_str(&read("values.schema.json")).expect("JSON");
    let defaults: Value = serde_yaml::from_str(&read("values.yaml")).expect("YAML");
    assert_same_keys("", &schema, &defaults);
}

fn assert_same_keys(path: &str, schema: &Value, defaults: &Value) {
    let Some(properties) = schema["properties"].as_object() else { return };
    assert_eq!(schema["additionalProperties"], false, "{path}");
    let of_schema: BTreeSet<&String> = properties.keys().filter(|key| *key != "global").collect();
    let documented =
        |path: &str| path.contains("/probes/") || path == "/resources" || path == "/updateStrategy";
    if !documented(path) {
        assert_eq!(of_schema, defaults.as_object().expect("a map").keys().collect(), "{path}");
    }
    for (key, schema) in properties {
        assert_same_keys(&format!("{path}/{key}"), schema, &defaults[key]);
    }
}

/// A comment of its own, or one above its group, for every key of `values.yaml`.
#[test]
fn every_top_level_value_is_documented() {
    let text = std::fs::read_to_string(chart().join("values.yaml")).expect("values.yaml");
    for paragraph in text.split("\n\n") {
        assert!(paragraph.trim_start().starts_with('#') || is_section(paragraph), "no comment: {paragraph}");
    }
}

/// A map whose keys carry the comments.
fn is_section(paragraph: &str) -> bool {
    paragraph.lines().next().is_some_and(|line| line.ends_with(':')) && paragraph.contains("  # ")
        || paragraph.starts_with("hostAliases")
        || paragraph.starts_with("ingress")
}

#[test]
fn helm_lint_is_content() {
    let home = tempfile::tempdir().expect("temporary folder");
    let mut helm = support::hermetic(support::helm(), home.path());
    let printed = support::stdout(helm.args(["lint", "--strict"]).arg(chart()).output().expect("helm runs"));
    assert!(!printed.contains("[WARNING]") && !printed.contains("[ERROR]"), "{printed}");
}
