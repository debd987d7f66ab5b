//! What somebody changes in the cluster, past git: put back, said, or left, as the settings want it.

use serde_json::{Value, json};

use crate::agent;
use crate::bed::{Bed, wait};
use crate::scene::{Scene, manifest};
use crate::support;

/// A cluster that brings these objects along, in YAML's flow style. `delivery`: the rest of the spec.
fn with_objects(objects: &[Value], delivery: &str) -> String {
    format!("{{values: {{extraObjects: {}}}{delivery}}}", json!(objects))
}

fn map(name: &str, data: &Value) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "labels": {"team": "x"}}, "data": data})
}

fn patch(scene: &Scene, object: &str, patch: &Value) {
    scene.kubectl(&["patch", object, "--type=merge", &format!("--patch={patch}")]);
}

fn drifted(scene: &Scene, name: &str) -> Option<String> {
    scene.conditions(name).into_iter().find(|condition| condition.starts_with("Drifted="))
}

/// What the agent read of single objects since then.
fn gets(scene: &Scene, since: Option<crate::bed::audit::Mark>) -> Vec<String> {
    let requests = since.map(|since| scene.bed.audit_since(since)).unwrap_or_default().into_iter();
    let own = requests.filter(|request| {
        request.user == agent::ACCOUNT && request.namespace == scene.namespace && request.verb == "get"
    });
    own.map(|request| format!("{} {}", request.resource, request.name)).collect()
}

#[test]
fn whatever_is_changed_or_deleted_is_put_back() {
    let scene = Scene::new("drift");
    scene.put("simple", &with_objects(&[map("extra", &json!({"a": "1", "b": "2"}))], ""));
    scene.ready("simple");
    let revisions = || {
        let all = scene.get(&["secrets", "--selector=owner=helm"]);
        all["items"].as_array().map(Vec::len)
    };
    let before = (scene.subjects(), revisions(), scene.cluster("simple")["status"]["history"].clone());
    let mark = scene.mark();

    patch(&scene, "configmap/extra", &json!({"data": {"a": "9"}}));
    scene.wait_until("the value", &["configmap/extra"], |map| map["data"]["a"] == "1");
    let words =
        ["ConfigMap/extra: data.a is \"9\" in the cluster and \"1\" in the manifest (by kubectl-patch)"];
    scene.told("simple", "Normal DriftCorrected: Put back to commit COMMIT: ", &words);

    scene.kubectl(&["delete", "configmap/extra"]);
    scene.wait_until("the map", &["configmap/extra"], |map| map["data"]["b"] == "2");
    scene.told("simple", "Normal DriftCorrected", &["ConfigMap/extra was deleted"]);

    let port = json!({"spec": {"ports": [{"name": "http", "port": 9999, "targetPort": "http"}]}});
    patch(&scene, "service/simple", &port);
    scene.told("simple", "Normal DriftCorrected", &["Service/simple: spec.ports"]);
    scene.kubectl(&["delete", "service/simple-headless", "serviceaccount/simple"]);
    scene.wait_until("the service", &["service/simple-headless"], Value::is_object);
    scene.wait_until("the account", &["serviceaccount/simple"], Value::is_object);

    scene.kubectl(&["scale", "statefulset/simple", "--replicas=3"]);
    scene.wait_until("the replicas", &["statefulset/simple"], |set| set["spec"]["replicas"] == 1);
    scene.told(
        "simple",
        "Normal DriftCorrected",
        &["StatefulSet/simple: spec.replicas is 3", "(by kubectl)"],
    );
    scene.kubectl(&["delete", "statefulset/simple", "--cascade=orphan"]);
    scene.wait_until("the set", &["statefulset/simple"], |set| set["status"]["readyReplicas"] == 1);

    // What marks it as part of the release counts as well, though the manifest does not say it.
    scene.kubectl(&["label", "configmap/extra", "app.kubernetes.io/managed-by-", "team=y", "--overwrite"]);
    let labels = json!({"app.kubernetes.io/managed-by": "Helm", "team": "x"});
    scene.wait_until("the labels", &["configmap/extra"], |map| map["metadata"]["labels"] == labels);
    // And whose fields they are.
    let nobodys = r#"--patch=[{"op": "replace", "path": "/metadata/managedFields", "value": [{}]}]"#;
    scene.kubectl(&["patch", "configmap/extra", "--type=json", nobodys]);
    let is_ours = |map: &Value| map["metadata"]["managedFields"].to_string().contains("promgit");
    wait("the fields", || {
        let map = scene.get(&["configmap/extra", "--show-managed-fields"]);
        if is_ours(&map) { Ok(()) } else { Err(map.to_string()) }
    });

    scene.holds_branch();
    let after = (scene.subjects(), revisions(), scene.cluster("simple")["status"]["history"].clone());
    assert_eq!(after, before, "a correction is neither a commit nor a revision");
    wait("no drift", || drifted(&scene, "simple").map_or(Ok(()), Err));
    // Nobody lists or looks to know it.
    let lists = mark.map(|mark| scene.bed.audit_since(mark)).unwrap_or_default();
    let lists: Vec<_> =
        lists.iter().filter(|list| list.namespace == scene.namespace && list.verb == "list").collect();
    let why = ["pods", "events", "persistentvolumeclaims"];
    let others = lists.iter().filter(|list| list.user == agent::ACCOUNT && !why.contains(&&*list.resource));
    assert_eq!(others.count(), 0, "{lists:#?}");
}

