//! Changes that the API server takes of no object in place.

use serde_json::{Value, json};

use crate::scene::Scene;

/// Name → uid of all pods of the namespace.
fn pods(scene: &Scene) -> Vec<(String, String)> {
    uids(scene, "pods")
}

fn uids(scene: &Scene, kind: &str) -> Vec<(String, String)> {
    let found = scene.get(&[kind]);
    let text = |item: &Value, key: &str| item["metadata"][key].as_str().unwrap_or_default().to_owned();
    let items = found["items"].as_array().cloned().unwrap_or_default();
    items.iter().map(|item| (text(item, "name"), text(item, "uid"))).collect()
}

/// The class of the bed lets its volumes grow, or not.
fn growing(scene: &Scene, may: bool) {
    let patch = format!("--patch={{\"allowVolumeExpansion\":{may}}}");
    scene.bed.kubectl(&["patch", "storageclass", "kwok-volume", &patch]);
}

#[test]
fn a_volume_grows_under_pods_that_run_and_never_shrinks() {
    let scene = Scene::new("grow");
    growing(&scene, true);
    let of =
        |size: &str| format!("{{replicas: 2, storage: {{size: {size}, storageClassName: kwok-volume}}}}");
    scene.put("simple", &of("1Gi"));
    scene.ready("simple");
    scene.wait_until("bound claims", &["pvc"], |claims| {
        claims["items"]
            .as_array()
            .is_some_and(|all| all.iter().all(|claim| claim["status"]["phase"] == "Bound"))
    });
    let (running, claims) = (pods(&scene), uids(&scene, "pvc"));
    scene.put("simple", &of("2Gi"));
    scene.ready("simple");
    assert_eq!(
        (pods(&scene), uids(&scene, "pvc")),
        (running.clone(), claims.clone()),
        "somebody was restarted"
    );
    for claim in scene.get(&["pvc"])["items"].as_array().expect("claims") {
        assert_eq!(claim["spec"]["resources"]["requests"]["storage"], "2Gi");
    }
    let set = scene.get(&["statefulset/simple"]);
    assert_eq!(
        set.pointer("/spec/volumeClaimTemplates/0/spec/resources/requests/storage"),
        Some(&json!("2Gi"))
    );
    scene.holds_branch();

    // Where the class does not let them, it is refused with the reason, and everything is as it was.
    scene.put("other", &of("1Gi"));
    scene.ready("other");
    growing(&scene, false);
    scene.put("other", &of("3Gi"));
    let shown = scene.wait_for("other", "Applied=False ApplyFailed", "PersistentVolumeClaim/data-other-0");
    assert!(shown[1].contains("storageclass"), "{shown:#?}");
    assert_eq!(
        scene
            .get(&["statefulset/other"])
            .pointer("/spec/volumeClaimTemplates/0/spec/resources/requests/storage"),
        Some(&json!("1Gi"))
    );
}

/// A chart's own objects, by way of the values of ours.
fn bringing(objects: &[Value]) -> String {
    json!({"delivery": {"atomic": false}, "values": {"extraObjects": objects}}).to_string()
}

fn stateful(service: &str, label: &str) -> Value {
    json!({"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "set"}, "spec": {
        "serviceName": service, "replicas": 2, "selector": {"matchLabels": {"set": label}},
        "template": {"metadata": {"labels": {"set": label}},
            "spec": {"containers": [{"name": "main", "image": "example.com/main:1"}]}}}})
}

#[test]
fn what_others_have_set_outlives_an_object_that_is_made_anew() {
    let scene = Scene::new("others");
    let set = |service: &str| {
        let mut set = stateful(service, "a");
        set["spec"].as_object_mut().expect("a spec").remove("replicas");
        set
    };
    scene.put("simple", &bringing(&[set("one")]));
    scene.ready("simple");
    scene.kubectl(&["annotate", "statefulset/set", "example.com/note=kept"]);
    scene.kubectl(&["scale", "statefulset/set", "--replicas=2"]);
    scene.wait_until("two pods", &["statefulset/set"], |set| set["status"]["readyReplicas"] == 2);
    let before = pods(&scene);
    for service in ["two", "three"] {
        scene.put("simple", &bringing(&[set(service)]));
        scene.ready("simple");
        let set = scene.get(&["statefulset/set"]);
        assert_eq!(set["spec"]["serviceName"], service);
        assert_eq!(set["metadata"]["annotations"]["example.com/note"], "kept", "{set:#}");
        assert_eq!(set["spec"]["replicas"], 2, "{set:#}");
        assert_eq!(pods(&scene), before, "a pod was restarted, or went");
    }
    // They are still theirs: nobody puts them back, and the next apply leaves them.
    let set = scene.get(&["--show-managed-fields", "statefulset/set"]);
    let owns = |manager: &str, pointer: &str| {
        let entries = set["metadata"]["managedFields"].as_array().expect("managers");
        entries
            .iter()
            .any(|entry| entry["manager"] == manager && entry["fieldsV1"].pointer(pointer).is_some())
    };
    assert!(!owns("promgit", "/f:spec/f:replicas"), "{set:#}");
    let note = "/f:metadata/f:annotations/f:example.com~1note";
    assert!(owns("kubectl-annotate", note) && !owns("promgit", note), "{set:#}");
    scene.holds_branch();
}

