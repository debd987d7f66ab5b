//! What stock helm says of what promgit delivers, and the other way round.

use std::path::Path;

use serde_json::{Value, json};

use crate::bed::{Bed, wait};
use crate::scene::Scene;
use crate::support;

const CRASHING: &str = "podMetadata: {labels: {bed.promgit.dev/fail: crash-loop}}";

fn json(scene: &Scene, arguments: &[&str]) -> Value {
    let text = scene.helm(&support::helm(), &[arguments, &["--output=json"]].concat());
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
        let said = |arguments: &[&str]| scene.helm(&program, arguments);
        assert!(said(&["list"]).contains("deployed"), "{}", said(&["list"]));
        assert!(said(&["status", "simple"]).contains("STATUS: deployed"));
        let manifest = said(&["get", "manifest", "simple"]);
        for words in ["kind: StatefulSet", "# Source: prometheus-cluster/templates/statefulset.yaml"] {
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
    assert_eq!(scene.helm(&support::helm(), &["list", "--short"]), "");
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
    scene.helm(&support::helm(), &["rollback", "simple", "1"]);
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
fn what_a_persons_helm_added_goes_again() {
    let scene = Scene::new("added");
    scene.put("simple", "{}");
    scene.ready("simple");
    let label = |scene: &Scene| {
        scene.get(&["statefulset/simple"])["spec"]["template"]["metadata"]["labels"]["x"].clone()
    };
    for (program, revision) in [(support::helm3(), 3), (support::helm(), 5)] {
        let upgrade = ["upgrade", "simple", "charts/prometheus-cluster", "--reuse-values"];
        scene.helm(&program, &[&upgrade[..], &["--set", "podLabels.x=y"]].concat());
        wait("the commit over it", || {
            let release = release(&scene, "simple");
            (release == format!("{revision} deployed")).then_some(()).ok_or(release)
        });
        scene.ready("simple");
        assert_eq!(label(&scene), Value::Null, "{program:?}");
        scene.holds_branch();
    }
}

#[test]
fn a_release_of_helm_is_taken_over_without_a_restart() {
    let scene = Scene::new("adopt");
    let namespace = format!("--namespace={}", scene.namespace);
    scene.helm(&support::helm(), &["install", "simple", "charts/prometheus-cluster", &namespace]);
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

/// A chart with all that a file of a commit is not: a list, a comment alone, ends without a line break and with many, a Secret, hooks whose
/// names are in another order than their templates.
fn odd(folder: &Path) -> String {
    let chart = folder.join("odd");
    std::fs::create_dir_all(chart.join("templates")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("writable");
    let object = |kind: &str, name: &str, more: &str| {
        format!("apiVersion: v1\nkind: {kind}\nmetadata:\n  name: {name}\n{more}")
    };
    let hook = "  annotations:\n    helm.sh/hook: post-install,test\n";
    write("odd/Chart.yaml", "apiVersion: v2\nname: odd\nversion: 0.1.0\n");
    write("odd/templates/a.yaml", &object("ConfigMap", "z", "data: {x: {{ .Values.word | quote }}}"));
    write("odd/templates/b.yaml", &object("ConfigMap", "a", "data:\n  x: |\n    y\n\n\n"));
    write("odd/templates/comment.yaml", "# nothing but this\n");
    write(
        "odd/templates/list.yaml",
        "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: Secret, metadata: {name: one}, stringData: {a: b}}\n\
         - {apiVersion: v1, kind: ConfigMap, metadata: {name: two}}\n",
    );
    write(
        "odd/templates/secret.yaml",
        &(object("Secret", "keys", "stringData: {password: hunter2}")
            + "\n---\n"
            + &object("Service", "s", "spec: {ports: [{port: 1}]}")),
    );
    write("odd/templates/hook-a.yaml", &object("ConfigMap", "hook-z", hook));
    write("odd/templates/hook-b.yaml", &object("ConfigMap", "hook-a", hook));
    write("odd/templates/hook-c.yaml", (object("Secret", "hook-s", hook) + "stringData: {a: b}").trim_end());
    write("mapping.yaml", "word: '{{ spec.replicas }}'\n");
    format!("chart: {{path: {}, mapping: {}/mapping.yaml}}\n", chart.display(), folder.display())
}

#[test]
fn what_both_helms_get_of_a_release_is_what_helm_would_have_made_of_it() {
    let folder = tempfile::tempdir().expect("a folder");
    for (settings, chart) in [
        (String::new(), support::root().join("charts/prometheus-cluster")),
        (odd(folder.path()), folder.path().join("odd")),
    ] {
        let scene = Scene::with("same", &settings);
        scene.put("simple", "{}");
        scene.ready("simple");
        wait("the record", || {
            (release(&scene, "simple") == "1 deployed").then_some(()).ok_or(release(&scene, "simple"))
        });
        let tree = scene.checkout();
        let values = format!("--values={}", tree.path().join("simple/values.yaml").display());
        let other = scene.bed.namespace("reference");
        let run = |program: &Path, namespace: &str, arguments: &[&str]| {
            let mut command = scene.bed.command(program, scene.bed.kubeconfig());
            command.args(arguments).args(["--namespace", namespace]);
            support::stdout(command.output().expect("helm")).replace(namespace, "NS")
        };
        let install = ["install", "simple", chart.to_str().expect("UTF-8"), &values];
        run(&support::helm(), &other, &install);
        for program in [support::helm(), support::helm3()] {
            for what in ["manifest", "hooks", "notes", "values"] {
                let get = |namespace: &str| run(&program, namespace, &["get", what, "simple"]);
                assert_eq!(get(&scene.namespace), get(&other), "{what} of {}", chart.display());
            }
        }
        scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    }
}

/// Lines that a difference takes away and adds.
fn changes(text: &str) -> Vec<String> {
    let lines = text.lines().filter(|line| line.starts_with(['+', '-']));
    let lines = lines.filter(|line| !line.starts_with("+++") && !line.starts_with("---"));
    lines.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// `helm diff revision` compares what `helm get manifest` prints of both. `PROMGIT_HELM_DIFF`, a folder of Helm plugins with helm-diff,
/// has it asked as well.
#[test]
fn two_revisions_differ_in_what_the_commit_between_them_changed() {
    let scene = Scene::new("differ");
    scene.put("simple", "{logLevel: warn}");
    scene.ready("simple");
    scene.put("simple", "{logLevel: debug}");
    scene.ready("simple");
    wait("the record", || {
        (release(&scene, "simple") == "2 deployed").then_some(()).ok_or(release(&scene, "simple"))
    });
    let folder = tempfile::tempdir().expect("a folder");
    for program in [support::helm(), support::helm3()] {
        let files = ["1", "2"].map(|revision| {
            let manifest = scene.helm(&program, &["get", "manifest", "simple", "--revision", revision]);
            std::fs::write(folder.path().join(revision), manifest).expect("writable");
            folder.path().join(revision)
        });
        let mut git = support::hermetic("git", folder.path());
        let output = git.args(["diff", "--no-index", "--unified=0"]).args(&files).output().expect("git");
        let found = changes(&String::from_utf8_lossy(&output.stdout));
        assert_eq!(found, ["- log_level: warn", "+ log_level: debug"]);
        let Some(plugins) = std::env::var_os("PROMGIT_HELM_DIFF") else { continue };
        let mut command = scene.bed.command(&program, scene.bed.kubeconfig());
        command.env("HELM_PLUGINS", plugins).args(["diff", "revision", "simple", "1", "2", "--no-color"]);
        let output = command.args(["--namespace", &scene.namespace]).output().expect("helm");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(changes(&String::from_utf8_lossy(&output.stdout)), found, "{error}");
    }
}
