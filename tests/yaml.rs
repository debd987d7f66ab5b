//! Asks the real helm about every case and every generated document: reading, writing and errors must be
//! equal in every byte.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "yaml/generate.rs"]
mod generate;
#[path = "support/random.rs"]
mod random;
mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use promgit::template::value::{Map, Value};
use promgit::yaml::{json, pretty, read, write};

/// What Helm's functions print for one text, by name.
const QUESTIONS: [(&str, &str); 13] = [
    ("fromYaml | toJson", "fromYaml $t | toJson"),
    ("fromYaml | toYaml", "fromYaml $t | toYaml"),
    ("fromYaml | toYamlPretty", "fromYaml $t | toYamlPretty"),
    ("fromYamlArray | toJson", "fromYamlArray $t | toJson"),
    ("fromYamlArray | toYaml", "fromYamlArray $t | toYaml"),
    ("fromYamlArray | toYamlPretty", "fromYamlArray $t | toYamlPretty"),
    ("fromJson | toJson", "fromJson $t | toJson"),
    ("fromJson | toYaml", "fromJson $t | toYaml"),
    ("fromJson | toYamlPretty", "fromJson $t | toYamlPretty"),
    ("fromJson | toPrettyJson", "fromJson $t | toPrettyJson"),
    ("fromJson | toRawJson", "fromJson $t | toRawJson"),
    ("fromJsonArray | toJson", "fromJsonArray $t | toJson"),
    (
        "text | toJson, toYaml, toYamlPretty",
        "list (toJson $t) (toYaml $t) (toYamlPretty $t) (dict $t $t | toYaml) (dict $t $t | toYamlPretty) | join \"\\n\"",
    ),
];

fn ours(text: &[u8]) -> Vec<Vec<u8>> {
    let yaml = Value::Map(read::map(text).unwrap_or_else(|error| error_map(&error)));
    let yaml_list = match read::list(text) {
        Ok(list) => Value::List(list),
        Err(error) => Value::list(vec![Value::str(error.to_string())]),
    };
    let from_json = json::decode_map(text);
    if let Some(error) = from_json.error {
        from_json.value.insert("Error", Value::str(error.to_string()));
    }
    let from_json = Value::Map(from_json.value);
    let json_list = json::decode_list(text);
    let json_list = match json_list.error {
        Some(error) => Value::list(vec![Value::str(error.to_string())]),
        None => Value::List(json_list.value),
    };
    let raw = json::Options { escape_html: false, indent: false };
    let itself = Value::str(text);
    let twice = Value::map([(text, itself.clone())]);
    let all = [to_json(&itself), to_yaml(&itself), to_pretty(&itself), to_yaml(&twice), to_pretty(&twice)];
    vec![
        to_json(&yaml),
        to_yaml(&yaml),
        to_pretty(&yaml),
        to_json(&yaml_list),
        to_yaml(&yaml_list),
        to_pretty(&yaml_list),
        to_json(&from_json),
        to_yaml(&from_json),
        to_pretty(&from_json),
        json::encode_indent(&from_json).unwrap_or_default(),
        json::encode_with(&from_json, raw).unwrap_or_default(),
        to_json(&json_list),
        all.join(&b"\n"[..]),
    ]
}

fn error_map(error: &dyn std::error::Error) -> Map {
    let map = Value::map([("Error", Value::str(error.to_string()))]);
    map.as_map().expect("a map").clone()
}

fn to_json(value: &Value) -> Vec<u8> {
    json::encode(value).unwrap_or_default()
}

fn to_yaml(value: &Value) -> Vec<u8> {
    trim(write::to_vec(value).unwrap_or_default())
}

fn to_pretty(value: &Value) -> Vec<u8> {
    trim(pretty::to_vec(value).unwrap_or_default())
}

fn trim(mut text: Vec<u8>) -> Vec<u8> {
    if text.last() == Some(&b'\n') {
        text.pop();
    }
    text
}

/// helm's answers: one line for each text, one field for each question.
fn helm(texts: &[Vec<u8>]) -> Vec<Vec<Vec<u8>>> {
    let chart = tempfile::tempdir().expect("a folder");
    let write = |path: &str, text: &str| {
        let path = chart.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        std::fs::write(path, text).expect("a file");
    };
    let questions: Vec<String> = QUESTIONS.iter().map(|(_, ask)| format!("({ask} | b64enc)")).collect();
    let lines: Vec<String> = texts.iter().map(|text| format!("={}", STANDARD.encode(text))).collect();
    write("Chart.yaml", "apiVersion: v2\nname: ask\nversion: 0.1.0\n");
    write("docs.txt", &lines.join("\n"));
    write(
        "templates/answers.yaml",
        &format!(
            "kind: Answers\nanswers: |\n{{{{- range .Files.Lines \"docs.txt\" }}}}\n{{{{- $t := trimPrefix \"=\" . | b64dec }}}}\n  ={{{{ list {} | join \"|\" }}}}\n{{{{- end }}}}\n",
            questions.join(" ")
        ),
    );
    let output =
        support::hermetic(support::helm(), chart.path()).args(["template", "ask"]).arg(chart.path()).output();
    let output = support::stdout(output.expect("helm runs"));
    let answers = output.lines().filter_map(|line| line.strip_prefix("  ="));
    answers
        .map(|line| line.split('|').map(|field| STANDARD.decode(field).expect("base64")).collect())
        .collect()
}

