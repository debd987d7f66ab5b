//! Objects that a commit does not name any more.

use serde_json::{Value, json};

use crate::scene::Scene;
use crate::support;

/// A cluster that brings these ConfigMaps along, with these annotations.
fn with_maps(maps: &[(&str, Value)]) -> String {
    let object = |(name, annotations): &(&str, Value)| json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "annotations": annotations}});
    let objects: Vec<Value> = maps.iter().map(object).collect();
    json!({ "values": {"extraObjects": objects} }).to_string()
}

fn maps(scene: &Scene) -> Vec<String> {
    let found = scene.get(&["configmap", "--selector=app.kubernetes.io/managed-by=Helm"]);
    let items = found["items"].as_array().cloned().unwrap_or_default();
    let names = items.iter().map(|item| item["metadata"]["name"].as_str().unwrap_or_default().to_owned());
    names.filter(|name| name.starts_with('m')).collect()
}

#[test]
fn what_the_commit_does_not_name_goes_but_for_what_is_to_be_kept() {
    let scene = Scene::new("prune");
    let keep = json!({"helm.sh/resource-policy": "keep"});
    scene.put("simple", &with_maps(&[("m-a", json!({})), ("m-b", json!({})), ("m-kept", keep)]));
    scene.ready("simple");
    scene.put("simple", &with_maps(&[("m-a", json!({}))]));
    scene.ready("simple");
    assert_eq!(maps(&scene), ["m-a", "m-kept"]);
    let told = scene.events("simple");
    assert!(
        told.contains(
            &"Normal Pruned: Commit COMMIT does not name them: pruned ConfigMap/m-b; left ConfigMap/m-kept"
                .to_owned()
        ),
        "{told:#?}"
    );
    // Somebody asks for one to be kept, where the chart did not.
    scene.kubectl(&["annotate", "configmap/m-a", "helm.sh/resource-policy=keep"]);
    scene.put("simple", "{}");
    scene.ready("simple");
    assert_eq!(maps(&scene), ["m-a", "m-kept"]);
    // One that another has taken meanwhile is its own.
    scene.put("simple", &with_maps(&[("m-c", json!({}))]));
    scene.ready("simple");
    scene.kubectl(&["annotate", "--overwrite", "configmap/m-c", "meta.helm.sh/release-name=other"]);
    scene.put("simple", "{}");
    scene.ready("simple");
    assert_eq!(maps(&scene), ["m-a", "m-c", "m-kept"]);
}

