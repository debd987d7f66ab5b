//! The template language against Go's own `text/template`, byte for byte.
//!
//! Every case of `tests/template/cases/*.txt` is run by both; output, error text and the chain of wrapped
//! errors have to be the same.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "template/budgets.rs"]
mod budgets;
#[path = "template/case.rs"]
mod case;
#[path = "template/host.rs"]
mod host;
#[path = "template/properties.rs"]
mod properties;
mod support;

use std::io::Write;
use std::process::{Command, Stdio};

use case::{Case, Outcome};

#[test]
fn same_as_go() {
    let cases = case::all(&support::root().join("tests/template/cases"));
    assert!(cases.len() >= 150, "only {} cases were found", cases.len());
    compare(&cases);
}

/// Templates and formats put together at random, the same ones in every run.
#[test]
fn same_as_go_at_random() {
    compare(&properties::random_cases(3_000));
}

fn compare(cases: &[Case]) {
    let expected = ask_go(cases);
    assert_eq!(cases.len(), expected.len());
    let mut wrong = Vec::new();
    for (case, expected) in cases.iter().zip(&expected) {
        let found = host::run(case);
        if found != *expected {
            wrong.push(format!(
                "{}\n  text  {:?}\n  go    {expected:?}\n  found {found:?}\n",
                case.name, case.text
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} cases differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn character_classes_are_those_of_go() {
    let printed = support::stdout(go_run("tests/template/reference/unicode").output().expect("go runs"));
    let kept = std::fs::read_to_string(support::root().join("src/template/unicode.rs")).expect("unicode.rs");
    assert_eq!(kept, printed, "run `go run main.go > unicode.rs` in tests/template/reference/unicode");
}

/// All cases through one process of the reference program.
fn ask_go(cases: &[Case]) -> Vec<Outcome> {
    let mut go = go_run("tests/template/reference")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("go runs");
    let input = case::to_json(cases);
    go.stdin.take().expect("stdin").write_all(input.as_bytes()).expect("go reads the cases");
    let output = support::stdout(go.wait_with_output().expect("go ends"));
    case::from_json(&output)
}

fn go_run(folder: &str) -> Command {
    let mut go = Command::new("go");
    go.args(["run", "main.go"]).current_dir(support::root().join(folder)).env("GOFLAGS", "");
    go
}
