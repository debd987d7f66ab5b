//! Hooks of charts: when they run, what is left of them, and what stock helm says of both. Helm is given the same chart with the same
//! values in a namespace of its own, and asked the same questions.

use std::path::Path;

use base64::Engine as _;
use serde_json::{Value, json};

use crate::bed::audit::Mark;
use crate::bed::{Bed, wait};
use crate::scene::Scene;
use crate::support;

/// A pod with this label ends with an error.
const FAILS: &str = "pod-container-running-failed.stage.kwok.x-k8s.io";

const EVERY_PRE: &str = "pre-install,pre-upgrade,pre-rollback,pre-delete";
const EVERY_POST: &str = "post-install,post-upgrade,post-rollback,post-delete";

/// A Job that runs at these events: `more` are further annotations.
pub fn job(name: &str, events: &str, more: Value) -> Value {
    let mut job = json!({"apiVersion": "batch/v1", "kind": "Job",
        "metadata": {"name": name, "annotations": {"helm.sh/hook": events}},
        "spec": {"backoffLimit": 0, "template": {"spec": {"restartPolicy": "Never",
            "containers": [{"name": "run", "image": "example.com/run"}]}}}});
    for (key, value) in more.as_object().expect("a map") {
        job["metadata"]["annotations"][key] = value.clone();
    }
    job
}

fn failing(mut job: Value) -> Value {
    job["spec"]["template"]["metadata"] = json!({"labels": {FAILS: "true"}});
    job
}

/// It does not run before somebody lets it.
fn held(mut job: Value) -> Value {
    job["spec"]["suspend"] = json!(true);
    job
}

fn let_go(scene: &Scene, name: &str) {
    scene.kubectl(&["patch", "job", name, "--type=merge", "--patch={\"spec\":{\"suspend\":false}}"]);
}

fn map(name: &str, more: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "annotations": more}})
}

/// The spec of a cluster with these objects; `more` are further fields of it.
pub fn spec(objects: &[Value], more: Value) -> String {
    let mut spec = json!({"values": {"extraObjects": objects}});
    spec.as_object_mut().expect("a map").extend(more.as_object().cloned().unwrap_or_default());
    spec.to_string()
}

fn history(scene: &Scene) -> Vec<String> {
    let text = scene.helm(&support::helm(), &["history", "simple", "--output=json"]);
    let all: Value = serde_json::from_str(&text).expect("JSON");
    let line =
        |entry: &Value| format!("{} {}", entry["revision"], entry["status"].as_str().unwrap_or_default());
    all.as_array().expect("a list").iter().map(line).collect()
}

fn recorded(scene: &Scene, expected: &str) {
    wait(expected, || {
        let release = scene.cluster("simple")["status"]["release"].clone();
        let found = format!("{} {}", release["revision"], release["status"].as_str().unwrap_or_default());
        if found == expected { Ok(()) } else { Err(found) }
    });
}

/// Helm's own release of the same chart and values, in a namespace beside that of a scene.
struct Reference<'a> {
    scene: &'a Scene,
    namespace: String,
}

impl<'a> Reference<'a> {
    fn new(scene: &'a Scene) -> Self {
        Reference { scene, namespace: scene.bed.namespace("reference") }
    }

    /// `helm ARGUMENTS` with the values that the branch has; whether it succeeded, and what it said.
    fn run(&self, arguments: &[&str]) -> (bool, String) {
        self.run_with(&support::helm(), arguments)
    }

    fn run_with(&self, program: &Path, arguments: &[&str]) -> (bool, String) {
        let bed = self.scene.bed;
        let mut command = bed.command(program, bed.kubeconfig());
        command.args(arguments).args(["--namespace", &self.namespace]).current_dir(support::root());
        let output = command.output().expect("helm");
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&said).into_owned())
    }

    fn upgrade(&self, more: &[&str]) -> (bool, String) {
        let tree = self.scene.checkout();
        let values = format!("--values={}", tree.path().join("simple/values.yaml").display());
        let fixed = ["upgrade", "--install", "simple", "charts/prometheus-cluster", "--wait", &values];
        self.run(&[&fixed[..], more].concat())
    }
}

