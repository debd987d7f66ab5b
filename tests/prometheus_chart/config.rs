//! What the chart makes of a configuration: promtool accepts it, nothing is lost, no pod restarts for it.

use std::path::Path;

use serde_json::{Value, json};

use crate::harness::{RELEASE, at, cases, chart, find, objects};
use crate::support;

/// Lays the files of the pod out below `root`, as its mounts would.
fn lay_out(objects: &[Value], root: &Path) {
    let stateful_set = objects.iter().find(|object| object["kind"] == "StatefulSet").expect("a StatefulSet");
    let pod = &stateful_set["spec"]["template"]["spec"];
    for mount in pod["containers"][0]["volumeMounts"].as_array().expect("mounts") {
        let folder = mount["mountPath"].as_str().expect("a path").trim_start_matches('/');
        let folder = root.join(folder);
        std::fs::create_dir_all(&folder).expect("folder");
        let volumes = pod["volumes"].as_array().expect("volumes");
        // The volume of a claim is in no list of the pod.
        let volume = volumes.iter().find(|volume| volume["name"] == mount["name"]);
        let name = volume.and_then(|volume| volume["configMap"]["name"].as_str()).unwrap_or_default();
        let data = find(objects, &format!("ConfigMap/{name}")).and_then(|object| object["data"].as_object());
        for (file, text) in data.into_iter().flatten() {
            std::fs::write(folder.join(file), rewritten(text.as_str().expect("text"), root)).expect("file");
        }
    }
}

/// Absolute paths of the pod below `root`, and the files that Secrets and other ConfigMaps would bring.
fn rewritten(text: &str, root: &Path) -> String {
    let path = regex::Regex::new(r"/etc/prometheus/((?:secrets|configmaps)/[-./\w]+)").expect("pattern");
    for file in path.captures_iter(text).map(|found| root.join("etc/prometheus").join(&found[1])) {
        std::fs::create_dir_all(file.parent().expect("folder")).expect("folder");
        // `targets/*.json` names a folder, which may be empty.
        let written = if file.to_string_lossy().ends_with('/') {
            std::fs::create_dir_all(file)
        } else {
            std::fs::write(file, "")
        };
        written.expect("file");
    }
    text.replace("/etc/prometheus/", &format!("{}/etc/prometheus/", root.display()))
}

fn promtool(root: &Path, arguments: &[&str], file: &Path) -> Result<(), String> {
    let output = support::hermetic(support::promtool(), root)
        .args(arguments)
        .arg(file)
        .output()
        .expect("promtool runs");
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(()) } else { Err(text(&output.stdout) + &text(&output.stderr)) }
}

fn check(case: &str, objects: &[Value]) {
    let root = tempfile::tempdir().expect("temporary folder");
    lay_out(objects, root.path());
    let folder = root.path().join("etc/prometheus");
    let checked = promtool(root.path(), &["check", "config"], &folder.join("config/prometheus.yml"));
    assert_eq!(checked, Ok(()), "{case}");
    for rules in std::fs::read_dir(folder.join("rules")).expect("rules") {
        let checked = promtool(root.path(), &["check", "rules"], &rules.expect("entry").path());
        assert_eq!(checked, Ok(()), "{case}");
    }
}

#[test]
fn promtool_accepts_every_value_set() {
    for (case, values) in cases("values") {
        check(&case, &objects(&chart(), RELEASE, &values));
    }
}

fn config(values: &Value) -> String {
    let objects = objects(&chart(), RELEASE, values);
    let object =
        objects.iter().find(|object| object["data"].get("prometheus.yml").is_some()).expect("ConfigMap");
    object["data"]["prometheus.yml"].as_str().expect("text").to_owned()
}

