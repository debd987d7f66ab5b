//! What stock helm says of what promgit delivers, and the other way round.

use std::path::Path;

use serde_json::{Value, json};

use crate::bed::{Bed, wait};
use crate::scene::Scene;
use crate::support;

const CRASHING: &str = "podMetadata: {labels: {bed.promgit.dev/fail: crash-loop}}";

fn helm(scene: &Scene, helm: &Path, arguments: &[&str]) -> String {
    let mut command = scene.bed.command(helm, scene.bed.kubeconfig());
    command.args(arguments).args(["--namespace", &scene.namespace]).current_dir(support::root());
    support::stdout(command.output().expect("helm"))
}

fn json(scene: &Scene, arguments: &[&str]) -> Value {
    let text = helm(scene, &support::helm(), &[arguments, &["--output=json"]].concat());
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// `1 superseded`, oldest first; and whose descriptions they have.
fn history(scene: &Scene, name: &str) -> Vec<String> {
    let all = json(scene, &["history", name]);
    let line =
        |entry: &Value| format!("{} {}", entry["revision"], entry["status"].as_str().unwrap_or_default());
    all.as_array().expect("a list").iter().map(line).collect()
}

fn commit(scene: &Scene) -> String {
    scene.agent.git(&["rev-parse", "--short=10", &scene.branch()]).trim().to_owned()
}

fn release(scene: &Scene, name: &str) -> String {
    let release = scene.cluster(name)["status"]["release"].clone();
    format!("{} {}", release["revision"], release["status"].as_str().unwrap_or_default())
}

#[test]
fn both_helms_know_what_was_delivered() {
    let scene = Scene::new("helm");
    let hook = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "hooked",
        "annotations": {"helm.sh/hook": "test", "helm.sh/hook-weight": "3"}}});
    scene.put("simple", &json!({"values": {"extraObjects": [hook]}}).to_string());
    scene.ready("simple");
    wait("the record", || {
        (release(&scene, "simple") == "1 deployed").then_some(()).ok_or(release(&scene, "simple"))
    });
    let first = commit(&scene);
    for program in [support::helm(), support::helm3()] {
        let said = |arguments: &[&str]| helm(&scene, &program, arguments);
        assert!(said(&["list"]).contains("deployed"), "{}", said(&["list"]));
        assert!(said(&["status", "simple"]).contains("STATUS: deployed"));
        let manifest = said(&["get", "manifest", "simple"]);
        for words in ["kind: StatefulSet", "# Source: manifests/statefulset-simple.yaml"] {
            assert!(manifest.contains(words), "{manifest}");
        }
        let tree = scene.checkout();
        let values = std::fs::read_to_string(tree.path().join("simple/values.yaml")).expect("values");
        let got: Value =
            serde_yaml::from_str(&said(&["get", "values", "simple", "--output=yaml"])).expect("YAML");
        assert_eq!(got, serde_yaml::from_str::<Value>(&values).expect("YAML"));
        assert!(said(&["get", "notes", "simple"]).len() > 20);
        assert!(said(&["get", "hooks", "simple"]).contains("name: hooked"));
        assert!(
            said(&["history", "simple"]).contains(&format!("{first} created")),
            "{}",
            said(&["history", "simple"])
        );
    }
    scene.put("simple", "{replicas: 2}");
    scene.ready("simple");
    wait("the record", || {
        (release(&scene, "simple") == "2 deployed").then_some(()).ok_or(release(&scene, "simple"))
    });
    assert_eq!(history(&scene, "simple"), ["1 superseded", "2 deployed"]);
    assert_eq!(scene.cluster("simple")["status"]["history"][0]["helmRevision"], 2);
    // A look that finds nothing to do writes none.
    let mark = scene.mark();
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/requested-by=alice"]);
    std::thread::sleep(std::time::Duration::from_secs(1));
    scene.wrote(mark, &[]);
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    assert_eq!(helm(&scene, &support::helm(), &["list", "--short"]), "");
}