/// What came into being in a namespace since then, in order: the hooks, and the StatefulSet for the set.
fn made(scene: &Scene, namespace: &str, since: Mark) -> Vec<String> {
    let wanted = ["jobs", "configmaps", "statefulsets"];
    let own = |name: &str| name.starts_with("simple-") || name.starts_with("kube-root");
    let requests = scene.bed.audit_since(since).into_iter().filter(|request| {
        request.namespace == namespace
            && request.writes()
            && request.code == 201
            && wanted.contains(&request.resource.as_str())
            && !own(&request.name)
            && request.subresource.is_empty()
            && !request.user.contains("kube-system")
    });
    requests.map(|request| format!("{}/{}", request.resource, request.name)).collect()
}

/// The hooks that are there, by kind and name.
fn left(scene: &Scene, namespace: &str) -> Vec<String> {
    let all = scene.bed.get(&["jobs,configmaps,pods", "--namespace", namespace]);
    let hooks = all["items"].as_array().cloned().unwrap_or_default().into_iter();
    let hooks = hooks.filter(|object| !object["metadata"]["annotations"]["helm.sh/hook"].is_null());
    let title = |object: Value| {
        let [kind, name] = [&object["kind"], &object["metadata"]["name"]]
            .map(|text| text.as_str().unwrap_or("?").to_owned());
        format!("{kind}/{name}")
    };
    hooks.map(title).collect()
}

/// What a record says of the hooks: name, kind, events, policies, weight, phase, and whether the times are there.
fn told(scene: &Scene, namespace: &str, revision: &str) -> Vec<String> {
    let name = format!("sh.helm.release.v1.simple.v{revision}");
    let secret = scene.bed.get(&["secret", &name, "--namespace", namespace]);
    let text = secret["data"]["release"].as_str().expect("a record");
    let data = base64::engine::general_purpose::STANDARD.decode(text).expect("base64");
    let stored = promgit::release::stored::Stored::read(&data).expect("a record");
    let json: Value = serde_json::from_slice(stored.json()).expect("JSON");
    let line = |hook: &Value| {
        let run = &hook["last_run"];
        let has = |key: &str| run[key].as_str().is_some_and(|time| !time.is_empty());
        let [kind, name] = ["kind", "name"].map(|key| hook[key].as_str().unwrap_or("?"));
        let phase = run["phase"].as_str().unwrap_or("?");
        let (started, completed) = (has("started_at"), has("completed_at"));
        let (events, policies, weight) = (&hook["events"], &hook["delete_policies"], &hook["weight"]);
        format!("{kind}/{name} {events} {policies} {weight} {phase} {started} {completed}")
    };
    let mut all: Vec<String> = json["hooks"].as_array().into_iter().flatten().map(line).collect();
    all.sort();
    all
}

fn mark(scene: &Scene) -> Mark {
    scene.mark().expect("a bed of our own")
}

