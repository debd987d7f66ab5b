//! What is installed: the same bytes from helm and promgit, a pod that is restricted, settings that the agent takes.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use clap::CommandFactory;
use promgit::settings::load::{Flags, load};
use promgit::settings::origin::Origin;
use serde_json::{Value, json};

use crate::harness::{AGENT, agent, helm, of_kind, promgit, read, text, value_sets};
use crate::restricted::violations;
use crate::support;

const VALUES: &str = "tests/agent_chart/values";

#[test]
fn helm_and_promgit_print_the_same() {
    for (case, values) in value_sets(VALUES) {
        for release in [("promgit", "promgit-system"), ("1st.agent", "default")] {
            let by_helm = helm(AGENT, release, &values).unwrap_or_else(|error| panic!("{case}: {error}"));
            assert_eq!(promgit(AGENT, release, &values).as_ref(), Ok(&by_helm), "{case}");
        }
    }
}

#[test]
fn helm_finds_nothing_to_complain_about() {
    for (case, values) in value_sets(VALUES) {
        let mut lint: Command = support::hermetic(support::helm(), support::root().as_path());
        lint.args(["lint", "--strict", "--values"]).arg(&values).arg(support::root().join(AGENT));
        let output = lint.output().expect("helm runs");
        assert!(output.status.success(), "{case}: {}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn bad_values_are_refused_by_both_with_the_way_out() {
    let table = read(&support::root().join("tests/agent_chart/refused.yaml"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("values.json");
    for case in table.as_array().expect("a list of cases") {
        fs::write(&file, case["values"].to_string()).expect("writable");
        let message = case["message"].as_str().expect("message");
        for render in [helm, promgit] {
            let refusal = render(AGENT, ("promgit", "s"), &file).expect_err(message);
            assert!(refusal.contains(message), "{}: {refusal}", case["values"]);
        }
    }
}

/// The schema knows each value of `values.yaml`, and no other.
#[test]
fn the_schema_and_the_defaults_have_the_same_keys() {
    let chart = support::root().join(AGENT);
    let (schema, defaults) = (read(&chart.join("values.schema.json")), read(&chart.join("values.yaml")));
    assert_same_keys("", &schema, &defaults);
}

fn assert_same_keys(path: &str, schema: &Value, defaults: &Value) {
    let Some(properties) = schema["properties"].as_object() else { return };
    assert_eq!(schema["additionalProperties"], false, "{path}");
    let of_schema: BTreeSet<&String> = properties.keys().filter(|key| *key != "global").collect();
    assert_eq!(of_schema, defaults.as_object().expect("a map").keys().collect(), "{path}");
    for (key, schema) in properties {
        assert_same_keys(&format!("{path}/{key}"), schema, &defaults[key]);
    }
}

#[test]
fn the_pod_is_restricted_and_alone() {
    for (case, values) in value_sets(VALUES) {
        let objects = agent(&values);
        let sets = of_kind(&objects, "StatefulSet");
        let [set] = sets.as_slice() else { panic!("{case}: {} StatefulSets", sets.len()) };
        let pod = &set["spec"]["template"]["spec"];
        assert_eq!(violations(pod), Vec::<String>::new(), "{case}");
        assert_eq!(set["spec"]["replicas"], 1, "{case}");
        let container = &pod["containers"][0];
        assert_eq!(container["securityContext"]["readOnlyRootFilesystem"], true, "{case}");
        let mounts = container["volumeMounts"].as_array().expect("mounts");
        let writable = mounts.iter().filter(|mount| mount["readOnly"] != true);
        let writable: Vec<&Value> = writable.map(|mount| &mount["mountPath"]).collect();
        assert_eq!(writable, [&json!("/var/lib/promgit")], "{case}");
        for (probe, path) in [("readinessProbe", "/readyz"), ("livenessProbe", "/livez")] {
            assert_eq!(container[probe]["httpGet"], json!({"path": path, "port": "http"}), "{case}");
        }
    }
}

/// Objects find each other: selectors, the claim, the ConfigMap, the account.
#[test]
fn the_objects_name_each_other() {
    for (case, values) in value_sets(VALUES) {
        let objects = agent(&values);
        let set = of_kind(&objects, "StatefulSet")[0];
        let service = of_kind(&objects, "Service")[0];
        let pod_labels = set["spec"]["template"]["metadata"]["labels"].as_object().expect("labels");
        for selector in [&set["spec"]["selector"]["matchLabels"], &service["spec"]["selector"]] {
            let selector = selector.as_object().expect("a selector");
            assert!(selector.iter().all(|(key, value)| pod_labels.get(key) == Some(value)), "{case}");
        }
        assert_eq!(set["spec"]["serviceName"], service["metadata"]["name"], "{case}");
        let pod = &set["spec"]["template"]["spec"];
        let volumes = pod["volumes"].as_array().expect("volumes").iter();
        let mut names: BTreeSet<&str> = volumes.map(|volume| text(volume, "/name")).collect();
        let templates = set["spec"]["volumeClaimTemplates"].as_array().into_iter().flatten();
        names.extend(templates.map(|template| text(template, "/metadata/name")));
        let mounts = pod["containers"][0]["volumeMounts"].as_array().expect("mounts");
        assert_eq!(names, mounts.iter().map(|mount| text(mount, "/name")).collect(), "{case}");
        let map = of_kind(&objects, "ConfigMap")[0];
        assert_eq!(text(&pod["volumes"][0], "/configMap/name"), text(map, "/metadata/name"), "{case}");
        for account in of_kind(&objects, "ServiceAccount") {
            assert_eq!(pod["serviceAccountName"], account["metadata"]["name"], "{case}");
        }
    }
}

/// The agent takes the file, the variables and the flags that the pod is given, and they mean what the chart says.
#[test]
fn the_agent_takes_its_settings() {
    for (case, values) in value_sets(VALUES) {
        let objects = agent(&values);
        let container = &of_kind(&objects, "StatefulSet")[0]["spec"]["template"]["spec"]["containers"][0];
        let list = |key: &str| container[key].as_array().cloned().unwrap_or_default();
        let args: Vec<String> =
            list("args").iter().map(|arg| arg.as_str().expect("text").to_string()).collect();
        let words = std::iter::once("promgit").chain(args.iter().map(String::as_str));
        let matches = promgit::cli::Arguments::command().try_get_matches_from(words);
        let matches = matches.unwrap_or_else(|error| panic!("{case}: {error}"));
        let run = matches.subcommand_matches("run").expect("run");
        let given =
            |name: &str| run.get_raw(name).and_then(|mut all| all.next()).expect(name).to_string_lossy();

        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("promgit.yaml");
        let settings = text(of_kind(&objects, "ConfigMap")[0], "/data/promgit.yaml");
        fs::write(&file, settings).expect("writable");
        let variables = list("env")
            .into_iter()
            .map(|variable| (text(&variable, "/name").to_string(), text(&variable, "/value").to_string()));
        let flags = Flags { source: Some(given("source").into_owned()), ..Flags::default() };
        let settings = load(Some(&file), variables, &flags).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(settings.source.origin(), Ok(Origin::Cluster), "{case}");
        let watched = json!(settings.source.namespaces);
        let asked = read(&values)["watchNamespaces"].clone();
        assert_eq!(watched, if asked.is_null() { json!([]) } else { asked }, "{case}");
        assert_eq!(given("config"), "/etc/promgit/promgit.yaml", "{case}");
        assert!(given("repo").starts_with("/var/lib/promgit/"), "{case}");
        let port = container["ports"][0]["containerPort"].to_string();
        assert!(given("listen").ends_with(&format!(":{port}")), "{case}");
    }
}

#[test]
fn a_change_of_the_settings_is_a_change_of_the_pod() {
    let folder = support::root().join(VALUES);
    let checksum = |case: &str| {
        let objects = agent(&folder.join(case));
        let set = of_kind(&objects, "StatefulSet")[0].clone();
        set["spec"]["template"]["metadata"]["annotations"]["checksum/config"].clone()
    };
    assert_ne!(checksum("defaults.yaml"), checksum("settings.yaml"));
    assert_eq!(checksum("defaults.yaml"), checksum("storage-none.yaml"));
}

/// The image that the Dockerfile makes is the one that the defaults run.
#[test]
fn the_defaults_fit_the_image() {
    let root = support::root();
    let dockerfile = fs::read_to_string(root.join("Dockerfile")).expect("the Dockerfile");
    let (chart, values) =
        (read(&root.join(AGENT).join("Chart.yaml")), read(&root.join(AGENT).join("values.yaml")));
    assert_eq!(chart["appVersion"], env!("CARGO_PKG_VERSION"));
    let user = &values["podSecurityContext"];
    let line = format!("USER {}:{}\n", user["runAsUser"], user["runAsGroup"]);
    assert!(dockerfile.contains(&line), "no line {line}");
    assert!(dockerfile.contains("VOLUME [\"/var/lib/promgit\"]\n"));
    assert!(dockerfile.contains("ENTRYPOINT [\"promgit\"]\n"));
    let makefile = fs::read_to_string(root.join("Makefile")).expect("the Makefile");
    assert!(makefile.contains(&format!("-t {}:dev", values["image"]["repository"].as_str().unwrap())));
}