/// A manifest that begins to name its namespace is of the same object.
#[test]
fn what_is_named_in_another_way_is_not_pruned() {
    let scene = Scene::new("named");
    let map = |metadata: Value| {
        json!({"values": {"extraObjects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}]}})
            .to_string()
    };
    let explicit = json!({"name": "m-a", "namespace": scene.namespace});
    for metadata in [json!({"name": "m-a"}), explicit, json!({"name": "m-a"})] {
        scene.put("simple", &map(metadata));
        scene.ready("simple");
        assert_eq!(maps(&scene), ["m-a"]);
    }
}

/// The branch says what an agent brought before, whatever became of it and of the status.
#[test]
fn a_restart_a_crash_and_a_lost_status_prune_all_the_same() {
    let mut scene = Scene::new("orphans");
    scene.put("simple", &with_maps(&[("m-a", json!({}))]));
    scene.ready("simple");
    // The next commit cannot be applied as a whole, and the agent dies over it.
    let broken = json!({"values": {"extraObjects": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m-b"}},
        {"apiVersion": "example.com/v1", "kind": "Unknown", "metadata": {"name": "x"}},
    ]}});
    scene.put("simple", &broken.to_string());
    scene.wait_for("simple", "Applied=False ApplyFailed", "knows no Unknown");
    scene.agent.kill();
    let lost = "--patch={\"status\":null}";
    scene.kubectl(&["patch", "proms/simple", "--subresource=status", "--type=merge", lost]);
    scene.put("simple", &with_maps(&[("m-c", json!({}))]));
    scene.agent.launch();
    scene.ready("simple");
    assert_eq!(maps(&scene), ["m-c"]);
    scene.holds_branch();
}

/// Who removes a folder from the branch removes nothing from the cluster.
#[test]
fn a_folder_that_somebody_removed_is_an_inventory_still() {
    let mut scene = Scene::new("removed");
    scene.put("simple", &with_maps(&[("m-a", json!({})), ("m-b", json!({}))]));
    scene.ready("simple");
    scene.agent.stop();
    let git = |arguments: &[&str]| {
        support::stdout(scene.agent.command("git").args(arguments).output().expect("git"))
    };
    git(&["clone", "-q", "-b", &scene.branch(), "deploy.git", "clone"]);
    git(&["-C", "clone", "rm", "-q", "-r", "simple"]);
    let jane = ["-c", "user.name=Jane Doe", "-c", "user.email=jane@example.com"];
    git(&[&["-C", "clone"], &jane[..], &["commit", "-q", "-m", "tidy up"]].concat());
    git(&["-C", "clone", "push", "-q"]);
    scene.put("simple", &with_maps(&[("m-a", json!({}))]));
    scene.agent.launch();
    scene.ready("simple");
    assert_eq!(maps(&scene), ["m-a"]);
    scene.holds_branch();
}

#[test]
fn a_set_that_would_be_refused_changes_nothing() {
    let scene = Scene::new("whole");
    scene.put("simple", &with_maps(&[("m-a", json!({}))]));
    scene.ready("simple");
    let before = scene.get(&["configmap/m-a", "statefulset/simple", "--output=json"]);
    let mark = scene.mark();
    // The last of the set breaks a rule of its kind.
    let broken = json!({"replicas": 2, "delivery": {"atomic": false}, "values": {"extraObjects": [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m-a"}, "data": {"new": "1"}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": {"name": "bad"},
         "spec": {"rules": [{"host": "not a host"}]}},
    ]}});
    scene.put("simple", &broken.to_string());
    let shown = scene.wait_for("simple", "Applied=False ApplyFailed", "Ingress/bad");
    assert!(shown[1].contains("not a host"), "{shown:#?}");
    let after = scene.get(&["configmap/m-a", "statefulset/simple", "--output=json"]);
    let spec = |all: &Value| {
        all["items"].as_array().map(|items| {
            items.iter().map(|item| item["metadata"]["resourceVersion"].clone()).collect::<Vec<_>>()
        })
    };
    assert_eq!(spec(&before).map(|mut all| all.remove(0)), spec(&after).map(|mut all| all.remove(0)));
    assert_eq!(before["items"][1]["metadata"]["generation"], after["items"][1]["metadata"]["generation"]);
    if let Some(writes) = scene.writes(mark) {
        let done: Vec<_> = writes
            .iter()
            .filter(|write| !write.contains("prometheusclusters") && !write.contains("events"))
            .collect();
        assert!(done.is_empty(), "{done:#?}");
    }
    scene.put("simple", &with_maps(&[]));
    scene.ready("simple");
}

#[test]
fn a_definition_in_a_template_is_waited_for_before_what_it_defines() {
    let scene =
        Scene::with("defined", "delivery: {clusterScoped: [CustomResourceDefinition.apiextensions.k8s.io]}");
    let group = format!("{}.example.com", scene.namespace);
    // what the agent's chart calls `rbac.extraRules`
    let name = format!("defining-{}", scene.namespace);
    let verbs = json!(["get", "list", "watch", "create", "patch", "delete"]);
    let rules = [("apiextensions.k8s.io", "customresourcedefinitions"), (&group, "things")]
        .map(|(group, resource)| json!({"apiGroups": [group], "resources": [resource], "verbs": verbs}));
    let role = json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": name}, "rules": rules});
    scene.bed.apply(&role.to_string());
    let account = "--serviceaccount=promgit-system:promgit";
    scene.bed.kubectl(&["create", "clusterrolebinding", &name, &format!("--clusterrole={name}"), account]);
    let definition = json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("things.{group}")},
        "spec": {"group": group, "scope": "Namespaced", "names": {"plural": "things", "singular": "thing", "kind": "Thing"},
            "versions": [{"name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}]}});
    let thing = json!({"apiVersion": format!("{group}/v1"), "kind": "Thing", "metadata": {"name": "one"}});
    scene.put("simple", &json!({"values": {"extraObjects": [thing, definition]}}).to_string());
    scene.ready("simple");
    assert_eq!(scene.get(&[&format!("things.{group}/one")])["metadata"]["name"], "one");
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    let gone = scene.bed.get(&[&format!("crd/things.{group}")]);
    assert!(gone.is_null() || !gone["metadata"]["deletionTimestamp"].is_null(), "{gone:#}");
}
