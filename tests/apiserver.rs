//! The resource on a real API server, put there by the real helm: it says what we say without one.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "support/bed.rs"]
mod bed;
#[path = "support/resources.rs"]
mod resources;
mod support;

use std::collections::BTreeSet;
use std::sync::{LazyLock, Mutex, PoisonError};

use bed::{Bed, wait};
use promgit::api::{PrometheusCluster, Refusal};
use resources::{Case, cases, plain};
use serde_json::{Value, json};

/// An API server that knows the resource.
static BED: LazyLock<&Bed> = LazyLock::new(|| {
    let bed = Bed::api();
    let mut helm = bed.command(support::helm(), bed.kubeconfig());
    helm.args(["upgrade", "--install", "--wait", "promgit-crds"])
        .arg(support::root().join("charts/promgit-crds"));
    support::stdout(helm.output().expect("helm"));
    let served =
        || bed.try_kubectl(&["get", "proms"]).status.success().then_some(()).ok_or("not served".into());
    wait("the resource", served);
    bed
});

const PATH: &str = "/apis/promgit.dev/v1alpha1/namespaces";

fn namespace(object: &Value) -> String {
    object.pointer("/metadata/namespace").and_then(Value::as_str).unwrap_or("default").to_owned()
}

/// What the server makes of an object, or why it refuses it: one request, nothing before it looks at the object.
fn send(verb: &str, uri: &str, object: &Value) -> Result<Value, String> {
    let arguments = [verb, "--raw", uri, "--filename=-"];
    let output = BED.ask(BED.kubeconfig(), &arguments, &object.to_string());
    if output.status.success() {
        return Ok(serde_json::from_slice(&output.stdout).expect("JSON"));
    }
    Err(String::from_utf8(output.stderr).expect("UTF-8").trim().to_owned())
}

fn answer(case: &Case) -> Result<Value, String> {
    // Cases have the same names.
    static ONE: Mutex<()> = Mutex::new(());
    let _one = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let uri = format!("{PATH}/{}/prometheusclusters", namespace(&case.new));
    let options = "fieldValidation=Strict&dryRun=All";
    let Some(old) = &case.old else { return send("create", &format!("{uri}?{options}"), &case.new) };
    let stored = send("create", &uri, old).expect("the old one is good");
    let name = stored["metadata"]["name"].as_str().expect("a name");
    let mut new = case.new.clone();
    new["metadata"]["resourceVersion"] = stored["metadata"]["resourceVersion"].clone();
    let answer = send("replace", &format!("{uri}/{name}?{options}"), &new);
    BED.kubectl(&["delete", "proms", name, "--namespace", &namespace(&new)]);
    answer
}

/// The sentences in what kubectl prints of a refusal: after `… "simple" is invalid: ` one, or a list with a star before each;
/// after `strict decoding error: ` those of unknown fields, with commas between. None if the server could not even read
/// the object and says so in words of Go's decoder.
fn sentences(message: &str) -> Option<BTreeSet<String>> {
    if let Some((_, unknown)) = message.split_once("strict decoding error: ") {
        let fields = unknown.split("unknown field ").skip(1);
        return Some(
            fields.map(|field| plain(&format!("unknown field {}", field.trim_end_matches(", ")))).collect(),
        );
    }
    let (_, invalid) = message.split_once(" is invalid: ")?;
    let sentences = invalid.split("\n* ").filter(|sentence| !sentence.trim().is_empty());
    // The scale subresource looks at replicas too, after the schema has.
    let sentences = sentences.filter(|sentence| !sentence.starts_with(".spec.replicas: "));
    Some(sentences.map(|sentence| plain(sentence.trim_start_matches("<nil>: "))).collect())
}

fn compare(refusals: &[Refusal], message: &str) -> Result<(), String> {
    let Some(theirs) = sentences(message) else {
        // NotFound: no request can name such a namespace.
        let refused = ["(BadRequest)", "(NotFound)"].iter().any(|reason| message.contains(reason));
        let refused = refused && !refusals.is_empty();
        return if refused { Ok(()) } else { Err(format!("  {message}\n")) };
    };
    let mut ours: BTreeSet<_> = refusals.iter().map(|refusal| plain(&refusal.message)).collect();
    if message.contains("strict decoding error: ") {
        // The server stops there.
        ours.retain(|sentence| sentence.starts_with("unknown field "));
    }
    if ours == theirs { Ok(()) } else { Err(format!("  ours:   {ours:#?}\n  theirs: {theirs:#?}\n")) }
}

fn make_namespaces(cases: &[Case]) {
    for name in cases.iter().map(|case| namespace(&case.new)).collect::<BTreeSet<_>>() {
        let _ = BED.try_kubectl(&["create", "namespace", &name]); // it may be there, or be no name at all
    }
}

#[test]
fn good_resources_are_stored_as_we_read_them() {
    let cases = cases("tests/resource/good");
    make_namespaces(&cases);
    for case in &cases {
        let name = case.path.display();
        let ours = case.accept().unwrap_or_else(|refusals| panic!("{name}: {refusals:#?}"));
        let theirs = answer(case).unwrap_or_else(|message| panic!("{name}: {message}"));
        let theirs: PrometheusCluster = serde_json::from_value(theirs).expect("a resource");
        assert_eq!(ours.spec, theirs.spec, "{name}");
        assert_eq!(ours.metadata.labels, theirs.metadata.labels, "{name}");
        assert_eq!(ours.metadata.annotations, theirs.metadata.annotations, "{name}");
    }
}

