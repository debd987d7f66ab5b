//! Properties: nothing panics, everything ends, a printed template is the same template.

use std::sync::Arc;

use promgit::template::budgets::Limits;
use promgit::template::eval::Exec;
use promgit::template::fmt::sprintf;
use promgit::template::set::Set;
use promgit::template::value::Value;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;

use crate::case::Case;
use crate::host::{self, Host};

/// Pieces that a template is made of, put together without sense.
fn fragment() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "{{",
        "}}",
        "{{- ",
        " -}}",
        "{{/*",
        "*/}}",
        "if ",
        "else",
        "end",
        "range ",
        "with ",
        "define ",
        "block ",
        "template ",
        "break",
        "continue",
        "\"a\"",
        "`b`",
        "'c'",
        ".",
        ".a",
        ".b.c",
        "$",
        "$x",
        "$x.y",
        ":=",
        "=",
        ",",
        "|",
        "(",
        ")",
        " ",
        "\n",
        "nil",
        "true",
        "1",
        "-0x1f",
        "1e3",
        "0b_1",
        "1+2i",
        "printf ",
        "list ",
        "index ",
        "slice ",
        "text",
        "é",
        "\u{1f600}",
        "\\",
        "\"",
        "{",
        "}",
        "and ",
        "tpl ",
        "include ",
        "3",
    ])
}

fn template() -> impl Strategy<Value = String> {
    prop::collection::vec(fragment(), 0..40).prop_map(|parts| parts.concat())
}

/// Templates that parse, most of the time.
fn sensible() -> impl Strategy<Value = String> {
    let operand = prop::sample::select(vec![
        ".",
        ".a",
        ".a.b",
        "$",
        "$.a",
        "nil",
        "true",
        "12",
        "-1.5e3",
        "'x'",
        "\"q\\n\"",
        "`raw`",
        "(.a)",
        "(.a).b",
        "(index .l 0).c",
        "none",
        "(list 1 2 | len)",
    ]);
    let command =
        (prop::sample::select(vec!["printf", "list", "eq", "any", "print"]), operand.clone(), operand)
            .prop_map(|(name, a, b)| format!("{name} {a} {b}"));
    let action = command.clone().prop_map(|command| format!("{{{{{command}}}}}"));
    let piped = (command.clone(), command.clone()).prop_map(|(a, b)| format!("{{{{- {a} | {b} -}}}}"));
    let declared = command.prop_map(|command| format!("{{{{$x := {command}}}}}{{{{$x}}}}{{{{$x = 1}}}}"));
    let text = "[a-z \n<>]{0,8}";
    let leaf = prop_oneof![action, piped, declared, text.prop_map(String::from)];
    leaf.prop_recursive(4, 30, 4, |inner| {
        (
            prop::sample::select(vec!["if .a", "with .a.b", "range .l", "range $i, $e := .l"]),
            inner.clone(),
            inner,
        )
            .prop_map(|(head, a, b)| format!("{{{{{head}}}}}{a}{{{{else}}}}{b}{{{{end}}}} {a}"))
    })
}

/// An operand of some type for a built-in function.
fn call() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "and",
        "or",
        "not",
        "len",
        "index",
        "slice",
        "print",
        "println",
        "html",
        "js",
        "urlquery",
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "str",
        "int",
        "float",
        "uint8",
        "bool",
        "mapping",
        "list",
        "strings",
        "joined",
        "any",
        "table.Get",
        "info.Add",
        "versions.Has",
        ".a.b",
        "call",
        "printf",
    ]);
    let operand = prop::sample::select(vec![
        ".a",
        ".l",
        ".s",
        ".f",
        ".t",
        ".none",
        ".a.x",
        "(.a.x)",
        "nil",
        "1",
        "2.5",
        "-1",
        "\"b\"",
        "true",
        "'c'",
        "none",
        "info",
        "table",
        "versions",
        "nilmap",
        "(bytes \"xy\")",
        "(uint8 7)",
        "(int64 -3)",
        "(index .l 0)",
    ]);
    let args = prop::collection::vec(operand.clone(), 0..4);
    (name, args, prop::option::of(operand)).prop_map(|(name, args, piped)| match piped {
        Some(piped) => format!("{{{{{piped} | {name} {}}}}}", args.join(" ")),
        None => format!("{{{{{name} {}}}}}", args.join(" ")),
    })
}

