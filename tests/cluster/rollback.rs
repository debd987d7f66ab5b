//! Changes that do not come up, and what is left of them.

use serde_json::{Value, json};

use crate::bed::{Bed, wait};
use crate::scene::Scene;

/// A container that exits, and how long that is watched.
const CRASHING: &str = "podMetadata: {labels: {bed.promgit.dev/fail: crash-loop}}";

fn trailers(scene: &Scene, commit: &str) -> Vec<String> {
    let text = scene.agent.git(&["log", "-1", "--format=%(trailers:only,unfold)", commit]);
    text.lines().map(str::to_owned).collect()
}

fn commits(scene: &Scene) -> Vec<String> {
    let text = scene.agent.git(&["log", "--reverse", "--format=%H", &scene.branch()]);
    text.lines().map(str::to_owned).collect()
}

fn tree(scene: &Scene, commit: &str) -> String {
    scene.agent.git(&["rev-parse", &format!("{commit}:simple")])
}

#[test]
fn an_upgrade_that_does_not_come_up_goes_back_by_a_new_commit() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::new("back");
    scene.put("simple", "{replicas: 2, delivery: {timeout: 3s, maxRetries: 0}}");
    scene.ready("simple");
    let before = scene.get(&["statefulset/simple"])["spec"]["template"].clone();
    scene.put("simple", &format!("{{replicas: 2, delivery: {{timeout: 3s, maxRetries: 0}}, {CRASHING}}}"));
    let shown = scene.wait_for("simple", "Ready=False RolledBack", "pod simple-1 crash-looping");
    assert_eq!(
        shown[2], "Ready=False RolledBack @2: rolled back to COMMIT: pod simple-1 crash-looping",
        "{shown:#?}"
    );
    assert_eq!(shown[3], "Stalled=True RolledBack @2: rolled back to COMMIT: pod simple-1 crash-looping");
    assert!(shown[1].starts_with("Applied=True Succeeded @2"), "{shown:#?}");
    // What runs is what ran, in every pod, and the branch says so.
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["template"], before);
    let labelled = scene.get(&["pods", "--selector=bed.promgit.dev/fail"]);
    assert_eq!(labelled, Value::Null, "pods of the change are left");
    let set = scene.get(&["statefulset/simple"]);
    assert_eq!(set["status"]["readyReplicas"], 2);
    scene.holds_branch();
    let commits = commits(&scene);
    assert_eq!(commits.len(), 3, "{:#?}", scene.subjects());
    assert_eq!(tree(&scene, &commits[0]), tree(&scene, &commits[2]));
    let said = trailers(&scene, &commits[2]);
    assert!(
        said.contains(&format!("Reverts: {}", commits[1])) && said.contains(&"Generation: 1".to_owned()),
        "{said:#?}"
    );
    assert!(
        scene.subjects()[2]
            .starts_with(&format!("simple: rolled back to {}: pod simple-1 crash", &commits[0][..10]))
    );
    let status = scene.cluster("simple")["status"].clone();
    assert_eq!(status["commit"]["revision"], commits[2]);
    let history: Vec<String> = status["history"]
        .as_array()
        .expect("a history")
        .iter()
        .map(|change| {
            format!(
                "{} {}",
                change["commit"].as_str().unwrap_or_default(),
                change["outcome"].as_str().unwrap_or_default()
            )
        })
        .collect();
    assert_eq!(history, [format!("{} RolledBack", commits[1]), format!("{} Succeeded", commits[0])]);
    let told = scene.events("simple");
    assert!(
        told.contains(&"Warning RolledBack: rolled back to COMMIT: pod simple-1 crash-looping".to_owned()),
        "{told:#?}"
    );
    let verify = scene
        .agent
        .command(env!("CARGO_BIN_EXE_promgit"))
        .args(["verify", "--repo=deploy.git", "--all"])
        .output()
        .expect("promgit");
    assert!(verify.status.success(), "{verify:?}");

    // Nothing more happens, also over a restart without a status, until the spec changes.
    let mut scene = scene;
    scene.agent.kill();
    scene.kubectl(&[
        "patch",
        "proms/simple",
        "--subresource=status",
        "--type=merge",
        "--patch={\"status\":null}",
    ]);
    scene.agent.launch();
    let again = scene.wait_for("simple", "Ready=False RolledBack", "");
    assert_eq!(again[2], shown[2]);
    assert_eq!(scene.subjects().len(), 3);
    scene.put("simple", "{replicas: 1, delivery: {timeout: 3s, maxRetries: 0}}");
    scene.ready("simple");
    assert_eq!(scene.conditions("simple").len(), 3);
}