#[test]
fn what_all_share_is_put_back_too() {
    let kind = "ClusterRole.rbac.authorization.k8s.io";
    let settings = format!("delivery: {{clusterScoped: [{kind}]}}");
    let bed = agent::bed();
    let namespace = bed.namespace("shared");
    // a role is watched where it is: in no namespace
    let scene = Scene { bed, agent: agent::Agent::start(bed, &[&namespace], &settings), namespace };
    let name = format!("{}-wide", scene.namespace);
    let rule = |verb: &str| json!([{"apiGroups": [""], "resources": ["pods"], "verbs": [verb]}]);
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name},
        "rules": rule("get")});
    scene.put("simple", &with_objects(&[role], ""));
    scene.ready("simple");
    let role = format!("clusterrole/{name}");
    patch(&scene, &role, &json!({"rules": rule("list")}));
    scene.wait_until("the rule", &[&role], |role| role["rules"] == rule("get"));
    scene.kubectl(&["delete", &role]);
    scene.wait_until("the role", &[&role], |role| role["rules"] == rule("get"));
    scene.told("simple", "Normal DriftCorrected", &["ClusterRole/NS-wide was deleted"]);
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
}

#[test]
fn what_is_only_reported_is_left() {
    let scene = Scene::with("reported", "delivery: {drift: Report}");
    scene.put("simple", &with_objects(&[map("extra", &json!({"a": "1"}))], ""));
    scene.ready("simple");
    let columns = || {
        let table = scene.kubectl(&["get", "proms/simple"]);
        table.lines().nth(1).map(|row| row.split_whitespace().take(6).map(str::to_owned).collect::<Vec<_>>())
    };
    let before = columns();
    let mark = scene.mark();
    patch(&scene, "configmap/extra", &json!({"data": {"a": "9"}}));
    let difference =
        "ConfigMap/extra: data.a is \"9\" in the cluster and \"1\" in the manifest (by kubectl-patch)";
    let way = "it is left as it is, because delivery.drift is Report";
    let shown = scene.wait_for("simple", "Drifted=True Changed", difference);
    assert_eq!(
        shown.last().map(String::as_str),
        Some(&*format!("Drifted=True Changed @1: {difference}; {way}"))
    );
    scene.told("simple", &format!("Warning Drifted: {difference}; {way}"), &[]);
    assert_eq!(columns(), before, "it is up, and says so");

    // It is said as it is, also when the same field is changed again.
    patch(&scene, "configmap/extra", &json!({"data": {"a": "8"}}));
    scene.wait_for("simple", "Drifted=True Changed", "data.a is \"8\"");
    scene.kubectl(&["delete", "service/simple"]);
    scene.wait_for("simple", "Drifted=True Changed", "Service/simple was deleted");
    let writes = scene.writes(mark).unwrap_or_default();
    let own = |write: &String| write.contains("prometheusclusters/status") || write.contains("events");
    assert!(writes.iter().all(own), "{writes:#?}");

    // Put right by hand, each.
    let service = scene.checkout();
    let service = service.path().join("simple/manifests/service-simple.yaml");
    scene.kubectl(&["apply", "--filename", service.to_str().expect("UTF-8")]);
    scene.kubectl(&["annotate", "service/simple", "meta.helm.sh/release-name=simple"]);
    scene.kubectl(&[
        "annotate",
        "service/simple",
        &format!("meta.helm.sh/release-namespace={}", scene.namespace),
    ]);
    scene.kubectl(&["label", "service/simple", "app.kubernetes.io/managed-by=Helm", "--overwrite"]);
    patch(&scene, "configmap/extra", &json!({"data": {"a": "1"}}));
    wait("no drift", || drifted(&scene, "simple").map_or(Ok(()), Err));
    let warnings = scene.events("simple");
    let warnings = warnings
        .iter()
        .filter(|event| event.starts_with("Warning Drifted: ConfigMap/extra: data.a is \"9\""));
    assert_eq!(warnings.count(), 1);
}

