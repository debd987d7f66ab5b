//! Live objects: how they are, why they are not up, and whether they hold what their manifest says.
//!
//! `tests/health/status/` holds an object a file, `reasons/` pods and events, `matches/` a manifest and a live object;
//! the first line of a file says what is expected. The reference (`tests/health/reference`) is kstatus' own code and
//! Kubernetes' own types: it is asked the same questions, about the files and about some thousand random objects.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

mod support;

#[path = "health/generate.rs"]
mod generate;
#[path = "health/matches.rs"]
mod matches;
#[path = "health/oracle.rs"]
mod oracle;
#[path = "health/reasons.rs"]
mod reasons;

use std::collections::BTreeSet;

use jiff::Timestamp;
use promgit::health::{self, Health, Replicas};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use serde::Deserialize;
use serde_json::{Value, json};

/// Enough that every rule is reached with every neighbour; some seconds.
const RANDOM_OBJECTS: usize = 12_000;

/// A file of a table: its name, what its first line expects, and its documents.
struct Case {
    name: String,
    expected: String,
    documents: Vec<Value>,
}

fn cases(folder: &str) -> Vec<Case> {
    let folder = support::root().join("tests/health").join(folder);
    let mut paths: Vec<_> =
        std::fs::read_dir(&folder).expect("cases").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(!paths.is_empty(), "no cases in {}", folder.display());
    let case = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(&path).expect("readable");
        let expected = text.lines().next().and_then(|line| line.strip_prefix("# "));
        let expected = expected.unwrap_or_else(|| panic!("{}: no expectation", path.display())).to_string();
        let documents = serde_yaml::Deserializer::from_str(&text);
        let documents = documents.map(|document| Value::deserialize(document).expect("YAML")).collect();
        Case { name: path.file_stem().expect("a name").to_string_lossy().into_owned(), expected, documents }
    };
    paths.into_iter().map(case).collect()
}

/// As the agent asks: pods with the time.
fn judge(object: &Value) -> Health {
    match object["kind"].as_str() {
        Some("Pod") => health::of_pod(object, Timestamp::now()),
        _ => health::of(object),
    }
}

fn shown(health: &Health) -> String {
    match health {
        Health::Current => "Current".into(),
        Health::Terminating => "Terminating".into(),
        Health::InProgress { message } => format!("InProgress: {message}"),
        Health::Failed { message } => format!("Failed: {message}"),
    }
}

/// The variant as kstatus names it. Where kstatus gives an error, we are in progress: that is the one difference.
fn status(health: &Health) -> String {
    shown(health).split(':').next().unwrap_or_default().to_string()
}

fn reference(answer: &oracle::Answer) -> &str {
    if answer.error.is_empty() { &answer.status } else { "InProgress" }
}