#[test]
fn bad_resources_are_refused_in_our_words() {
    let cases = cases("tests/resource/bad");
    make_namespaces(&cases);
    let mut wrong = String::new();
    for case in &cases {
        let refusals = case.accept().err().unwrap_or_default();
        let difference = match answer(case) {
            // Only a server can make a name, as we say.
            Ok(object) if object["metadata"].get("generateName").is_some() => Ok(()),
            Ok(object) => Err(format!("  the server takes it: {object}")),
            Err(message) => compare(&refusals, &message),
        };
        if let Err(difference) = difference {
            wrong += &format!("{}\n{difference}\n", case.path.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

const SIMPLE: &str =
    "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\nmetadata: {name: simple}\nspec: {}\n";

#[test]
fn a_user_scales_explains_and_lists() {
    let bed = *BED;
    let namespace = bed.namespace("columns");
    let within = ["--namespace", &namespace];
    let kubectl = |arguments: &[&str]| bed.kubectl(&[arguments, &within].concat());
    let applied = bed.ask(bed.kubeconfig(), &["apply", "--filename=-", "--namespace", &namespace], SIMPLE);
    assert_eq!(support::stdout(applied), "prometheuscluster.promgit.dev/simple created\n");
    // Defaults are stored.
    assert_eq!(kubectl(&["get", "proms/simple", "--output=jsonpath={.spec.replicas}"]), "1");

    kubectl(&["scale", "promcluster/simple", "--replicas=3"]);
    assert_eq!(kubectl(&["get", "proms/simple", "--output=jsonpath={.spec.replicas}"]), "3");
    assert_eq!(kubectl(&["get", "proms/simple", "--output=jsonpath={.metadata.generation}"]), "2");
    let explained = kubectl(&["explain", "proms.spec.replicas"]);
    assert!(explained.contains("FIELD: replicas <integer>"), "{explained}");

    let columns = |listed: &str| -> Vec<String> {
        listed.lines().next().unwrap_or_default().split_whitespace().map(str::to_owned).collect()
    };
    let expected = ["NAME", "REPLICAS", "READY", "COMMIT", "REVISION", "STATUS", "AGE"];
    assert_eq!(columns(&kubectl(&["get", "proms"])), expected);
    assert_eq!(columns(&kubectl(&["get", "monitoring"])), expected);
}

#[test]
fn status_has_a_door_of_its_own() {
    let bed = *BED;
    let namespace = bed.namespace("status");
    let within = ["--namespace", &namespace];
    let kubectl = |arguments: &[&str]| bed.kubectl(&[arguments, &within].concat());
    support::stdout(bed.ask(bed.kubeconfig(), &["apply", "--filename=-", "--namespace", &namespace], SIMPLE));
    let patch =
        json!({ "spec": { "replicas": 5 }, "status": { "replicas": 1, "readyReplicas": 1 } }).to_string();

    // A change of the resource leaves the status, a change of the status leaves the rest and its generation.
    kubectl(&["patch", "proms/simple", "--type=merge", "--patch", &patch]);
    let object = bed.get(&["proms/simple", "--namespace", &namespace]);
    assert_eq!((&object["spec"]["replicas"], &object["status"]), (&json!(5), &Value::Null));
    let patch = patch.replace('5', "7");
    kubectl(&["patch", "proms/simple", "--subresource=status", "--type=merge", "--patch", &patch]);
    let object = bed.get(&["proms/simple", "--namespace", &namespace]);
    assert_eq!((&object["spec"]["replicas"], &object["status"]["replicas"]), (&json!(5), &json!(1)));
    assert_eq!(object["metadata"]["generation"], 2);
    // What `kubectl scale` and an autoscaler read.
    let scale = kubectl(&[
        "get",
        "proms/simple",
        "--subresource=scale",
        "--output=jsonpath={.spec.replicas}/{.status.replicas}",
    ]);
    assert_eq!(scale, "5/1");
}

#[test]
fn users_apply_server_side_beside_each_other() {
    let bed = *BED;
    let namespace = bed.namespace("managers");
    let apply = |manager: &str, spec: &str| {
        let text = SIMPLE.replace("{}", spec);
        let manager = format!("--field-manager={manager}");
        let arguments = ["apply", "--server-side", &manager, "--filename=-", "--namespace", &namespace];
        bed.ask(bed.kubeconfig(), &arguments, &text)
    };
    support::stdout(apply("one", "{replicas: 2}"));
    support::stdout(apply("two", "{logLevel: debug, secrets: [a]}"));
    let said = apply("two", "{replicas: 3}");
    assert!(String::from_utf8_lossy(&said.stderr).contains(r#"conflict with "one": .spec.replicas"#));
    let object = bed.get(&["proms/simple", "--namespace", &namespace]);
    assert_eq!((&object["spec"]["replicas"], &object["spec"]["logLevel"]), (&json!(2), &json!("debug")));
}