#[test]
fn what_is_to_be_ignored_is() {
    let scene = Scene::new("ignored");
    let delivery = ", delivery: {drift: Ignore}";
    scene.put("simple", &with_objects(&[map("extra", &json!({"a": "1"}))], delivery));
    scene.ready("simple");
    let mark = scene.mark();
    patch(&scene, "configmap/extra", &json!({"data": {"a": "9"}}));
    scene.kubectl(&["delete", "service/simple"]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    scene.wrote(mark, &[]);
    assert_eq!((gets(&scene, mark), drifted(&scene, "simple")), (vec![], None));
    // To ask for it puts it right, as ever.
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/reconcile-at=now"]);
    scene.wait_until("the service", &["service/simple"], Value::is_object);
}

#[test]
fn fields_that_others_may_set_stay_as_they_set_them() {
    let settings = "delivery: {ignoreDifferences: [{target: {kind: ConfigMap, matchLabels: {team: x}}, paths: [/data/free]}]}";
    let scene = Scene::with("fields", settings);
    let rules = |replicas: &str| {
        let rule = "{target: {group: apps, kind: StatefulSet, name: simple}, paths: [/spec/replicas]}";
        let objects = [map("extra", &json!({"a": replicas, "free": "1"}))];
        with_objects(&objects, &format!(", delivery: {{ignoreDifferences: [{rule}]}}"))
    };
    scene.put("simple", &rules("1"));
    scene.ready("simple");
    let mark = scene.mark();
    scene.kubectl(&["scale", "statefulset/simple", "--replicas=2"]);
    patch(&scene, "configmap/extra", &json!({"data": {"free": "9"}}));
    scene.wait_until("the pods", &["statefulset/simple"], |set| set["status"]["readyReplicas"] == 2);
    // Each costs one look, and scaling again none.
    wait("the looks", || {
        let mut seen = gets(&scene, mark);
        seen.retain(|get| get.contains("statefulsets") || get.contains("configmaps"));
        seen.sort();
        let expected = ["configmaps extra", "statefulsets simple"];
        if mark.is_none() || seen == expected { Ok(()) } else { Err(format!("{seen:?}")) }
    });
    let later = scene.mark();
    scene.kubectl(&["scale", "statefulset/simple", "--replicas=3"]);
    scene.wait_until("the pods", &["statefulset/simple"], |set| set["status"]["readyReplicas"] == 3);
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(gets(&scene, later), [""; 0]);
    let writes = scene.writes(mark).unwrap_or_default();
    // pods come and go meanwhile, which may be told
    let own = |write: &String| write.contains("prometheusclusters/status") || write.contains("events");
    assert!(writes.iter().all(own), "{writes:#?}");

    // What is beside them is put back, and they stay.
    patch(&scene, "configmap/extra", &json!({"data": {"a": "9"}}));
    scene.wait_until("the value", &["configmap/extra"], |map| map["data"] == json!({"a": "1", "free": "9"}));
    // A change of the commit leaves them alone as well.
    scene.put("simple", &rules("2"));
    scene.wait_until("the change", &["configmap/extra"], |map| map["data"] == json!({"a": "2", "free": "9"}));
    scene.ready("simple");
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 3);
    assert_eq!(drifted(&scene, "simple"), None);
    // A mistake in a rule is refused.
    let bad = "{delivery: {ignoreDifferences: [{paths: [spec.replicas]}]}}";
    let refused = scene.ask(&["apply", "--filename=-"], &manifest("bad", "", bad));
    let error = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(
        !refused.status.success() && error.contains("must be JSON pointers such as /spec/replicas"),
        "{error}"
    );
}

