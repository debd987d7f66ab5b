//! Objects of somebody else that a cluster is told to take over, and those that it never takes.

use std::path::Path;

use serde_json::{Value, json};

use crate::agent::{self, Agent};
use crate::bed::{Bed, wait};
use crate::scene::{Scene, bringing, manifest};
use crate::support;

const CRASHING: &str = "podMetadata: {labels: {bed.promgit.dev/fail: crash-loop}}";

/// Which one it is, whatever it says.
fn uid(scene: &Scene, object: &str) -> Value {
    scene.get(&[object])["metadata"]["uid"].clone()
}

fn told(scene: &Scene, begin: &str) {
    let told = scene.events("simple");
    assert!(told.iter().any(|event| event.starts_with(begin)), "{begin}: {told:#?}");
}

/// Waits until an event begins so: it is told when everything is applied.
fn will_tell(scene: &Scene, begin: &str) {
    wait(begin, || {
        let told = scene.events("simple");
        if told.iter().any(|event| event.starts_with(begin)) { Ok(()) } else { Err(format!("{told:#?}")) }
    });
}

/// Has everything looked at again.
fn again(scene: &Scene, why: &str) {
    let asked = format!("promgit.dev/reconcile-at={why}");
    scene.kubectl(&["annotate", "proms/simple", &asked, "--overwrite"]);
    wait("the look", || {
        let handled = scene.cluster("simple")["status"]["lastHandledReconcileAt"].clone();
        if handled == why { Ok(()) } else { Err(handled.to_string()) }
    });
    scene.ready("simple");
}

/// The spec of a cluster that brings a map along, and may take over what these name.
fn taking(names: &str, more: &str) -> String {
    let spec = bringing("settings", "data: {from: chart}");
    spec.replacen('{', &format!("{{delivery: {{adopt: {names}, timeout: 3s, maxRetries: 0}}, {more}"), 1)
}

#[test]
fn what_somebody_made_by_hand_is_taken_where_it_is_named() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::new("by-hand");
    // all of the chart, with a replica more, as somebody did before there was promgit
    let rendered = scene
        .helm(&support::helm(), &["template", "simple", "charts/prometheus-cluster", "--set=replicas=2"]);
    support::stdout(scene.ask(&["create", "--filename=-"], &rendered));
    scene.kubectl(&["create", "configmap", "settings", "--from-literal=from=hand", "--from-literal=mine=1"]);
    scene.wait_until("the pods", &["statefulset/simple"], |set| set["status"]["readyReplicas"] == 2);
    let before = ["pod/simple-0", "statefulset/simple", "configmap/settings"].map(|of| uid(&scene, of));

    scene.put("simple", &taking("[ConfigMap/setings]", ""));
    // those that are the same but for their marks are what another tool made of the commit
    let message = "StatefulSet/simple exists and belongs to kubectl-create; delete it, give one of the two another \
                   name, or have it taken over (spec.delivery.adopt: [StatefulSet/simple])";
    let shown = scene.wait_for("simple", "Ready=False NotOurs", "");
    assert!(shown.contains(&format!("Applied=False NotOurs @1: {message}")), "{shown:#?}");
    assert_eq!(scene.get(&["configmap/settings"])["data"], json!({"from": "hand", "mine": "1"}));

    scene.put("simple", &taking("[StatefulSet/simple]", ""));
    let shown = scene.wait_for("simple", "Ready=False NotOurs", "ConfigMap/");
    let names = "(spec.delivery.adopt: [ConfigMap/simple-config, ConfigMap/settings])";
    assert!(shown[1].ends_with(names), "{shown:#?}");
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 2, "half of it was taken");

    let mark = scene.mark();
    scene.put("simple", &taking("['*', ConfigMap/none]", ""));
    scene.ready("simple");
    assert_eq!(
        ["pod/simple-0", "statefulset/simple", "configmap/settings"].map(|of| uid(&scene, of)),
        before
    );
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 1);
    // what nobody but its maker sets is the maker's
    assert_eq!(scene.get(&["configmap/settings"])["data"], json!({"from": "chart", "mine": "1"}));
    will_tell(&scene, "Normal Adopted: Took over ");
    let all = scene.events("simple");
    let taken = all.iter().find(|event| event.starts_with("Normal Adopted")).expect("told");
    for words in ["ConfigMap/settings of kubectl-create", "StatefulSet/simple of kubectl-create"] {
        assert!(taken.contains(words), "{taken}");
    }
    told(
        &scene,
        "Warning NothingToAdopt: spec.delivery.adopt names ConfigMap/none, and no object of the commit",
    );
    scene.holds_branch();
    if let Some(writes) = scene.writes(mark) {
        assert!(!writes.iter().any(|write| write.starts_with("delete")), "{writes:#?}");
    }

    // Once more, and the note of whose they were goes; then nothing is to be done, nor told.
    let versions = || {
        let own = "--selector=app.kubernetes.io/managed-by=Helm";
        let all = scene.get(&["statefulset,service,configmap,serviceaccount", own]);
        let of = |item: &Value| item["metadata"]["resourceVersion"].to_string();
        all["items"].as_array().expect("a list").iter().map(of).collect::<Vec<String>>()
    };
    again(&scene, "now");
    let (held, events) = (versions(), scene.events("simple").len());
    assert!(
        scene.get(&["configmap/settings"])["metadata"]["annotations"]["promgit.dev/adopted-from"].is_null()
    );
    again(&scene, "again");
    assert_eq!(versions(), held);
    assert_eq!(scene.events("simple").len(), events, "{:#?}", scene.events("simple"));

    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    for object in ["configmap/settings", "statefulset/simple", "service/simple"] {
        assert!(scene.get(&[object]).is_null(), "{object} is left");
    }
}

