//! Ways to the API server: those that lead nowhere end with one line and the way out, the others work.

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::agent::{self, USER};
use crate::bed::Bed;
use crate::place::Place;
use crate::support;

/// Longest time for an answer that is final.
const PATIENCE: Duration = Duration::from_secs(30);

/// What is wrong, the kubeconfig that is so, further arguments, and the parts of the line that is said.
type Wrong<'a> = (&'a str, Option<Value>, &'a [&'a str], &'a [&'a str]);

/// What is shown, the arguments and the environment that do.
type Way<'a> = (&'a str, Vec<&'a str>, Vec<(&'a str, &'a str)>);

fn kubeconfig(bed: &Bed) -> Value {
    let text = fs::read_to_string(bed.kubeconfig_for(USER)).expect("readable");
    serde_yaml::from_str(&text).expect("YAML")
}

/// What an agent said, and how it ended by itself.
fn run(folder: &Path, arguments: &[&str]) -> (Option<i32>, Vec<String>) {
    run_for(PATIENCE, folder, arguments)
}

/// The same of one that is stopped after some time, unless it has ended before.
fn run_for(time: Duration, folder: &Path, arguments: &[&str]) -> (Option<i32>, Vec<String>) {
    let mut command = support::hermetic(env!("CARGO_BIN_EXE_promgit"), folder);
    command.current_dir(folder).args(["run", "--source=cluster", "--repo=deploy.git"]).args(arguments);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("promgit");
    let end = Instant::now() + time;
    while child.try_wait().expect("a child").is_none() && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(20));
    }
    let _ = Command::new("kill").arg(child.id().to_string()).stderr(Stdio::null()).status();
    let Output { status, stderr, .. } = child.wait_with_output().expect("ended");
    let text = String::from_utf8(stderr).expect("UTF-8");
    let lines = text.lines().filter(|line| !line.starts_with("promgit: "));
    (status.code(), lines.map(str::to_owned).collect())
}