#[test]
fn what_may_differ_outlives_an_object_that_is_made_anew() {
    let scene = Scene::new("differing");
    let spec = |service: &str| {
        let ignored = json!([{"target": {"name": "set"}, "paths": ["/spec/replicas"]}]);
        let delivery = json!({"atomic": false, "ignoreDifferences": ignored});
        json!({"delivery": delivery, "values": {"extraObjects": [stateful(service, "a")]}}).to_string()
    };
    scene.put("simple", &spec("one"));
    scene.ready("simple");
    scene.kubectl(&["scale", "statefulset/set", "--replicas=3"]);
    scene.wait_until("three pods", &["statefulset/set"], |set| set["status"]["readyReplicas"] == 3);
    let before = pods(&scene);
    scene.put("simple", &spec("two"));
    scene.ready("simple");
    let set = scene.get(&["statefulset/set"]);
    assert_eq!((&set["spec"]["serviceName"], &set["spec"]["replicas"]), (&json!("two"), &json!(3)));
    assert_eq!(pods(&scene), before, "a pod went");
}

#[test]
fn a_stateful_set_that_is_made_anew_keeps_its_pods() {
    let scene = Scene::new("anew");
    scene.put("simple", &bringing(&[stateful("one", "a")]));
    scene.ready("simple");
    let before: Vec<_> = pods(&scene).into_iter().filter(|(name, _)| name.starts_with("set-")).collect();
    let first = scene.get(&["statefulset/set"])["metadata"]["uid"].clone();
    scene.put("simple", &bringing(&[stateful("two", "a")]));
    scene.ready("simple");
    let set = scene.get(&["statefulset/set"]);
    assert_eq!(set["spec"]["serviceName"], "two");
    assert_ne!(set["metadata"]["uid"], first);
    let after: Vec<_> = pods(&scene).into_iter().filter(|(name, _)| name.starts_with("set-")).collect();
    assert_eq!(before.len(), 2);
    assert_eq!(before, after, "a pod was restarted");
    // With another selector, the pods are found by their new labels and replaced in turn.
    scene.put("simple", &bringing(&[stateful("two", "b")]));
    scene.ready("simple");
    let labelled = scene.get(&["pods", "--selector=set=b"]);
    assert_eq!(labelled["items"].as_array().map(Vec::len), Some(2), "{labelled:#}");
    assert_eq!(scene.get(&["pods", "--selector=set=a"]), Value::Null);
    scene.holds_branch();
}

/// What the agent's chart calls `rbac.extraRules`.
fn may_deploy(scene: &Scene) {
    let rule = "--resource=deployments.apps";
    scene.kubectl(&["create", "role", "deploying", "--verb=get,list,watch,create,patch,delete", rule]);
    let account = "--serviceaccount=promgit-system:promgit";
    scene.kubectl(&["create", "rolebinding", "deploying", "--role=deploying", account]);
}

#[test]
fn what_hangs_on_nothing_is_made_anew_and_what_would_be_lost_is_refused() {
    let scene = Scene::new("fixed");
    let map = |text: &str| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "fixed"}, "immutable": true, "data": {"a": text}});
    let service = |ip: &str| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "way"},
            "spec": {"clusterIP": ip, "ports": [{"port": 80}], "selector": {"a": "b"}}})
    };
    let deployment = |label: &str| {
        json!({"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "deployed"}, "spec": {
            "selector": {"matchLabels": {"d": label}}, "template": {"metadata": {"labels": {"d": label}},
                "spec": {"containers": [{"name": "main", "image": "example.com/main:1"}]}}}})
    };
    scene.put("simple", &bringing(&[map("1"), service("None")]));
    scene.ready("simple");
    let mut headed = service("");
    headed["spec"].as_object_mut().expect("a spec").remove("clusterIP");
    scene.put("simple", &bringing(&[map("2"), headed.clone()]));
    scene.ready("simple");
    assert_eq!(scene.get(&["configmap/fixed"])["data"]["a"], "2");
    scene.put("simple", &bringing(&[map("2"), service("None")]));
    scene.ready("simple");
    assert_eq!(scene.get(&["service/way"])["spec"]["clusterIP"], "None");

    may_deploy(&scene);
    scene.put("simple", &bringing(&[map("2"), deployment("a")]));
    scene.ready("simple");
    scene.put("simple", &bringing(&[map("3"), deployment("b")]));
    let shown = scene.wait_for(
        "simple",
        "Applied=False ApplyFailed",
        "Deployment/deployed: its selector cannot be changed",
    );
    assert_eq!(scene.get(&["configmap/fixed"])["data"]["a"], "2", "{shown:#?}");
    // The way out that it names.
    scene.kubectl(&["delete", "deployment/deployed"]);
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/reconcile-at=now"]);
    scene.ready("simple");
    assert_eq!(scene.get(&["configmap/fixed"])["data"]["a"], "3");
}
