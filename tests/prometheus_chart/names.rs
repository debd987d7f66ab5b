//! Two releases in one namespace share no name, whatever they are called.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::{chart, objects};

/// Helm takes names of up to 53 characters.
const LONG: &str = "a-name-of-exactly-fifty-three-characters-is-too-long-for-helm";

/// Everything that the chart can make, all on.
fn everything() -> Value {
    json!({
        "replicas": 2,
        "storage": {"size": "1Gi"},
        "rbac": {"create": true, "namespaces": ["one", "two"]},
        "ingress": {"enabled": true},
        "networkPolicy": {"enabled": true},
    })
}

/// Kind, namespace and name of each object, and of each claim that the StatefulSet makes.
fn names(release: (&str, &str)) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for object in objects(&chart(), release, &everything()) {
        let text = |pointer| object.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
        let (kind, name) = (text("/kind"), text("/metadata/name"));
        assert!(
            names.insert(format!("{kind} {}/{name}", text("/metadata/namespace"))),
            "{kind}/{name} twice"
        );
        for replica in 0..2 * usize::from(kind == "StatefulSet") {
            names.insert(format!("PersistentVolumeClaim data-{name}-{replica}"));
            names.insert(format!("Pod {name}-{replica}"));
        }
    }
    names
}

#[test]
fn releases_never_collide() {
    let releases = [
        "simple".to_owned(),
        "simple-headless".to_owned(),
        "simple-headless-headless".to_owned(),
        "simple-config".to_owned(),
        "simple-rules".to_owned(),
        "simple-0".to_owned(),
        "a.b".to_owned(),
        "a-b".to_owned(),
        "1st".to_owned(),
        "p1st".to_owned(),
        format!("{}1", &LONG[..52]),
        format!("{}2", &LONG[..52]),
    ];
    let all: Vec<_> = releases.iter().map(|release| (release, names((release, "one")))).collect();
    for (at, (left, names)) in all.iter().enumerate() {
        for (right, others) in &all[at + 1..] {
            let both: Vec<_> = names.intersection(others).collect();
            assert!(both.is_empty(), "{left} and {right} share {both:?}");
        }
    }
    let elsewhere = names(("simple", "two"));
    let both: Vec<_> = all[0].1.intersection(&elsewhere).filter(|name| name.contains('/')).collect();
    assert!(both.is_empty(), "one/simple and two/simple share {both:?}");
}

/// Names that Kubernetes accepts: Services are labels that start with a letter; a StatefulSet leaves room for
/// `-<hash>` in a label of its pods.
#[test]
fn names_are_valid() {
    let label = regex::Regex::new("^[a-z]([-a-z0-9]*[a-z0-9])?$").expect("pattern");
    let longest = format!("{}1", &LONG[..52]);
    for release in ["simple", "1st", "a.b", "x-headless", &longest] {
        for object in objects(&chart(), (release, "one"), &everything()) {
            let name = object["metadata"]["name"].as_str().expect("a name");
            match object["kind"].as_str().expect("a kind") {
                "Service" => assert!(label.is_match(name) && name.len() <= 63, "{name}"),
                "StatefulSet" => assert!(label.is_match(name) && name.len() <= 52, "{name}"),
                _ => assert!(name.len() <= 253, "{name}"),
            }
        }
    }
}

/// Names in the objects refer to objects that exist, and selectors find the pods.
#[test]
fn references_lead_somewhere() {
    for release in ["simple", "x-headless"] {
        let objects = objects(&chart(), (release, "one"), &everything());
        let of = |kind: &str| objects.iter().filter(move |object| object["kind"] == kind).collect::<Vec<_>>();
        let exists =
            |kind: &str, name: &Value| of(kind).iter().any(|object| object["metadata"]["name"] == *name);
        let stateful_set = of("StatefulSet")[0];
        let template = &stateful_set["spec"]["template"];
        assert!(exists("Service", &stateful_set["spec"]["serviceName"]));
        assert!(exists("ServiceAccount", &template["spec"]["serviceAccountName"]));
        for volume in template["spec"]["volumes"].as_array().expect("volumes") {
            assert!(volume.get("configMap").is_none_or(|map| exists("ConfigMap", &map["name"])), "{volume}");
        }
        let backend = &of("Ingress")[0]["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"];
        assert!(exists("Service", &backend["name"]));
        assert!(of("RoleBinding").iter().all(|binding| exists("Role", &binding["roleRef"]["name"])));

        let labels = template["metadata"]["labels"].as_object().expect("labels");
        let mut selectors = vec![&stateful_set["spec"]["selector"]["matchLabels"]];
        selectors.extend(of("Service").iter().map(|service| &service["spec"]["selector"]));
        selectors.push(&of("PodDisruptionBudget")[0]["spec"]["selector"]["matchLabels"]);
        selectors.push(&of("NetworkPolicy")[0]["spec"]["podSelector"]["matchLabels"]);
        for selector in selectors {
            let mut wanted = selector.as_object().expect("a selector").iter();
            assert!(wanted.all(|(key, value)| labels.get(key) == Some(value)), "{selector}");
        }
    }
}

/// A StatefulSet's selector and claims are fixed for good: nothing that an upgrade changes may be in them.
#[test]
fn what_is_immutable_does_not_change_with_the_version() {
    let fixed = |values: &Value| {
        let objects = objects(&chart(), ("simple", "one"), values);
        let found = objects.iter().find(|object| object["kind"] == "StatefulSet").expect("StatefulSet");
        (found["spec"]["selector"].clone(), found["spec"]["volumeClaimTemplates"].clone())
    };
    let old = fixed(&json!({"version": "v3.9.0", "storage": {"size": "1Gi"}}));
    let new = fixed(&json!({"version": "v3.16.0", "storage": {"size": "1Gi"}, "commonLabels": {"a": "b"}}));
    assert_eq!(old, new);
}