#[test]
fn hooks_run_at_the_stages_of_helm_in_its_order() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::with("hooks", "delivery: {maxRetries: 0, timeout: 20s}");
    let helm = Reference::new(&scene);
    let weight = |weight: &str| json!({"helm.sh/hook-weight": weight});
    let hooks = [
        job("middle", EVERY_PRE, json!({})),
        map("first", json!({"helm.sh/hook": EVERY_PRE, "helm.sh/hook-weight": "-5"})),
        job("early", EVERY_PRE, json!({})),
        job("zero", EVERY_POST, weight("0")),
        job(
            "last",
            EVERY_POST,
            json!({"helm.sh/hook-weight": "7", "helm.sh/hook-delete-policy": "hook-succeeded"}),
        ),
        job("before", EVERY_POST, weight("-1")),
    ];
    let order = |set: &str| {
        let all =
            ["configmaps/first", "jobs/early", "jobs/middle", set, "jobs/before", "jobs/zero", "jobs/last"];
        all.into_iter().filter(|name| !name.is_empty()).map(str::to_owned).collect::<Vec<_>>()
    };

    // An install.
    let since = mark(&scene);
    scene.put("simple", &spec(&hooks, json!({})));
    scene.ready("simple");
    assert_eq!(made(&scene, &scene.namespace, since), order("statefulsets/simple"));
    let since = mark(&scene);
    let (is_good, said) = helm.upgrade(&[]);
    assert!(is_good, "{said}");
    assert_eq!(made(&scene, &helm.namespace, since), order("statefulsets/simple"));
    recorded(&scene, "1 deployed");
    assert_eq!(left(&scene, &scene.namespace), left(&scene, &helm.namespace));
    assert_eq!(told(&scene, &scene.namespace, "1"), told(&scene, &helm.namespace, "1"));

    // An upgrade: all of them once more.
    let since = mark(&scene);
    scene.put("simple", &spec(&hooks, json!({"replicas": 2})));
    scene.ready("simple");
    let expected: Vec<String> = order("");
    assert_eq!(made(&scene, &scene.namespace, since), expected);
    let since = mark(&scene);
    let (is_good, said) = helm.upgrade(&[]);
    assert!(is_good, "{said}");
    assert_eq!(made(&scene, &helm.namespace, since), expected);
    recorded(&scene, "2 deployed");
    assert_eq!(left(&scene, &scene.namespace), left(&scene, &helm.namespace));
    assert_eq!(told(&scene, &scene.namespace, "2"), told(&scene, &helm.namespace, "2"));
    for program in [support::helm(), support::helm3()] {
        let said = scene.helm(&program, &["get", "hooks", "simple"]);
        assert!(said.contains("name: middle"), "{said}");
    }

    let since = mark(&scene);
    let (is_good, said) = helm.run(&["uninstall", "simple", "--wait"]);
    assert!(is_good, "{said}");
    let uninstalled = made(&scene, &helm.namespace, since);

    // What has not changed runs nothing, also over a restart and a lost status.
    let mut scene = scene;
    let since = mark(&scene);
    scene.agent.restart();
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/reconcile-at=now"]);
    wait("the look", || {
        let handled = scene.cluster("simple")["status"]["lastHandledReconcileAt"].clone();
        if handled == "now" { Ok(()) } else { Err(handled.to_string()) }
    });
    scene.agent.kill();
    scene.kubectl(&[
        "patch",
        "proms/simple",
        "--subresource=status",
        "--type=merge",
        "--patch={\"status\":null}",
    ]);
    scene.agent.launch();
    scene.ready("simple");
    assert_eq!(made(&scene, &scene.namespace, since), Vec::<String>::new());

    // A rollback runs those of what it goes back to.
    let since = mark(&scene);
    let crashing = json!({"podMetadata": {"labels": {"bed.promgit.dev/fail": "crash-loop"}}, "delivery": {"timeout": "4s"}});
    scene.put("simple", &spec(&hooks, crashing));
    scene.wait_for("simple", "Ready=False RolledBack", "");
    let upgraded = ["configmaps/first", "jobs/early", "jobs/middle"].map(str::to_owned);
    assert_eq!(made(&scene, &scene.namespace, since), [upgraded.to_vec(), order("")].concat());

    // And a deletion has its own.
    let since = mark(&scene);
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    assert_eq!(made(&scene, &scene.namespace, since), order(""));
    assert_eq!(uninstalled, order(""));
}

