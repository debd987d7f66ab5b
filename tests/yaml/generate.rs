//! Seeded texts for the comparison with helm: YAML from nasty pieces, JSON from nasty values.

use crate::random::Random;

const SCALARS: [&str; 97] = [
    "a",
    "foo bar",
    "",
    "~",
    "null",
    "Null",
    "y",
    "n",
    "Y",
    "yes",
    "No",
    "on",
    "OFF",
    "true",
    "False",
    "TRUE",
    "0",
    "1",
    "-1",
    "+1",
    "0777",
    "0o777",
    "08",
    "0x1F",
    "0b101",
    "-0b11",
    "1_000",
    "1e3",
    "1E+3",
    "1.5",
    "-.5",
    ".5",
    "1.",
    ".",
    "..",
    ".inf",
    "-.INF",
    ".nan",
    "1:20",
    "190:20:30",
    "1:60",
    "2020-01-02",
    "2020-1-2 3:4:5",
    "2020-01-02T03:04:05Z",
    "2020-13-01",
    "12345678901234567890",
    "123456789012345678901",
    "-9223372036854775808",
    "1e400",
    "0.1e-7",
    "-0",
    "a: b",
    "a:b",
    "a:",
    ":",
    "- a",
    "-a",
    "-",
    "--",
    "---x",
    "#a",
    "a#b",
    "a #b",
    "? a",
    "?a",
    "a?",
    "*a",
    "&a",
    "!a",
    "%a",
    "@a",
    "`a",
    "'",
    "\"",
    "\\",
    "it's",
    "\"q\"",
    "[",
    "]",
    "{",
    "}",
    ",",
    "a, b",
    "|",
    ">",
    "=",
    "<<",
    "{{ x }}",
    "ä",
    "😀",
    "日本",
    "a\u{a0}b",
    "http://x.y/z?a=b&c=d#e",
    "key=value",
    "$(x)",
    "<b>&amp;</b>",
    "0.0.0.0/0",
];

const WORDS: [&str; 12] =
    ["lorem", "ipsum", "dolor", "sit", "amet,", "a", "--flag=x", "it's", "\"q\"", "x:", "#", "consectetur"];

const KEYS: [&str; 22] = [
    "a", "b", "c10", "c9", "c09", "A", "_", "a.b", "a/b", "1", "1.5", "true", "yes", "null", "~", "\"q\"",
    "'s'", "<<", "x-y", "ä", "? c", "k k",
];

/// YAML texts: blocks of nested lines that are mostly right, with something odd here and there.
pub fn yaml(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut random = Random(seed);
    (0..count)
        .map(|_| {
            let mut out = String::new();
            if random.below(20) == 0 {
                out.push_str(random.pick(&[
                    "---\n",
                    "# c\n",
                    "%YAML 1.1\n---\n",
                    "\u{feff}",
                    "--- ",
                    "\n\n",
                    "%TAG ! !x\n---\n",
                ]));
            }
            block(&mut random, &mut out, 0, 3);
            if random.below(20) == 0 {
                out.push_str(random.pick(&["---\nb: 1\n", "...\n", "--- [\n", "...\nx", "\t\n", "# end"]));
            }
            if random.below(12) == 0 {
                mutate(&mut random, &mut out);
            }
            if random.below(25) == 0 {
                out = out.replace('\n', "\r\n");
            }
            out.into_bytes()
        })
        .collect()
}

fn mutate(random: &mut Random, out: &mut String) {
    let at = random.below(out.len() + 1);
    let at = (0..=at).rev().find(|at| out.is_char_boundary(*at)).unwrap_or(0);
    let piece = random.pick(&[
        "\t", "\n", " ", ":", "-", "\"", "'", "[", "]", "{", "}", ",", "#", "&a ", "*a", "!", "\u{1}",
        "\u{85}", "\u{2028}", "  ", "|", "? ",
    ]);
    out.insert_str(at, piece);
}

fn block(random: &mut Random, out: &mut String, indent: usize, depth: usize) {
    let pad = " ".repeat(indent);
    let list = random.below(4) == 0;
    for _ in 0..=random.below(4) {
        out.push_str(&pad);
        if list {
            out.push('-');
        } else {
            out.push_str(random.pick(&KEYS));
            out.push(':');
        }
        node(random, out, indent, depth);
    }
}