#[test]
fn what_the_commit_does_not_say_is_no_drift() {
    let scene = Scene::new("free");
    let labels = json!({"app": "auto"});
    let container = json!({"name": "main", "image": "main:1", "resources": {"requests": {"cpu": "1000m"}}});
    let set = json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "auto"},
        "spec": {"selector": {"matchLabels": labels}, "serviceName": "auto",
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}}}});
    scene.put("simple", &with_objects(&[set, map("extra", &json!({"a": "1"}))], ""));
    scene.ready("simple");
    let mark = scene.mark();
    // The real autoscaler writes the replicas that the commit does not name.
    scene.kubectl(&["autoscale", "statefulset/auto", "--min=2", "--max=4"]);
    scene.wait_until("the autoscaler", &["statefulset/auto"], |auto| auto["status"]["readyReplicas"] == 2);
    scene.kubectl(&["annotate", "configmap/extra", "example.com/note=mine"]);
    patch(&scene, "configmap/extra", &json!({"data": {"more": "2"}}));
    patch(&scene, "service/simple", &json!({"spec": {"publishNotReadyAddresses": true}}));
    scene.kubectl(&["delete", "pod/simple-0"]);
    scene.ready("simple");
    std::thread::sleep(std::time::Duration::from_secs(1));
    let of_objects = |get: &&String| !get.starts_with("pods") && !get.starts_with("events");
    let seen = gets(&scene, mark);
    assert_eq!(seen.iter().filter(of_objects).collect::<Vec<_>>(), [""; 0], "nothing was to be looked at");
    let extra = scene.get(&["configmap/extra"]);
    assert_eq!(extra["data"], json!({"a": "1", "more": "2"}));
    assert_eq!(drifted(&scene, "simple"), None);
    assert!(!scene.events("simple").iter().any(|event| event.contains("Drift")));
}

#[test]
fn what_another_release_has_taken_is_said_and_left() {
    let scene = Scene::new("taken");
    scene.put("simple", &with_objects(&[map("extra", &json!({"a": "1"}))], ""));
    scene.ready("simple");
    scene.kubectl(&["annotate", "--overwrite", "configmap/extra", "meta.helm.sh/release-name=other"]);
    let words = "ConfigMap/extra exists and belongs to the Helm release NS/other";
    scene.wait_for("simple", "Drifted=True NotOurs", words);
    scene.told("simple", "Warning NotOurs", &[words]);
    let annotation =
        scene.get(&["configmap/extra"])["metadata"]["annotations"]["meta.helm.sh/release-name"].clone();
    assert_eq!(annotation, "other");
    scene.kubectl(&["annotate", "--overwrite", "configmap/extra", "meta.helm.sh/release-name=simple"]);
    wait("no drift", || drifted(&scene, "simple").map_or(Ok(()), Err));
}

