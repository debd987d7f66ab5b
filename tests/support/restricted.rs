//! A pod turned into its violations of the `restricted` Pod Security Standard.
//!
//! Source: <https://kubernetes.io/docs/concepts/security/pod-security-standards/>, whose rows the functions follow.
#![allow(dead_code, clippy::expect_used)] // a test may panic

use serde_json::{Value, json};

/// Volume types that `restricted` allows.
const VOLUMES: &[&str] = &[
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "persistentVolumeClaim",
    "projected",
    "secret",
];

/// What is wrong with a pod, in words.
pub fn violations(pod: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut say = |wrong: bool, what: String| {
        if wrong {
            found.push(what);
        }
    };
    // Baseline: host namespaces, host processes, sysctls, AppArmor, SELinux, and hostPath as a volume type.
    for field in ["hostNetwork", "hostPID", "hostIPC"] {
        say(pod[field] == true, field.to_owned());
    }
    for volume in pod["volumes"].as_array().into_iter().flatten() {
        let allowed = |key: &String| key == "name" || VOLUMES.contains(&key.as_str());
        say(!volume.as_object().expect("volume").keys().all(allowed), format!("volume {volume}"));
    }
    let of_pod = &pod["securityContext"];
    say(of_pod["sysctls"].as_array().is_some_and(|sysctls| !sysctls.is_empty()), "sysctls".to_owned());
    say(of_pod["runAsNonRoot"] != true, "runAsNonRoot".to_owned());
    say(of_pod["runAsUser"].as_u64().is_none_or(|user| user == 0), "runAsUser".to_owned());
    say(of_pod["seccompProfile"]["type"] != "RuntimeDefault", "seccompProfile".to_owned());
    shared(of_pod, &mut say);
    for kind in ["initContainers", "containers", "ephemeralContainers"] {
        for container in pod[kind].as_array().into_iter().flatten() {
            of_container(container, &mut say);
        }
    }
    found
}

/// Fields that both a pod and a container have.
fn shared(context: &Value, say: &mut impl FnMut(bool, String)) {
    say(context["windowsOptions"]["hostProcess"] == true, "hostProcess".to_owned());
    let allowed = [json!(null), json!("RuntimeDefault"), json!("Localhost")];
    say(!allowed.contains(&context["appArmorProfile"]["type"]), "appArmorProfile".to_owned());
    let options = &context["seLinuxOptions"];
    let types = ["", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"];
    say(!types.contains(&options["type"].as_str().unwrap_or_default()), "seLinuxOptions.type".to_owned());
    say(options.get("user").is_some() || options.get("role").is_some(), "seLinuxOptions".to_owned());
}

fn of_container(container: &Value, say: &mut impl FnMut(bool, String)) {
    let name = &container["name"];
    let context = &container["securityContext"];
    say(context["privileged"] == true, format!("{name}: privileged"));
    say(context["allowPrivilegeEscalation"] != false, format!("{name}: allowPrivilegeEscalation"));
    say(context["capabilities"]["drop"] != json!(["ALL"]), format!("{name}: capabilities.drop"));
    let added = context["capabilities"]["add"].as_array().into_iter().flatten();
    say(
        added.into_iter().any(|capability| capability != "NET_BIND_SERVICE"),
        format!("{name}: capabilities.add"),
    );
    say(context["runAsNonRoot"] == false, format!("{name}: runAsNonRoot"));
    say(context["runAsUser"] == 0, format!("{name}: runAsUser"));
    say(context["procMount"].as_str().is_some_and(|mount| mount != "Default"), format!("{name}: procMount"));
    let seccomp = [json!(null), json!("RuntimeDefault"), json!("Localhost")];
    say(!seccomp.contains(&context["seccompProfile"]["type"]), format!("{name}: seccompProfile"));
    shared(context, say);
    let ports = container["ports"].as_array().into_iter().flatten();
    say(
        ports.into_iter().any(|port| port.get("hostPort").is_some_and(|port| port != 0)),
        format!("{name}: hostPort"),
    );
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        for action in ["httpGet", "tcpSocket"] {
            say(container[probe][action].get("host").is_some(), format!("{name}: {probe}.{action}.host"));
        }
    }
}