/// Compares all answers; prints the first differences.
fn compare(names: &[String], texts: &[Vec<u8>]) {
    let theirs = helm(texts);
    assert_eq!(theirs.len(), texts.len(), "helm answers every text");
    let mut different = 0;
    for ((name, text), theirs) in names.iter().zip(texts).zip(&theirs) {
        let ours = ours(text);
        for (index, (question, _)) in QUESTIONS.iter().enumerate() {
            let equal = ours[index] == theirs[index] || is_undecided(&ours[index], &theirs[index]);
            if !equal {
                different += 1;
                if different <= 25 {
                    let [text, helm, ours] = [text, &theirs[index], &ours[index]].map(|bytes| show(bytes));
                    println!("{name}: {question}\n  text {text}\n  helm {helm}\n  ours {ours}");
                }
            }
        }
    }
    assert_eq!(different, 0, "answers differ, of {}", texts.len() * QUESTIONS.len());
}

/// Where helm itself answers differently each time, since Go shuffles its maps.
fn is_undecided(ours: &[u8], theirs: &[u8]) -> bool {
    // Several keys that JSON cannot hold: any of them may be named.
    let refused = |text: &[u8]| String::from_utf8_lossy(text).contains("unsupported map key of type");
    (refused(ours) && refused(theirs)) || is_reordered(ours, theirs)
}

/// go-yaml's order of keys is not total (`b10` < `b1x` < `b9` < `b10`): for such keys the lines come in
/// another order each time.
fn is_reordered(ours: &[u8], theirs: &[u8]) -> bool {
    let lines = |text: &[u8]| {
        let text = String::from_utf8_lossy(text).into_owned();
        let trim = |line: &str| line.trim_start_matches(['-', ' ', ':', '?']).to_owned();
        let mut lines: Vec<String> = text.lines().map(trim).filter(|line| !line.is_empty()).collect();
        lines.sort();
        lines
    };
    let has_digits = ours.iter().any(u8::is_ascii_digit);
    has_digits && lines(ours) == lines(theirs)
}

fn show(bytes: &[u8]) -> String {
    let text = format!("{:?}", String::from_utf8_lossy(bytes));
    if text.len() > 700 { format!("{}…", text.chars().take(700).collect::<String>()) } else { text }
}

fn cases(folder: &str) -> (Vec<String>, Vec<Vec<u8>>) {
    let folder = support::root().join("tests/yaml").join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder of cases");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let name = |path: &std::path::PathBuf| path.file_name().expect("a name").to_string_lossy().into_owned();
    (
        paths.iter().map(name).collect(),
        paths.iter().map(|path| std::fs::read(path).expect("a case")).collect(),
    )
}

#[test]
fn cases_are_answered_as_by_helm() {
    let (names, texts) = cases("cases");
    assert!(texts.len() >= 120, "{} cases", texts.len());
    compare(&names, &texts);
}

#[test]
fn long_and_deep_texts_are_answered_as_by_helm() {
    let texts = generate::large();
    let names: Vec<String> = (0..texts.len()).map(|index| format!("large {index}")).collect();
    compare(&names, &texts);
}

#[test]
fn generated_yaml_is_answered_as_by_helm() {
    let count = std::env::var("PROMGIT_YAML_DOCS").ok().and_then(|count| count.parse().ok()).unwrap_or(3000);
    let seed = std::env::var("PROMGIT_YAML_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let texts = generate::yaml(seed, count);
    let names: Vec<String> = (0..texts.len()).map(|index| format!("yaml {index}")).collect();
    compare(&names, &texts);
}

#[test]
fn generated_json_is_answered_as_by_helm() {
    let count = std::env::var("PROMGIT_YAML_DOCS").ok().and_then(|count| count.parse().ok()).unwrap_or(3000);
    let seed = std::env::var("PROMGIT_YAML_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(7);
    let texts = generate::json(seed, count);
    let names: Vec<String> = (0..texts.len()).map(|index| format!("json {index}")).collect();
    compare(&names, &texts);
}

#[test]
fn what_is_written_reads_back() {
    for text in generate::json(11, 1500) {
        // go-yaml writes a key `<<` plain and then reads a merge; and a minus zero loses its sign.
        if [b"<<", b"-0"].iter().any(|piece| text.windows(2).any(|pair| pair == *piece)) {
            continue;
        }
        let Ok(value) = json::decode(&text) else { continue };
        let before = to_json(&value);
        let (Ok(yaml), Ok(pretty)) = (write::to_vec(&value), pretty::to_vec(&value)) else { continue };
        let after = read::value(&yaml).expect("own YAML is read");
        let rewritten = write::to_vec(&after).expect("and written again");
        assert_eq!(show(&yaml), show(&rewritten));
        // Two keys may become one, and U+0085 a space: only what was clean comes back as it was.
        if !before.iter().any(|byte| !byte.is_ascii()) {
            assert_eq!(show(&before), show(&to_json(&after)));
        }
        // go-yaml v3 begins a literal block with a tab, which v2 does not read; nor are its strings JSON's.
        if !before.iter().any(|byte| !byte.is_ascii()) && !before.windows(2).any(|pair| pair == b"\\t") {
            let after = read::value(&pretty).expect("pretty YAML is read");
            assert_eq!(show(&before), show(&to_json(&after)));
        }
    }
}
