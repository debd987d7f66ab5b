//! A seed turned into a tree of charts and the values that are merged on its way down.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::Question;
use crate::random::Random;

/// Few names, so that charts, aliases, tables and values meet.
const CHARTS: [&str; 4] = ["one", "two", "three", "four"];
const KEYS: [&str; 9] = ["a", "b", "one", "two", "three", "other", "enabled", "global", "tags"];
const SCALARS: [&str; 14] = [
    "null",
    "true",
    "false",
    "1",
    "0",
    "-1.5",
    "text",
    "\"\"",
    "[]",
    "{}",
    "[1, null]",
    "~",
    "\"yes\"",
    "1e9",
];
/// Prints what a chart was given.
const TEMPLATE: &str = "chart: {{ .Chart.Name }}\nname: {{ .Template.Name }}\nvalues:\n  {{- toYaml .Values | nindent 2 }}\n\
                        subcharts: {{ keys .Subcharts | sortAlpha | toJson }}\nroot: {{ .Chart.IsRoot }}\n";

pub fn question(random: &mut Random) -> Question {
    let mut files = BTreeMap::new();
    chart(random, "chart", "top", 0, &mut files);
    let mut flags = Vec::new();
    for at in 0..random.below(3) {
        files.insert(format!("values{at}.yaml"), table(random, 0));
        flags.extend(["-f".to_owned(), format!("@/values{at}.yaml")]);
    }
    for _ in 0..random.below(3) {
        let flag = random.pick(&["--set", "--set-string", "--set-json", "--set-literal"]);
        flags.extend([flag.to_owned(), assignment(random, flag)]);
    }
    Question { files, flags }
}

fn chart(random: &mut Random, folder: &str, name: &str, depth: usize, files: &mut BTreeMap<String, String>) {
    let mut own = vec![format!("apiVersion: v{}", 1 + random.below(9).min(1)), format!("name: {name}")];
    own.push(format!("version: {}", random.pick(&["1.0.0", "0.2.3", "2.1.0-rc.1", "1.2.3+build"])));
    let mut declared = String::new();
    for _ in 0..random.below(3) {
        declared += &dependency(random);
    }
    if depth < 2 {
        for _ in 0..random.below(4 - depth) {
            let name = random.pick(&CHARTS);
            chart(random, &format!("{folder}/charts/{name}"), name, depth + 1, files);
            if !declared.contains(&format!("name: {name}\n")) && !random.one_in(4) {
                let _ = write!(declared, "- name: {name}\n  version: \"*-0\"\n");
            }
        }
    }
    if !declared.is_empty() && random.one_in(6) {
        own[0] = "apiVersion: v1".to_owned();
        files.insert(format!("{folder}/requirements.yaml"), format!("dependencies:\n{declared}"));
    } else if !declared.is_empty() {
        own.push(format!("dependencies:\n{declared}"));
    }
    files.insert(format!("{folder}/Chart.yaml"), own.join("\n"));
    if !random.one_in(5) {
        files.insert(format!("{folder}/values.yaml"), table(random, 0));
    }
    files.insert(format!("{folder}/templates/values.yaml"), TEMPLATE.to_owned());
}

fn dependency(random: &mut Random) -> String {
    let name = random.pick(&CHARTS);
    let version =
        random.pick(&["*", ">=0.0.0-0", "~1", "^1.0.0", "1.x || 2", "0.2 - 2", "", "bad version", "1.0.0"]);
    let mut text = format!("- name: {name}\n  version: {version:?}\n");
    if random.one_in(3) {
        let _ = writeln!(text, "  alias: {}", random.pick(&["other", "one", "two"]));
    }
    if random.one_in(2) {
        let condition =
            random.pick(&["enabled", "one.enabled", "two.enabled,enabled", "global.a", "a", "other.enabled"]);
        let _ = writeln!(text, "  condition: {condition}");
    }
    if random.one_in(3) {
        let _ = writeln!(text, "  tags: [{}]", random.pick(&["a", "a, b", "enabled", "one"]));
    }
    if random.one_in(3) {
        text += "  import-values:\n";
        for _ in 0..=random.below(2) {
            text += &import(random);
        }
    }
    text
}

fn import(random: &mut Random) -> String {
    if random.one_in(2) {
        return format!("  - {}\n", random.pick(&["data", "a", "b.one"]));
    }
    let (child, parent) = (path(random), if random.one_in(4) { ".".to_owned() } else { path(random) });
    format!("  - child: {child}\n    parent: {parent:?}\n")
}

fn path(random: &mut Random) -> String {
    let keys: Vec<&str> = (0..=random.below(2)).map(|_| random.pick(&KEYS)).collect();
    keys.join(".")
}

fn table(random: &mut Random, depth: usize) -> String {
    let mut text = String::new();
    let mut taken = Vec::new();
    for _ in 0..random.below(6) {
        let key = random.pick(&KEYS);
        if taken.contains(&key) {
            continue;
        }
        taken.push(key);
        let inner = if depth < 3 && random.one_in(2) { table(random, depth + 1) } else { String::new() };
        match inner.as_str() {
            "" => {
                let _ = writeln!(text, "{key}: {}", random.pick(&SCALARS));
            }
            inner => {
                let _ = writeln!(text, "{key}:");
                inner.lines().for_each(|line| text += &format!("  {line}\n"));
            }
        }
    }
    if depth == 0 && random.one_in(3) {
        let _ = writeln!(text, "exports:\n  data:\n    {}: {}", random.pick(&KEYS), random.pick(&SCALARS));
    }
    text
}

fn assignment(random: &mut Random, flag: &str) -> String {
    let path = path(random);
    let value = match flag {
        "--set-json" => random.pick(&["null", "{\"a\":{\"b\":null}}", "[1,{}]", "\"x\"", "1.0", "true"]),
        _ => random.pick(&["null", "", "1", "true", "{a,b}", "x,enabled=true", "007", "a\\,b"]),
    };
    match random.below(5) {
        0 => format!("{path}[{}]={value}", random.below(3)),
        _ => format!("{path}={value}"),
    }
}
