//! Secrets that a chart renders: delivered, though git has no value of them.

use std::path::Path;

use serde_json::{Value, json};

use crate::scene::Scene;

/// A chart with a Secret that is drawn, and a map that is not.
pub fn settings(folder: &Path, more: &str) -> String {
    let chart = folder.join("chart");
    std::fs::create_dir_all(chart.join("templates")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("writable");
    write("chart/Chart.yaml", "apiVersion: v2\nname: secretive\nversion: 0.1.0\n");
    write(
        "chart/templates/a.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\ndata: {replicas: {{ .Values.replicas | quote }}}\n\
         ---\napiVersion: v1\nkind: Secret\nmetadata: {name: {{ .Release.Name }}}\n\
         stringData: {password: {{ randAlphaNum 20 }}, fixed: hunter2}\n",
    );
    write("mapping.yaml", "replicas: '{{ spec.replicas }}'\n");
    format!("chart: {{path: {}, mapping: {}/mapping.yaml}}\n{more}", chart.display(), folder.display())
}

#[test]
fn a_secret_is_delivered_from_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut scene = Scene::with("secrets", &settings(folder.path(), ""));
    scene.put("simple", "{}");
    scene.ready("simple");
    let first = scene.get(&["secret/simple"])["data"].clone();
    assert_eq!(first["fixed"], "aHVudGVyMg==");
    assert!(first["password"].as_str().is_some_and(|text| text.len() == 28), "{first}");
    assert!(scene.get(&["configmap/simple"])["data"].is_object());

    scene.agent.restart();
    scene.kubectl(&["scale", "proms/simple", "--replicas=2"]);
    scene.wait_until("the change", &["configmap/simple"], |map| map["data"]["replicas"] == "2");
    scene.ready("simple");
    assert_eq!(scene.get(&["secret/simple"])["data"], first);

    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    scene.wait_until("the Secret to go", &["secret/simple"], Value::is_null);
}

#[test]
fn another_tool_applies_the_rest() {
    let folder = tempfile::tempdir().expect("a folder");
    let scene = Scene::with("secrets-external", &settings(folder.path(), "delivery: {mode: External}"));
    scene.put("simple", "{}");
    scene.wait_until("the Secret", &["secret/simple"], |secret| secret["data"]["fixed"] == "aHVudGVyMg==");
    scene.wait_for("simple", "Applied=False External", "ConfigMap/simple does not exist yet");
    assert!(scene.get(&["configmap/simple"]).is_null());
    assert_eq!(scene.cluster("simple")["metadata"]["finalizers"], json!(["promgit.dev/release"]));

    let tree = scene.checkout();
    let path = tree.path().to_str().expect("UTF-8");
    scene.kubectl(&["apply", "--server-side", "--field-manager=kustomize-controller", "--kustomize", path]);
    scene.ready("simple");
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    scene.wait_until("the Secret to go", &["secret/simple"], Value::is_null);
    assert!(scene.get(&["configmap/simple"]).is_object(), "the other tool's");
}
