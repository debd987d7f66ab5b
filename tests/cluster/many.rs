//! Many clusters at once, and many changes of one.

use std::process::Output;

use crate::agent::{self, Agent};
use crate::bed::Bed;
use crate::scene::{Scene, manifest};
use crate::support;

const NAMESPACES: usize = 5;
const CLUSTERS: usize = 10;

/// kubectl in all namespaces at the same time.
fn everywhere(bed: &Bed, namespaces: &[String], arguments: &[&str], input: &str) {
    std::thread::scope(|scope| {
        let ask = |namespace: &String| -> Output {
            bed.ask(bed.kubeconfig(), &[arguments, &["--namespace", namespace]].concat(), input)
        };
        let asked: Vec<_> = namespaces.iter().map(|namespace| scope.spawn(move || ask(namespace))).collect();
        for answer in asked {
            support::stdout(answer.join().expect("an answer"));
        }
    });
}

#[test]
fn fifty_clusters_come_change_and_go_together() {
    let bed = agent::bed();
    let namespaces: Vec<String> = (0..NAMESPACES).map(|_| bed.namespace("many")).collect();
    let watched: Vec<&str> = namespaces.iter().map(String::as_str).collect();
    let agent = Agent::start(bed, &watched, "");
    let commits = |expected: usize| {
        for namespace in &namespaces {
            let subjects = agent.subjects(namespace);
            assert_eq!(subjects.len(), expected, "{subjects:#?}");
        }
    };
    let all: String = (0..CLUSTERS).map(|number| manifest(&format!("c{number}"), "", "{}")).collect();
    let wait = ["wait", "--for=condition=Ready", "proms", "--all", "--timeout=180s"];
    everywhere(bed, &namespaces, &["apply", "--filename=-"], &all);
    everywhere(bed, &namespaces, &wait, "");
    commits(CLUSTERS);
    everywhere(bed, &namespaces, &["scale", "proms", "--all", "--replicas=2"], "");
    everywhere(bed, &namespaces, &wait, "");
    commits(2 * CLUSTERS);
    for namespace in &namespaces {
        let reasons = "--output=jsonpath={range .items[*]}{.reason}{\"\\n\"}{end}";
        let about = "--field-selector=involvedObject.kind=PrometheusCluster";
        let told = bed.kubectl(&["get", "events", "--namespace", namespace, about, reasons]);
        for reason in ["Committed", "Ready"] {
            let count = told.lines().filter(|line| *line == reason).count();
            assert_eq!(count, 2 * CLUSTERS, "{told}");
        }
        assert_eq!(told.lines().count(), 4 * CLUSTERS, "{told}");
    }
    everywhere(bed, &namespaces, &["delete", "proms", "--all", "--timeout=180s"], "");
    commits(3 * CLUSTERS);
    for namespace in &namespaces {
        let tree = agent.git(&["ls-tree", "--name-only", &format!("deploy/{namespace}")]);
        assert_eq!(tree.lines().collect::<Vec<_>>(), ["README.md", "kustomization.yaml", "promgit.yaml"]);
        let left =
            bed.kubectl(&["get", "statefulset,service,pdb", "--namespace", namespace, "--output=name"]);
        assert_eq!(left, "");
    }
}

#[test]
fn a_burst_of_changes_ends_at_the_newest() {
    // Longer than any of the changes takes, so that some of them meet.
    let scene = Scene::with("burst", "commit: {window: 300ms}");
    scene.put("simple", "{}");
    scene.ready("simple");
    const CHANGES: usize = 20;
    // One kubectl, one document each.
    let label = |number: usize| format!("{{externalLabels: {{change: \"{number}\"}}}}");
    let burst: String = (1..=CHANGES).map(|number| manifest("simple", "", &label(number))).collect();
    scene.apply(&burst);
    scene.ready("simple");
    assert_eq!(scene.cluster("simple")["metadata"]["generation"], 1 + CHANGES);
    let map = scene.get(&["configmap"]).to_string();
    assert!(map.contains(&format!("change: \\\"{CHANGES}\\\"")), "{map}");
    let subjects = scene.subjects();
    assert!((2..CHANGES).contains(&subjects.len()), "{subjects:#?}");
    assert!(scene.message().contains(&format!("Generation: {}", 1 + CHANGES)), "{}", scene.message());
    scene.holds_branch();
}
