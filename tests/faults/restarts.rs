//! An agent that ends and begins again: with nothing to do it does nothing, and what was interrupted is finished.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::agent::{self, Agent};
use crate::bed::{Bed, audit, wait};
use crate::place::Place;

const CLUSTERS: usize = 20;

/// Reads of a start, whatever the number of clusters: version, discovery of each API group that the chart uses, and for
/// each kind of the chart a listing and a watch, as for Helm's records.
const MOST_READS: usize = 16;

/// Long enough for a second look, had the agent one.
const QUIET: Duration = Duration::from_secs(4);

/// A namespace whose agent has a name of its own in the audit log, and the same rights.
fn own_account(place: &Place<'_>, user: &str) {
    let role = "--clusterrole=promgit.promgit-system.promgit";
    let name = format!("faults-{user}");
    place.bed.kubectl(&["create", "clusterrolebinding", &name, role, &format!("--user={user}")]);
}

#[test]
fn a_restart_with_nothing_changed_writes_nothing() {
    if Bed::own().is_none() {
        return;
    }
    let place = Place::new(agent::bed(), "quiet");
    own_account(&place, "alice");
    let mut agent = Agent::new(place.bed, "alice", &[&place.namespace], "");
    agent.launch();
    agent.wait_for_start();
    place.put_many(CLUSTERS);
    place.wait_all_ready(CLUSTERS);
    std::thread::sleep(QUIET);
    assert!(agent.stop().success());

    let (mark, before) = (place.bed.mark(), state(&agent));
    let resources =
        place.kubectl(&["get", "proms", "--output=jsonpath={.items[*].metadata.resourceVersion}"]);
    agent.launch();
    agent.wait_for_start();
    std::thread::sleep(QUIET);
    assert!(agent.stop().success());
    let asked: Vec<_> =
        place.bed.audit_since(mark).into_iter().filter(|request| request.user == "alice").collect();
    let (writes, reads): (Vec<_>, Vec<_>) = asked.into_iter().partition(audit::Request::writes);
    assert!(writes.is_empty(), "{} writes: {writes:#?}", writes.len());
    assert_eq!(state(&agent), before, "commits without a change");
    let after = place.kubectl(&["get", "proms", "--output=jsonpath={.items[*].metadata.resourceVersion}"]);
    assert_eq!(after, resources);
    let told = summary(&reads);
    assert!(!reads.is_empty(), "the audit log tells nothing");
    assert!(reads.iter().all(|read| read.name.is_empty()), "an object was read alone: {told:#?}");
    assert!(reads.len() <= MOST_READS, "{} reads for {CLUSTERS} clusters: {told:#?}", reads.len());
    println!("{} reads for {CLUSTERS} clusters: {told:#?}", reads.len());
}

/// All references, and how many objects there are.
fn state(agent: &Agent) -> String {
    agent.git(&["for-each-ref"]) + &agent.git(&["rev-list", "--all", "--objects", "--count"])
}

fn summary(requests: &[audit::Request]) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for request in requests {
        let what = if request.resource.is_empty() { &request.uri } else { &request.resource };
        *counts.entry(format!("{} {what}", request.verb)).or_default() += 1;
    }
    counts
}

/// Longest time for the end, of which the pod of the chart has 60 s.
const END: Duration = Duration::from_secs(10);

#[test]
fn a_stop_in_the_middle_of_much_work_is_orderly() {
    if Bed::own().is_none() {
        return;
    }
    const MANY: usize = 30;
    let place = Place::new(agent::bed(), "stopped");
    let mut agent = Agent::start(place.bed, &[&place.namespace], "delivery: {concurrency: 2}");
    let mark = place.bed.mark();
    let names = place.put_many(MANY);
    wait("the first object", || {
        let requests = audit::read(&place.bed.about().audit, mark);
        let ours = |request: &audit::Request| {
            request.namespace == place.namespace && request.resource == "statefulsets" && request.writes()
        };
        requests.iter().any(ours).then_some(()).ok_or_else(String::new)
    });
    let began = Instant::now();
    let status = agent.stop();
    let took = began.elapsed();
    assert_eq!(status.code(), Some(0), "{status}");
    assert!(took < END, "{took:?}");
    let list = place.bed.get(&["proms", "--namespace", &place.namespace]);
    let ready = list["items"].as_array().expect("a list").iter().filter(|item| crate::place::is_ready(item));
    let ready = ready.count();
    assert!(ready < MANY, "nothing was interrupted");
    agent.check_repository();
    println!("ended after {took:?} with {ready} of {MANY} ready");

    agent.launch();
    place.wait_all_ready(MANY);
    for name in names {
        assert_eq!(place.generations(&agent, &name), [1], "{name}");
    }
}
