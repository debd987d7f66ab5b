//! `delivery.mode: External`: another tool applies the branch, and the user cannot tell the difference.

use serde_json::{Value, json};

use crate::scene::Scene;

/// Applies the branch as Flux's kustomize-controller does.
fn flux(scene: &Scene) {
    let tree = scene.checkout();
    let folder = tree.path().to_str().expect("UTF-8");
    scene.kubectl(&["apply", "--server-side", "--field-manager=kustomize-controller", "--kustomize", folder]);
}

#[test]
fn another_tool_applies_and_the_cluster_is_ready_all_the_same() {
    let scene = Scene::with("external", "delivery: {mode: External}");
    let mark = scene.mark();
    scene.put("simple", "{}");
    let waiting = "another tool is to apply deploy/NS at COMMIT: StatefulSet/simple does not exist yet";
    let shown = scene.wait_for("simple", "Applied=False External", "StatefulSet/simple");
    let expected = [
        "Committed=True Succeeded @1: commit COMMIT on deploy/NS".to_owned(),
        format!("Applied=False External @1: {waiting}"),
        format!("Ready=False Progressing @1: {waiting}"),
        format!("Reconciling=True Progressing @1: {waiting}"),
    ];
    assert_eq!(shown, expected);
    flux(&scene);
    scene.ready("simple");
    let shown = scene.conditions("simple");
    assert_eq!(shown[1], "Applied=True External @1: the cluster holds what commit COMMIT says");
    assert_eq!(shown[2], "Ready=True Succeeded @1: 1 of 1 replica ready");
    assert_eq!(scene.cluster("simple")["metadata"]["finalizers"], Value::Null);

    // What runs is of an older commit, and that is no Ready.
    scene.kubectl(&["scale", "proms/simple", "--replicas=2"]);
    let shown =
        scene.wait_for("simple", "Applied=False External", "PodDisruptionBudget/simple does not exist yet");
    assert!(shown[2].starts_with("Ready=False Progressing @2: "), "{shown:#?}");
    flux(&scene);
    scene.ready("simple");
    assert_eq!(scene.conditions("simple")[2], "Ready=True Succeeded @2: 2 of 2 replicas ready");
    assert_eq!(scene.subjects(), ["simple: created", "simple: replicas 1 → 2"]);

    // Nor one in which the workload is as it should be and something else is not.
    let change = "\n  replicas: 2\n  config: |\n    scrape_configs:\n    - job_name: node\n";
    scene.put("simple", change);
    scene.wait_for("simple", "Applied=False External", "ConfigMap/");
    flux(&scene);
    scene.ready("simple");

    let own = ["patch prometheusclusters/status simple 200", "create events 201"];
    let writes = scene.writes(mark).unwrap_or_default();
    assert!(writes.iter().all(|write| own.contains(&write.as_str())), "{writes:#?}");

    // The cluster is handed over to promgit, which takes what the other tool left.
    scene.put("simple", &format!("{change}  delivery: {{mode: Apply}}\n"));
    scene.ready("simple");
    let shown = scene.conditions("simple");
    assert_eq!(shown[1], "Applied=True Succeeded @4: the cluster holds commit COMMIT");
    assert_eq!(scene.cluster("simple")["metadata"]["finalizers"], json!(["promgit.dev/release"]));
    scene.holds_branch();
    scene.kubectl(&["scale", "proms/simple", "--replicas=1"]);
    scene.ready("simple");
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 1);
}