#[test]
fn a_hook_that_fails_before_the_set_leaves_nothing_of_it() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::with("unmade", "delivery: {maxRetries: 0, timeout: 30s}");
    let hooks = [
        job(
            "good",
            "pre-install",
            json!({"helm.sh/hook-weight": "-1", "helm.sh/hook-delete-policy": "hook-succeeded"}),
        ),
        failing(job("bad", "pre-install", json!({}))),
        failing(job("never", "pre-install", json!({"helm.sh/hook-weight": "1"}))),
    ];
    let since = mark(&scene);
    scene.put("simple", &spec(&hooks, json!({"delivery": {"atomic": false}})));
    let shown =
        scene.wait_for("simple", "Ready=False HookFailed", "pre-install hook Job/bad failed: pod bad-");
    assert!(shown[1].starts_with("Applied=False HookFailed"), "{shown:#?}");
    assert!(
        shown[3].starts_with("Stalled=True HookFailed") && shown[3].contains("promgit.dev/reconcile-at"),
        "{shown:#?}"
    );
    assert_eq!(made(&scene, &scene.namespace, since), ["jobs/good", "jobs/bad"]);
    assert_eq!(scene.get(&["statefulset/simple"]), Value::Null);
    recorded(&scene, "1 failed");
    let helm = Reference::new(&scene);
    let (is_good, said) = helm.upgrade(&[]);
    assert!(!is_good && said.contains("pre-install"), "{said}");
    assert_eq!(left(&scene, &scene.namespace), left(&scene, &helm.namespace));
    assert_eq!(told(&scene, &scene.namespace, "1"), told(&scene, &helm.namespace, "1"));
    let told = scene.events("simple");
    assert!(
        told.iter().any(|event| event.starts_with("Warning HookFailed: pre-install hook Job/bad failed")),
        "{told:#?}"
    );

    // A restart runs nothing and adds no revision; who asks for it gets it run once more.
    let mut scene = scene;
    scene.agent.restart();
    scene.wait_for("simple", "Ready=False HookFailed", "");
    assert_eq!(history(&scene), ["1 failed"]);
    let since = mark(&scene);
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/reconcile-at=now"]);
    wait("the hook to run again", || {
        let made = made(&scene, &scene.namespace, since);
        if made.contains(&"jobs/bad".to_owned()) { Ok(()) } else { Err(format!("{made:?}")) }
    });
    scene.wait_for("simple", "Ready=False HookFailed", "");

    // Atomic, it is removed again, by a commit that names the hook and its pod.
    let hooks = [failing(job("worse", "pre-install", json!({})))];
    scene.put("other", &spec(&hooks, json!({"delivery": {"atomic": true}})));
    scene.wait_for("other", "Ready=False RolledBack", "Job/worse failed: pod worse-");
    let message = scene.message();
    assert!(
        message.starts_with(&format!("{}/other: removed again: pre-install hook Job/worse", scene.namespace)),
        "{message}"
    );
    assert!(
        message.contains("Reason: removed again: pre-install hook Job/worse failed: pod worse-"),
        "{message}"
    );
    // Without its hooks it comes up.
    scene.kubectl(&["annotate", "proms/other", "promgit.dev/skip-hooks=true"]);
    scene.put("other", &spec(&hooks, json!({"replicas": 2})));
    scene.ready("other");
}

