//! Random objects: every field that a rule reads, near the values where rules change, and now and then of a wrong type.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

/// An object of a random kind, with a status that may or may not fit it.
pub fn object() -> impl Strategy<Value = Value> {
    let head = (kind(), metadata(), spec());
    (head, counters(), conditions(), details()).prop_map(|((kind, metadata, spec), counters, conditions, details)| {
        let (api_version, kind) = kind;
        let mut status = Map::new();
        status.extend(counters.as_object().cloned().unwrap_or_default());
        status.extend(details.as_object().cloned().unwrap_or_default());
        if !conditions.is_null() {
            status.insert("conditions".into(), conditions);
        }
        json!({"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec, "status": status})
    })
}

fn kind() -> impl Strategy<Value = (&'static str, &'static str)> {
    select(vec![
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "StatefulSet"),
        ("apps/v1", "Deployment"),
        ("apps/v1", "Deployment"),
        ("extensions/v1beta1", "Deployment"),
        ("apps/v1", "ReplicaSet"),
        ("apps/v1", "DaemonSet"),
        ("apps/v1", "DaemonSet"),
        ("batch/v1", "Job"),
        ("batch/v1", "CronJob"),
        ("v1", "Pod"),
        ("v1", "Pod"),
        ("v1", "PersistentVolumeClaim"),
        ("v1", "Service"),
        ("v1", "ConfigMap"),
        ("policy/v1", "PodDisruptionBudget"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
        ("networking.k8s.io/v1", "Ingress"),
        ("example.com/v1", "Thing"),
        ("example.com/v1", "Deployment"),
        ("apps/v1/odd", "Deployment"),
        ("apps", "Pod"),
    ])
}

/// A map of some of these fields, each with one of its values.
fn some_of(fields: Vec<(&'static str, Vec<Value>)>) -> impl Strategy<Value = Value> {
    let fields = fields.into_iter().map(|(name, values)| {
        prop::option::weighted(0.8, select(values)).prop_map(move |value| value.map(|value| (name, value)))
    });
    fields.collect::<Vec<_>>().prop_map(|held| {
        Value::Object(held.into_iter().flatten().map(|(name, value)| (name.to_string(), value)).collect())
    })
}

fn metadata() -> impl Strategy<Value = Value> {
    let mut generations = vec![json!(2); 12];
    generations.extend([json!(3), json!("2")]);
    let mut deleted = vec![json!(""); 20];
    deleted.push(json!("2026-11-22T10:00:00Z"));
    some_of(vec![
        ("name", vec![json!("simple")]),
        ("generation", generations),
        ("deletionTimestamp", deleted),
        (
            "creationTimestamp",
            vec![json!("2020-01-01T00:00:00Z"), json!("2999-01-01T00:00:00Z"), json!("odd")],
        ),
    ])
}

fn spec() -> impl Strategy<Value = Value> {
    let strategies = [
        json!({"type": "RollingUpdate"}),
        json!({"type": "OnDelete"}),
        json!({"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}),
        json!({"rollingUpdate": {"partition": 0}}),
        json!({"rollingUpdate": {"partition": -1}}),
        json!({"rollingUpdate": null}),
        json!("RollingUpdate"),
    ];
    let selectors = [
        json!({"matchLabels": {"app": "a", "zone": "b"}}),
        json!({"matchLabels": {"b": ""}, "matchExpressions": [
            {"key": "a", "operator": "In", "values": ["z", "b"]},
            {"key": "c", "operator": "DoesNotExist"}]}),
        json!({"matchExpressions": [
            {"key": "x", "operator": "NotIn", "values": ["1"]}, {"key": "d", "operator": "Exists"}]}),
        json!({}),
    ];
    some_of(vec![
        (
            "replicas",
            vec![json!(0), json!(1), json!(2), json!(2), json!(3), json!(2.0), json!("2"), json!(null)],
        ),
        ("selector", selectors.to_vec()),
        ("updateStrategy", strategies.to_vec()),
        ("progressDeadlineSeconds", vec![json!(600), json!(600), json!(i32::MAX)]),
        ("type", vec![json!("ClusterIP"), json!("LoadBalancer")]),
        ("clusterIP", vec![json!(""), json!("10.0.0.1")]),
        ("parallelism", vec![json!(0), json!(1)]),
    ])
}

fn counters() -> impl Strategy<Value = Value> {
    let names = [
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "fullyLabeledReplicas",
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberReady",
    ];
    // Mostly what is wanted, so that the later rules are reached too.
    let values = vec![json!(2), json!(2), json!(2), json!(2), json!(2), json!(2), json!(1), json!(3)];
    some_of(names.into_iter().map(|name| (name, values.clone())).collect())
}

fn details() -> impl Strategy<Value = Value> {
    let mut observed = vec![json!(2); 12];
    observed.extend([json!(1), json!(2.5), json!(null)]);
    let waiting = |reason: &str| json!({"name": "prometheus", "state": {"waiting": {"reason": reason}}});
    some_of(vec![
        ("observedGeneration", observed),
        ("currentRevision", vec![json!("a"), json!("a"), json!("b")]),
        ("updateRevision", vec![json!("a")]),
        (
            "phase",
            ["Pending", "Running", "Succeeded", "Failed", "Unknown", "Bound", ""].map(Value::from).to_vec(),
        ),
        ("startTime", vec![json!("2026-11-22T10:00:00Z"), json!("")]),
        ("failed", vec![json!(1)]),
        (
            "containerStatuses",
            vec![
                json!([waiting("CrashLoopBackOff")]),
                json!([waiting("ErrImagePull"), {"name": "a", "state": {"running": {}}}]),
                json!([]),
            ],
        ),
    ])
}

fn conditions() -> impl Strategy<Value = Value> {
    let kinds = vec![
        "Ready",
        "Ready",
        "Reconciling",
        "Stalled",
        "Available",
        "Available",
        "Progressing",
        "Progressing",
        "ReplicaFailure",
        "Complete",
        "Failed",
        "PodScheduled",
        "NamesAccepted",
        "Established",
        "Other",
    ];
    let statuses = vec!["True", "True", "False", "Unknown", ""];
    let reasons = vec![
        "",
        "NewReplicaSetAvailable",
        "ProgressDeadlineExceeded",
        "Unschedulable",
        "Installing",
        "Other",
    ];
    let condition = (select(kinds), select(statuses), select(reasons))
        .prop_map(|(kind, status, reason)| json!({"type": kind, "status": status, "reason": reason}));
    let odd = select(vec![json!(null), json!("Ready"), json!({"type": "Ready", "status": true}), json!({})]);
    let conditions = prop::collection::vec(condition, 0..4).prop_map(Value::Array);
    prop_oneof![
        20 => conditions,
        1 => odd.prop_map(|item| json!([item])),
        1 => select(vec![json!({}), json!("True"), json!(1)]),
        2 => Just(Value::Null),
    ]
}