#[test]
fn what_a_person_does_with_helm_is_put_back_by_the_next_change_at_the_latest() {
    let scene = Scene::with("person", "delivery: {drift: Ignore}");
    scene.put("simple", "{}");
    scene.ready("simple");
    scene.put("simple", "{replicas: 2}");
    scene.ready("simple");
    wait("the record", || {
        (release(&scene, "simple") == "2 deployed").then_some(()).ok_or(release(&scene, "simple"))
    });
    helm(&scene, &support::helm(), &["rollback", "simple", "1"]);
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 1);
    scene.put("simple", "{replicas: 3}");
    scene.ready("simple");
    wait("the record", || {
        (release(&scene, "simple") == "4 deployed").then_some(()).ok_or(release(&scene, "simple"))
    });
    assert_eq!(history(&scene, "simple"), ["1 superseded", "2 superseded", "3 superseded", "4 deployed"]);
    let told = scene.events("simple");
    assert!(
        told.iter()
            .any(|event| event.starts_with("Warning HelmChanged: Revision 3 of the release (deployed)")),
        "{told:#?}"
    );
    scene.holds_branch();
}

#[test]
fn a_release_of_helm_is_taken_over_without_a_restart() {
    let scene = Scene::new("adopt");
    let namespace = format!("--namespace={}", scene.namespace);
    helm(&scene, &support::helm(), &["install", "simple", "charts/prometheus-cluster", &namespace]);
    scene.wait_until("the pod", &["statefulset/simple"], |set| set["status"]["readyReplicas"] == 1);
    let before = (
        scene.get(&["pods"])["items"][0]["metadata"]["uid"].clone(),
        scene.get(&["statefulset/simple"])["metadata"]["uid"].clone(),
    );
    scene.put("simple", "{}");
    scene.ready("simple");
    wait("the record", || {
        (release(&scene, "simple") == "2 deployed").then_some(()).ok_or(release(&scene, "simple"))
    });
    assert_eq!(history(&scene, "simple"), ["1 superseded", "2 deployed"]);
    let set = scene.get(&["statefulset/simple"])["metadata"]["uid"].clone();
    assert_eq!((scene.get(&["pods"])["items"][0]["metadata"]["uid"].clone(), set), before);
}

#[test]
fn a_failure_and_the_way_back_are_in_the_history_and_it_stays_short() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::with("records", "delivery: {historyMax: 3, maxRetries: 0, timeout: 3s}");
    scene.put("simple", "{}");
    scene.ready("simple");
    wait("the record", || {
        (release(&scene, "simple") == "1 deployed").then_some(()).ok_or(release(&scene, "simple"))
    });
    scene.put("simple", &format!("{{{CRASHING}}}"));
    scene.wait_for("simple", "Ready=False RolledBack", "");
    wait("the record", || {
        (release(&scene, "simple") == "3 deployed").then_some(()).ok_or(release(&scene, "simple"))
    });
    assert_eq!(history(&scene, "simple"), ["1 superseded", "2 failed", "3 deployed"]);
    for replicas in [2, 3, 1] {
        scene.put("simple", &format!("{{replicas: {replicas}}}"));
        scene.ready("simple");
    }
    wait("the record", || {
        (release(&scene, "simple") == "6 deployed").then_some(()).ok_or(release(&scene, "simple"))
    });
    assert_eq!(history(&scene, "simple"), ["4 superseded", "5 superseded", "6 deployed"]);
}

#[test]
fn a_crash_leaves_no_revision_pending() {
    let Some(_) = Bed::own() else { return };
    let mut scene = Scene::with("crash", "delivery: {atomic: false}");
    scene.put("simple", &format!("{{{CRASHING}}}"));
    scene.wait_for("simple", "Ready=False Progressing", "StatefulSet/simple");
    assert_eq!(history(&scene, "simple"), ["1 pending-install"]);
    scene.agent.kill();
    scene.put("simple", "{}");
    scene.agent.launch();
    scene.ready("simple");
    wait("the record", || {
        (release(&scene, "simple") == "2 deployed").then_some(()).ok_or(release(&scene, "simple"))
    });
    assert_eq!(history(&scene, "simple"), ["1 failed", "2 deployed"]);
    // One that was at it when it was killed goes on with it.
    scene.put("simple", &format!("{{delivery: {{timeout: 20s}}, {CRASHING}}}"));
    scene.wait_for("simple", "Ready=False Progressing", "StatefulSet/simple");
    scene.agent.kill();
    scene.agent.launch();
    scene.wait_for("simple", "Ready=False Stalled", "");
    wait("the record", || {
        (release(&scene, "simple") == "3 failed").then_some(()).ok_or(release(&scene, "simple"))
    });
    assert_eq!(history(&scene, "simple"), ["1 failed", "2 deployed", "3 failed"]);
}
