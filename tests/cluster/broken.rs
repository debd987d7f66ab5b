//! What users break, what they are told, and that a repair is enough.

use serde_json::{Value, json};

use crate::bed::Bed;
use crate::scene::Scene;

/// A spec that is not committed, and why: reason, message.
const WRONG: [(&str, &str, &str); 4] = [
    (
        "\n  replicas: 4\n  config: |\n    scrape_configs:\n    - job_nam: node\n",
        "InvalidConfig",
        "spec.config: line 2: scrape_configs[0].job_nam: Prometheus v3.16.0 has no such key; did you mean job_name?; \
         spec.config: line 2: scrape_configs[0]: job_name is missing or empty; every entry needs one",
    ),
    (
        "\n  rules:\n    a.yaml: |\n      groups:\n      - name: a\n        rules: [{alert: A}]\n",
        "InvalidConfig",
        "spec.rules[a.yaml]: line 3: groups[0].rules[0]: has no `expr`; write the query of the rule",
    ),
    (
        "\n  config: |\n    remote_write:\n    - url: http://a\n      basic_auth: {username: a, password: secret}\n",
        "InvalidConfig",
        "spec.config: line 3: remote_write[0].basic_auth.password: a credential in the configuration would be kept in \
         git for ever; use password_file, and mount the Secret with `spec.secrets` (below \
         /etc/prometheus/secrets/<name>)",
    ),
    (
        "{values: {service: {port: many}}}",
        "RenderFailed",
        "prometheus-cluster: values don't meet the specifications of the schema(s) in the following \
         chart(s):\nprometheus-cluster:\n- at '/service/port': got string, want integer",
    ),
];

#[test]
fn what_is_wrong_changes_nothing_and_is_told_with_its_place() {
    let scene = Scene::new("wrong");
    scene.put("simple", "{replicas: 2}");
    scene.ready("simple");
    let before = scene.get(&["statefulset/simple"]);
    for (number, (spec, reason, message)) in WRONG.iter().enumerate() {
        let mark = scene.mark();
        scene.put("simple", spec);
        let shown = scene.wait_for("simple", &format!("Ready=False {reason}"), "");
        let generation = number + 2;
        let expected = [
            format!("Committed=False {reason} @{generation}: {message}"),
            "Applied=True Succeeded @1: the cluster holds commit COMMIT".into(),
            format!("Ready=False {reason} @{generation}: {message}"),
            format!("Stalled=True {reason} @{generation}: {message}"),
        ];
        assert_eq!(shown, expected);
        scene.wrote(mark, &["patch prometheusclusters/status simple 200", "create events 201"]);
        let columns = scene.kubectl(&["get", "proms/simple"]);
        assert!(columns.contains(reason), "{columns}");
    }
    assert_eq!(scene.subjects(), ["simple: created"]);
    assert_eq!(scene.get(&["statefulset/simple"]), before);
    let told = scene.events("simple");
    let warnings: Vec<_> = told.iter().filter(|event| event.starts_with("Warning")).cloned().collect();
    assert_eq!(warnings, WRONG.map(|(_, reason, message)| format!("Warning {reason}: {message}")));

    scene.put("simple", "\n  replicas: 4\n  config: |\n    scrape_configs:\n    - job_name: node\n");
    scene.ready("simple");
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 4);
    assert_eq!(scene.conditions("simple").len(), 3);
    assert_eq!(scene.subjects().len(), 2);
    scene.holds_branch();
}

/// A spec that never becomes ready, and what is said of it.
const STUCK: [(&str, &str, &str); 3] = [
    (
        "nowhere",
        "nodeSelector: {disk: none}",
        "pod nowhere-0 cannot be scheduled: 0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector",
    ),
    (
        "crashing",
        "podMetadata: {labels: {bed.promgit.dev/fail: crash-loop}}",
        "pod crashing-0 crash-looping: container prometheus exited with code 2 (Error): Error loading config",
    ),
    (
        "imageless",
        "image: example.com/does-not-exist:v1",
        "pod imageless-0 cannot pull image example.com/does-not-exist:v1 of container prometheus (ImagePullBackOff)",
    ),
];

