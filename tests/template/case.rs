//! Case files to cases, and their way to the reference program and back.
//!
//! ```text
//! == name of the case
//! -- data            JSON, default null
//! -- file NAME       a template parsed before the text; any number
//! -- text            the template to execute
//! -- each            instead of text: every line is a template of its own
//! ```

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

pub struct Case {
    pub name: String,
    pub data: Value,
    pub files: Vec<(String, String)>,
    pub text: String,
}

#[derive(Debug, PartialEq)]
pub enum Outcome {
    Printed(String),
    Failed(Vec<String>),
}

/// The cases of all files of a folder, in the order of their names.
pub fn all(folder: &Path) -> Vec<Case> {
    let files =
        walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(|entry| entry.expect("readable"));
    files.filter(|entry| entry.file_type().is_file()).flat_map(|entry| read(entry.path())).collect()
}

fn read(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).expect("case file");
    let file = path.file_stem().expect("name").to_string_lossy().into_owned();
    let blocks = text.split("\n== ").skip(1);
    blocks.flat_map(|block| parse(&file, block)).collect()
}

fn parse(file: &str, block: &str) -> Vec<Case> {
    let (title, rest) = block.split_once('\n').expect("a case has sections");
    let name = format!("{file}: {title}");
    let mut data = Value::Null;
    let mut files = Vec::new();
    let mut texts = Vec::new();
    for section in format!("\n{rest}").split("\n-- ").skip(1) {
        let (head, body) = section.split_once('\n').unwrap_or((section, ""));
        match head.split_once(' ').unwrap_or((head, "")) {
            ("data", _) => {
                data = serde_json::from_str(body).unwrap_or_else(|error| panic!("{name}: {error}"))
            }
            ("file", name) => files.push((name.to_string(), body.to_string())),
            ("text", _) => texts.push(body.trim_end_matches('\n').to_string()),
            ("each", _) => texts.extend(body.lines().filter(|line| !line.is_empty()).map(String::from)),
            _ => panic!("{name}: unknown section {head:?}"),
        }
    }
    let case = |text| Case { name: name.clone(), data: data.clone(), files: files.clone(), text };
    texts.into_iter().map(case).collect()
}

pub fn to_json(cases: &[Case]) -> String {
    let file = |(name, text): &(String, String)| json!({"Name": name, "Text": STANDARD.encode(text)});
    let one = |case: &Case| {
        let files: Vec<Value> = case.files.iter().map(file).collect();
        json!({"Text": STANDARD.encode(&case.text), "Data": case.data, "Files": files})
    };
    Value::Array(cases.iter().map(one).collect()).to_string()
}

pub fn from_json(text: &str) -> Vec<Outcome> {
    let results: Vec<Value> = serde_json::from_str(text).expect("JSON from the reference program");
    let outcome = |result: &Value| match result["Chain"].as_array() {
        Some(chain) => {
            Outcome::Failed(chain.iter().map(|text| text.as_str().expect("text").into()).collect())
        }
        None => {
            let bytes = STANDARD.decode(result["Output"].as_str().unwrap_or_default()).expect("base64");
            Outcome::Printed(String::from_utf8_lossy(&bytes).into_owned())
        }
    };
    results.iter().map(outcome).collect()
}