#[test]
fn every_case_has_its_health_and_message() {
    let wrong: Vec<String> = cases("status")
        .into_iter()
        .map(|case| (shown(&judge(&case.documents[0])), case))
        .filter(|(found, case)| *found != case.expected)
        .map(|(found, case)| format!("{}: {found}\n  expected: {}", case.name, case.expected))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn kstatus_says_the_same_of_every_case() {
    let cases = cases("status");
    assert!(cases.len() >= 100, "{} cases", cases.len());
    let questions: Vec<Value> = cases.iter().map(|case| json!({"object": case.documents[0]})).collect();
    for (case, answer) in cases.iter().zip(oracle::ask(&questions)) {
        assert_eq!(status(&judge(&case.documents[0])), reference(&answer), "{}: {answer:?}", case.name);
    }
}

#[test]
fn kstatus_says_the_same_of_random_objects() {
    let mut runner = TestRunner::deterministic();
    let strategy = generate::object();
    let objects: Vec<Value> =
        (0..RANDOM_OBJECTS).map(|_| strategy.new_tree(&mut runner).expect("an object").current()).collect();
    let questions: Vec<Value> = objects.iter().map(|object| json!({"object": object})).collect();
    let (mut messages, mut selectors) = (BTreeSet::new(), 0);
    for (object, answer) in objects.iter().zip(oracle::ask(&questions)) {
        assert_eq!(status(&judge(object)), reference(&answer), "{object:#}\n{answer:?}");
        if let Some(replicas) = health::replicas(object).filter(|_| answer.error.is_empty()) {
            assert_eq!(replicas.selector, answer.selector, "{object:#}");
            selectors += usize::from(!replicas.selector.is_empty());
        }
        messages.insert(answer.message);
    }
    // That the generator reaches the rules: kstatus has about 45 different messages, without the numbers more.
    assert!(messages.len() > 60 && selectors > 300, "{} messages, {selectors} selectors", messages.len());
}

#[test]
fn an_unscheduled_pod_has_failed_after_fifteen_seconds() {
    let pod = json!({"apiVersion": "v1", "kind": "Pod",
        "metadata": {"creationTimestamp": "2026-11-22T10:00:00Z"},
        "status": {"phase": "Pending",
            "conditions": [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable"}]}});
    let at = |time: &str| status(&health::of_pod(&pod, time.parse().expect("a time")));
    assert_eq!(at("2026-11-22T10:00:14.999Z"), "InProgress");
    assert_eq!(at("2026-11-22T10:00:15Z"), "Failed");
    // Without a clock nobody gives up.
    assert_eq!(status(&health::of(&pod)), "InProgress");
}

#[test]
fn kinds_that_are_watched() {
    let watched = [
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "ReplicaSet"),
        ("batch/v1", "Job"),
        ("v1", "Pod"),
        ("v1", "PersistentVolumeClaim"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("monitoring.coreos.com/v1", "Prometheus"),
        ("gateway.networking.k8s.io/v1", "Gateway"),
        ("cluster.x-k8s.io/v1beta1", "Cluster"),
    ];
    for (api_version, kind) in watched {
        assert!(health::is_watched(api_version, kind), "{api_version} {kind}");
    }
    let others = [
        ("v1", "ConfigMap"),
        ("v1", "Secret"),
        ("v1", "Service"),
        ("v1", "ServiceAccount"),
        ("v1", "Namespace"),
        ("batch/v1", "CronJob"),
        ("policy/v1", "PodDisruptionBudget"),
        ("rbac.authorization.k8s.io/v1", "Role"),
        ("networking.k8s.io/v1", "NetworkPolicy"),
        ("networking.k8s.io/v1", "Ingress"),
        ("storage.k8s.io/v1", "StorageClass"),
        ("autoscaling/v2", "HorizontalPodAutoscaler"),
        ("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration"),
    ];
    for (api_version, kind) in others {
        assert!(!health::is_watched(api_version, kind), "{api_version} {kind}");
    }
}

#[test]
fn replicas_of_what_can_be_scaled() {
    let mut object = json!({"apiVersion": "apps/v1", "kind": "StatefulSet",
        "spec": {"replicas": 3, "selector": {"matchLabels": {"app": "prometheus"}}},
        "status": {"replicas": 2, "readyReplicas": 1}});
    let selector = "app=prometheus".to_string();
    let expected = Replicas { desired: 3, current: 2, ready: 1, selector };
    assert_eq!(health::replicas(&object), Some(expected.clone()));
    object["kind"] = "Deployment".into();
    object["spec"]["replicas"] = Value::Null;
    object["status"] = Value::Null;
    assert_eq!(health::replicas(&object), Some(Replicas { desired: 1, current: 0, ready: 0, ..expected }));
    for (api_version, kind) in
        [("apps/v1", "DaemonSet"), ("v1", "ConfigMap"), ("example.com/v1", "Deployment")]
    {
        assert_eq!(health::replicas(&json!({"apiVersion": api_version, "kind": kind})), None);
    }
}
