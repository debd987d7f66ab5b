//! Manifests against live objects: the table, Kubernetes' own types, and what must hold for any object.

use promgit::health::matches::{difference, is_same_amount};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::{cases, oracle};

#[test]
fn every_case_has_its_sentence() {
    let mut wrong = Vec::new();
    for case in cases("matches") {
        let [manifest, live] = case.documents.as_slice() else { panic!("{}: two documents", case.name) };
        let found = difference(manifest, live).unwrap_or("none".into());
        if found != case.expected {
            wrong.push(format!("{}: {found}\n  expected: {}", case.name, case.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// An API server decodes a manifest into its type and stores what that encodes to: empty fields go, quantities get
/// their canonical form.
#[test]
fn a_manifest_matches_what_an_api_server_makes_of_it() {
    let manifests: Vec<Value> = cases("stored").into_iter().flat_map(|case| case.documents).collect();
    let questions: Vec<Value> = manifests.iter().map(|manifest| json!({"manifest": manifest})).collect();
    let mut rewritten = 0;
    for (manifest, answer) in manifests.iter().zip(oracle::ask(&questions)) {
        assert_eq!(answer.error, "", "{manifest:#}");
        assert_eq!(difference(manifest, &answer.stored), None, "{manifest:#}\n{:#}", answer.stored);
        rewritten += usize::from(*manifest != answer.stored);
    }
    assert!(rewritten > 5, "{rewritten} manifests were rewritten");
}

#[test]
fn values_of_a_secret_are_never_printed() {
    let secret = |value: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"annotations": {"last-applied": value}},
            "stringData": {"password": value}, "data": {"token": value}, "type": value})
    };
    let apart = [("hunter2", "hunter3"), ("hunter2", "")];
    for (one, other) in apart {
        for dropped in ["", "stringData", "data", "type", "metadata"] {
            let mut live = secret(other);
            live.as_object_mut().expect("an object").remove(dropped);
            let sentence = difference(&secret(one), &live).expect("a difference");
            assert!(!sentence.contains("hunter") && !sentence.contains("aHVudGVy"), "{sentence}");
        }
    }
}

#[test]
fn a_sentence_is_bounded_and_shows_what_differs() {
    let config = |end: &str| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "data": {
        "prometheus.yml": format!("{}{end}", "scrape_configs: []\n".repeat(1000))}})
    };
    let sentence = difference(&config("interval: 15s"), &config("interval: 30s")).expect("a difference");
    assert!(sentence.chars().count() < 300, "{sentence}");
    assert!(sentence.contains("15s") && sentence.contains("30s"), "{sentence}");
}

fn quantity() -> impl Strategy<Value = String> {
    let number = prop_oneof!["[0-9]{1,4}", "[0-9]{0,3}[.][0-9]{0,4}", "[+-]?[0-9]{0,3}", "[0-9]{1,2}00"];
    let suffixes = [
        "", "", "m", "k", "M", "n", "u", "Ki", "Mi", "Gi", "G", "e3", "E2", "E", "e-1", "T", "x", "mi", "e",
        " ",
    ];
    (number, select(suffixes.to_vec())).prop_map(|(number, suffix)| format!("{number}{suffix}"))
}

#[test]
fn kubernetes_finds_the_same_quantities_equal() {
    use proptest::strategy::ValueTree;
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let mut draw = || quantity().new_tree(&mut runner).expect("a quantity").current();
    let mut pairs: Vec<(String, String)> = (0..4000).map(|_| (draw(), draw())).collect();
    let scales = [("", "000m"), ("k", "000"), ("Mi", "024Ki"), ("", ".0"), ("", "e0"), ("m", "000u")];
    for number in 0..200 {
        for (one, other) in scales {
            pairs.push((format!("{number}{one}"), format!("{number}{other}")));
        }
    }
    let questions: Vec<Value> =
        pairs.iter().map(|(one, other)| json!({"quantities": [one, other]})).collect();
    let mut equal = 0;
    for ((one, other), answer) in pairs.iter().zip(oracle::ask(&questions)) {
        assert_eq!(is_same_amount(one, other), answer.same, "{one} {other} {}", answer.error);
        equal += usize::from(answer.same);
    }
    assert!(equal > 800, "{equal} equal pairs");
}

/// A tree of maps, lists and leaves that say something; names that mean something special are among them.
fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        "[a-z0-9]{1,6}".prop_map(Value::from),
        (1..9_i64).prop_map(Value::from),
        Just(Value::Bool(true)),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let names = select(vec![
            "name",
            "containers",
            "ports",
            "limits",
            "emptyDir",
            "labels",
            "env",
            "a",
            "b.c",
            "port",
            "volumeMounts",
        ]);
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            prop::collection::btree_map(names, inner, 1..4)
                .prop_map(|map| map.into_iter().map(|(key, value)| (key.to_string(), value)).collect()),
        ]
    })
}

fn object() -> impl Strategy<Value = Value> {
    let heads =
        vec![("apps/v1", "StatefulSet"), ("v1", "ConfigMap"), ("v1", "Secret"), ("example.com/v1", "Thing")];
    let labels = prop::collection::btree_map("[a-z]{1,5}", "[a-z]{0,5}", 0..3);
    (select(heads), labels, tree(), tree()).prop_map(|((api_version, kind), labels, spec, data)| {
        json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "a", "labels": labels},
            "spec": spec, "data": {"b": data}})
    })
}

/// Every place of a map's field below `spec` and `data`.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(map) => map.iter().for_each(|(key, value)| {
            let at = format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"));
            found.push(at.clone());
            places(value, &at, found);
        }),
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), found))
        }
        _ => {}
    }
}

fn drop_at(object: &mut Value, place: &str) {
    let (above, key) = place.rsplit_once('/').expect("a place");
    object.pointer_mut(above).and_then(Value::as_object_mut).expect("a map").remove(key);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_object_matches_itself(object in object()) {
        prop_assert_eq!(difference(&object, &object), None);
    }

    /// What only the live object has is no difference, what only the manifest has is one.
    #[test]
    fn a_dropped_field_makes_a_difference(object in object(), pick in any::<Index>()) {
        let mut found = Vec::new();
        places(&object["spec"], "/spec", &mut found);
        places(&object["data"], "/data", &mut found);
        found.push("/spec".into());
        let place = pick.get(&found);
        let mut less = object.clone();
        drop_at(&mut less, place);
        prop_assert!(difference(&object, &less).is_some(), "{} of {:#}", place, object);
        if !place.contains("/name") && !place.contains("/port") {
            prop_assert_eq!(difference(&less, &object), None, "{} of {:#}", place, object);
        }
    }

    #[test]
    fn status_and_other_metadata_do_not_count(object in object(), other in tree()) {
        let mut live = object.clone();
        live["status"] = other.clone();
        live["metadata"]["managedFields"] = other.clone();
        live["metadata"]["uid"] = other;
        prop_assert_eq!(difference(&object, &live), None);
        let mut manifest = object.clone();
        manifest["status"] = json!({"replicas": 1});
        manifest["metadata"]["name"] = "b".into();
        prop_assert_eq!(difference(&manifest, &object), None);
    }
}
