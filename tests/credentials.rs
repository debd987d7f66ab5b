//! Credentials in a Prometheus configuration: `tests/credentials/cases.yaml` says which field each text is refused for.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

use std::fs;

use promgit::prometheus::credentials;
use serde::Deserialize;

/// What stands for the secret in the cases.
const SECRET: &str = "s3cr3t-value";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    config: String,
    refused: Option<String>,
}

#[test]
fn every_credential_is_found_and_nothing_else() {
    let text = fs::read_to_string("tests/credentials/cases.yaml").unwrap();
    let cases: Vec<Case> = serde_yaml::from_str(&text).unwrap();
    let innocent = cases.iter().filter(|case| case.refused.is_none()).count();
    assert!(innocent >= 30 && cases.len() - innocent >= 30, "half of the cases are look-alikes");
    let wrong: Vec<String> = cases.iter().filter_map(wrong).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn wrong(case: &Case) -> Option<String> {
    let found = credentials::check(&case.config);
    let said: Vec<String> = found.iter().map(ToString::to_string).collect();
    let paths: Vec<&str> = found.iter().map(|problem| problem.path.as_str()).collect();
    let wanted: Vec<&str> = case.refused.as_deref().into_iter().collect();
    if paths != wanted {
        return Some(format!("{}: found {paths:?}, not {wanted:?}", case.name));
    }
    let is_told = said.iter().any(|text| text.contains(SECRET));
    is_told.then(|| format!("{}: the message tells the secret: {said:?}", case.name))
}
