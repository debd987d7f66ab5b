//! Every field of the `restricted` Pod Security Standard, checked on the pods of every value set.

use serde_json::{Value, json};

use crate::harness::{RELEASE, cases, chart, objects};
use crate::restricted::violations;

fn pods(values: &Value) -> Value {
    let objects = objects(&chart(), RELEASE, values);
    let stateful_set = objects.iter().find(|object| object["kind"] == "StatefulSet").expect("a StatefulSet");
    stateful_set["spec"]["template"]["spec"].clone()
}

#[test]
fn every_value_set_is_restricted() {
    for (case, values) in cases("values") {
        assert_eq!(violations(&pods(&values)), Vec::<String>::new(), "{case}");
    }
}

/// The check itself finds what a careless value does.
#[test]
fn the_check_finds_violations() {
    let values = json!({
        "podSecurityContext": {"runAsNonRoot": false, "runAsUser": 0},
        "securityContext": {"allowPrivilegeEscalation": true, "privileged": true, "capabilities": {"drop": []}},
        "extraVolumes": [{"name": "host", "hostPath": {"path": "/"}}],
    });
    assert_eq!(violations(&pods(&values)).len(), 6);
}

/// Beyond the standard: the root file system, and no token for who asks the API server nothing.
#[test]
fn the_container_can_write_only_its_data() {
    for (case, values) in cases("values") {
        let pod = pods(&values);
        let prometheus = &pod["containers"][0];
        assert_eq!(prometheus["securityContext"]["readOnlyRootFilesystem"], true, "{case}");
        let mounts = prometheus["volumeMounts"].as_array().expect("mounts");
        let writable =
            mounts.iter().filter(|mount| mount["readOnly"] != true).map(|mount| mount["name"].clone());
        let writable: Vec<Value> = writable.filter(|name| name != "scratch").collect();
        assert_eq!(writable, [json!("data")], "{case}");
        let wants_token =
            ["kubernetes", "kubernetes-everywhere", "service-account-given"].contains(&case.as_str());
        assert_eq!(pod["automountServiceAccountToken"], wants_token, "{case}");
    }
}
