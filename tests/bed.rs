//! The bed that the other tests stand on: a control plane with everything that a user's cluster does, and no trace left.
// A test may panic and print, and it touches the world.
#![allow(clippy::disallowed_methods, clippy::expect_used, clippy::panic, clippy::print_stderr)]
#![allow(clippy::print_stdout, clippy::unwrap_used)]

#[path = "support/bed.rs"]
mod bed;
mod support;

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use bed::{Bed, wait};
use serde_json::{Value, json};

/// Three replicas, each with a claim.
const STATEFUL_SET: &str = "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: web}
spec:
  replicas: 3
  serviceName: web
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers: [{name: web, image: web}]
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}
";

/// A pod with these labels and this image.
fn pod(name: &str, label: &str, image: &str, selector: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, labels: {{{label}}}}}\n\
         spec: {{containers: [{{name: a, image: {image}}}], nodeSelector: {{{selector}}}}}\n---\n"
    )
}

/// Applies into a namespace.
fn apply_in(bed: &Bed, namespace: &str, manifests: &str) -> Output {
    bed.ask(bed.kubeconfig(), &["apply", "--namespace", namespace, "--filename=-"], manifests)
}

fn error(output: Output) -> String {
    assert!(!output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).expect("UTF-8")
}

#[test]
fn a_stateful_set_gets_its_pods_and_volumes_and_takes_them_with_it() {
    let Some(bed) = Bed::own() else { return };
    let namespace = bed.namespace("whole");
    support::stdout(apply_in(bed, &namespace, STATEFUL_SET));
    bed.kubectl(&["rollout", "status", "statefulset/web", "--namespace", &namespace, "--timeout=120s"]);
    let claims = bed.get(&["pvc", "--namespace", &namespace]);
    let claims = claims["items"].as_array().expect("claims").clone();
    assert_eq!(claims.len(), 3);
    assert!(claims.iter().all(|claim| claim["status"]["phase"] == "Bound"), "{claims:#?}");

    // Owned objects follow their owner; claims stay, as the set says nothing else.
    bed.kubectl(&["delete", "statefulset/web", "--namespace", &namespace]);
    bed.wait_until("no pods", &["pods", "--namespace", &namespace], Value::is_null);
    assert_eq!(bed.get(&["pvc", "--namespace", &namespace])["items"].as_array().map(Vec::len), Some(3));

    // And a namespace takes everything.
    bed.kubectl(&["delete", "namespace", &namespace]);
    assert_eq!(bed.get(&["namespace", &namespace]), Value::Null);
    bed.wait_until("no volumes", &["pv"], |volumes| !volumes.to_string().contains(&namespace));
}