fn node(random: &mut Random, out: &mut String, indent: usize, depth: usize) {
    if random.below(12) == 0 {
        out.push_str(random.pick(&[
            " &a",
            " &b",
            " !!str",
            " !!int",
            " !!float",
            " !!binary",
            " !!null",
            " !x",
            " !",
            " !!map",
            " !!bool",
        ]));
    }
    match random.below(16) {
        0..3 if depth > 0 => {
            out.push('\n');
            let indent = indent + 1 + random.below(3);
            block(random, out, indent, depth - 1);
        }
        3 => {
            out.push(' ');
            flow(random, out, 2);
            out.push('\n');
        }
        4 => literal(random, out, indent),
        5 => {
            out.push_str(&format!(
                " \"{}\"\n",
                random.pick(&[
                    "a",
                    "\\n",
                    "\\x41\\u00e4",
                    "\\U0001F600",
                    "\\/",
                    "a\n   b",
                    "\\\n  c",
                    "a\\tb",
                    "\\q",
                    "\\'",
                    "é\\N\\_\\L\\P",
                    "a\n\n  b "
                ])
            ));
        }
        6 => out.push_str(&format!(
            " '{}'\n",
            random.pick(&["a", "it''s", "a\n  b", "\"", "", " x ", "a\n\n\n  b"])
        )),
        7 => out.push_str(random.pick(&[" *a\n", " *b\n", "\n", " # c\n", " ~\n"])),
        8 => {
            let words: Vec<&str> = (0..random.below(30)).map(|_| random.pick(&WORDS)).collect();
            out.push_str(&format!(" {}\n", words.join(" ")));
        }
        9 => {
            let pad = " ".repeat(indent + 1 + random.below(3));
            out.push_str(&format!(" {}\n{pad}{}\n", random.pick(&SCALARS), random.pick(&SCALARS)));
        }
        _ => out.push_str(&format!(" {}\n", random.pick(&SCALARS))),
    }
}

fn literal(random: &mut Random, out: &mut String, indent: usize) {
    out.push_str(&format!(" {}\n", random.pick(&["|", "|-", "|+", ">", ">-", ">+", "|2", ">1", "|-2 # c"])));
    let pad = " ".repeat(indent + 2);
    for _ in 0..random.below(5) {
        let line = random.pick(&[
            "a",
            "b: c",
            "",
            "  more",
            "- x",
            "# no comment",
            " ",
            "\tt",
            "trailing ",
            "ä 😀",
            "---",
        ]);
        out.push_str(&format!("{pad}{line}\n"));
    }
}

fn flow(random: &mut Random, out: &mut String, depth: usize) {
    match random.below(if depth > 0 { 5 } else { 3 }) {
        3 => {
            out.push('[');
            for index in 0..random.below(4) {
                out.push_str(if index > 0 { ", " } else { "" });
                flow(random, out, depth - 1);
            }
            out.push(']');
        }
        4 => {
            out.push('{');
            for index in 0..random.below(4) {
                out.push_str(if index > 0 { "," } else { "" });
                out.push_str(random.pick(&KEYS));
                out.push_str(random.pick(&[": ", ":", ": ", " : "]));
                flow(random, out, depth - 1);
            }
            out.push('}');
        }
        _ => out.push_str(random.pick(&SCALARS)),
    }
}

/// JSON texts of one object each; strings come from a nasty alphabet.
pub fn json(seed: u64, count: usize) -> Vec<Vec<u8>> {
    let mut random = Random(seed);
    (0..count)
        .map(|_| {
            let mut out = Vec::new();
            if random.below(10) == 0 {
                array(&mut random, &mut out, 3)
            } else {
                object(&mut random, &mut out, 3)
            }
            if random.below(15) == 0 {
                let at = random.below(out.len());
                out[at] = random.pick(b"{}[]\",:\\ 1eE-.tn\n\xff".each_ref().as_slice()).to_owned();
            }
            out
        })
        .collect()
}

fn object(random: &mut Random, out: &mut Vec<u8>, depth: usize) {
    out.push(b'{');
    for index in 0..random.below(6) {
        out.extend_from_slice(if index > 0 { b"," } else { b"" });
        string(random, out);
        out.push(b':');
        value(random, out, depth);
    }
    out.push(b'}');
}

fn array(random: &mut Random, out: &mut Vec<u8>, depth: usize) {
    out.push(b'[');
    for index in 0..random.below(4) {
        out.extend_from_slice(if index > 0 { b", " } else { b"" });
        value(random, out, depth);
    }
    out.push(b']');
}

fn value(random: &mut Random, out: &mut Vec<u8>, depth: usize) {
    const NUMBERS: [&str; 26] = [
        "0",
        "-0",
        "1",
        "-1",
        "1.0",
        "1.5",
        "1e3",
        "1e20",
        "1e21",
        "123456789",
        "1234567.5",
        "9007199254740993",
        "1e-6",
        "1e-7",
        "0.0001",
        "0.00001",
        "123456789012345678901234567890",
        "1e308",
        "1e999",
        "-1e999",
        "5e-324",
        "1E+2",
        "18446744073709551615",
        "9223372036854775807",
        "-9223372036854775808",
        "100000000000000000000",
    ];
    match random.below(10) {
        0 if depth > 0 => object(random, out, depth - 1),
        1 if depth > 0 => array(random, out, depth - 1),
        2 => out.extend_from_slice(random.pick(&["true", "false", "null"]).as_bytes()),
        3 => out.extend_from_slice(random.pick(&NUMBERS).as_bytes()),
        _ => string(random, out),
    }
}