#[test]
fn pods_that_do_not_come_up_are_named_and_followed() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::new("stuck");
    for (name, spec, _) in STUCK {
        scene.put(name, &format!("{{delivery: {{timeout: 3s, atomic: false}}, {spec}}}"));
    }
    for (name, _, reason) in STUCK {
        let shown = scene.wait_for(name, "Ready=False Stalled", reason);
        let message = format!("not ready within 3s: StatefulSet/{name}: 0 of 1 pod ready: {reason}");
        assert!(shown[2].starts_with(&format!("Ready=False Stalled @1: {message}")), "{shown:#?}");
        assert!(shown[3].starts_with(&format!("Stalled=True Stalled @1: {message}")), "{shown:#?}");
        assert_eq!(shown.len(), 4, "{shown:#?}");
        assert_eq!(scene.cluster(name)["status"]["history"][0]["outcome"], "Failed");
        let told = scene.events(name);
        assert!(
            told.iter().any(|event| event.starts_with(&format!("Warning Stalled: {message}"))),
            "{told:#?}"
        );
    }
    // A node that fits comes: nobody touches the resource.
    scene.bed.kubectl(&["label", "node", "node-1", "disk=none"]);
    scene.ready("nowhere");
    assert_eq!(scene.conditions("nowhere").len(), 3);
    assert_eq!(scene.cluster("nowhere")["status"]["history"][0]["outcome"], "Succeeded");
    for name in ["crashing", "imageless"] {
        scene.put(name, "{delivery: {timeout: 3s}}");
        scene.ready(name);
    }
    for (name, ..) in STUCK {
        let told = scene.events(name);
        assert!(told.len() <= 7, "spam: {told:#?}");
        assert!(told.last().is_some_and(|event| event.starts_with("Normal Ready: ")), "{told:#?}");
    }
    scene.holds_branch();
    scene.bed.kubectl(&["label", "node", "node-1", "disk-"]);
}

#[test]
fn a_quota_is_named_and_raising_it_is_enough() {
    let pods = Scene::new("quota-pods");
    let objects = Scene::new("quota-objects");
    let quota = |scene: &Scene, hard: &str| {
        let text = format!(
            "apiVersion: v1\nkind: ResourceQuota\nmetadata: {{name: few}}\nspec: {{hard: {{{hard}}}}}\n"
        );
        scene.apply(&text);
        let counted = |quota: &Value| quota["status"]["hard"] == quota["spec"]["hard"];
        scene.wait_until("the quota", &["quota/few"], counted);
    };
    quota(&pods, "pods: 1");
    quota(&objects, "services: 1");
    pods.put("simple", "{replicas: 2, delivery: {timeout: 3s, atomic: false}}");
    objects.put("simple", "{}");

    let shown = objects.wait_for("simple", "Ready=False ApplyFailed", "");
    let message = r#"Service/simple-headless: services "simple-headless" is forbidden: exceeded quota: few, requested: services=1, used: services=1, limited: services=1"#;
    assert_eq!(shown[1], format!("Applied=False ApplyFailed @1: {message}"));
    assert_eq!(shown[3], "Reconciling=True ApplyFailed @1: it is tried again");
    assert!(objects.events("simple").contains(&format!("Warning ApplyFailed: {message}")));
    let reason = "exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1";
    let shown = pods.wait_for("simple", "Ready=False Stalled", reason);
    assert!(shown[1].starts_with("Applied=True"), "{shown:#?}");

    quota(&pods, "pods: 2");
    quota(&objects, "services: 2");
    objects.ready("simple");
    pods.ready("simple");
    for scene in [pods, objects] {
        assert_eq!(scene.cluster("simple")["metadata"]["generation"], json!(1));
        assert_eq!(scene.subjects(), ["simple: created"]);
        scene.holds_branch();
        let told = scene.events("simple");
        assert_eq!(told.iter().filter(|event| event.starts_with("Warning")).count(), 1, "{told:#?}");
    }
}

#[test]
fn what_the_server_refuses_is_told_in_its_words() {
    let scene = Scene::new("refused");
    scene.put("simple", "{}");
    scene.ready("simple");
    let service = |port: u32| {
        format!(
            "{{delivery: {{atomic: false}}, values: {{extraObjects: [{{apiVersion: v1, kind: Service, metadata: {{name: more}}, \
             spec: {{ports: [{{port: {port}}}]}}}}]}}}}"
        )
    };
    scene.put("simple", &service(99_999));
    let shown = scene.wait_for("simple", "Ready=False ApplyFailed", "");
    let message = r#"Service/more: Service "more" is invalid: [spec.ports[0].port: Invalid value: 99999: must be between 1 and 65535, inclusive, spec.ports[0].targetPort: Invalid value: 99999: must be between 1 and 65535, inclusive]"#;
    assert_eq!(shown[1], format!("Applied=False ApplyFailed @2: {message}"));
    assert_eq!(shown[2], format!("Ready=False ApplyFailed @2: {message}"));
    assert!(scene.events("simple").contains(&format!("Warning ApplyFailed: {message}")));
    assert_eq!(scene.get(&["statefulset/simple"])["status"]["readyReplicas"], 1);

    scene.put("simple", &service(9_999));
    scene.ready("simple");
    scene.holds_branch();
}