#[test]
fn pods_fail_when_they_are_told_to() {
    let Some(bed) = Bed::own() else { return };
    let namespace = bed.namespace("failing");
    let pods = [
        pod("fine", "", "web", ""),
        pod("nowhere", "", "web", "disk: none"),
        pod("crashing", "bed.promgit.dev/fail: crash-loop", "web", ""),
        pod("imageless", "", "web:does-not-exist", ""),
        pod("ended", "pod-container-running-failed.stage.kwok.x-k8s.io: 'true'", "web", ""),
    ];
    support::stdout(apply_in(bed, &namespace, &pods.concat()));
    let state = |name: &str, pointer: &str, expected: Value| {
        let good = |pod: &Value| pod.pointer(pointer) == Some(&expected);
        bed.wait_until(name, &["pod", name, "--namespace", &namespace], good);
    };
    state("fine", "/status/containerStatuses/0/ready", json!(true));
    state("nowhere", "/status/conditions/0/reason", json!("Unschedulable"));
    state("crashing", "/status/containerStatuses/0/state/waiting/reason", json!("CrashLoopBackOff"));
    state("imageless", "/status/containerStatuses/0/state/waiting/reason", json!("ImagePullBackOff"));
    state("ended", "/status/phase", json!("Failed"));
    // They stay so.
    let ready = |name: &str| bed.get(&["pod", name, "--namespace", &namespace])["status"].to_string();
    for name in ["crashing", "imageless"] {
        assert!(ready(name).contains(r#""ready":false"#), "{}", ready(name));
    }
}

#[test]
fn a_quota_refuses() {
    let bed = Bed::start();
    let namespace = bed.namespace("quota");
    bed.kubectl(&["create", "quota", "few", "--hard=pods=1", "--namespace", &namespace]);
    bed.wait_until("the quota", &["quota", "few", "--namespace", &namespace], |quota| {
        quota["status"]["used"]["pods"] == "0"
    });
    support::stdout(apply_in(bed, &namespace, &pod("one", "", "web", "")));
    let said = error(apply_in(bed, &namespace, &pod("two", "", "web", "")));
    assert!(said.contains("exceeded quota: few, requested: pods=1, used: pods=1, limited: pods=1"), "{said}");
}

#[test]
fn users_have_the_rights_they_were_given_and_no_more() {
    let bed = Bed::start();
    let namespace = bed.namespace("rights");
    let get = |user| bed.kubectl_as(user, &["get", "pods", "--namespace", &namespace]);
    let said = error(get("alice"));
    assert!(said.contains(r#"User "alice" cannot list resource "pods""#), "{said}");
    let give = ["create", "rolebinding", "a", "--clusterrole=view", "--namespace", &namespace];
    bed.kubectl(&[&give[..], &["--user=alice"]].concat());
    bed.kubectl(&[
        "create",
        "rolebinding",
        "b",
        "--clusterrole=view",
        "--namespace",
        &namespace,
        "--serviceaccount=promgit-system:promgit",
    ]);
    wait("the rights", || get("promgit").status.success().then_some(()).ok_or("refused".into()));
    support::stdout(get("alice"));
    let said = error(get("bob"));
    assert!(said.contains(r#"User "bob" cannot list"#), "{said}");
    let said = error(bed.kubectl_as("alice", &["delete", "pod", "none", "--namespace", &namespace]));
    assert!(said.contains(r#"User "alice" cannot delete resource "pods""#), "{said}");
}

#[test]
fn the_audit_log_counts_what_each_user_asked() {
    let Some(bed) = Bed::own() else { return };
    let namespace = bed.namespace("audit");
    bed.kubectl(&[
        "create",
        "rolebinding",
        "a",
        "--clusterrole=edit",
        "--user=bob",
        "--namespace",
        &namespace,
    ]);
    let create = ["create", "configmap", "a", "--namespace", &namespace];
    wait("the rights", || {
        let can = bed.kubectl_as("bob", &[&create[..], &["--dry-run=server"]].concat());
        can.status.success().then_some(()).ok_or(String::from_utf8_lossy(&can.stderr).into_owned())
    });
    let mark = bed.mark();
    support::stdout(bed.kubectl_as("bob", &create));
    error(bed.kubectl_as("bob", &["get", "--raw", "/api/v1/nodes/none"]));
    let requests = bed.audit_since(mark);
    let asked: Vec<_> = requests.into_iter().filter(|request| request.user == "bob").collect();
    let [made, refused] = &asked[..] else { panic!("{asked:#?}") };
    assert_eq!((made.verb.as_str(), made.resource.as_str(), made.code), ("create", "configmaps", 201));
    assert_eq!((made.namespace.as_str(), made.name.as_str(), made.writes()), (namespace.as_str(), "a", true));
    assert!(made.agent.starts_with("kubectl/v1."), "{}", made.agent);
    assert_eq!((refused.verb.as_str(), refused.resource.as_str(), refused.code), ("get", "nodes", 403));
    assert!(bed.audit().len() >= asked.len());
}

#[test]
fn the_server_tells_its_version() {
    let Some(bed) = Bed::own() else { return };
    let version: Value = serde_json::from_str(&bed.kubectl(&["version", "--output=json"])).expect("JSON");
    for side in ["clientVersion", "serverVersion"] {
        assert_eq!(
            (&version[side]["major"], &version[side]["minor"]),
            (&json!("1"), &json!("37")),
            "{version}"
        );
    }
}

/// What shows that a bed is gone.
struct Trace {
    folder: PathBuf,
    processes: Vec<u32>,
}

impl Trace {
    fn of(bed: &Bed) -> Trace {
        let mut processes: Vec<_> = bed.about().parts.values().copied().collect();
        processes.extend(bed.supervisor());
        assert_eq!(processes.len(), 6);
        Trace { folder: bed.about().folder.clone(), processes }
    }

    fn wait_for_no_process(&self) {
        let running = |id: &&u32| {
            let status = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
            // Z: has ended, and nobody has asked how.
            !status.is_empty() && !status.contains(") Z ")
        };
        wait("all processes to end", || {
            let left: Vec<_> = self.processes.iter().filter(running).collect();
            if left.is_empty() { Ok(()) } else { Err(format!("{left:?} still run")) }
        });
    }

    fn wait_for_no_folder(&self) {
        let gone = || if self.folder.exists() { Err(self.folder.display().to_string()) } else { Ok(()) };
        wait("the folder to go", gone);
    }
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "only Linux ends the children of a process that is killed")]
fn nothing_is_left_of_a_bed() {
    let Some(shared) = Bed::own() else { return };
    // Beside the shared one: other ports, other objects.
    let bed = Bed::another();
    bed.kubectl(&["create", "namespace", "only-here"]);
    assert_eq!(shared.get(&["namespace", "only-here"]), Value::Null);
    assert_ne!(shared.about().url, bed.about().url);

    // The server comes back where it was, with what it had.
    bed.stop_apiserver();
    assert!(error(bed.try_kubectl(&["get", "namespaces"])).contains("refused"));
    assert!(bed.tell("stop kube-apiserver")["error"].as_str().expect("text").contains("already"));
    bed.start_apiserver();
    assert_eq!(bed.get(&["namespace", "only-here"])["metadata"]["name"], "only-here");
    support::stdout(apply_in(&bed, "only-here", STATEFUL_SET));
    bed.kubectl(&["rollout", "status", "statefulset/web", "--namespace=only-here", "--timeout=120s"]);

    // The supervisor is killed: the kernel ends the parts, the next bed removes the folder.
    let killed = Trace::of(&bed);
    kill("-9", bed.supervisor().expect("a supervisor"));
    killed.wait_for_no_process();
    drop(bed);

    // The test is killed: its bed goes.
    let mut child = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "holds_a_bed_until_it_is_killed", "--ignored", "--nocapture"])
        .stdout(Stdio::piped())
        .spawn()
        .expect("this test");
    let mut lines = BufReader::new(child.stdout.take().expect("stdout")).lines();
    let line = lines.find_map(|line| line.expect("a line").strip_prefix("BED ").map(str::to_owned));
    let (folder, processes) = serde_json::from_str(&line.expect("a bed")).expect("JSON");
    killed.wait_for_no_folder();
    let test = Trace { folder, processes };
    assert!(test.folder.exists());
    child.kill().expect("killed");
    child.wait().expect("ended");
    test.wait_for_no_process();
    test.wait_for_no_folder();
}

#[test]
#[ignore = "is run and killed by nothing_is_left_of_a_bed"]
fn holds_a_bed_until_it_is_killed() {
    let bed = Bed::another();
    let trace = Trace::of(&bed);
    println!("\nBED {}", json!([trace.folder, trace.processes]));
    std::thread::park();
}

fn kill(signal: &str, process: u32) {
    let status = Command::new("kill").args([signal, &process.to_string()]).status().expect("kill");
    assert!(status.success());
}

/// envtest's folder: the supervisor alone is built, in seconds, and says what cannot work.
#[test]
fn the_binaries_of_envtest_are_enough_for_an_api_server() {
    let Some(shared) = Bed::own() else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let bed = std::fs::canonicalize(&shared.about().kubectl).expect("the binary of all parts");
    for part in ["etcd", "kube-apiserver", "kubectl"] {
        std::os::unix::fs::symlink(&bed, folder.path().join(part)).expect("a link");
    }
    let build = |assets: &Path| {
        let script = support::root().join("tests/bed/install.sh");
        let mut command = Command::new(script);
        command.env("KUBEBUILDER_ASSETS", assets).env("PROMGIT_TOOLS", folder.path().join("tools"));
        command.stderr(Stdio::inherit()).output().expect("install.sh")
    };
    let program = support::stdout(build(folder.path()));
    let program = Path::new(program.trim());
    assert!(program.metadata().expect("built").len() < 20 << 20);
    let bed = Bed::run_with(program, &[("KUBEBUILDER_ASSETS", folder.path())]);
    let missing = bed.about().missing.clone().unwrap_or_default();
    assert_eq!(missing, ["kube-controller-manager", "kube-scheduler", "kwok"]);
    bed.kubectl(&["create", "namespace", "stored"]);
    drop(bed);

    let empty = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(program);
    let said =
        error(command.arg("up").env("KUBEBUILDER_ASSETS", empty.path()).output().expect("the supervisor"));
    assert!(said.contains("has no etcd; name a folder with etcd and kube-apiserver"), "{said}");
}
