//! Questions turned into what Kubernetes' own code answers (`tests/health/reference`).

use std::io::Write;
use std::process::{Command, Stdio};

use serde::Deserialize;
use serde_json::Value;

use crate::support;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    pub status: String,
    pub message: String,
    pub selector: String,
    pub stored: Value,
    pub same: bool,
    pub error: String,
}

/// One answer a question, in their order.
pub fn ask(questions: &[Value]) -> Vec<Answer> {
    let tool = Command::new(support::root().join("tests/health/reference/install.sh")).output();
    let tool = support::stdout(tool.expect("install.sh"));
    let mut child = Command::new(tool.trim())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the reference");
    let mut stdin = child.stdin.take().expect("stdin");
    let lines: Vec<String> = questions.iter().map(Value::to_string).collect();
    let writer = std::thread::spawn(move || {
        for line in lines {
            writeln!(stdin, "{line}").expect("a pipe");
        }
    });
    let output = support::stdout(child.wait_with_output().expect("output"));
    writer.join().expect("all written");
    let answers: Vec<Answer> = output.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}
