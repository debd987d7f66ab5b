//! Secrets that a chart renders: delivered, though git has no value of them.

use std::path::Path;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::bed::Bed;
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

/// A chart with a workload that can fail, a Secret and a hook's Secret with the same value, and a list with one more.
fn turning(folder: &Path) -> String {
    let chart = folder.join("chart");
    std::fs::create_dir_all(chart.join("templates")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("writable");
    write("chart/Chart.yaml", "apiVersion: v2\nname: turning\nversion: 0.1.0\n");
    let template = "apiVersion: v1\nkind: Secret\nmetadata: {name: keys}\n\
        stringData: {password: password-{{ .Values.replicas }}, fixed: same}\n---\n\
        apiVersion: v1\nkind: Secret\nmetadata: {name: still}\nstringData: {fixed: same}\n---\n\
        apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: listed}, \
        stringData: {password: listed-{{ .Values.replicas }}}}\n---\n\
        apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: simple}\nspec:\n  serviceName: simple\n  \
        selector: {matchLabels: {app: simple}}\n  template:\n    metadata: {labels: {app: simple\
        {{ if gt (int .Values.replicas) 1 }}, bed.promgit.dev/fail: crash-loop{{ end }}}}\n    \
        spec: {containers: [{name: run, image: example.com/run}]}\n";
    write("chart/templates/a.yaml", template);
    write("mapping.yaml", "replicas: '{{ spec.replicas }}'\n");
    format!("chart: {{path: {}, mapping: {}/mapping.yaml}}\n", chart.display(), folder.display())
}

fn passwords(scene: &Scene) -> [String; 2] {
    ["keys", "listed"].map(|name| {
        let secret = scene.get(&["secret", name]);
        let text = secret["data"]["password"].as_str().unwrap_or_default().to_owned();
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
        String::from_utf8(bytes).expect("UTF-8")
    })
}

#[test]
fn a_change_that_is_taken_back_takes_its_secrets_back() {
    let Some(_) = Bed::own() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let settings = turning(folder.path()) + "delivery: {timeout: 3s, maxRetries: 1}\n";
    let mut scene = Scene::with("turning", &settings);
    scene.put("simple", "{replicas: 1}");
    scene.ready("simple");
    let still = scene.get(&["secret/still"])["metadata"]["resourceVersion"].clone();
    // tried twice, so that the second way back is to the record of the first
    scene.put("simple", "{replicas: 2}");
    scene.wait_until("the new one", &["secret/keys"], |secret| {
        secret["data"]["password"] == "cGFzc3dvcmQtMg=="
    });
    scene.wait_for("simple", "Stalled=True RolledBack", "");
    assert_eq!(scene.subjects().len(), 5, "{:#?}", scene.subjects());
    assert_eq!(passwords(&scene), ["password-1", "listed-1"]);
    assert_eq!(scene.get(&["secret/still"])["metadata"]["resourceVersion"], still);
    // no value is in git for that
    let all = scene.agent.git(&["log", "--all", "-p"]);
    assert!(!all.contains("password-1") && !all.contains("cGFzc3dvcmQtMQ"), "a value is in git");
    // nor what somebody makes of it, also over a restart
    let patch = "--patch={\"stringData\":{\"password\":\"mine\"}}";
    scene.kubectl(&["patch", "secret/keys", "--type=merge", patch]);
    scene.wait_until("the old one", &["secret/keys"], |secret| {
        secret["data"]["password"] == "cGFzc3dvcmQtMQ=="
    });
    scene.agent.kill();
    scene.kubectl(&["patch", "secret/keys", "--type=merge", patch]);
    scene.agent.launch();
    scene.wait_until("the old one", &["secret/keys"], |secret| {
        secret["data"]["password"] == "cGFzc3dvcmQtMQ=="
    });
    scene.wait_for("simple", "Stalled=True RolledBack", "");
}

#[test]
fn secrets_that_no_record_has_stay_as_the_change_made_them_and_that_is_told() {
    let Some(_) = Bed::own() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let settings = turning(folder.path()) + "delivery: {timeout: 3s, maxRetries: 0, records: false}\n";
    let scene = Scene::with("kept", &settings);
    scene.put("simple", "{replicas: 1}");
    scene.ready("simple");
    scene.put("simple", "{replicas: 2}");
    scene.wait_for("simple", "Stalled=True RolledBack", "");
    assert_eq!(passwords(&scene), ["password-2", "listed-2"]);
    let words = "Warning SecretsKept: No record of Helm has what commit COMMIT had in Secret/keys, Secret/listed: kept as the change \
                 left it that was taken back";
    let told = scene.events("simple");
    assert!(told.contains(&words.to_owned()), "{told:#?}");
}
