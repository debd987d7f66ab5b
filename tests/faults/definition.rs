//! A definition of another version lets through what this agent refuses: the user is told where he looks.

use serde_json::{Value, json};

use crate::agent::{Agent, USER, install_resource, install_rights};
use crate::bed::{Bed, wait};
use crate::place::Place;
use crate::support;

const NAME: &str = "prometheusclusters.promgit.dev";

/// The definition as it is, but for what it says of the spec.
fn loosen(bed: &Bed) {
    let mut definition = bed.get(&["crd", NAME]);
    let schema = &mut definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"];
    schema["properties"]["spec"] = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    definition["metadata"].as_object_mut().expect("metadata").remove("resourceVersion");
    support::stdout(bed.ask(bed.kubeconfig(), &["replace", "--filename=-"], &definition.to_string()));
}

#[test]
fn a_resource_that_another_definition_let_through_says_what_is_wrong_and_can_go() {
    if Bed::own().is_none() {
        return;
    }
    let bed = Bed::another();
    install_resource(&bed);
    install_rights(&bed, &[]);
    let place = Place::new(&bed, "loose");
    let mut agent = Agent::new(&bed, USER, &[], "");
    agent.launch();
    agent.wait_for_start();
    place.put("a", "{}");
    place.wait_ready("a");
    loosen(&bed);
    wait("the loose definition", || {
        let resource = crate::place::manifest("b", "{replicas: 0}");
        let arguments = ["apply", "--filename=-", "--namespace", &place.namespace];
        let output = bed.ask(bed.kubeconfig(), &arguments, &resource);
        if output.status.success() { Ok(()) } else { Err(format!("{output:?}")) }
    });
    place.patch("a", r#"{"replicas": 0}"#);
    for name in ["a", "b"] {
        let said = place.wait_false(name, "Ready", "should be greater than or equal to 1");
        assert!(said.starts_with("spec.replicas: Invalid value: 0"), "{said}");
        let status = &place.get(name)["status"];
        assert_eq!(status["observedGeneration"], place.get(name)["metadata"]["generation"]);
    }
    // What runs is left as it is, and goes with the resource.
    let set = ["statefulset", "a", "--namespace", &place.namespace];
    assert_eq!(bed.get(&set)["spec"]["replicas"], 1);
    place.kubectl(&["delete", "proms", "a", "b", "--timeout=60s"]);
    bed.wait_until("the set to go", &set, Value::is_null);
    assert!(agent.stop().success());
}