#[test]
fn a_hook_that_fails_when_all_is_up_takes_the_change_back() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::with("late", "delivery: {maxRetries: 0, timeout: 30s}");
    let cleared = json!({"helm.sh/hook-delete-policy": "before-hook-creation,hook-failed"});
    let good = [
        job("check", "post-install,post-upgrade", cleared.clone()),
        job("back", "pre-rollback,post-rollback", json!({})),
    ];
    let bad = [failing(good[0].clone()), good[1].clone()];
    scene.put("simple", &spec(&good, json!({})));
    scene.ready("simple");
    recorded(&scene, "1 deployed");
    let helm = Reference::new(&scene);
    let (is_good, said) = helm.upgrade(&[]);
    assert!(is_good, "{said}");
    let since = mark(&scene);
    scene.put("simple", &spec(&bad, json!({"replicas": 2})));
    let shown = scene.wait_for(
        "simple",
        "Ready=False RolledBack",
        "rolled back to COMMIT: post-upgrade hook Job/check failed: pod check-",
    );
    assert!(shown[3].starts_with("Stalled=True RolledBack"), "{shown:#?}");
    assert_eq!(made(&scene, &scene.namespace, since), ["jobs/check", "jobs/back", "jobs/back"]);
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 1);
    recorded(&scene, "3 deployed");
    assert_eq!(history(&scene), ["1 superseded", "2 failed", "3 deployed"]);
    scene.holds_branch();
    let message = scene.message();
    assert!(
        message.contains("Reason: rolled back to")
            && message.contains("post-upgrade hook Job/check failed: pod check-"),
        "{message}"
    );

    // Helm is given the change that was taken back.
    let values = helm_values(&scene, "HEAD~1");
    let since = mark(&scene);
    let (is_good, said) = helm.run(&[
        "upgrade",
        "simple",
        "charts/prometheus-cluster",
        "--rollback-on-failure",
        "--wait",
        &format!("--values={}", values.path().join("values.yaml").display()),
    ]);
    assert!(!is_good && said.contains("rolled back"), "{said}");
    assert_eq!(made(&scene, &helm.namespace, since), ["jobs/check", "jobs/back", "jobs/back"]);
    assert_eq!(left(&scene, &scene.namespace), left(&scene, &helm.namespace));
    for revision in ["2", "3"] {
        assert_eq!(
            told(&scene, &scene.namespace, revision),
            told(&scene, &helm.namespace, revision),
            "{revision}"
        );
    }
}

/// The values of an older commit of the branch.
fn helm_values(scene: &Scene, commit: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let commit = commit.replace("HEAD", &scene.branch());
    let values = scene.agent.git(&["show", &format!("{commit}:simple/values.yaml")]);
    std::fs::write(folder.path().join("values.yaml"), values).expect("writable");
    folder
}

#[test]
fn a_hook_that_runs_is_waited_for_by_whichever_agent_there_is() {
    let Some(_) = Bed::own() else { return };
    let mut scene = Scene::with("kept", "delivery: {timeout: 90s}");
    let hooks = [
        held(job("before", "pre-install", json!({"helm.sh/hook-delete-policy": "hook-succeeded"}))),
        held(job("after", "post-install", json!({}))),
    ];
    let since = mark(&scene);
    scene.put("simple", &spec(&hooks, json!({})));
    scene.wait_for("simple", "Ready=False Progressing", "pre-install hook Job/before runs");
    assert_eq!(scene.get(&["statefulset/simple"]), Value::Null);
    assert_eq!(told(&scene, &scene.namespace, "1")[1].split(' ').nth(4), Some("Running"));
    scene.agent.kill();
    scene.agent.launch();
    scene.agent.wait_for_start();
    let_go(&scene, "before");
    scene.wait_for("simple", "Ready=False Progressing", "post-install hook Job/after runs");
    scene.agent.kill();
    scene.agent.launch();
    scene.agent.wait_for_start();
    let_go(&scene, "after");
    scene.ready("simple");
    assert_eq!(made(&scene, &scene.namespace, since), ["jobs/before", "statefulsets/simple", "jobs/after"]);
    recorded(&scene, "1 deployed");
    assert_eq!(history(&scene), ["1 deployed"]);
    assert_eq!(left(&scene, &scene.namespace), ["Job/after"]);
    let said = told(&scene, &scene.namespace, "1");
    assert!(said.iter().all(|line| line.ends_with(" Succeeded true true")), "{said:#?}");
    // One that does not end in time has failed.
    scene.put(
        "simple",
        &spec(
            &[held(job("slow", "pre-upgrade", json!({})))],
            json!({"delivery": {"timeout": "3s", "maxRetries": 0}}),
        ),
    );
    scene.wait_for("simple", "Ready=False RolledBack", "pre-upgrade hook Job/slow did not end within 3s");
}

