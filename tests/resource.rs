//! The resource: its definition, and what is said to a good and a bad one.
#![allow(clippy::disallowed_methods)]
mod support;

#[test]
fn the_chart_holds_what_the_code_writes() {
    let path = support::root().join("charts/promgit-crds/templates/prometheusclusters.promgit.dev.yaml");
    let text = promgit::api::crd::yaml().expect("a definition");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &text).expect("writable");
    }
    assert!(std::fs::read_to_string(&path).unwrap_or_default() == text, "{} is stale; UPDATE=1 writes it", path.display());
}
