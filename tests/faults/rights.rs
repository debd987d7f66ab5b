//! The rights of charts/promgit are enough, and a missing one is named with the way out.

use serde_json::{Value, json};

use crate::agent::{Agent, USER, helm, install_resource};
use crate::bed::{Bed, wait};
use crate::place::{Place, is_ready};
use crate::resources::cases;

const ROLE: &str = "promgit.promgit-system.promgit";

/// The chart as a user installs it, with nothing but where the repository is kept left out.
fn install(bed: &Bed, more: &[&str]) {
    let release = ["upgrade", "--install", "promgit", "--namespace=promgit-system", "--create-namespace"];
    helm(bed, &[&release[..], more].concat(), "charts/promgit");
}

/// A bed of its own: the role is taken apart.
#[test]
fn the_rights_of_the_chart_are_enough_and_a_missing_one_is_named() {
    if Bed::own().is_none() {
        return;
    }
    let bed = Bed::another();
    install_resource(&bed);
    install(&bed, &[]);
    let place = Place::new(&bed, "rights");
    let mut agent = Agent::start(&bed, &[], "");
    examples_are_up(&place);

    let role = bed.get(&["clusterrole", ROLE]);
    no_patch_of_sets(&place, &role);
    no_patch_of_status(&place, &mut agent, &role);
    no_watch_of_sets(&place, &mut agent, &role);
    no_sight(&place, &mut agent, &role);
    assert!(agent.stop().success());

    // Rights in the listed namespaces and nowhere else.
    install(
        &bed,
        &[
            "--set=rbac.scope=namespaces",
            // what lets it see resources everywhere, to let those of a namespace go that is deleted
            "--set=rbac.letGo=false",
            "--set=rbac.discovery=true",
            &format!("--set=watchNamespaces={{{}}}", place.namespace),
        ],
    );
    bed.wait_until("the role to go", &["clusterrole", ROLE], Value::is_null);
    let mut agent = Agent::start(&bed, &[&place.namespace], "");
    place.put("narrow", "{replicas: 2, storage: {size: 1Gi}}");
    place.wait_ready("narrow");
    place.kubectl(&["delete", "proms", "narrow", "--timeout=60s"]);
    assert!(agent.stop().success());
    let worries: Vec<_> = agent.lines().into_iter().filter(|line| line.contains("forbidden")).collect();
    assert!(worries.is_empty(), "{worries:#?}");

    // All namespaces, by an agent that may see one.
    let mut agent = Agent::new(&bed, USER, &[], "");
    agent.launch();
    let line = agent.wait_for("cannot watch resource \"prometheusclusters\"");
    assert!(line.contains("at the cluster scope") && line.contains(WAY_OUT), "{line}");
}

const WAY_OUT: &str = "give the agent the rights in charts/promgit";

fn examples_are_up(place: &Place<'_>) {
    let examples = cases("examples");
    for case in &examples {
        let mut resource = case.new.clone();
        resource["metadata"]["namespace"] = json!(place.namespace);
        place.apply(&resource.to_string());
    }
    // One asks for roles, which the chart does not let the agent make unless it is told to.
    let said = place.wait_false("web", "Applied", "resource \"roles\"");
    assert!(said.contains(WAY_OUT) && said.contains("rbac.discovery"), "{said}");
    install(place.bed, &["--set=rbac.discovery=true"]);
    place.wait_all_ready(examples.len());
}

/// The role without a verb for a resource.
fn without(role: &Value, resource: &str, verbs: &[&str]) -> Value {
    let mut role = role.clone();
    let rules = role["rules"].as_array_mut().expect("rules");
    for rule in rules
        .iter_mut()
        .filter(|rule| rule["resources"].as_array().is_some_and(|all| all.contains(&json!(resource))))
    {
        let left = rule["verbs"].as_array_mut().expect("verbs");
        left.retain(|verb| !verbs.iter().any(|taken| verb == taken));
    }
    rules.retain(|rule| rule["verbs"] != json!([]));
    role
}