/// A `printf` with one directive and one operand.
fn directive() -> impl Strategy<Value = String> {
    let operand = prop::sample::select(vec![
        "1",
        "-42",
        "0",
        "255",
        "1.5",
        "-0.001",
        "1e6",
        "123456789.125",
        "0.0",
        "\"héy\"",
        "\"\"",
        "true",
        "nil",
        "'x'",
        "(uint8 200)",
        "(bytes \"a\\x00é\")",
        "(list 1 \"b\" nil 2.5)",
        "(strings \"p\" \"q\")",
        "texts",
        "table",
        "plain",
        "nilmap",
    ]);
    ("%[-+# 0]{0,3}([0-9]{0,2})?(\\.[0-9]{0,2})?[vdsqxXobOcUeEfFgGtTw]", operand)
        .prop_map(|(format, operand)| format!("{{{{printf {format:?} {operand}}}}}"))
}

/// Cases for the reference program, the same ones in every run.
pub fn random_cases(count: usize) -> Vec<Case> {
    let inner = serde_json::json!({"b": "x", "c": 1.5});
    let data = serde_json::json!({"a": inner, "l": [inner, null, true], "s": "abc", "f": 2.5, "t": true, "none": null});
    let any = prop_oneof![template(), sensible(), call(), directive()];
    let mut runner = TestRunner::deterministic();
    let mut next = || any.new_tree(&mut runner).expect("a template").current();
    (0..count)
        .map(|_| Case { name: "random".into(), data: data.clone(), files: Vec::new(), text: next() })
        // Imaginary numbers are refused here.
        .filter(|case| !case.text.contains("2i"))
        .collect()
}

fn parsed(text: &[u8]) -> Option<Set<Host>> {
    let mut set = Set::new("root", Arc::new(host::funcs()));
    set.parse("main", text).ok()?;
    Some(set)
}

fn data() -> Value {
    let inner = Value::map([("b", Value::str("x")), ("c", Value::Float(1.5))]);
    Value::map([("a", inner.clone()), ("l", Value::list(vec![inner, Value::Nil, Value::Bool(true)]))])
}

fn execute(set: Set<Host>) {
    let mut host = Host;
    let limits = Limits { steps: 20_000, output: 1 << 20, depth: 50, ..Limits::default() };
    let mut exec = Exec::new(Arc::new(set), &mut host, limits);
    let _ = exec.execute_template("main", data());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_end(text in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut action = b"{{".to_vec();
        action.extend_from_slice(&text);
        for text in [text, action] {
            if let Some(set) = parsed(&text) {
                execute(set);
            }
        }
    }

    #[test]
    fn any_pieces_end(text in template()) {
        if let Some(set) = parsed(text.as_bytes()) {
            execute(set);
        }
    }

    #[test]
    fn a_printed_template_is_the_same_template(text in sensible()) {
        let set = parsed(text.as_bytes()).expect("parses");
        let printed = set.lookup("main").expect("main").to_string();
        let again = parsed(printed.as_bytes()).expect("its own text parses");
        prop_assert_eq!(&printed, &again.lookup("main").expect("main").to_string());
        execute(set);
    }

    #[test]
    fn any_format_ends(format in "[%a-zA-Z0-9.*#+ \\[\\]-]{0,20}", text in ".{0,5}", number in any::<i64>()) {
        let args = [Value::str(text), Value::int(number), Value::Float(number as f64), data()];
        for count in 0..=args.len() {
            sprintf(&format, &args[..count]);
        }
    }
}