#[test]
fn the_values_of_a_secret_are_put_back_and_never_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let scene = Scene::with("hush", &crate::secrets::settings(folder.path(), ""));
    scene.put("simple", "{}");
    scene.ready("simple");
    let first = scene.get(&["secret/simple"])["data"].clone();
    patch(&scene, "secret/simple", &json!({"stringData": {"fixed": "seen-by-nobody"}}));
    scene.wait_until("the value", &["secret/simple"], |secret| secret["data"] == first);
    let words = [
        "Secret/simple: data.fixed is not the same in the cluster and in the manifest (values are not shown)",
    ];
    scene.told("simple", "Normal DriftCorrected", &words);
    let everything =
        format!("{:#?}{:#?}{:#?}", scene.events("simple"), scene.cluster("simple"), scene.agent.all());
    for word in ["seen-by-nobody", "hunter2", "c2Vlbi1ieS1ub2JvZHk", "aHVudGVyMg"] {
        assert!(!everything.contains(word), "{word}: {everything}");
    }
}

#[test]
fn two_that_fight_over_a_field_are_told_of_it_and_slowed_down() {
    let scene = Scene::new("fight");
    scene.put("simple", &with_objects(&[map("extra", &json!({"a": "1"}))], ""));
    scene.ready("simple");
    let fight = |round: u32| patch(&scene, "configmap/extra", &json!({"data": {"a": format!("{round}0")}}));
    let put_back = || scene.wait_until("the value", &["configmap/extra"], |map| map["data"]["a"] == "1");
    let mark = scene.mark();
    for round in 1..4 {
        fight(round);
        put_back();
    }
    let shown = scene.wait_for("simple", "Drifted=True Contested", "ConfigMap/extra: data.a is \"30\"");
    assert!(shown.last().is_some_and(|text| text.contains("delivery.ignoreDifferences")), "{shown:#?}");
    let words = ["changed again and again: ConfigMap/extra", "(by kubectl-patch)"];
    scene.told("simple", "Warning DriftContested", &words);
    // From now on it is not put back at once, however often it is changed.
    for round in 4..9 {
        fight(round);
        std::thread::sleep(std::time::Duration::from_millis(300));
    }
    put_back();
    let patches = scene
        .writes(mark)
        .map(|writes| writes.iter().filter(|write| write.contains("configmaps extra")).count());
    assert!(patches.is_none_or(|patches| patches <= 5), "{patches:?} corrections");
    scene.ready("simple");
}

#[test]
fn what_happened_while_no_agent_ran_is_found_at_the_start() {
    let Some(_) = Bed::own() else { return };
    let mut scene = Scene::new("meanwhile");
    for name in ["one", "two"] {
        scene.put(name, &with_objects(&[map(&format!("{name}-extra"), &json!({"a": "1"}))], ""));
        scene.ready(name);
    }
    assert!(scene.agent.stop().success());
    patch(&scene, "configmap/one-extra", &json!({"data": {"a": "9"}}));
    scene.kubectl(&["delete", "service/one"]);
    let mark = scene.mark();
    scene.agent.launch();
    scene.agent.wait_for_start();
    scene.wait_until("the value", &["configmap/one-extra"], |map| map["data"]["a"] == "1");
    scene.wait_until("the service", &["service/one"], Value::is_object);
    let words = ["ConfigMap/one-extra: data.a is \"9\"", "Service/one was deleted"];
    scene.told("one", "Normal DriftCorrected", &words);
    std::thread::sleep(std::time::Duration::from_secs(1));
    let mut writes = scene.writes(mark).expect("a log");
    writes.retain(|write| !write.contains("events"));
    writes.sort();
    assert_eq!(
        writes,
        ["patch configmaps one-extra 200", "patch services one 201"],
        "and nothing else is applied"
    );
    let looked = gets(&scene, mark);
    assert!(looked.iter().all(|get| !get.contains("two")), "{looked:#?}");

    // The same again with nothing changed.
    assert!(scene.agent.stop().success());
    let mark = scene.mark();
    scene.agent.launch();
    scene.agent.wait_for_start();
    std::thread::sleep(std::time::Duration::from_secs(2));
    scene.wrote(mark, &[]);
    assert_eq!(gets(&scene, mark), [""; 0]);
}

