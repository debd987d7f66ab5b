//! A seed turned into templates that are right more often than not.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::Question;
use crate::random::Random;

const VALUES: &str = "\
zero: 0
count: 3
big: 12345678
ratio: 0.25
yes: true
no: false
none: null
empty: \"\"
text: some Text-with_parts
lines: \"a\\n  b\\n\"
odd: \"é\\\"<&>\\t'\"
list: [b, a, c, a]
mixed: [1, two, null, {k: v}, [x]]
table: {k: v, n: {deep: {er: 1}}, list: [1, 2.5]}
inline: '{{ .Release.Name }}-{{ .Values.text | upper }}'
";

const TEXT: [&str; 9] = [
    ".Values.text",
    ".Values.odd",
    ".Values.lines",
    ".Values.empty",
    ".Release.Name",
    "\"a-b.c\"",
    "`raw`",
    ".Chart.Name",
    ".Template.Name",
];
const NUMBERS: [&str; 10] =
    ["1", "0", "-7", "2.5", "'x'", "0x1F", ".Values.count", ".Values.big", ".Values.ratio", ".Values.zero"];
const LISTS: [&str; 6] = [
    ".Values.list",
    ".Values.mixed",
    "(list 3 1 2)",
    "(until 3)",
    "(splitList \"-\" .Values.text)",
    "(list)",
];
const TABLES: [&str; 5] =
    [".Values.table", ".Values", "(dict \"k\" 1 \"z\" (list 1))", ".Values.table.n", "(dict)"];
const OTHERS: [&str; 9] = [
    "nil",
    ".Values.none",
    ".Values.missing",
    ".Values.missing.deeper",
    "true",
    ".Values.no",
    ".Capabilities.KubeVersion.Version",
    "$.Release",
    ".Values.mixed",
];

/// `%` is where an argument of the kind stands.
const OF_TEXT: [&str; 30] = [
    "upper %t",
    "trunc 5 %t",
    "trunc -3 %t",
    "replace \"e\" \"\" %t",
    "%t | quote",
    "%t | squote",
    "trimSuffix \"s\" %t",
    "repeat 2 %t",
    "b64enc %t",
    "sha256sum %t",
    "printf \"%s|%5s|%-5s|%q\" %t %t %t %t",
    "%t | title | untitle",
    "snakecase %t",
    "camelcase %t",
    "kebabcase %t",
    "substr 1 3 %t",
    "nindent 2 %t",
    "wrap 4 %t",
    "abbrev 6 %t",
    "regexReplaceAll \"[a-c](.)\" %t \"<${1}>\"",
    "regexFind \"t.\" %t",
    "join \"+\" %l",
    "toJson %a",
    "toYaml %a",
    "toString %a",
    "typeOf %a",
    "kindOf %a",
    "cat %a %t",
    "print %a %a",
    "printf \"%v %T\" %a %a",
];
const OF_NUMBER: [&str; 14] = [
    "add %n %n",
    "sub %n 1",
    "mul %n %n",
    "div %n 2",
    "mod %n 2",
    "len %l",
    "len %t",
    "int %a",
    "int64 %t",
    "float64 %n",
    "max %n %n",
    "floor %n",
    "round %n 1",
    "atoi %t",
];
const OF_BOOL: [&str; 16] = [
    "eq %t %t",
    "ne %t %a",
    "lt %n %n",
    "gt 3 (int %n)",
    "not %a",
    "and %a %a",
    "or %a %a",
    "empty %a",
    "has %t %l",
    "hasKey %d \"k\"",
    "contains \"e\" %t",
    "hasPrefix \"a\" %t",
    "kindIs \"map\" %a",
    "typeIs \"string\" %a",
    "eq %a %a",
    "semverCompare \">=1.20-0\" .Capabilities.KubeVersion.Version",
];
const OF_ANY: [&str; 22] = [
    "default %a %a",
    "%a | default %t",
    "coalesce %a %a %t",
    "ternary %a %a %b",
    "index %l 0",
    "index %d \"k\"",
    "get %d \"k\"",
    "first %l",
    "last %l",
    "rest %l",
    "uniq %l",
    "sortAlpha %l",
    "reverse %l",
    "without %l \"a\"",
    "append %l %a",
    "slice %l 0 1",
    "pick %d \"k\"",
    "omit %d \"k\" \"list\"",
    "merge (dict \"m\" %a) %d",
    "dig \"n\" \"deep\" %t .Values.table",
    "fromYaml %t",
    "keys %d | sortAlpha",
];

