//! Hostile templates end with a clean error, long before memory, time or stack do.

use std::sync::Arc;

use promgit::template::budgets::{Limits, on_deep_stack};
use promgit::template::eval::Exec;
use promgit::template::fmt::print_value;
use promgit::template::set::Set;
use promgit::template::value::Value;

use crate::host::{self, Host};

/// The output or the error text.
fn run(limits: Limits, text: &str) -> Result<String, String> {
    let mut set = Set::new("root", Arc::new(host::funcs()));
    set.parse("main", text.as_bytes()).map_err(|error| error.to_string())?;
    let mut host = Host;
    let mut exec = Exec::new(Arc::new(set), &mut host, limits);
    let printed = exec.execute_template("main", Value::Nil).map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&printed).into_owned())
}

fn error(limits: Limits, text: &str) -> String {
    run(limits, text).expect_err("has to be stopped")
}

#[test]
fn endless_recursion_stops_at_the_depth() {
    let text = r#"{{define "x"}}{{template "x" .}}{{end}}{{template "x" .}}"#;
    let error = on_deep_stack(|| error(Limits::deep(), text)).expect("thread");
    assert_eq!(
        error,
        "template: main:1:25: executing \"x\" at <{{template \"x\" .}}>: exceeded maximum template depth (4000)"
    );
}

#[test]
fn endless_include_and_tpl_stop_too() {
    for text in [
        r#"{{define "x"}}{{include "x" .}}{{end}}{{include "x" .}}"#,
        r#"{{define "x"}}{{tpl "{{if true}}{{range 1}}{{include \"x\" (list .)}}{{end}}{{end}}" .}}{{end}}{{include "x" .}}"#,
    ] {
        let limits = Limits { depth: 1_500, ..Limits::deep() };
        let error = on_deep_stack(|| error(limits, text)).expect("thread");
        assert!(error.contains("exceeded maximum template depth (1500)"), "{}", error.len());
    }
}

#[test]
fn a_small_stack_is_not_run_over() {
    let text = r#"{{define "x"}}{{include "x" .}}{{end}}{{include "x" .}}"#;
    assert!(error(Limits::default(), text).contains("nested too deeply"));
}

#[test]
fn helm_depth_fits() {
    let text = r#"{{define "x"}}{{if .}}{{include "x" (slice . 1)}}{{else}}end{{end}}{{end}}{{include "x" (printf "%1000s" "")}}"#;
    let printed = on_deep_stack(|| run(Limits::deep(), text)).expect("thread");
    assert_eq!(printed.as_deref(), Ok("end"));
}

#[test]
fn endless_loops_stop() {
    let limits = Limits { steps: 100_000, ..Limits::default() };
    let text = error(limits, "{{range 9000000000}}{{end}}");
    assert!(
        text.contains("template takes more than 100000 steps; look for a loop that does not end"),
        "{text}"
    );
}

#[test]
fn growing_strings_stop() {
    let text = error(Limits::default(), r#"{{$x := "aaaa"}}{{range 100}}{{$x = print $x $x}}{{end}}"#);
    assert!(text.contains("builds a text of more than 8388608 bytes"), "{text}");
    let limits = Limits { output: 1 << 20, ..Limits::default() };
    let text = error(limits, r#"{{$x := "aaaa"}}{{range 1000000}}{{$x}}{{end}}"#);
    assert!(text.contains("prints more than 1048576 bytes"), "{text}");
}

#[test]
fn deep_values_are_dropped_and_printed() {
    let text = run(Limits::default(), "{{$x := list}}{{range 300000}}{{$x = list $x}}{{end}}{{len $x}}");
    assert_eq!(text.as_deref(), Ok("1"));
    let text = run(Limits::default(), "{{$x := list}}{{range 300000}}{{$x = list $x}}{{end}}{{$x}}");
    assert!(text.is_ok());
}

#[test]
fn a_map_that_holds_itself_is_printed() {
    let value = Value::map([("a", Value::int(1))]);
    let map = value.as_map().expect("map");
    map.insert("self", value.clone());
    assert!(print_value(&value).starts_with(b"map[a:1 self:map[a:1 self:"));
    map.remove("self");
}

#[test]
fn deep_nesting_is_refused_by_the_parser() {
    for (open, close) in [("{{print (", ")}}"), ("{{if true}}", "{{end}}")] {
        let inner = if open.contains('(') { "(" } else { open };
        let outer = if open.contains('(') { ")" } else { close };
        let nested = |depth: usize| {
            let middle = if open.contains('(') { "1" } else { "x" };
            format!("{open}{}{middle}{}{close}", inner.repeat(depth), outer.repeat(depth))
        };
        assert!(run(Limits::default(), &nested(240)).is_ok());
        assert!(error(Limits::default(), &nested(100_000)).ends_with("max expression depth exceeded"));
    }
    let chain = "{{if false}}".to_string() + &"{{else if false}}".repeat(240) + "{{end}}";
    assert_eq!(run(Limits::default(), &chain).as_deref(), Ok(""));
}