#[test]
fn nothing_is_taken_where_the_settings_forbid_it() {
    let scene = Scene::with("forbidden", "delivery: {allowAdopt: false}");
    scene.kubectl(&["create", "configmap", "settings", "--from-literal=from=hand"]);
    scene.put("simple", &taking("['*']", ""));
    let shown = scene.wait_for("simple", "Ready=False NotOurs", "ConfigMap/settings exists");
    assert!(
        shown[1].ends_with("kubectl-create; delete it or give one of the two another name"),
        "{shown:#?}"
    );
    assert_eq!(scene.get(&["configmap/settings"])["data"], json!({"from": "hand"}));
}

/// A chart whose objects have the same names and selectors whatever the release is called.
fn chart(folder: &Path) -> String {
    let chart = folder.join("chart");
    std::fs::create_dir_all(chart.join("templates")).expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("writable");
    write("chart/Chart.yaml", "apiVersion: v2\nname: shared\nversion: 0.1.0\n");
    write("chart/values.yaml", "word: old\n");
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {"serviceName": "db", "selector": {"matchLabels": {"app": "db"}},
            "template": {"metadata": {"labels": {"app": "db"}},
                "spec": {"containers": [{"name": "db", "image": "example.com/db"}]}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {"accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": "1Gi"}}}}]}});
    let map = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "db"},
        "data": {"word": "{{ .Values.word }}"}});
    write("chart/templates/all.yaml", &format!("{map}\n---\n{set}\n"));
    write("mapping.yaml", "word: new\n");
    format!("chart: {{path: {}, mapping: {}/mapping.yaml}}\n", chart.display(), folder.display())
}

