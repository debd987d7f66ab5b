//! Charts that draw random values, on a cluster: the seed is a Secret that goes with its resource.

use std::path::Path;

use serde_json::{Value, json};

use crate::scene::Scene;

/// A chart that draws, with a mapping that passes nothing on.
fn settings(folder: &Path) -> String {
    let chart = folder.join("chart");
    std::fs::create_dir_all(chart.join("templates")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("writable");
    write("chart/Chart.yaml", "apiVersion: v2\nname: random\nversion: 0.1.0\n");
    write(
        "chart/templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: drawn}\ndata:\n  alpha: {{ randAlphaNum 16 | quote }}\n",
    );
    write("mapping.yaml", "{}\n");
    format!("chart: {{path: {}, mapping: {}/mapping.yaml}}", chart.display(), folder.display())
}

fn alpha(scene: &Scene) -> Value {
    scene.get(&["configmap/drawn"])["data"]["alpha"].clone()
}

#[test]
fn random_values_outlive_the_agent_and_end_with_the_resource() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut scene = Scene::with("locks", &settings(folder.path()));
    scene.put("simple", "{}");
    scene.ready("simple");
    let first = alpha(&scene);
    let secret = scene.get(&["secret/promgit.lock.simple"]);
    assert_eq!(secret["type"], "promgit.dev/lock");
    assert_eq!(secret["metadata"]["ownerReferences"][0]["uid"], scene.cluster("simple")["metadata"]["uid"]);

    scene.agent.restart();
    scene.ready("simple");
    assert_eq!(scene.subjects(), ["simple: created"]);
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/refresh-lock=2026-11-28"]);
    scene.wait_until("other values", &["configmap/drawn"], |map| map["data"]["alpha"] != first);
    scene.ready("simple");
    assert_eq!(scene.subjects().len(), 2);

    // A Secret of that name that is somebody else's is not touched.
    scene.kubectl(&["create", "secret", "generic", "promgit.lock.other", "--from-literal=seed=mine"]);
    scene.put("other", "{}");
    let message = "Secret/promgit.lock.other exists and is no lock of promgit";
    scene.wait_for("other", "Ready=False RenderFailed", message);
    let data = &scene.get(&["secret/promgit.lock.other"])["data"];
    assert_eq!(data, &json!({"seed": "bWluZQ=="}));

    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    scene.wait_until("the lock to go", &["secret/promgit.lock.simple"], Value::is_null);
}
