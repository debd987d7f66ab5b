//! What is left of a cluster that is deleted, and what a cluster of its name finds.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::agent::{self, Agent};
use crate::bed::wait;
use crate::remotes::Origin;
use crate::scene::{Scene, checkout, manifest};
use crate::support;

/// Name → uid.
fn claims(scene: &Scene) -> BTreeMap<String, String> {
    let text = |claim: &Value, key: &str| claim["metadata"][key].as_str().expect("text").to_owned();
    let claims = scene.get(&["pvc"]);
    let claims = claims["items"].as_array().into_iter().flatten();
    claims.map(|claim| (text(claim, "name"), text(claim, "uid"))).collect()
}

#[test]
fn a_cluster_that_comes_back_finds_its_data() {
    let scene = Scene::new("delete");
    let spec = "{replicas: 2, storage: {size: 1Gi}}";
    scene.put("simple", spec);
    scene.put("other", "{}");
    scene.ready("simple");
    scene.ready("other");
    let before = claims(&scene);
    assert_eq!(before.keys().collect::<Vec<_>>(), ["data-simple-0", "data-simple-1"]);

    // Returns when the finalizer is gone.
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    assert_eq!(scene.cluster("simple"), Value::Null);
    for kind in ["statefulset", "service", "configmap", "serviceaccount", "pdb"] {
        let left = scene.get(&[kind, "--selector=app.kubernetes.io/instance=simple"]);
        assert_eq!(left, Value::Null, "{kind}");
    }
    // They are gone when the resource is.
    assert!(scene.get(&["pods", "--selector=app.kubernetes.io/instance=simple"]).is_null());
    assert_eq!(claims(&scene), before);
    scene.ready("other");
    let subjects = scene.subjects();
    assert_eq!(subjects.last().map(String::as_str), Some("simple: deleted, data retained: 2 claims"));
    let message = scene.message();
    assert!(message.contains("data-simple-0") && message.contains("data-simple-1"), "{message}");
    let tree = scene.checkout();
    assert!(!tree.path().join("simple").exists() && tree.path().join("other").exists());
    let told = scene.events("simple");
    let gone = "Normal Deleted: Deleted 7 objects; kept the data: data-simple-0, data-simple-1";
    assert_eq!(told.last().map(String::as_str), Some(gone), "{told:#?}");

    scene.put("simple", spec);
    scene.ready("simple");
    assert_eq!(claims(&scene), before);
    let pods = scene.get(&["pods", "--selector=app.kubernetes.io/instance=simple"]).to_string();
    assert!(before.keys().all(|claim| pods.contains(&format!(r#""claimName":"{claim}""#))), "{pods}");
    let again = Some("simple: created, re-attached data: 2 claims");
    assert_eq!(scene.subjects().last().map(String::as_str), again);
    let message = scene.message();
    assert!(message.contains("Claims attached again:\n* data-simple-0\n* data-simple-1\n"), "{message}");
    let told = "Normal Committed: Committed COMMIT to deploy/NS: created, re-attached data: data-simple-0, data-simple-1";
    assert!(scene.events("simple").iter().any(|event| event == told), "{:#?}", scene.events("simple"));
    scene.holds_branch();

    // Thrown away with the cluster, where its owner says so.
    let policy = r#"--patch={"spec":{"persistentVolumeClaimRetentionPolicy":{"whenDeleted":"Delete"}}}"#;
    scene.kubectl(&["patch", "proms/simple", "--type=merge", policy]);
    scene.ready("simple");
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    scene.wait_until("no claims", &["pvc"], Value::is_null);
    assert_eq!(scene.subjects().last().map(String::as_str), Some("simple: deleted"));
    let message = scene.message();
    assert!(message.contains("Deleted claims:\n* data-simple-0\n* data-simple-1\n"), "{message}");
    let told = scene.events("simple");
    let gone = "Normal Deleted: Deleted 7 objects; deleted the data: data-simple-0, data-simple-1";
    assert_eq!(told.last().map(String::as_str), Some(gone), "{told:#?}");
}

/// Claims of pods that a cluster had once are data as well: whether they stay or go, the commit and the event name them.
#[test]
fn claims_of_former_pods_are_named() {
    let scene = Scene::new("shrunk");
    scene.put("simple", "{replicas: 3, storage: {size: 1Gi}}");
    scene.ready("simple");
    scene.put("simple", "{replicas: 1, storage: {size: 1Gi}}");
    scene.ready("simple");
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    assert_eq!(scene.subjects().last().map(String::as_str), Some("simple: deleted, data retained: 3 claims"));
    let named = "Retained claims:\n* data-simple-0\n* data-simple-1\n* data-simple-2\n";
    let message = scene.message();
    assert!(message.contains(named), "{message}");

    // Kubernetes lets those go with the set that its pods have.
    scene
        .put("simple", "{storage: {size: 1Gi}, persistentVolumeClaimRetentionPolicy: {whenDeleted: Delete}}");
    scene.ready("simple");
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    assert_eq!(scene.subjects().last().map(String::as_str), Some("simple: deleted, data retained: 2 claims"));
    let message = scene.message();
    let named = "Retained claims:\n* data-simple-1\n* data-simple-2\n\nDeleted claims:\n* data-simple-0\n";
    assert!(message.contains(named), "{message}");
    wait("the claim of the set's pod goes", || {
        let there: Vec<String> = claims(&scene).into_keys().collect();
        if there == ["data-simple-1", "data-simple-2"] { Ok(()) } else { Err(format!("{there:?}")) }
    });
    let told = scene.events("simple");
    let gone = "kept the data: data-simple-1, data-simple-2; deleted the data: data-simple-0";
    assert!(told.last().is_some_and(|event| event.ends_with(gone)), "{told:#?}");
}

/// A pod that does not end holds the resource, which says so, but not for longer than a change may take.
#[test]
fn pods_are_waited_for_but_not_for_ever() {
    let scene = Scene::new("linger");
    scene.put("simple", "{delivery: {timeout: 10s}}");
    scene.put("other", "{}");
    scene.ready("simple");
    scene.ready("other");
    let hold = |finalizers: &str| format!(r#"--patch={{"metadata":{{"finalizers":{finalizers}}}}}"#);
    for object in ["pod/simple-0", "pod/other-0", "service/other"] {
        scene.kubectl(&["patch", object, "--type=merge", &hold(r#"["example.com/hold"]"#)]);
    }
    scene.kubectl(&["delete", "proms", "simple", "other", "--wait=false"]);
    let waiting = "being deleted: Service/other, Pod/other-0 not gone yet";
    let shown = scene.wait_for("other", "Ready=False Progressing", waiting);
    assert!(shown.iter().any(|line| line.starts_with("Reconciling=True Progressing @")), "{shown:#?}");
    assert!(scene.get(&["statefulset/other"]).is_null());

    scene.kubectl(&["wait", "--for=delete", "proms/simple", "--timeout=60s"]);
    let told = scene.events("simple");
    let gone = "Warning Deleted: Deleted 6 objects; not gone after 10 s, and not waited for any longer: Pod/simple-0";
    assert_eq!(told.last().map(String::as_str), Some(gone), "{told:#?}");
    assert!(!scene.get(&["pod/simple-0"]).is_null());

    for object in ["pod/simple-0", "pod/other-0"] {
        scene.kubectl(&["patch", object, "--type=merge", &hold("null")]);
    }
    scene.wait_for("other", "Ready=False Progressing", "being deleted: Service/other not gone yet");
    scene.kubectl(&["patch", "service/other", "--type=merge", &hold("null")]);
    scene.kubectl(&["wait", "--for=delete", "proms/other", "--timeout=60s"]);
    let told = scene.events("other");
    assert_eq!(told.last().map(String::as_str), Some("Normal Deleted: Deleted 6 objects"), "{told:#?}");
}

/// Only the repository says what belongs to a cluster: to let it go without would leave everything behind.
#[test]
fn a_cluster_stays_until_the_repository_that_knows_its_objects_is_there() {
    let mut scene = Scene::new("lost");
    scene.put("simple", "{}");
    scene.ready("simple");
    scene.agent.stop();
    let (repository, aside) = (scene.agent.repository(), scene.agent.folder().join("aside.git"));
    std::fs::rename(&repository, &aside).expect("a move");
    scene.kubectl(&["delete", "proms/simple", "--wait=false"]);
    scene.agent.launch();
    scene.wait_for(
        "simple",
        "Ready=False DeleteFailed",
        "being deleted: the repository does not hold commit",
    );
    assert_ne!(scene.get(&["statefulset", "simple"]), Value::Null);
    scene.agent.stop();

    std::fs::remove_dir_all(&repository).expect("the new one goes");
    std::fs::rename(&aside, &repository).expect("a move");
    scene.agent.launch();
    scene.kubectl(&["wait", "--for=delete", "proms/simple", "--timeout=60s"]);
    assert_eq!(scene.get(&["statefulset", "simple"]), Value::Null);
    assert_eq!(scene.subjects().last().map(String::as_str), Some("simple: deleted"));
}

fn is_held(cluster: &Value) -> bool {
    cluster["metadata"]["finalizers"].as_array().is_some_and(|all| all.iter().any(|name| name == FINALIZER))
}

const FINALIZER: &str = "promgit.dev/release";

#[test]
fn a_resource_that_is_replaced_is_held_again() {
    let scene = Scene::new("replace");
    scene.put("simple", "{}");
    scene.ready("simple");
    // `kubectl replace` takes off what its file does not name, with a change of the spec and without one.
    for (spec, generation) in [("{replicas: 2}", 2), ("{replicas: 2}", 2)] {
        support::stdout(scene.ask(&["replace", "--filename=-"], &manifest("simple", "", spec)));
        let held =
            |cluster: &Value| is_held(cluster) && cluster["status"]["observedGeneration"] == generation;
        scene.wait_until("the finalizer", &["proms/simple"], held);
        scene.ready("simple");
    }
    assert_eq!(scene.subjects(), ["simple: created", "simple: replicas 1 → 2"]);

    // Somebody took Helm's marks off an object: it is ours all the same.
    scene.kubectl(&["annotate", "statefulset/simple", "meta.helm.sh/release-name-"]);
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    scene.wait_until(
        "nothing left",
        &["all", "--selector=app.kubernetes.io/instance=simple"],
        Value::is_null,
    );
}

#[test]
fn a_resource_that_goes_without_waiting_is_told() {
    let scene = Scene::new("taken");
    scene.put("simple", "{}");
    scene.ready("simple");
    scene.agent.signal("STOP");
    scene.kubectl(&["patch", "proms/simple", "--type=merge", r#"--patch={"metadata":{"finalizers":null}}"#]);
    scene.kubectl(&["delete", "proms/simple", "--timeout=60s"]);
    scene.agent.signal("CONT");
    scene.agent.wait_for("simple: deleted");
    scene.agent.wait_for("was deleted without waiting for promgit");
    assert!(!scene.get(&["statefulset/simple"]).is_null());
}

/// A cluster that brings along an object of no namespace.
fn with_cluster_role(name: &str) -> String {
    let role = format!(
        "{{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {{name: {name}}}, rules: []}}"
    );
    format!("{{storage: {{size: 1Gi}}, values: {{extraObjects: [{role}]}}}}")
}

#[test]
fn a_namespace_that_goes_takes_its_clusters_along() {
    let scene = Scene::with("going", "delivery: {clusterScoped: [ClusterRole.rbac.authorization.k8s.io]}");
    let role = format!("{}-role", scene.namespace);
    scene.put("simple", &with_cluster_role(&role));
    scene.ready("simple");
    // What would be waited for elsewhere goes with the namespace.
    scene.bed.kubectl(&["delete", "namespace", &scene.namespace, "--timeout=90s"]);
    scene.bed.wait_until("the role to go", &["clusterrole", &role], Value::is_null);
    let deleted = Some("simple: deleted, data retained: 1 claim");
    assert_eq!(scene.subjects().last().map(String::as_str), deleted);
}

/// With `rbac.scope: namespaces` the rights in a namespace go before the clusters in it do.
#[test]
fn a_namespace_goes_where_the_agent_has_rights_in_it_alone() {
    let bed = agent::bed();
    if bed.supervisor().is_none() {
        return;
    }
    let namespaces = [bed.namespace("narrow"), bed.namespace("narrow")];
    let watched: Vec<&str> = namespaces.iter().map(String::as_str).collect();
    let values = [
        format!("--set=watchNamespaces={{{}}}", watched.join(",")),
        "--set=rbac.scope=namespaces,rbac.aggregate=false,persistence.enabled=false".to_owned(),
    ];
    let release = ["install", "narrow", "--namespace=promgit-system", &values[0], &values[1]];
    agent::helm(bed, &release, "charts/promgit");
    let kubeconfig = bed.kubeconfig_of("promgit-system", "narrow");
    let mut agent = Agent::new(bed, agent::USER, &watched, "").with_kubeconfig(kubeconfig);
    agent.launch();
    agent.wait_for_start();
    let [first, second] = &namespaces;
    let put = |namespace: &str| {
        let put = ["apply", "--filename=-", "--namespace", namespace];
        support::stdout(bed.ask(bed.kubeconfig(), &put, &manifest("simple", "", "{}")));
        let ready =
            ["wait", "--for=condition=Ready", "proms/simple", "--timeout=120s", "--namespace", namespace];
        bed.kubectl(&ready);
    };
    put(first);
    put(second);
    bed.kubectl(&["delete", "namespace", first, "--timeout=90s"]);

    // An agent that is started when its rights are gone already.
    agent.stop();
    bed.kubectl(&["delete", "namespace", second, "--wait=false"]);
    bed.wait_until("the rights to go", &["rolebindings", "--namespace", second], Value::is_null);
    assert!(!bed.get(&["proms/simple", "--namespace", second]).is_null());
    agent.launch();
    bed.kubectl(&["wait", "--for=delete", "namespace", second, "--timeout=90s"]);
    for namespace in watched {
        let subjects = agent.subjects(namespace);
        assert_eq!(subjects.last(), Some(&format!("{namespace}/simple: deleted")), "{subjects:#?}");
    }
}

/// The finalizer, as docs/how-to/delete.md says to take it off.
const LET_GO: [&str; 4] =
    ["patch", "proms/simple", "--type=merge", r#"--patch={"metadata":{"finalizers":null}}"#];

#[test]
fn a_remote_that_never_comes_back_has_two_ways_out() {
    let origin = Origin::new();
    let mut scene = Scene::with("nevermore", &origin.settings("required"));
    scene.put("simple", "{}");
    scene.put("other", "{}");
    scene.ready("simple");
    scene.ready("other");
    origin.away();
    scene.kubectl(&["delete", "proms", "simple", "other", "--wait=false"]);
    let words = "; it is deleted when the remote has that, or at once with `remote.push: async`, or by hand \
                 (docs/how-to/delete.md)";
    for name in ["simple", "other"] {
        scene.wait_for(name, "Committed=False RemoteUnavailable", words);
        assert!(!scene.get(&[&format!("statefulset/{name}")]).is_null());
    }

    // By hand: what the commit that the status names describes, then the finalizer.
    let commit =
        scene.cluster("simple")["status"]["commit"]["revision"].as_str().expect("a commit").to_owned();
    let tree = checkout(&scene.agent, &commit);
    let folder = tree.path().join("simple");
    scene.kubectl(&["delete", "--kustomize", folder.to_str().expect("UTF-8")]);
    scene.kubectl(&LET_GO);
    assert_eq!(scene.cluster("simple"), Value::Null);
    assert!(scene.get(&["all", "--selector=app.kubernetes.io/instance=simple"]).is_null());

    // The agent without the remote.
    scene.agent.stop();
    let settings = scene.agent.folder().join("promgit.yaml");
    let text = std::fs::read_to_string(&settings).expect("the settings");
    std::fs::write(&settings, text.replace("push: required", "push: async")).expect("written");
    scene.agent.launch();
    scene.kubectl(&["wait", "--for=delete", "proms/other", "--timeout=90s"]);
    assert!(scene.get(&["all", "--selector=app.kubernetes.io/instance=other"]).is_null());
    let mut subjects = scene.subjects();
    subjects.sort();
    assert_eq!(subjects, ["other: created", "other: deleted", "simple: created", "simple: deleted"]);
}

#[test]
fn a_repository_that_is_lost_has_a_way_out() {
    let mut scene = Scene::new("gone");
    scene.put("simple", "{}");
    scene.ready("simple");
    scene.agent.stop();
    std::fs::remove_dir_all(scene.agent.repository()).expect("lost");
    scene.kubectl(&["delete", "proms/simple", "--wait=false"]);
    scene.agent.launch();
    let words = "delete the objects by hand and then take the finalizer promgit.dev/release off (docs/how-to/delete.md)";
    scene.wait_for("simple", "Ready=False DeleteFailed", words);
    let kinds = "statefulset,service,configmap,serviceaccount,pdb,ingress,networkpolicy";
    let own = "--selector=app.kubernetes.io/instance=simple,app.kubernetes.io/managed-by=Helm";
    scene.kubectl(&["delete", kinds, own]);
    scene.kubectl(&LET_GO);
    assert_eq!(scene.cluster("simple"), Value::Null);
    assert!(scene.get(&["all", "--selector=app.kubernetes.io/instance=simple"]).is_null());
    // The agent goes on, and a cluster of that name begins anew.
    scene.put("simple", "{}");
    scene.ready("simple");
}