#[test]
fn a_deletion_waits_for_its_hook_and_there_is_a_way_out() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::with("leave", "delivery: {timeout: 30s}");
    let hooks =
        [failing(job("dump", "pre-delete", json!({}))), failing(job("sweep", "post-delete", json!({})))];
    scene.put("simple", &spec(&hooks, json!({})));
    scene.ready("simple");
    scene.kubectl(&["delete", "proms/simple", "--wait=false"]);
    let stuck = scene.wait_until("the hook to fail", &["proms/simple"], |cluster| {
        cluster["status"].to_string().contains("pre-delete hook Job/dump failed: pod dump-")
    });
    assert!(stuck["status"].to_string().contains("promgit.dev/skip-hooks=true"), "{stuck:#}");
    assert!(scene.get(&["statefulset/simple"]).is_object(), "it was deleted before its hook was done");
    let uid = scene.get(&["job/dump"])["metadata"]["uid"].clone();
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/reconcile-at=now"]);
    scene.wait_until("the hook to run again", &["job/dump"], |job| {
        job.is_object() && job["metadata"]["uid"] != uid
    });
    assert!(scene.get(&["statefulset/simple"]).is_object());
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/skip-hooks=true"]);
    scene.wait_until("it to go", &["proms/simple"], Value::is_null);
    assert!(scene.get(&["statefulset/simple"]).is_null() && scene.get(&["job/sweep"]).is_null());

    // One that fails when all is gone holds up nobody.
    scene.put("simple", &spec(&hooks[1..], json!({})));
    scene.ready("simple");
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    let told = scene.events("simple");
    assert!(
        told.iter().any(|event| event.starts_with("Warning HookFailed: post-delete hook Job/sweep failed")),
        "{told:#?}"
    );

    // A namespace takes them along.
    scene.put("simple", &spec(&hooks, json!({})));
    scene.ready("simple");
    scene.bed.kubectl(&["delete", "namespace", &scene.namespace, "--timeout=90s"]);
}

#[test]
fn tests_run_on_request_and_by_helm() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::with("tested", "delivery: {timeout: 30s}");
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"name": "probe", "annotations": {"helm.sh/hook": "test", "helm.sh/hook-weight": "1"}},
        "spec": {"restartPolicy": "Never", "containers": [{"name": "probe", "image": "example.com/probe"}]}});
    let passing = [job("ask", "test", json!({})), pod];
    let since = mark(&scene);
    scene.put("simple", &spec(&passing, json!({})));
    scene.ready("simple");
    recorded(&scene, "1 deployed");
    assert!(!made(&scene, &scene.namespace, since).contains(&"jobs/ask".to_owned()));
    let end = || {
        scene.wait_until("the pod", &["pod/probe"], |pod| pod["status"]["phase"] == "Running");
        scene.kubectl(&[
            "patch",
            "pod/probe",
            "--subresource=status",
            "--type=merge",
            r#"--patch={"status":{"phase":"Succeeded"}}"#,
        ]);
    };
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/test-at=one"]);
    end();
    let shown = scene.wait_for("simple", "Tested=True Succeeded", "");
    assert_eq!(
        shown.last().map(String::as_str),
        Some("Tested=True Succeeded @1: 2 of 2 tests passed at commit COMMIT")
    );
    assert!(shown[2].starts_with("Ready=True"), "{shown:#?}");
    let said = told(&scene, &scene.namespace, "1");
    assert!(said.iter().all(|line| line.ends_with(" Succeeded true true")), "{said:#?}");
    assert!(
        scene.events("simple").iter().any(|event| event.starts_with("Normal Tested: 2 of 2 tests passed"))
    );
    assert_eq!(scene.subjects().len(), 1, "a test is no change");
    // Once for each value, also over a restart.
    let mut scene = scene;
    let since = mark(&scene);
    scene.agent.restart();
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/requested-by=alice"]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    assert_eq!(made(&scene, &scene.namespace, since), Vec::<String>::new());

    // Stock helm tests the release too, and says how it went.
    scene.put("simple", &spec(&passing[..1], json!({})));
    scene.ready("simple");
    recorded(&scene, "2 deployed");
    for program in [support::helm(), support::helm3()] {
        let said = scene.helm(&program, &["test", "simple"]);
        assert!(said.contains("Succeeded"), "{said}");
    }
    let said = scene.helm(&support::helm(), &["status", "simple"]);
    assert!(said.contains("TEST SUITE") && said.contains("Succeeded"), "{said}");

    scene.put("simple", &spec(&[failing(passing[0].clone())], json!({})));
    scene.ready("simple");
    scene.kubectl(&["annotate", "--overwrite", "proms/simple", "promgit.dev/test-at=two"]);
    let shown = scene.wait_for("simple", "Tested=False TestFailed", "test hook Job/ask failed: pod ask-");
    assert!(shown[2].starts_with("Ready=True"), "{shown:#?}");
    assert!(
        scene
            .events("simple")
            .iter()
            .any(|event| event.starts_with("Warning TestFailed: test hook Job/ask failed"))
    );
    let said = scene.helm(&support::helm(), &["status", "simple"]);
    assert!(said.contains("TEST SUITE") && said.contains("Failed"), "{said}");
}