/// Helm 4 leaves alone what does not carry the marks of its release any more; Helm 3 deletes all that its record names.
fn taken_from_a_release(program: &Path, leaves_alone: bool) {
    let folder = tempfile::tempdir().expect("a folder");
    let scene = Scene::with("of-helm", &chart(folder.path()));
    scene.helm(program, &["install", "other", folder.path().join("chart").to_str().expect("UTF-8")]);
    scene.wait_until("the pod", &["statefulset/db"], |set| set["status"]["readyReplicas"] == 1);
    scene.put("simple", "{}");
    let shown = scene.wait_for("simple", "Ready=False NotOurs", "belongs to the Helm release NS/other; ");
    let all = ["pod/db-0", "pvc/data-db-0", "statefulset/db", "configmap/db"];
    let before = all.map(|of| uid(&scene, of));
    assert_eq!(scene.get(&["configmap/db"])["data"]["word"], "old", "{shown:#?}");

    let names = "{delivery: {adopt: [ConfigMap/db, StatefulSet/db]}}";
    scene.put("simple", names);
    scene.ready("simple");
    assert_eq!(all.map(|of| uid(&scene, of)), before);
    assert_eq!(scene.get(&["configmap/db"])["data"]["word"], "new");
    will_tell(
        &scene,
        "Normal Adopted: Took over ConfigMap/db of the Helm release NS/other, StatefulSet/db of the Helm release NS/other",
    );
    let marks =
        scene.get(&["statefulset/db"])["metadata"]["annotations"]["meta.helm.sh/release-name"].clone();
    assert_eq!(marks, "simple");
    scene.holds_branch();

    scene.helm(program, &["uninstall", "other", "--wait"]);
    wait("all of it", || {
        let [set, map] = ["statefulset/db", "configmap/db"].map(|of| scene.get(&[of]));
        let is_good = set["status"]["readyReplicas"] == 1 && map["data"]["word"] == "new";
        if is_good { Ok(()) } else { Err(format!("{set:#}\n{map:#}")) }
    });
    if leaves_alone {
        assert_eq!(all.map(|of| uid(&scene, of)), before);
    }
    assert_eq!(uid(&scene, "pvc/data-db-0"), before[1], "the data");
    scene.ready("simple");
    scene.holds_branch();
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    for object in ["configmap/db", "statefulset/db"] {
        assert!(scene.get(&[object]).is_null(), "{object} is left");
    }
    assert_eq!(uid(&scene, "pvc/data-db-0"), before[1], "the data");
}

#[test]
fn what_a_release_of_helm_4_has_is_taken_and_its_uninstall_leaves_it() {
    let Some(_) = Bed::own() else { return };
    taken_from_a_release(&support::helm(), true);
}

#[test]
fn what_a_release_of_helm_3_has_is_taken_and_put_back_after_its_uninstall() {
    let Some(_) = Bed::own() else { return };
    taken_from_a_release(&support::helm3(), false);
}