fn string(random: &mut Random, out: &mut Vec<u8>) {
    const PIECES: [&str; 52] = [
        "a",
        "b",
        "0",
        "9",
        "10",
        "_",
        "-",
        "- ",
        ": ",
        ":",
        " #",
        "#",
        " ",
        "  ",
        "\\n",
        "\\n\\n",
        "\\t",
        "\\r",
        "'",
        "\\\"",
        "\\\\",
        "{",
        "}",
        "[",
        "]",
        ",",
        "&",
        "*",
        "!",
        "|",
        ">",
        "%",
        "@",
        "`",
        "?",
        "=",
        "~",
        ".",
        "\\u0000",
        "\\u0085",
        "\\u2028",
        "\\ufeff",
        "\\u00a0",
        "\\u007f",
        "\\ud83d\\ude00",
        "ä",
        "日",
        "\\ufffe",
        "\u{85}",
        "<",
        "x y z",
        "Zz",
    ];
    out.push(b'"');
    match random.below(8) {
        0 => {
            let words: Vec<String> =
                (0..random.below(40)).map(|_| random.pick(&WORDS).replace('"', "\\\"")).collect();
            out.extend_from_slice(words.join(random.pick(&[" ", " ", " ", "  ", "\\n"])).as_bytes());
        }
        1..4 => {
            let scalar = random.pick(&SCALARS).replace('\\', "\\\\").replace('"', "\\\"");
            out.extend_from_slice(scalar.as_bytes());
        }
        4 if random.below(20) == 0 => out.extend_from_slice(b"bad \xff\xc3 utf-8"),
        _ => {
            for _ in 0..random.below(6) {
                out.extend_from_slice(random.pick(&PIECES).as_bytes());
            }
        }
    }
    out.push(b'"');
}

/// Texts at the limits: long keys and lines, deep nesting, alias bombs.
pub fn large() -> Vec<Vec<u8>> {
    let mut texts = Vec::new();
    for length in [126, 127, 128, 129, 170, 171, 500, 1021, 1022, 1023, 1024, 1025] {
        let key = "k".repeat(length);
        texts.push(format!("{{\"{key}\":{{\"{key}\":1,\"a\":[\"{key}\"]}}}}"));
        texts.push(format!("{key}: 1\n"));
        // libyaml counts a key's bytes where go-yaml counts characters; beyond that they differ.
        texts.push(format!("{{\"{}\":1}}", "ä".repeat(length.min(510))));
        texts.push(format!("{{\"{}\":[1]}}", "<".repeat(length)));
        texts.push(format!("{{\"{}\":[1]}}", "k l ".repeat(length / 4)));
    }
    for depth in [100, 1_000, 9_998, 9_999, 10_000, 10_001] {
        texts.push(format!("a: {}{}", "[".repeat(depth), "]".repeat(depth)));
        texts.push(format!("a: {}", "[".repeat(depth)));
    }
    // MarshalIndent makes such a text large: each level adds to every line below it.
    texts.push(format!("{{\"a\":{}{}}}", "[".repeat(1_000), "]".repeat(1_000)));
    for width in 60..100 {
        texts.push(format!(
            "{{\"a\":\"{} {} b  c d\",\"b\":\"{} 'x' {}\\t e f\"}}",
            "x".repeat(width),
            "y".repeat(20),
            "x ".repeat(width / 2),
            "z".repeat(9)
        ));
    }
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..7 {
        let references = vec![format!("*a{}", level - 1); 10].join(", ");
        bomb.push_str(&format!("a{level}: &a{level} [{references}]\n"));
    }
    texts.push(bomb);
    texts.push(format!("x: &x [{}]\ny: [*x, *x, *x, *x]\n", vec!["1"; 900].join(", ")));
    texts.push(format!("- {}\n", "lorem ipsum ".repeat(100)));
    texts.push(format!("{}\u{1}", "a: 1\n".repeat(200)));
    texts.push(format!("a: [\n{}\u{1}", "# c\n".repeat(200)));
    texts.push(format!("a: b\n---\n{}\u{1}", "# c\n".repeat(200)));
    texts.push("a: b\n---\n\u{1}".to_owned());
    texts.into_iter().map(String::into_bytes).collect()
}
