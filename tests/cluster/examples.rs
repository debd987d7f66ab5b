//! Every file of `examples/`, applied as it is.

use std::process::Command;

use crate::agent::{self, Agent};
use crate::scene::checkout;
use crate::support;

/// The namespaces that the files name.
const NAMESPACES: [&str; 3] = ["example", "team-a", "team-b"];

#[test]
fn every_example_becomes_ready_and_is_committed_as_render_prints_it() {
    let bed = agent::bed();
    for namespace in NAMESPACES {
        bed.kubectl(&["create", "namespace", namespace]);
    }
    bed.kubectl(&["create", "secret", "generic", "central-store", "--namespace=team-b"]);
    let agent = Agent::start(bed, &NAMESPACES, "");
    let examples = support::root().join("examples");
    bed.kubectl(&["apply", "--filename", examples.to_str().expect("UTF-8")]);

    let mut clusters = 0;
    for namespace in NAMESPACES {
        let within = ["--namespace", namespace];
        let wait = ["wait", "--for=condition=Ready", "proms", "--all", "--timeout=120s"];
        bed.kubectl(&[&wait[..], &within].concat());
        let listed = bed.kubectl(&[&["get", "proms", "--no-headers"][..], &within].concat());
        for line in listed.lines() {
            let columns: Vec<&str> = line.split_whitespace().collect();
            let [_, wanted, ready, commit, revision, status, _] = columns[..] else { panic!("{line}") };
            assert_eq!((wanted, revision, status), (ready, "1", "Succeeded"), "{line}");
            assert_eq!(agent.git(&["cat-file", "-t", commit]), "commit\n");
            clusters += 1;
        }
    }
    assert_eq!(clusters, std::fs::read_dir(&examples).expect("examples").count());

    // The very tree that `promgit render` writes without a cluster.
    let rendered = tempfile::tempdir().expect("a folder");
    let mut render = agent.command(env!("CARGO_BIN_EXE_promgit"));
    render.arg("render").arg("-f").arg(&examples).arg("--out").arg(rendered.path());
    support::stdout(render.output().expect("promgit"));
    for namespace in NAMESPACES {
        let branch = format!("deploy/{namespace}");
        let committed = checkout(&agent, &branch);
        let mut diff = Command::new("diff");
        diff.arg("-r").arg(rendered.path().join(&branch)).arg(committed.path());
        let output = diff.output().expect("diff");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        let subjects = agent.subjects(namespace);
        assert!(subjects.iter().all(|subject| subject.ends_with(": created")), "{subjects:?}");
    }
}