/// `1 superseded`, oldest first.
fn history(scene: &Scene) -> Vec<String> {
    let all: Value =
        serde_json::from_str(&scene.helm(&support::helm(), &["history", "simple", "--output=json"]))
            .expect("JSON");
    let line =
        |entry: &Value| format!("{} {}", entry["revision"], entry["status"].as_str().unwrap_or_default());
    all.as_array().expect("a list").iter().map(line).collect()
}

#[test]
fn what_a_person_does_with_helm_is_put_back_at_once() {
    let scene = Scene::new("helmed");
    scene.put("simple", "{}");
    scene.ready("simple");
    scene.put("simple", "{replicas: 2}");
    scene.ready("simple");
    scene.wait_for_history(&["1 superseded", "2 deployed"]);
    scene.helm(&support::helm(), &["rollback", "simple", "1"]);
    scene.wait_for_history(&["1 superseded", "2 superseded", "3 superseded", "4 deployed"]);
    let words = "Warning HelmChanged: Revision 3 of the release (deployed) was made by somebody's helm";
    scene.told("simple", words, &["the commit on the branch is applied over it"]);
    scene.wait_until("the replicas", &["statefulset/simple"], |set| set["spec"]["replicas"] == 2);
    scene.ready("simple");
    scene.holds_branch();
    assert_eq!(scene.subjects(), ["simple: created", "simple: replicas 1 → 2"]);

    // The whole of it, history and all.
    scene.helm(&support::helm(), &["uninstall", "simple"]);
    scene.wait_for_history(&["1 deployed"]);
    scene.told("simple", "Warning HelmChanged: The newest record of the release was deleted", &[]);
    scene.ready("simple");
    scene.holds_branch();
    assert_eq!(history(&scene), ["1 deployed"]);
    wait("no drift", || drifted(&scene, "simple").map_or(Ok(()), Err));
}

#[test]
fn what_a_person_does_with_helm_is_left_where_it_is_only_reported() {
    let scene = Scene::with("helmsaid", "delivery: {drift: Report}");
    scene.put("simple", "{}");
    scene.ready("simple");
    scene.put("simple", "{replicas: 2}");
    scene.ready("simple");
    scene.wait_for_history(&["1 superseded", "2 deployed"]);
    scene.helm(&support::helm(), &["rollback", "simple", "1"]);
    let words = "Revision 3 of the release (deployed) was made by somebody's helm; it is left as it is";
    let shown =
        scene.wait_for("simple", "Drifted=True HelmChanged", "StatefulSet/simple: spec.replicas is 1");
    assert!(shown.last().is_some_and(|text| text.contains(words)), "{shown:#?}");
    scene.told("simple", &format!("Warning HelmChanged: {words}"), &[]);
    assert_eq!(history(&scene), ["1 superseded", "2 superseded", "3 deployed"]);
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 1);
    // The next change takes the release back.
    scene.put("simple", "{replicas: 3}");
    scene.ready("simple");
    scene.wait_for_history(&["1 superseded", "2 superseded", "3 superseded", "4 deployed"]);
    wait("no drift", || drifted(&scene, "simple").map_or(Ok(()), Err));
}
