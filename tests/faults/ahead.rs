//! Write-ahead (P1): what cannot be committed is not applied.

use std::fs;
use std::process::Command;
use std::time::Duration;

use crate::agent::{self, Agent};
use crate::bed::Bed;
use crate::place::{Place, condition, writes_object};

/// What makes a commit impossible, and what ends it.
struct Fault {
    name: &'static str,
    begin: fn(&Agent, &str),
    end: fn(&Agent, &str),
    says: &'static str,
}

const FAULTS: [Fault; 2] = [
    Fault {
        name: "held",
        begin: |agent, namespace| {
            let lock = lock(agent, namespace);
            fs::create_dir_all(lock.parent().expect("a folder")).expect("a folder");
            fs::write(lock, "").expect("writable");
        },
        end: |agent, namespace| fs::remove_file(lock(agent, namespace)).expect("the lock"),
        says: "is held by another git process; if none runs, remove that file",
    },
    Fault {
        name: "full",
        begin: |agent, _| limit_files(agent, "0:unlimited"),
        end: |agent, _| limit_files(agent, "unlimited:unlimited"),
        says: "File too large",
    },
];

fn lock(agent: &Agent, namespace: &str) -> std::path::PathBuf {
    agent.repository().join(format!("refs/heads/deploy/{namespace}.lock"))
}

/// No file may grow beyond this: what a full disk looks like to a process.
fn limit_files(agent: &Agent, limit: &str) {
    let process = agent.process().to_string();
    let status = Command::new("prlimit").args(["--pid", &process, &format!("--fsize={limit}")]).status();
    assert!(status.expect("prlimit").success());
}

#[test]
fn nothing_reaches_the_cluster_before_the_commit_is_durable() {
    if Bed::own().is_none() {
        return;
    }
    let place = Place::new(agent::bed(), "ahead");
    let agent = Agent::start(place.bed, &[&place.namespace], "");
    for Fault { name, begin, end, says } in FAULTS {
        begin(&agent, &place.namespace);
        let (mark, tip) = (place.bed.mark(), agent.git(&["for-each-ref"]));
        place.put(name, "{replicas: 2}");
        let said = place.wait_false(name, "Committed", says);
        assert!(!said.contains('\n'), "one line: {said}");
        // Long enough for further attempts.
        let is_failure =
            |line: &&String| line.contains("failed again") && line.contains(&format!("/{name} "));
        let failures = || agent.lines().iter().filter(is_failure).count();
        crate::bed::wait("further attempts", || if failures() >= 2 { Ok(()) } else { Err(said.clone()) });
        // To a person it is said once.
        let told = |line: &&String| line.starts_with("error: ") && line.contains(&format!("/{name}: "));
        assert_eq!(agent.lines().iter().filter(told).count(), 1, "{:#?}", agent.lines());
        let asked = place.asked(mark);
        let objects: Vec<_> = asked.iter().filter(|request| writes_object(request)).collect();
        assert!(objects.is_empty(), "{name}: written before the commit: {objects:#?}");
        let of_resource = asked.iter().filter(|request| request.writes() && request.resource != "events");
        assert!(of_resource.clone().count() > 0);
        assert!(of_resource.into_iter().all(|request| request.subresource == "status"), "{asked:#?}");
        assert_eq!(agent.git(&["for-each-ref"]), tip, "{name}");
        let object = place.get(name);
        assert_eq!(condition(&object, "Ready").expect("Ready")["status"], "False", "{object:#}");
        assert!(condition(&object, "Applied").is_none(), "{object:#}");

        end(&agent, &place.namespace);
        let object = place.wait_ready(name);
        assert_eq!(place.generations(&agent, name), [1]);
        let tip = agent.git(&["rev-parse", &format!("deploy/{}", place.namespace)]);
        assert_eq!(object["status"]["commit"]["revision"], tip.trim());
        assert!(place.asked(mark).iter().any(writes_object), "the audit log does not show what is applied");
    }
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(agent.subjects(&place.namespace).len(), FAULTS.len());
}
