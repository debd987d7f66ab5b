//! A namespace that is deleted under the agent takes its clusters with it, and nobody else's.

use std::time::Duration;

use crate::agent::{self, Agent};
use crate::bed::{Bed, wait};
use crate::place::Place;

/// Longer than the first pauses between attempts.
const QUIET: Duration = Duration::from_secs(12);

#[test]
fn a_deleted_namespace_leaves_nothing_behind() {
    let _ = Bed::start();
    let (gone, stays) = (Place::new(agent::bed(), "gone"), Place::new(agent::bed(), "stays"));
    let agent = Agent::start(gone.bed, &[&gone.namespace, &stays.namespace], "");
    for place in [&gone, &stays] {
        place.put("a", "{replicas: 2, storage: {size: 1Gi}}");
        place.put("b", "{}");
    }
    gone.wait_all_ready(2);
    stays.wait_all_ready(2);
    // kubectl waits until it is really gone, and no finalizer holds it.
    gone.bed.kubectl(&["delete", "namespace", &gone.namespace, "--timeout=100s"]);
    wait("the branch without its clusters", || {
        let files = agent.git(&["ls-tree", "-r", "--name-only", &format!("deploy/{}", gone.namespace)]);
        if files.lines().any(|path| path.contains('/')) { Err(files) } else { Ok(()) }
    });
    let subjects = agent.subjects(&gone.namespace);
    assert_eq!(subjects.iter().filter(|subject| subject.contains(": deleted")).count(), 2, "{subjects:#?}");

    // The others go on, and nothing is complained about any more.
    stays.patch("a", r#"{"replicas": 3}"#);
    stays.wait_ready("a");
    let before = agent.lines().len();
    std::thread::sleep(QUIET);
    let later = agent.lines().split_off(before);
    assert!(later.iter().all(|line| !line.contains(&gone.namespace)), "{later:#?}");
    assert!(later.iter().all(|line| !line.contains("WARN") && !line.contains("error:")), "{later:#?}");

    // A namespace of that name that comes again is a new one.
    gone.bed.kubectl(&["create", "namespace", &gone.namespace]);
    gone.put("a", "{}");
    gone.wait_ready("a");
    assert_eq!(agent.subjects(&gone.namespace).len(), subjects.len() + 1);
    assert_eq!(agent.subjects(&stays.namespace).len(), 3);
}