/// What the cases say in words, for the ones whose text is the point.
#[test]
fn additions_leave_the_text_as_it_is() {
    let text = "# top\nglobal: # g\n  # how often\n  scrape_interval: 1m\n\n  external_labels:\n\n      # us\n      v: 1.10\n\
                rule_files:\n# none\n- a.yml # first\nalerting:\n  alertmanagers: []\nscrape_configs: []";
    let values = json!({
        "config": text, "replicas": 2, "externalLabels": {"cluster": "c"}, "rules": {"r.yml": ""},
        "logLevel": "warn", "retention": {"time": "1d"},
    });
    let expected = "# top\nglobal: # g\n  # how often\n  scrape_interval: 1m\n\n  external_labels:\n      cluster: c\n      \
                    prometheus_replica: ${POD_NAME}\n\n      # us\n      v: 1.10\nrule_files:\n\
                    - /etc/prometheus/rules/r.yml\n# none\n- a.yml # first\nalerting:\n  alert_relabel_configs:\n  \
                    - action: labeldrop\n    regex: prometheus_replica\n  alertmanagers: []\nscrape_configs: []\n\
                    storage:\n  tsdb:\n    retention:\n      time: 1d\nruntime:\n  log_level: warn\n";
    assert_eq!(config(&values), expected);
}

/// Whatever the layout, the tree is the user's plus what was added.
#[test]
fn nothing_of_a_configuration_is_lost() {
    for (case, mut values) in cases("values") {
        let Some(text) = values["config"].as_str().filter(|text| !text.is_empty()).map(str::to_owned) else {
            continue;
        };
        let mut documents = serde_yaml::Deserializer::from_str(&text);
        let before = documents
            .next()
            .map(|document| <Value as serde::Deserialize>::deserialize(document).expect("YAML"));
        values["externalLabels"]["added"] = json!("label");
        let after: Value = serde_yaml::from_str(&config(&values)).expect("YAML");
        assert_eq!(after["global"]["external_labels"]["added"], "label", "{case}");
        let overridden = ["labels-overridden", "retention-replaced"].contains(&case.as_str());
        assert!(overridden || contains(&after, &before.unwrap_or_default()), "{case}: {after:#}");
    }
}

/// `whole` has all of `part`: keys of maps, items of lists. Empty is nothing.
fn contains(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Object(whole), Value::Object(part)) => {
            part.iter().all(|(key, value)| contains(whole.get(key).unwrap_or(&Value::Null), value))
        }
        (Value::Array(whole), Value::Array(part)) => {
            part.iter().all(|item| whole.iter().any(|candidate| contains(candidate, item)))
        }
        (_, Value::Null) => true,
        _ => whole == part,
    }
}

/// The promise of the reload: none of these may touch the pods.
#[test]
fn a_change_of_the_configuration_does_not_touch_the_pods() {
    let pods = |values: &Value| {
        let objects = objects(&chart(), RELEASE, values);
        at(find(&objects, "StatefulSet/simple").expect("StatefulSet"), "/spec/template")
    };
    let before = pods(&json!({}));
    for change in [
        json!({"config": "scrape_configs: []"}),
        json!({"rules": {"first.yml": ""}}),
        json!({"externalLabels": {"a": "b"}}),
        json!({"retention": {"time": "1d", "size": "1GB"}}),
        json!({"logLevel": "debug"}),
        json!({"replicas": 3}),
        json!({"storage": {"emptyDir": {}}}),
        json!({"service": {"port": 80}}),
        json!({"commonAnnotations": {"a": "b"}}),
    ] {
        assert_eq!(pods(&change), before, "{change}");
    }
}

#[test]
fn the_configuration_is_mounted_as_folders() {
    for (case, values) in cases("values") {
        let objects = objects(&chart(), RELEASE, &values);
        let stateful_set =
            objects.iter().find(|object| object["kind"] == "StatefulSet").expect("a StatefulSet");
        let pod = &stateful_set["spec"]["template"]["spec"];
        let mounts = pod["containers"][0]["volumeMounts"].as_array().expect("mounts");
        assert!(
            mounts.iter().all(|mount| mount.get("subPath").is_none()),
            "{case}: a subPath is never updated"
        );
    }
}
