//! One agent takes the place of another while everything changes: each change is one commit, whoever makes it.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::agent::{self, Agent};
use crate::bed::Bed;
use crate::place::{Place, is_ready};

const MANY: usize = 200;
/// How often the agent is replaced in the middle of it.
const TIMES: usize = 4;

#[test]
fn two_hundred_clusters_change_at_once_while_the_agent_is_replaced() {
    let Some(bed) = Bed::own() else { return };
    let place = Place::new(agent::bed(), "takeover");
    // commits are what is looked at, so nothing has to run
    let settings = "delivery: {mode: External}";
    let mut agent = Agent::start(bed, &[&place.namespace], settings);
    let names: Vec<String> = (0..MANY).map(|number| format!("c{number:03}")).collect();
    place.apply(&names.iter().map(|name| crate::place::manifest(name, "{}")).collect::<String>());
    let committed = |generation: i64| {
        let arguments = ["proms", "--namespace", &place.namespace];
        bed.wait_until("all commits", &arguments, |list: &Value| {
            let items = list["items"].as_array().cloned().unwrap_or_default();
            let is_said = |item: &Value| {
                let found = crate::place::condition(item, "Committed");
                found.is_some_and(|found| {
                    found["status"] == "True" && found["observedGeneration"] == generation
                })
            };
            items.len() == MANY && items.iter().all(is_said) && !items.iter().any(is_ready)
        });
    };
    committed(1);
    let mut scale = bed.command(&bed.about().kubectl, bed.kubeconfig());
    scale.args(["scale", "proms", "--all", "--replicas=2", "--namespace", &place.namespace]);
    let mut scale = scale.stdout(Stdio::null()).spawn().expect("kubectl");
    for time in 0..TIMES {
        std::thread::sleep(Duration::from_millis(300));
        // a node that dies, and one that is drained
        if time % 2 == 0 {
            agent.kill();
        } else {
            assert!(agent.stop().success());
        }
        agent.launch();
    }
    assert!(scale.wait().expect("kubectl").success());
    committed(2);
    agent.check_repository();
    let branch = format!("deploy/{}", place.namespace);
    let format = "--format=%(trailers:key=Cluster,valueonly,separator=%x20) %(trailers:key=Generation,valueonly,separator=%x20)";
    let log = agent.git(&["log", format, &branch]);
    let mut found: Vec<&str> = log.lines().collect();
    found.sort_unstable();
    let mut expected: Vec<String> = Vec::new();
    for name in &names {
        expected.extend([1, 2].map(|generation| format!("{}/{name} {generation}", place.namespace)));
    }
    assert_eq!(found, expected);
}