#[test]
fn what_a_controller_another_cluster_or_all_namespaces_have_is_never_taken() {
    let bed = agent::bed();
    let namespace = bed.namespace("never");
    let settings = "delivery: {clusterScoped: [ClusterRole.rbac.authorization.k8s.io]}";
    let agent = Agent::start(bed, &[&namespace], settings);
    let scene = Scene { bed, namespace, agent };
    // of another cluster
    scene.put("first", &bringing("shared", "data: {from: first}"));
    scene.ready("first");
    let adopting = |spec: String| spec.replacen('{', "{delivery: {adopt: ['*']}, ", 1);
    scene.put("simple", &adopting(bringing("shared", "data: {from: second}")));
    let shown = scene.wait_for("simple", "Ready=False NotOurs", "");
    assert!(
        shown[0].starts_with("Committed=False NotOurs @1: ConfigMap/shared is an object of cluster NS/first"),
        "{shown:#?}"
    );

    // of a controller
    scene.kubectl(&["create", "configmap", "owner"]);
    let owner = json!({"apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": uid(&scene, "configmap/owner"), "controller": true});
    let owned = json!({"apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "owned", "ownerReferences": [owner]}, "data": {"from": "its controller"}});
    scene.apply(&owned.to_string());
    scene.put("simple", &adopting(bringing("owned", "data: {from: us}")));
    let shown = scene.wait_for("simple", "Ready=False NotOurs", "ConfigMap/owned exists");
    let message = "ConfigMap/owned exists and belongs to ConfigMap/owner, its controller; delete it or give one of the two another name";
    assert_eq!(shown[1], format!("Applied=False NotOurs @2: {message}"));
    assert_eq!(scene.get(&["configmap/owned"])["data"]["from"], "its controller");

    // of all namespaces
    let role = format!("{}-never", scene.namespace);
    scene.bed.kubectl(&["create", "clusterrole", &role, "--verb=get", "--resource=configmaps"]);
    let wide = bringing(&role, "rules: [{apiGroups: [''], resources: [services], verbs: [list]}]").replace(
        "apiVersion: v1, kind: ConfigMap",
        "apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole",
    );
    scene.put("simple", &adopting(wide));
    let shown = scene.wait_for("simple", "Ready=False NotOurs", "ClusterRole/");
    assert!(shown[1].ends_with("; delete it or give one of the two another name"), "{shown:#?}");
    let rules = scene.bed.get(&["clusterrole", &role])["rules"].clone();
    scene.bed.kubectl(&["delete", "clusterrole", &role]);
    assert_eq!(rules.as_array().map(Vec::len), Some(1));
}

#[test]
fn what_a_change_took_that_is_taken_back_is_its_owners_again() {
    let Some(_) = Bed::own() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    chart(folder.path());
    let scene = Scene::new("given-back");
    scene.helm(&support::helm(), &["install", "other", folder.path().join("chart").to_str().expect("UTF-8")]);
    let others = bringing("db", "data: {word: ours}");
    let adopting =
        |spec: &str| spec.replacen('{', "{delivery: {adopt: ['*'], timeout: 3s, maxRetries: 1}, ", 1);
    let failing = adopting(&others).replacen('{', &format!("{{{CRASHING}, "), 1);
    // an install, tried twice
    let map = uid(&scene, "configmap/db");
    scene.apply(&manifest("simple", "", &failing));
    scene.wait_for("simple", "Stalled=True RolledBack", "");
    assert_eq!(scene.subjects().len(), 4, "{:#?}", scene.subjects());
    assert_eq!(uid(&scene, "configmap/db"), map, "it was deleted");
    let found = scene.get(&["configmap/db", "--show-managed-fields"]);
    let annotations = &found["metadata"]["annotations"];
    assert_eq!(annotations["meta.helm.sh/release-name"], "other", "{found:#}");
    assert!(annotations["promgit.dev/adopted-from"].is_null(), "{found:#}");
    scene.helm(
        &support::helm(),
        &["upgrade", "other", folder.path().join("chart").to_str().expect("UTF-8"), "--set=word=theirs"],
    );
    assert_eq!(scene.get(&["configmap/db"])["data"]["word"], "theirs");

    // also by a change that came before the first was up
    let slow = adopting(&others).replacen('{', "{image: example.com/does-not-exist:v1, ", 1);
    scene.put("simple", &slow.replace("timeout: 3s", "timeout: 60s"));
    scene.wait_for("simple", "Ready=False Progressing", "StatefulSet/simple");
    scene.put("simple", &failing);
    scene.wait_for("simple", "Stalled=True RolledBack", "");
    assert_eq!(uid(&scene, "configmap/db"), map, "it was deleted");
    let marks = scene.get(&["configmap/db"])["metadata"]["annotations"].clone();
    assert_eq!(marks["meta.helm.sh/release-name"], "other", "{marks:#}");

    // a change of what runs
    scene.kubectl(&["create", "configmap", "bare", "--from-literal=from=hand"]);
    scene.put("simple", "{}");
    scene.ready("simple");
    let bare = uid(&scene, "configmap/bare");
    let failing =
        adopting(&bringing("bare", "data: {from: chart}")).replacen('{', &format!("{{{CRASHING}, "), 1);
    scene.put("simple", &failing);
    scene.wait_for("simple", "Stalled=True RolledBack", "");
    let found = scene.get(&["configmap/bare", "--show-managed-fields"]);
    assert_eq!(found["metadata"]["uid"], bare);
    assert!(found["metadata"]["annotations"].is_null() && found["metadata"]["labels"].is_null(), "{found:#}");
    assert!(!found["metadata"]["managedFields"].to_string().contains("\"promgit\""), "{found:#}");
    scene.holds_branch();
}
