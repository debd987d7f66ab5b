//! `kill -9` at any moment of commits and pushes.

use std::time::Duration;

use crate::origin::Origin;

/// Kills; `PROMGIT_TEST_KILLS` makes them more.
const ROUNDS: u64 = 12;

#[test]
fn nothing_is_lost_or_twice_and_the_remote_ends_with_all() {
    let rounds =
        std::env::var("PROMGIT_TEST_KILLS").ok().and_then(|text| text.parse().ok()).unwrap_or(ROUNDS);
    let origin = Origin::new();
    let url = origin.http.url("/origin.git");
    for (namespace, name) in [("a", "one"), ("a", "two"), ("b", "one")] {
        origin.put(namespace, name, "{}");
    }
    assert!(origin.once(&url).ok);
    let mut told: Vec<String> = Vec::new();
    for round in 0..rounds {
        for (namespace, name) in [("a", "one"), ("a", "two"), ("b", "one")] {
            origin.put(namespace, name, &format!("{{replicas: {}}}", 2 + round));
        }
        if round % 4 == 3 {
            origin.jane("deploy/a", |clone| {
                std::fs::write(clone.join(format!("note{round}")), "hers\n").unwrap()
            });
        }
        let mut agent = origin.agent(&url, &[]);
        if round % 3 != 0 {
            agent.error("watching");
        }
        std::thread::sleep(Duration::from_millis(61 * (round * 7 % 12)));
        agent.child.kill().unwrap();
        agent.child.wait().unwrap();
        told.extend(agent.out.iter().map(|line| line.split(' ').next().unwrap().to_owned()));
    }
    assert!(!told.is_empty(), "no kill came after a commit");
    let said = origin.once(&url);
    assert!(said.ok, "{}", said.err);
    origin.check();
    // told is: on the remote, as promised
    for commit in &told {
        let tips = origin.git(&["branch", "--contains", commit]);
        assert_eq!(tips.lines().count(), 1, "{commit}");
    }
    for branch in ["deploy/a", "deploy/b"] {
        let mut subjects = origin.subjects(branch);
        subjects.retain(|subject| !subject.starts_with("by "));
        let count = subjects.len();
        subjects.sort();
        subjects.dedup();
        assert_eq!(subjects.len(), count, "a change is there twice: {subjects:#?}");
    }
    assert!(origin.once(&url).out.is_empty());
}
