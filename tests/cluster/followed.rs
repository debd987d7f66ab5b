//! What a person does with helm, where the settings say that it becomes a change of the resource and a commit.

use std::process::Command;

use serde_json::Value;

use crate::bed::wait;
use crate::scene::{Scene, manifest};
use crate::support;

const FOLLOWS: &str = "delivery: {followHelm: true}";

fn wait_for_spec(scene: &Scene, good: impl Fn(&Value) -> bool) {
    scene.wait_until("the spec", &["proms/simple"], |cluster| good(&cluster["spec"]));
    scene.ready("simple");
}

fn at_two(scene: &Scene) {
    scene.put("simple", "{}");
    scene.ready("simple");
    scene.put("simple", "{replicas: 2}");
    scene.ready("simple");
    scene.wait_for_history(&["1 superseded", "2 deployed"]);
}

#[test]
fn what_a_person_does_with_helm_becomes_a_commit() {
    let scene = Scene::with("followed", FOLLOWS);
    at_two(&scene);
    scene.helm(&support::helm(), &["rollback", "simple", "1"]);
    scene.wait_for_history(&["1 superseded", "2 superseded", "3 superseded", "4 deployed"]);
    wait_for_spec(&scene, |spec| spec["replicas"] == 1 && spec["values"].is_null());
    let subjects = ["simple: created", "simple: replicas 1 → 2", "simple: replicas 2 → 1"];
    assert_eq!(scene.subjects(), subjects);
    assert!(
        scene.message().contains("\nTakes-Over: revision 3 of the Helm release\n"),
        "{}",
        scene.message()
    );
    let words = "Revision 3 of the release (deployed) was made by somebody's helm";
    scene.told(
        "simple",
        &format!("Normal HelmTakenOver: {words}"),
        &["asks for it from now on, in spec.replicas"],
    );
    scene.holds_branch();

    // In a field of the resource, and where it has none, in its free values.
    let chart = "charts/prometheus-cluster";
    let set = ["--set", "replicas=3,image.pullPolicy=Always"];
    scene.helm(&support::helm3(), &[&["upgrade", "simple", chart, "--reuse-values"][..], &set].concat());
    wait_for_spec(&scene, |spec| spec["replicas"] == 3 && spec["values"]["image"]["pullPolicy"] == "Always");
    wait("the commit", || {
        let subjects = scene.subjects();
        (subjects.len() == 4 && subjects[3].contains("replicas 1 → 3"))
            .then_some(())
            .ok_or(format!("{subjects:?}"))
    });
    scene.wait_for_history(&[
        "1 superseded",
        "2 superseded",
        "3 superseded",
        "4 superseded",
        "5 superseded",
        "6 deployed",
    ]);
    scene.ready("simple");
    scene.holds_branch();
    let values = scene.helm(&support::helm(), &["get", "values", "simple", "--output=json"]);
    let values: Value = serde_json::from_str(&values).expect("JSON");
    assert_eq!((&values["replicas"], &values["image"]["pullPolicy"]), (&3.into(), &"Always".into()));

    // What is asked for later is asked for by whoever does.
    scene.put("simple", "{replicas: 2}");
    scene.ready("simple");
    assert!(!scene.message().contains("Takes-Over"), "{}", scene.message());
    let told = scene.events("simple");
    assert!(!told.iter().any(|event| event.contains("HelmChanged")), "{told:#?}");
    let conditions = scene.conditions("simple");
    assert!(!conditions.iter().any(|condition| condition.starts_with("Drifted")), "{conditions:?}");
}

#[test]
fn what_was_done_while_nobody_looked_is_taken_over_by_the_next_start() {
    let mut scene = Scene::with("followlate", "delivery: {drift: Report}");
    scene.put("simple", "{delivery: {followHelm: true}}");
    scene.ready("simple");
    scene.put("simple", "{replicas: 2, delivery: {followHelm: true}}");
    scene.ready("simple");
    scene.wait_for_history(&["1 superseded", "2 deployed"]);
    assert!(scene.agent.stop().success());
    scene.helm(&support::helm3(), &["rollback", "simple", "1"]);
    scene.agent.launch();
    scene.wait_for_history(&["1 superseded", "2 superseded", "3 superseded", "4 deployed"]);
    wait_for_spec(&scene, |spec| spec["replicas"] == 1);
    assert_eq!(scene.subjects().last().map(String::as_str), Some("simple: replicas 2 → 1"));
    scene.holds_branch();
}

