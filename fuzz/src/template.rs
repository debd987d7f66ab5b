//! A text as the one template of a chart, parsed, printed and executed with every function of a chart.

use std::sync::Arc;

use promgit::chart::load;
use promgit::render::prepared::FUNCTIONS;
use promgit::template::frozen::Frozen;
use promgit::template::set::Set;

use super::rendering;

/// Something of every type, so that an expression finds what it wants.
const VALUES: &str = "\
a: {b: {c: text}, list: [1, two, 3.5, null, true]}
s: Some Text
n: 5
f: 2.5
t: true
none: null
l: [{name: x, v: 1}, {name: y, v: 2}]
";

pub fn run(data: &[u8]) {
    prints_as_itself(data);
    let files = rendering::files([
        ("values.yaml", VALUES.as_bytes()),
        ("templates/_h.tpl", b"{{ define \"h\" }}<{{ . }}>{{ end }}"),
        ("templates/a.yaml", data),
        ("files/a.txt", b"one\ntwo\n"),
    ]);
    let chart = load::files(files).expect("a chart");
    if let Err(said) = rendering::twice(Arc::new(chart), &Frozen::empty()) {
        assert!(said.contains("templates/a.yaml"), "an error without its file: {said}");
    }
}

/// What a parsed template prints is the same template.
fn prints_as_itself(data: &[u8]) {
    let Some(printed) = parsed(data) else { return };
    let again = parsed(printed.as_bytes()).expect("the text of a template parses");
    assert_eq!(printed, again);
}

fn parsed(text: &[u8]) -> Option<String> {
    let mut set = Set::new("root", FUNCTIONS.clone());
    set.parse("main", text).ok()?;
    set.lookup("main").map(|tree| tree.to_string())
}