#[test]
fn a_hook_is_nobody_elses_object_and_a_refused_one_changes_nothing() {
    let scene = Scene::with("theirs", "delivery: {maxRetries: 0}");
    scene.apply("{apiVersion: v1, kind: ConfigMap, metadata: {name: theirs}, data: {from: somebody}}");
    scene.put("simple", &spec(&[map("theirs", json!({"helm.sh/hook": "post-install"}))], json!({})));
    let shown =
        scene.wait_for("simple", "Ready=False NotOurs", "ConfigMap/theirs exists and belongs to kubectl");
    assert!(shown[1].starts_with("Applied=False NotOurs"), "{shown:#?}");
    assert_eq!(scene.get(&["statefulset/simple"]), Value::Null);
    assert_eq!(scene.get(&["configmap/theirs"])["data"]["from"], "somebody");
    // What the API server refuses is seen before anything is changed, and before the first hook runs.
    let mut bad = job("bad", "post-install", json!({}));
    bad["spec"]["backoffLimit"] = json!(-1);
    scene.put("other", &spec(&[job("good", "pre-install", json!({})), bad], json!({})));
    scene.wait_for("other", "Ready=False RolledBack", "Job/bad");
    assert_eq!(scene.get(&["statefulset/other"]), Value::Null);
    assert_eq!(scene.get(&["job/good"]), Value::Null);
}

#[test]
fn where_another_tool_applies_hooks_are_left_to_it() {
    let scene = Scene::with("left", "delivery: {mode: External}");
    scene.put("simple", &spec(&[job("before", "pre-install,test", json!({}))], json!({})));
    scene.wait_for("simple", "Applied=False External", "");
    let tree = scene.checkout();
    assert!(tree.path().join("simple/hooks/job-before.yaml").exists());
    let folder = tree.path().to_str().expect("UTF-8");
    scene.kubectl(&["apply", "--server-side", "--field-manager=kustomize-controller", "--kustomize", folder]);
    scene.ready("simple");
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/test-at=now"]);
    scene.wait_for("simple", "Tested=False External", "");
    assert_eq!(scene.get(&["jobs"]), Value::Null);
}

/// A chart whose hook is a Secret; the release has a ConfigMap and nothing to wait for.
fn with_secret(folder: &Path) -> String {
    let settings = crate::secrets::settings(folder, "delivery: {maxRetries: 0}");
    let hook = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: {{ .Release.Name }}-hook\n  annotations: {helm.sh/hook: 'pre-install,pre-delete', \
                helm.sh/hook-delete-policy: 'before-hook-creation,hook-succeeded'}\nstringData: {password: {{ randAlphaNum 20 }}}\n";
    std::fs::write(folder.join("chart/templates/hook.yaml"), hook).expect("writable");
    settings
}