#[test]
fn an_install_that_does_not_come_up_is_removed_again_and_its_data_kept() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::new("removed");
    // Even where claims go with a cluster that is deleted.
    let policy = "persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}";
    let spec = |more: &str| {
        format!("{{{policy}, storage: {{size: 1Gi}}, delivery: {{timeout: 3s, maxRetries: 0}}, {more}}}")
    };
    scene.put("simple", &spec(CRASHING));
    let shown = scene.wait_for("simple", "Ready=False RolledBack", "removed again: pod simple-0 ");
    assert!(shown[1].starts_with("Applied=False RolledBack"), "{shown:#?}");
    assert!(shown[3].starts_with("Stalled=True RolledBack"), "{shown:#?}");
    for kind in ["statefulset", "service", "configmap", "serviceaccount"] {
        let left = scene.get(&[kind, "--selector=app.kubernetes.io/instance=simple"]);
        assert_eq!(left, Value::Null, "{kind}");
    }
    let claims = scene.get(&["pvc"]);
    assert_eq!(claims["items"].as_array().map(Vec::len), Some(1));
    assert!(claims["items"][0]["metadata"]["deletionTimestamp"].is_null(), "{claims:#}");
    assert_eq!(scene.get(&["pods"]), Value::Null);
    assert!(!scene.checkout().path().join("simple").exists());
    assert!(
        scene.subjects()[1].starts_with("simple: removed again: pod simple-0 "),
        "{:?}",
        scene.subjects()
    );
    let mut scene = scene;
    scene.agent.restart();
    assert_eq!(scene.wait_for("simple", "Ready=False RolledBack", "")[2], shown[2]);
    assert_eq!(scene.subjects().len(), 2);
    scene.put("simple", &spec("replicas: 1"));
    scene.ready("simple");
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
}

#[test]
fn a_change_is_tried_again_as_often_as_it_may_and_from_the_start_when_asked() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::new("again");
    scene.put("simple", "{delivery: {timeout: 3s, maxRetries: 1}}");
    scene.ready("simple");
    scene.put("simple", &format!("{{delivery: {{timeout: 3s, maxRetries: 1}}, {CRASHING}}}"));
    let shown = scene.wait_for("simple", "Ready=False RolledBack", "");
    assert_eq!(shown[3], "Reconciling=True RolledBack @2: it is tried again", "{shown:#?}");
    scene.wait_for("simple", "Stalled=True RolledBack", "");
    assert_eq!(scene.subjects().len(), 5, "{:#?}", scene.subjects());
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/reconcile-at=now"]);
    wait("two more attempts", || match scene.subjects().len() {
        9 => Ok(()),
        other => Err(format!("{other} commits")),
    });
    scene.wait_for("simple", "Stalled=True RolledBack", "");
    let asked = trailers(&scene, &format!("{}~3", scene.branch()));
    assert!(asked.contains(&"Reconcile-At: now".to_owned()), "{asked:#?}");
    // The cause goes, and somebody asks: the change that is wanted comes.
    scene.put("simple", "{delivery: {timeout: 3s, maxRetries: 1}, replicas: 2}");
    scene.ready("simple");
    scene.holds_branch();
}

#[test]
fn what_the_api_server_refuses_is_taken_back_at_once() {
    let scene = Scene::new("refused");
    scene.put("simple", "{}");
    scene.ready("simple");
    let mark = scene.mark();
    let bad = json!({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "bad"},
        "spec": {"rules": [{"host": "not a host"}]}});
    scene.put("simple", &json!({"replicas": 2, "values": {"extraObjects": [bad]}}).to_string());
    let shown = scene.wait_for("simple", "Ready=False RolledBack", "Ingress/bad");
    assert!(shown[3].starts_with("Stalled=True RolledBack"), "{shown:#?}");
    assert_eq!(scene.subjects().len(), 3);
    scene.holds_branch();
    if let Some(writes) = scene.writes(mark) {
        assert!(
            !writes.iter().any(|write| write.contains(" 201") && !write.contains("events")),
            "{writes:#?}"
        );
    }
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 1);
}

#[test]
fn who_asks_again_for_what_runs_gets_it() {
    let scene = Scene::new("asked");
    let of = |more: &str| format!("{{delivery: {{timeout: 3s, maxRetries: 0}}{more}}}");
    scene.put("simple", &of(""));
    scene.ready("simple");
    scene.put("simple", &of(&format!(", {CRASHING}")));
    scene.wait_for("simple", "Ready=False RolledBack", "crash-looping");
    scene.put("simple", &of(""));
    let shown = scene.wait_for("simple", "Ready=True Succeeded", "1 of 1 replica ready");
    assert!(!shown.iter().any(|condition| condition.starts_with("Stalled=True")), "{shown:#?}");
    assert_eq!(scene.subjects().len(), 3, "{:#?}", scene.subjects());
    scene.holds_branch();
    scene.put("simple", &of(", replicas: 2"));
    scene.ready("simple");
}

#[test]
fn what_is_not_to_be_atomic_stays_as_it_failed() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::with("stays", "delivery: {atomic: false}");
    scene.put("simple", "{}");
    scene.ready("simple");
    scene.put("simple", &format!("{{delivery: {{timeout: 3s}}, {CRASHING}}}"));
    scene.wait_for("simple", "Ready=False Stalled", "crash-looping");
    assert_eq!(scene.subjects().len(), 2);
    // A change that is stalled is taken back once it may be.
    scene.put("simple", &format!("{{delivery: {{timeout: 3s, atomic: true, maxRetries: 0}}, {CRASHING}}}"));
    scene.wait_for("simple", "Ready=False RolledBack", "crash-looping");
    scene.holds_branch();
}
