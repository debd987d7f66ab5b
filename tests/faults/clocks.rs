//! A clock that somebody sets while the agent runs: nothing waits for ever, nothing is given up early, and no commit is older than its
//! parent.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::agent::{self, Agent, USER};
use crate::api_proxy::ApiProxy;
use crate::bed::Bed;
use crate::place::Place;
use crate::support;

const DAY: i64 = 86_400;

/// A library that moves the clock of a program.
fn clock(folder: &Path) -> PathBuf {
    let (source, library) = (support::root().join("tests/support/clock.c"), folder.join("clock.so"));
    let mut compiler = Command::new("cc");
    compiler.args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).arg("-ldl");
    support::stdout(compiler.output().expect("cc, which Rust links with"));
    library
}

#[test]
fn a_clock_that_is_set_changes_nothing() {
    let Some(bed) = Bed::own() else { return };
    let place = Place::new(agent::bed(), "clock");
    // without TLS: certificates that are not valid yet are refused, as they should be
    let proxy = ApiProxy::start(bed, USER);
    let agent = Agent::new(bed, USER, &[&place.namespace], "");
    let (library, offset) = (clock(agent.folder()), agent.folder().join("offset"));
    let set = |seconds: i64| std::fs::write(&offset, seconds.to_string()).expect("writable");
    set(0);
    let kubeconfig = proxy.kubeconfig(agent.folder());
    let mut agent = agent
        .with_kubeconfig(kubeconfig)
        .with("LD_PRELOAD", library.to_str().expect("UTF-8"))
        .with("CLOCK_OFFSET", offset.to_str().expect("UTF-8"));
    agent.launch();
    agent.wait_for_start();
    let hanging = r#"{"nodeSelector": {"no": "node"}, "delivery": {"timeout": "1h"}}"#;
    place.put("waits", "{}");
    place.wait_ready("waits");
    place.patch("waits", hanging);
    place.wait_false("waits", "Ready", "0 of 1 pod ready");
    let mut generation = 0;
    for seconds in [0, 10 * DAY, -10 * DAY, 365 * DAY, 0] {
        set(seconds);
        generation += 1;
        match generation {
            1 => place.put("simple", "{}"),
            even if even % 2 == 0 => place.patch("simple", r#"{"logLevel": "debug"}"#),
            _ => place.patch("simple", r#"{"logLevel": "warn"}"#),
        }
        place.wait_ready("simple");
        assert_eq!(place.generations(&agent, "simple").len(), generation, "{seconds}");
    }
    // it has an hour, whatever the clock says
    let subjects = agent.subjects(&place.namespace);
    assert!(!subjects.iter().any(|subject| subject.contains("rolled back")), "{subjects:#?}");
    let branch = format!("deploy/{}", place.namespace);
    let times: Vec<i64> = agent
        .git(&["log", "--reverse", "--format=%ct", &branch])
        .lines()
        .map(|time| time.parse().expect("a time"))
        .collect();
    assert!(times.is_sorted(), "{times:?}");
    // and what comes after a restart
    agent.restart();
    place.patch("waits", r#"{"nodeSelector": null}"#);
    place.wait_ready("waits");
}
