//! Clusters beside each other, and objects that belong to somebody else.

use serde_json::Value;

use crate::agent;
use crate::scene::{Scene, bringing};

#[test]
fn two_clusters_share_a_namespace_and_no_object() {
    let scene = Scene::new("two");
    scene.put("first", &bringing("shared", "data: {from: first}"));
    scene.ready("first");
    scene.put("second", "{}");
    scene.ready("second");
    scene.put("second", &bringing("shared", "data: {from: second}"));
    let shown = scene.wait_for("second", "Ready=False NotOurs", "");
    let message = "ConfigMap/shared is an object of cluster NS/first already, and kustomize takes no object of \
                   branch deploy/NS twice; give it another name (most charts take `fullnameOverride` in \
                   spec.values), or rename or delete it in NS/first";
    assert_eq!(shown[0], format!("Committed=False NotOurs @2: {message}"));
    assert!(shown[1].starts_with("Applied=True Succeeded @1: "), "{shown:#?}");
    assert_eq!(scene.get(&["configmap/shared"])["data"]["from"], "first");
    assert_eq!(scene.subjects(), ["first: created", "second: created"]);
    assert!(scene.events("second").contains(&format!("Warning NotOurs: {message}")));

    // The one lets go, and the other takes it without being asked again.
    scene.put("first", "{}");
    scene.ready("second");
    let map = |map: &Value| map["data"]["from"] == "second";
    scene.wait_until("the map of the second", &["configmap/shared"], map);
    scene.ready("first");
}

#[test]
fn what_belongs_to_somebody_else_is_left_alone() {
    let scene = Scene::new("owners");
    scene.kubectl(&["create", "service", "clusterip", "byhand", "--tcp=80:80"]);
    scene.kubectl(&["create", "serviceaccount", "account"]);
    let namespace = format!("--namespace={}", scene.namespace);
    let install = ["install", &namespace, "other", "--set=fullnameOverride=released"];
    agent::helm(scene.bed, &install, "charts/prometheus-cluster");
    let foreign = [
        ("byhand", "service/byhand", "Service/byhand", "kubectl-create"),
        // Nobody can be named: it was made without any field that has an owner.
        ("account", "serviceaccount/account", "ServiceAccount/account", "someone else"),
        ("released", "serviceaccount/released", "StatefulSet/released", "the Helm release NS/other"),
    ];
    let before = foreign.map(|(_, object, ..)| scene.get(&[object]));
    for (name, ..) in foreign {
        scene.put(name, "{}");
    }
    for ((name, object, title, owner), before) in foreign.iter().zip(&before) {
        let shown = scene.wait_for(name, "Ready=False NotOurs", "");
        let message = format!(
            "{title} exists and belongs to {owner}; delete it, give one of the two another name, or have it taken over (spec.delivery.adopt: [{title}"
        );
        assert!(shown[1].starts_with(&format!("Applied=False NotOurs @1: {message}")), "{shown:#?}");
        assert_eq!(scene.get(&[object]), *before, "{object} was changed");
        let events = scene.events(name);
        assert!(
            events.iter().any(|event| event.starts_with(&format!("Warning NotOurs: {message}"))),
            "{events:#?}"
        );
    }

    // The way out: one is deleted, and the cluster looked at again.
    scene.kubectl(&["delete", "service/byhand"]);
    scene.kubectl(&["annotate", "proms/byhand", "promgit.dev/reconcile-at=now"]);
    scene.ready("byhand");
    // Nor do they go with the clusters.
    scene.kubectl(&["delete", "proms", "account", "released", "--timeout=60s"]);
    for ((_, object, ..), before) in foreign.iter().zip(&before).skip(1) {
        assert_eq!(scene.get(&[object]), *before, "{object} was changed");
    }
}

/// A cluster that brings a ClusterRole along, and a map that is applied before it.
fn bringing_a_role(name: &str) -> String {
    let role = format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: {name}}}, rules: []}}"
    );
    let map = "{apiVersion: v1, kind: ConfigMap, metadata: {name: map}}";
    format!("{{values: {{extraObjects: [{map}, {role}]}}}}")
}

#[test]
fn what_all_namespaces_share_is_refused_unless_the_settings_allow_it() {
    let scene = Scene::new("wide");
    let role = format!("{}-wide", scene.namespace);
    scene.put("simple", &bringing_a_role(&role));
    let shown = scene.wait_for("simple", "Applied=False ApplyFailed", "belongs to no namespace");
    let kind = "ClusterRole.rbac.authorization.k8s.io";
    for part in
        ["ClusterRole/NS-wide belongs to no namespace", &format!("(delivery.clusterScoped: [{kind}])")]
    {
        assert!(shown[1].contains(part), "{shown:#?}");
    }
    // Half a release helps nobody.
    for object in ["configmap/map", "statefulset/simple"] {
        assert!(scene.get(&[object]).is_null(), "{object} was applied");
    }
    assert!(scene.bed.get(&["clusterrole", &role]).is_null());

    let Scene { bed, namespace, agent } = scene;
    drop(agent);
    let settings = format!("delivery: {{clusterScoped: [{kind}]}}");
    let agent = agent::Agent::start(bed, &[&namespace], &settings);
    let scene = Scene { bed, namespace, agent };
    scene.ready("simple");
    assert!(!scene.bed.get(&["clusterrole", &role]).is_null());
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    scene.bed.wait_until("the role to go", &["clusterrole", &role], Value::is_null);
}