fn replace(bed: &Bed, role: &Value) {
    let mut role = role.clone();
    role["metadata"].as_object_mut().expect("metadata").remove("resourceVersion");
    let output = bed.ask(bed.kubeconfig(), &["replace", "--filename=-"], &role.to_string());
    crate::support::stdout(output);
}

fn may(bed: &Bed, verb: &str, resource: &str, expected: bool) {
    wait("the rights to change", || {
        let (resource, below) = resource.split_once('/').unwrap_or((resource, ""));
        let below = format!("--subresource={below}");
        let output = bed.kubectl_as(USER, &["auth", "can-i", verb, resource, &below, "--all-namespaces"]);
        if output.status.success() == expected { Ok(()) } else { Err(format!("{output:?}")) }
    });
}

fn no_patch_of_sets(place: &Place<'_>, role: &Value) {
    replace(place.bed, &without(role, "statefulsets", &["patch"]));
    may(place.bed, "patch", "statefulsets.apps", false);
    place.patch("simple", r#"{"replicas": 2}"#);
    let said = place.wait_false("simple", "Applied", "cannot patch resource \"statefulsets\"");
    assert!(said.contains("StatefulSet/simple") && said.contains(WAY_OUT), "{said}");
    let ready = place.wait_false("simple", "Ready", "cannot patch resource \"statefulsets\"");
    assert_eq!(said, ready);
    replace(place.bed, role);
    place.wait_ready("simple");
}

fn no_patch_of_status(place: &Place<'_>, agent: &mut Agent, role: &Value) {
    replace(place.bed, &without(role, "prometheusclusters/status", &["patch"]));
    may(place.bed, "patch", "prometheusclusters.promgit.dev/status", false);
    place.patch("simple", r#"{"replicas": 3}"#);
    let line = agent.wait_for("cannot patch resource \"prometheusclusters/status\"");
    assert!(line.contains("/simple") && line.contains(WAY_OUT), "{line}");
    assert!(!is_ready(&place.get("simple")));
    // What runs does not depend on what is told of it.
    let arguments = ["statefulset", "simple", "--namespace", &place.namespace];
    place.bed.wait_until("the pods", &arguments, |set| set["status"]["readyReplicas"] == 3);
    // What cannot be told is not waited for, and no success.
    assert!(agent.stop().success());
    let mut once = Agent::new(place.bed, USER, &[&place.namespace], "").with_argument("--once");
    once.launch();
    once.wait_for("/simple: its status cannot be written");
    assert_eq!(once.wait_for_end().code(), Some(1));
    agent.launch();
    replace(place.bed, role);
    place.wait_ready("simple");
}

/// What cannot be looked at is not ready, whatever it was before.
fn no_watch_of_sets(place: &Place<'_>, agent: &mut Agent, role: &Value) {
    replace(place.bed, &without(role, "statefulsets", &["list", "watch"]));
    may(place.bed, "list", "statefulsets.apps", false);
    agent.restart();
    place.patch("simple", r#"{"replicas": 2}"#);
    let said = place.wait_false("simple", "Ready", "statefulsets cannot be watched");
    assert!(said.contains(WAY_OUT), "{said}");
    replace(place.bed, role);
    place.wait_ready("simple");
}

fn no_sight(place: &Place<'_>, agent: &mut Agent, role: &Value) {
    replace(place.bed, &without(role, "prometheusclusters", &["list", "watch"]));
    may(place.bed, "list", "prometheusclusters.promgit.dev", false);
    assert!(agent.stop().success());
    agent.launch();
    let line = agent.wait_for("resource \"prometheusclusters\"");
    assert!(line.contains("forbidden") && line.contains(WAY_OUT), "{line}");
    let tip = agent.git(&["for-each-ref"]);
    std::thread::sleep(std::time::Duration::from_secs(3));
    let told = agent.lines().iter().filter(|line| line.contains("forbidden")).count();
    assert_eq!(told, 1, "{:#?}", agent.lines());
    assert_eq!(agent.git(&["for-each-ref"]), tip, "what cannot be seen is not gone");
    replace(place.bed, role);
    agent.wait_for_start();
    place.patch("simple", r#"{"replicas": 1}"#);
    place.wait_ready("simple");
}