pub fn question(random: &mut Random) -> Question {
    let mut template = String::new();
    for at in 0..2 {
        let body = random.pick(&[
            "{{ . }}",
            "{{ .k }}x",
            "{{- toYaml . -}}",
            "{{ with . }}{{ . }}{{ else }}-{{ end }}",
        ]);
        let _ = writeln!(template, "{{{{ define \"d{at}\" }}}}{body}{{{{ end }}}}");
    }
    template += "{{ $v := 1 }}\n";
    for at in 0..4 {
        let _ = writeln!(template, "k{at}: {}", statement(random, 0));
    }
    let chart = "apiVersion: v2\nname: generated\nversion: 0.1.0\n";
    let files = [("Chart.yaml", chart), ("values.yaml", VALUES), ("templates/t.yaml", &template)];
    let files: BTreeMap<String, String> =
        files.into_iter().map(|(path, text)| (format!("chart/{path}"), text.to_owned())).collect();
    // Without it, only the error would be seen where the output is no YAML.
    Question { files, flags: vec!["--debug".to_owned()] }
}

fn statement(random: &mut Random, depth: usize) -> String {
    let (left, right) = (random.pick(&["{{", "{{", "{{-"]), random.pick(&["}}", "}}", "-}}"]));
    let nested = |random: &mut Random| match depth {
        0 | 1 => statement(random, depth + 1),
        _ => "x".to_owned(),
    };
    match random.below(12) {
        0 => {
            let (condition, yes, no) = (argument(random, 'b'), nested(random), nested(random));
            format!("{left} if {condition} {right} {yes} {left} else {right} {no} {left} end {right}")
        }
        1 => {
            let (list, body) = (argument(random, 'l'), nested(random));
            format!(
                "{left} range $i, $v := {list} {right} {{{{ $i }}}}={{{{ $v }}}} {body} {left} else {right}none{left} end {right}"
            )
        }
        2 => {
            let (table, body) = (argument(random, random_kind(depth)), nested(random));
            let stop =
                random.pick(&["{{ break }}", "{{ continue }}", "", "{{ if eq . 1 }}{{ break }}{{ end }}"]);
            format!("{left} range {table} {right}{stop}{{{{ . }}}}{body}{left} end {right}")
        }
        3 => {
            let (value, body) = (argument(random, 'a'), nested(random));
            format!(
                "{left} with {value} {right}{{{{ . | toJson }}}}{left} else {right}{body}{left} end {right}"
            )
        }
        4 => format!("{left} $v = {} {right}{{{{ $v }}}}", argument(random, 'a')),
        5 => format!("{left} include \"d{}\" {} | quote {right}", random.below(3), argument(random, 'a')),
        6 => format!(
            "{left} tpl {} . {right}",
            random.pick(&[".Values.inline", ".Values.text", "\"{{ $.Values.count }}\""])
        ),
        7 => format!("{left}/* a comment */{right}x"),
        _ => format!("{left} {} {right}", pipeline(random, 'a', 0)),
    }
}

fn random_kind(depth: usize) -> char {
    if depth.is_multiple_of(2) { 'd' } else { 'l' }
}

/// An expression that mostly is of the kind: `t`ext, `n`umber, `b`ool, `l`ist, `d`ict, `a`ny.
fn pipeline(random: &mut Random, kind: char, depth: usize) -> String {
    let forms: &[&str] = match kind {
        't' => &OF_TEXT,
        'n' => &OF_NUMBER,
        'b' => &OF_BOOL,
        _ => match random.below(4) {
            0 => &OF_TEXT,
            1 => &OF_NUMBER,
            2 => &OF_BOOL,
            _ => &OF_ANY,
        },
    };
    let form = random.pick(forms);
    let mut text = String::new();
    let mut letters = form.chars().peekable();
    while let Some(letter) = letters.next() {
        match letters.peek() {
            // `%s` and the like belong to printf's format.
            Some(&kind) if letter == '%' && "tnblda".contains(kind) => {
                letters.next();
                text += &operand(random, kind, depth + 1);
            }
            _ => text.push(letter),
        }
    }
    text
}

fn argument(random: &mut Random, kind: char) -> String {
    operand(random, kind, 0)
}

fn operand(random: &mut Random, kind: char, depth: usize) -> String {
    if depth < 2 && !"ld".contains(kind) && random.one_in(3) {
        return format!("({})", pipeline(random, kind, depth));
    }
    let kind = match kind {
        'a' => ['t', 'n', 'l', 'd', 'o'][random.below(5)],
        // Now and then what does not fit.
        kind if random.one_in(15) => ['t', 'n', 'l', 'd', 'o', kind][random.below(6)],
        kind => kind,
    };
    let items: &[&str] = match kind {
        't' => &TEXT,
        'n' => &NUMBERS,
        'l' => &LISTS,
        'd' => &TABLES,
        'b' => &["true", "false", ".Values.yes", ".Values.no"],
        _ => &OTHERS,
    };
    random.pick(items).to_owned()
}