#[test]
fn a_secret_among_the_hooks_is_in_no_commit_and_made_all_the_same() {
    let Some(_) = Bed::own() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let mut scene = Scene::with("hidden", &with_secret(folder.path()));
    let secrets = |scene: &Scene, since: Mark| {
        let all = scene.writes(Some(since)).unwrap_or_default();
        all.into_iter().filter(|write| write.contains("simple-hook")).collect::<Vec<_>>()
    };
    let since = mark(&scene);
    scene.put("simple", "{}");
    scene.ready("simple");
    assert_eq!(secrets(&scene, since), ["patch secrets simple-hook 201", "delete secrets simple-hook 200"]);
    let tree = scene.checkout();
    let stubs = std::fs::read_dir(tree.path().join("simple/stubs")).expect("stubs").flatten();
    let stubs: Vec<String> = stubs.map(|stub| std::fs::read_to_string(stub.path()).expect("text")).collect();
    assert!(
        stubs.iter().any(|stub| stub.contains("name: simple-hook") && stub.contains("kind: SecretStub")),
        "{stubs:#?}"
    );
    // Nobody has its values in memory now; Helm's record has.
    scene.agent.restart();
    let since = mark(&scene);
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    assert_eq!(secrets(&scene, since), ["patch secrets simple-hook 201", "delete secrets simple-hook 200"]);
}

/// Helm gives up there, and what does not work stays.
#[test]
fn a_hook_that_fails_on_the_way_back_is_told_and_holds_up_nothing() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::with("astray", "delivery: {maxRetries: 0, timeout: 3s}");
    let hooks = [
        failing(job("before", "pre-rollback", json!({}))),
        failing(job("after", "post-rollback", json!({}))),
        map("refused", json!({"helm.sh/hook": "pre-rollback", "helm.sh/hook-weight": "-1"})),
    ];
    scene.put("simple", &spec(&hooks, json!({})));
    scene.ready("simple");
    recorded(&scene, "1 deployed");
    let helm = Reference::new(&scene);
    let (is_good, said) = helm.upgrade(&[]);
    assert!(is_good, "{said}");
    // of somebody else, where a hook is to be
    scene.kubectl(&["create", "configmap", "refused"]);
    let crashing = json!({"replicas": 2, "podMetadata": {"labels": {"bed.promgit.dev/fail": "crash-loop"}}});
    scene.put("simple", &spec(&hooks, crashing));
    scene.wait_for("simple", "Stalled=True RolledBack", "rolled back to COMMIT: pod simple-");
    recorded(&scene, "3 deployed");
    assert_eq!(history(&scene), ["1 superseded", "2 failed", "3 deployed"]);
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 1);
    assert!(scene.get(&["pods", "--selector=bed.promgit.dev/fail"]).is_null());
    scene.holds_branch();
    let told = scene.events("simple");
    for begin in [
        "Warning HookFailed: pre-rollback hook ConfigMap/refused was refused: exists and belongs to",
        "Warning HookFailed: post-rollback hook Job/after failed: pod after-",
    ] {
        let is_told = |event: &String| {
            event.starts_with(begin) && event.ends_with("; the change is taken back all the same")
        };
        assert!(told.iter().any(is_told), "{begin}: {told:#?}");
    }

    let values = helm_values(&scene, "HEAD~1");
    let values = format!("--values={}", values.path().join("values.yaml").display());
    let (is_good, said) = helm.upgrade(&["--rollback-on-failure", "--timeout=3s", &values]);
    assert!(!is_good, "{said}");
    let set = scene.bed.get(&["statefulset/simple", "--namespace", &helm.namespace]);
    assert_eq!(set["spec"]["replicas"], 2, "{said}");
}