#[test]
fn a_wrong_way_ends_with_one_line_and_the_way_out() {
    let _ = Bed::start();
    let bed = agent::bed();
    let good = kubeconfig(bed);
    let changed = |pointer: &str, value: Value| {
        let mut config = good.clone();
        *config.pointer_mut(pointer).expect("a field") = value;
        Some(config)
    };
    let other_ca = certificate();
    let table: Vec<Wrong> = vec![
        ("a missing file", None, &[], &["missing.kubeconfig", "does not exist"]),
        ("no YAML", Some(json!("nonsense")), &[], &["changed.kubeconfig", "--kubeconfig"]),
        (
            "an unknown context",
            Some(good.clone()),
            &["--context=nowhere"],
            &["\"nowhere\"", "kubectl config get-contexts"],
        ),
        (
            "no context",
            changed("/current-context", json!("gone")),
            &[],
            &["changed.kubeconfig", "--kubeconfig"],
        ),
        (
            "no cluster",
            changed("/contexts/0/context/cluster", json!("gone")),
            &[],
            &["changed.kubeconfig", "--kubeconfig"],
        ),
        (
            "a wrong token",
            changed("/users/0/user/token", json!("wrong")),
            &[],
            &["Unauthorized", "credentials", "kubeconfig"],
        ),
        (
            "another authority",
            changed("/clusters/0/cluster/certificate-authority-data", json!(other_ca)),
            &[],
            &["certificate", "certificate-authority"],
        ),
        (
            "an authority that is none",
            changed("/clusters/0/cluster/certificate-authority-data", json!("bm9uZQ==")),
            &[],
            &["certificate", "certificate-authority"],
        ),
    ];
    let mut wrong = Vec::new();
    for (name, config, arguments, parts) in table {
        let folder = tempfile::tempdir().expect("a folder");
        let file = if config.is_some() { "changed.kubeconfig" } else { "missing.kubeconfig" };
        if let Some(config) = config {
            fs::write(folder.path().join(file), config.to_string()).expect("writable");
        }
        let arguments = [&["--kubeconfig", file][..], arguments].concat();
        for mode in [&["--log-level=warn"][..], &["--once"]] {
            let (code, lines) = run(folder.path(), &[&arguments[..], mode].concat());
            // What a setting names is looked at with the settings.
            let expected = if name == "a missing file" { 2 } else { 1 };
            let is_good = code == Some(expected)
                && lines.len() == 1
                && lines[0].starts_with("error: ")
                && parts.iter().all(|part| lines[0].contains(part));
            if !is_good {
                wrong.push(format!("{name} {mode:?}: {code:?} {lines:#?}, expected {parts:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Base64 of a certificate that signed nothing here.
fn certificate() -> String {
    let key = rcgen::KeyPair::generate().expect("a key");
    let mut parameters = rcgen::CertificateParams::new(Vec::new()).expect("parameters");
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let pem = parameters.self_signed(&key).expect("a certificate").pem();
    base64(&["--wrap=0"], pem.as_bytes())
}

fn base64(arguments: &[&str], input: &[u8]) -> String {
    let mut command = Command::new("base64");
    let mut child =
        command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("base64");
    std::io::Write::write_all(&mut child.stdin.take().expect("stdin"), input).expect("written");
    support::stdout(child.wait_with_output().expect("base64"))
}

#[test]
fn a_server_that_is_not_there_is_waited_for_but_not_by_once() {
    let _ = Bed::start();
    let bed = agent::bed();
    let mut config = kubeconfig(bed);
    // A port that nobody listens on: it was free a moment ago.
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("one").port();
    config["clusters"][0]["cluster"]["server"] = json!(format!("https://127.0.0.1:{port}"));
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("away.kubeconfig"), config.to_string()).expect("writable");

    let (code, lines) = run(folder.path(), &["--kubeconfig=away.kubeconfig", "--once"]);
    assert_eq!((code, lines.len()), (Some(1), 1), "{lines:#?}");
    assert!(
        lines[0].contains("the API server cannot be reached") && lines[0].contains("--kubeconfig"),
        "{lines:?}"
    );

    // Without `--once` it waits, says so once, and can be told to end.
    let arguments = ["--kubeconfig=away.kubeconfig"];
    let (code, lines) = run_for(Duration::from_secs(6), folder.path(), &arguments);
    assert_eq!(code, Some(0), "{lines:#?}");
    let told: Vec<_> = lines.iter().filter(|line| line.contains("cannot be reached")).collect();
    assert_eq!(told.len(), 1, "{lines:#?}");
    assert!(told[0].contains("--kubeconfig or --context"), "{lines:#?}");
}

#[test]
fn the_ways_that_kubectl_knows_lead_there() {
    let _ = Bed::start();
    let place = Place::new(agent::bed(), "ways");
    place.put("a", "{}");
    let good = kubeconfig(place.bed);
    let mut two = good.clone();
    let mut away = two["clusters"][0].clone();
    away["name"] = json!("away");
    away["cluster"]["server"] = json!("https://127.0.0.1:1");
    two["clusters"].as_array_mut().expect("a list").push(away);
    two["contexts"]
        .as_array_mut()
        .expect("a list")
        .push(json!({"name": "away", "context": {"cluster": "away", "user": "bed"}}));
    two["current-context"] = json!("away");
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, config: &Value| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, config.to_string()).expect("writable");
        path.display().to_string()
    };
    let (good, two) = (file("good", &good), file("two", &two));
    let lists = format!("{}:{good}", folder.path().join("none").display());
    let home = folder.path().join("home");
    file(
        "home/.kube/config",
        &serde_yaml::from_str(&fs::read_to_string(&good).expect("readable")).expect("YAML"),
    );
    let home = home.display().to_string();
    let table: Vec<Way> = vec![
        ("a file", vec!["--kubeconfig", &good], vec![]),
        ("a context", vec!["--kubeconfig", &two, "--context=bed"], vec![]),
        ("the variable", vec![], vec![("KUBECONFIG", &good)]),
        ("the variable and a context", vec!["--context=bed"], vec![("KUBECONFIG", &two)]),
        ("the flag wins", vec!["--kubeconfig", &good], vec![("KUBECONFIG", &two)]),
        ("a list in which one is missing", vec![], vec![("KUBECONFIG", &lists)]),
        ("the usual place", vec![], vec![("HOME", &home)]),
        ("past a proxy", vec!["--kubeconfig", &good], vec![("HTTPS_PROXY", "http://127.0.0.1:1")]),
    ];
    for (number, (name, arguments, environment)) in table.into_iter().enumerate() {
        let mut command = support::hermetic(env!("CARGO_BIN_EXE_promgit"), folder.path());
        command.args(["run", "--once"]).args(arguments).envs(environment);
        leads_there(name, &place, folder.path(), number, command);
    }
}

/// Whether the agent finds the one cluster of the place.
fn leads_there(name: &str, place: &Place<'_>, folder: &Path, number: usize, mut command: Command) {
    let namespaces = json!([place.namespace]).to_string();
    command.env("PROMGIT_SOURCE_NAMESPACES", namespaces).env("PROMGIT_SOURCE_FROM", "cluster");
    command.env("PROMGIT_DELIVERY_TIMEOUT", "100s");
    command.env("PROMGIT_REPOSITORY_PATH", format!("{number}.git"));
    let output = command.current_dir(folder).output().expect("promgit");
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{name}: {said}");
    assert!(said.contains("1 cluster, 1 commit"), "{name}: {said}");
}

/// Where Kubernetes puts the credentials of a pod
/// (<https://kubernetes.io/docs/tasks/run-application/access-api-from-pod/>), in a view of the file system of its own.
const POD: &str = "mount -t tmpfs none \"$(realpath /var/run)\" && mkdir -p /var/run/secrets/kubernetes.io && \
                   cp -r \"$0\" /var/run/secrets/kubernetes.io/serviceaccount && exec \"$@\"";

#[test]
fn a_pod_uses_its_service_account() {
    let _ = Bed::start();
    let place = Place::new(agent::bed(), "pod");
    place.put("a", "{}");
    let config = kubeconfig(place.bed);
    let folder = tempfile::tempdir().expect("a folder");
    let account = folder.path().join("account");
    fs::create_dir(&account).expect("a folder");
    let authority =
        config["clusters"][0]["cluster"]["certificate-authority-data"].as_str().expect("an authority");
    let authority = base64(&["--decode"], authority.as_bytes());
    let token = config["users"][0]["user"]["token"].as_str().expect("a token");
    for (name, text) in [("token", token), ("ca.crt", &authority), ("namespace", "promgit-system")] {
        fs::write(account.join(name), text).expect("writable");
    }
    let server = config["clusters"][0]["cluster"]["server"].as_str().expect("a server");
    let (host, port) =
        server.strip_prefix("https://").and_then(|at| at.rsplit_once(':')).expect("an address");

    let mut command = support::hermetic("unshare", folder.path());
    command
        .args(["--map-root-user", "--mount", "sh", "-c", POD])
        .arg(&account)
        .arg(env!("CARGO_BIN_EXE_promgit"));
    command.args(["run", "--once"]).env("KUBERNETES_SERVICE_HOST", host).env("KUBERNETES_SERVICE_PORT", port);
    leads_there("a pod", &place, folder.path(), 0, command);
}
