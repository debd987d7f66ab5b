//! A line as a regular expression, one as what replaces, and the rest as the text, through all functions of charts.

use std::sync::{Arc, LazyLock};

use promgit::chart::{Chart, load};
use promgit::template::frozen::Frozen;
use promgit::template::value::Value;

use super::rendering;

const TEMPLATE: &str = r"
{{- $p := .Values.pattern }}{{ $r := .Values.by }}{{ $t := .Values.text }}
found: {{ regexMatch $p $t }}
{{- $_ := mustRegexMatch $p $t }}
all: {{ mustRegexFindAll $p $t -1 | toJson }}
first: {{ mustRegexFind $p $t | toJson }}
by: {{ mustRegexReplaceAll $p $t $r | toJson }}
literally: {{ mustRegexReplaceAllLiteral $p $t $r | toJson }}
split: {{ mustRegexSplit $p $t -1 | toJson }}
quoted: {{ mustRegexMatch (regexQuoteMeta $t) $t }}
";

static CHART: LazyLock<Arc<Chart>> = LazyLock::new(|| {
    let files = rendering::files([("templates/a.yaml", TEMPLATE.as_bytes())]);
    Arc::new(load::files(files).expect("a chart"))
});

pub fn run(data: &[u8]) {
    let mut lines = data.splitn(3, |byte| *byte == b'\n').map(Value::str);
    let mut next = || lines.next().unwrap_or_else(|| Value::str(""));
    let values = Value::map([("pattern", next()), ("by", next()), ("text", next())]);
    match rendering::twice(CHART.clone(), &Frozen::from(&values)) {
        Ok(printed) => {
            let quoted = printed.windows(12).any(|line| line == b"quoted: true");
            assert!(quoted, "a quoted text does not match itself");
        }
        Err(said) => assert!(said.contains("templates/a.yaml"), "an error without its file: {said}"),
    }
}