#[test]
fn what_a_resource_cannot_ask_for_is_put_back_and_why_is_said() {
    let scene =
        Scene::with("unfollowed", "delivery: {followHelm: true}\nchart: {overrideValues: {logLevel: warn}}");
    at_two(&scene);
    let chart = "charts/prometheus-cluster";
    let asked = scene.cluster("simple")["spec"].clone();
    let put_back = |words: &str, revision: u32| {
        let start = format!("Warning HelmChanged: Revision {revision} of the release (deployed)");
        scene.told("simple", &start, &["it cannot be taken over, because", words, "is applied over it"]);
        let newest = format!("{} deployed", revision + 1);
        wait("the revision", || {
            let found = scene.get(&["secrets", "--selector=owner=helm,status=deployed"]);
            let found =
                found["items"][0]["metadata"]["labels"]["version"].as_str().unwrap_or_default().to_owned();
            (format!("{found} deployed") == newest).then_some(()).ok_or(found)
        });
        scene.ready("simple");
        assert_eq!(scene.cluster("simple")["spec"], asked);
    };
    let upgrade = ["upgrade", "simple", chart, "--reuse-values", "--set"];
    scene.helm(&support::helm(), &[&upgrade[..], &["logLevel=debug"]].concat());
    put_back("(overrideValues) say otherwise for logLevel", 3);

    let token = format!("ghp_{}", "a1B2c3D4e5F6".repeat(3));
    let set = format!("podAnnotations.note={token}");
    scene.helm(&support::helm(), &[&upgrade[..], &[&set]].concat());
    put_back("a commit would keep it for ever", 5);

    // Another chart of the same name.
    let other = tempfile::tempdir().expect("a folder");
    let copy = other.path().join("prometheus-cluster");
    let copied = Command::new("cp").arg("-r").args([&support::root().join(chart), &copy]).status();
    assert!(copied.is_ok_and(|status| status.success()));
    let notes = copy.join("templates/extra.yaml");
    std::fs::write(notes, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n").expect("a template");
    scene.helm(&support::helm(), &["upgrade", "simple", &copy.to_string_lossy(), "--reuse-values"]);
    put_back("it is of another chart than prometheus-cluster-", 7);
    let messages = scene.agent.git(&["log", "--format=%B", &scene.branch()]);
    assert!(!messages.contains("Takes-Over") && !messages.contains(&token), "{messages}");
}

#[test]
fn what_a_field_may_not_say_is_asked_for_in_free_values() {
    let scene = Scene::with("followfree", FOLLOWS);
    at_two(&scene);
    let set = ["--set", "version=3.5.0"];
    scene.helm(
        &support::helm(),
        &[&["upgrade", "simple", "charts/prometheus-cluster", "--reuse-values"][..], &set].concat(),
    );
    wait_for_spec(&scene, |spec| spec["values"]["version"] == "3.5.0" && spec["version"].is_null());
    scene.holds_branch();
}

#[test]
fn what_a_field_has_no_place_for_is_asked_for_in_free_values_and_drift_is_still_seen() {
    let scene = Scene::with("followodd", FOLLOWS);
    scene.put("simple", "{tolerations: [{key: a, operator: Exists}]}");
    scene.ready("simple");
    // The API server would leave it out of the field without a word.
    let set = ["--set-json", r#"tolerations=[{"key":"a","operator":"Exists","odd":"x"}]"#];
    let upgrade = ["upgrade", "simple", "charts/prometheus-cluster", "--reuse-values"];
    scene.helm(&support::helm(), &[&upgrade[..], &set].concat());
    scene.wait_until("the spec", &["proms/simple"], |cluster| {
        cluster["spec"]["values"]["tolerations"][0]["odd"] == "x"
    });
    // No pod can say it: the change is refused, taken back, and Helm's history says what runs.
    let refused = "failed to create typed patch object";
    scene.wait_for("simple", "Ready=False RolledBack", refused);
    scene.wait_for_history(&["1 superseded", "2 superseded", "3 deployed"]);
    let values = scene.helm(&support::helm(), &["get", "values", "simple", "--output=json"]);
    assert!(!values.contains("odd"), "{values}");
    scene.kubectl(&["scale", "statefulset/simple", "--replicas=3"]);
    scene.told("simple", "Normal DriftCorrected", &["spec.replicas is 3 in the cluster and 1"]);
}

#[test]
fn what_does_not_come_up_is_taken_back_to_what_did() {
    let scene = Scene::with("followbad", "delivery: {followHelm: true, timeout: 10s, maxRetries: 0}");
    at_two(&scene);
    let set = ["--set", "image.reference=example.com/does-not-exist:1"];
    let upgrade = ["upgrade", "simple", "charts/prometheus-cluster", "--reuse-values"];
    scene.helm(&support::helm(), &[&upgrade[..], &set].concat());
    scene.wait_for("simple", "Ready=False RolledBack", "cannot pull image");
    scene.wait_for_history(&["1 superseded", "2 superseded", "3 superseded", "4 failed", "5 deployed"]);
    scene.holds_branch();
    let manifest = scene.helm(&support::helm(), &["get", "manifest", "simple"]);
    assert!(!manifest.contains("does-not-exist"), "{manifest}");
    let history = scene.helm(&support::helm(), &["history", "simple"]);
    assert!(history.contains("rollback to 2"), "{history}");
}

#[test]
fn who_asked_for_the_change_before_did_not_ask_for_this_one() {
    let scene = Scene::with("followedby", FOLLOWS);
    at_two(&scene);
    let asked = "  annotations: {kubernetes.io/change-cause: a load test, promgit.dev/requested-by: Alice <a@example.org>}\n";
    scene.apply(&manifest("simple", asked, "{replicas: 3}"));
    scene.ready("simple");
    assert!(scene.message().contains("a load test"), "{}", scene.message());
    scene.helm(&support::helm3(), &["rollback", "simple", "1"]);
    wait_for_spec(&scene, |spec| spec["replicas"] == 1);
    let newest = scene.agent.git(&["log", "-1", "--format=%an%n%B", &scene.branch()]);
    assert!(newest.contains("Takes-Over: ") && newest.contains(": replicas 3 → 1"), "{newest}");
    assert!(!newest.contains("Alice") && !newest.contains("a load test"), "{newest}");
}

#[test]
fn a_resource_that_was_changed_first_wins_also_where_helm_has_pruned_its_history() {
    let mut scene = Scene::with("followpruned", FOLLOWS);
    at_two(&scene);
    assert!(scene.agent.stop().success());
    for replicas in ["replicas=3", "replicas=4", "replicas=5"] {
        let upgrade = ["upgrade", "simple", "charts/prometheus-cluster", "--reuse-values", "--history-max=2"];
        scene.helm(&support::helm(), &[&upgrade[..], &["--set", replicas]].concat());
    }
    scene.wait_for_history(&["4 superseded", "5 deployed"]);
    scene.put("simple", "{replicas: 1}");
    scene.agent.launch();
    scene.wait_for_history(&["4 superseded", "5 superseded", "6 deployed"]);
    wait_for_spec(&scene, |spec| spec["replicas"] == 1);
    let subjects = scene.subjects();
    assert_eq!(subjects, ["simple: created", "simple: replicas 1 → 2", "simple: replicas 2 → 1"]);
    scene.holds_branch();
}

#[test]
fn after_a_record_that_nobody_can_read_the_next_one_is_followed() {
    let scene = Scene::with("followbroken", FOLLOWS);
    at_two(&scene);
    let record = "apiVersion: v1\nkind: Secret\ntype: helm.sh/release.v1\nmetadata:\n  name: sh.helm.release.v1.simple.v3\n  \
                  labels: {owner: helm, name: simple, version: '3', status: deployed}\nstringData: {release: '***'}\n";
    scene.apply(record);
    scene.told("simple", "Warning HelmChanged: Revision 3 of the release", &["its record cannot be read"]);
    scene.wait_until("revision 4", &["secrets/sh.helm.release.v1.simple.v4"], |secret| {
        secret["metadata"]["labels"]["status"] == "deployed"
    });
    scene.helm(&support::helm(), &["rollback", "simple", "1"]);
    wait_for_spec(&scene, |spec| spec["replicas"] == 1);
}

#[test]
fn what_cannot_be_taken_over_yet_is_said_and_taken_over_when_it_can() {
    let scene = Scene::with("followlater", FOLLOWS);
    at_two(&scene);
    let name = &scene.namespace;
    scene.bed.apply(&format!(
        "apiVersion: admissionregistration.k8s.io/v1\nkind: ValidatingWebhookConfiguration\nmetadata: {{name: {name}}}\n\
         webhooks:\n- name: down.promgit.dev\n  admissionReviewVersions: [v1]\n  sideEffects: None\n  timeoutSeconds: 1\n  \
         clientConfig: {{url: 'https://127.0.0.1:1/'}}\n  \
         namespaceSelector: {{matchLabels: {{kubernetes.io/metadata.name: {name}}}}}\n  \
         rules: [{{apiGroups: [promgit.dev], apiVersions: ['*'], operations: [UPDATE], resources: [prometheusclusters]}}]\n"
    ));
    wait("the webhook", || {
        let output = scene.ask(&["annotate", "--overwrite", "proms/simple", "a=b", "--dry-run=server"], "");
        if output.status.success() { Err("not asked".into()) } else { Ok(()) }
    });
    scene.helm(&support::helm(), &["rollback", "simple", "1"]);
    let words = "it is taken over as soon as that can be";
    scene.wait_for("simple", "Drifted=True HelmChanged", words);
    scene.bed.kubectl(&["delete", "validatingwebhookconfiguration", name]);
    wait_for_spec(&scene, |spec| spec["replicas"] == 1);
    let conditions = scene.conditions("simple");
    assert!(!conditions.iter().any(|condition| condition.starts_with("Drifted")), "{conditions:?}");
}

#[test]
fn what_the_resource_has_another_default_for_than_the_chart_is_asked_for_in_free_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let chart = folder.path().join("prometheus-cluster");
    let ours = support::root().join("charts/prometheus-cluster");
    let copied = Command::new("cp").arg("-r").args([&ours, &chart]).status();
    assert!(copied.is_ok_and(|status| status.success()));
    let values = std::fs::read_to_string(chart.join("values.yaml")).expect("values");
    let more = values.replacen("\nreplicas: 1\n", "\nreplicas: 3\n", 1);
    assert_ne!(more, values);
    std::fs::write(chart.join("values.yaml"), more).expect("values");
    let chart = chart.to_string_lossy();
    let scene = Scene::with("followdefault", &format!("{FOLLOWS}\nchart: {{path: {chart}}}"));
    scene.put("simple", "{}");
    scene.ready("simple");
    scene.helm(&support::helm(), &["upgrade", "simple", &chart, "--reset-values"]);
    scene.wait_for_history(&["1 superseded", "2 superseded", "3 deployed"]);
    wait_for_spec(&scene, |spec| spec["values"]["replicas"] == 3);
    let set = scene.get(&["statefulsets/simple"]);
    assert_eq!(set["spec"]["replicas"], 3);
}

#[test]
fn what_was_taken_over_goes_when_it_is_not_asked_for_any_more() {
    let scene = Scene::with("followgone", "delivery: {followHelm: true, timeout: 10s, maxRetries: 0}");
    let labels = || scene.get(&["statefulset/simple"])["spec"]["template"]["metadata"]["labels"].clone();
    let asks_for_nothing = || {
        let replaced = scene.ask(&["replace", "--filename=-"], &manifest("simple", "", "{}"));
        assert!(replaced.status.success(), "{replaced:?}");
        scene.ready("simple");
    };
    scene.put("simple", "{}");
    scene.ready("simple");
    let before = labels();
    for (name, program) in [("first", support::helm3()), ("second", support::helm())] {
        let upgrade = |label: &str| {
            let set = format!("podLabels.{label}");
            let arguments = ["upgrade", "simple", "charts/prometheus-cluster", "--reuse-values", "--set"];
            scene.helm(&program, &[&arguments[..], &[set.as_str()]].concat());
        };
        upgrade(&format!("{name}=y"));
        wait_for_spec(&scene, |spec| spec.to_string().contains(name));
        assert_eq!(labels()[name], "y");
        asks_for_nothing();
        assert_eq!(labels(), before, "{program:?}");

        // What does not come up with it is taken back with it.
        upgrade("bed\\.promgit\\.dev/fail=crash-loop");
        scene.wait_for("simple", "Ready=False RolledBack", "crash-looping");
        assert_eq!(labels(), before, "{program:?}");
        asks_for_nothing();
    }
}
