//! A remote behind the agent: what the conditions of clusters say of it, and what reaches the cluster when.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;

use crate::agent::{self, Agent, USER};
use crate::scene::{Scene, manifest};
use crate::support;

/// A bare repository of somebody else.
pub struct Origin {
    folder: tempfile::TempDir,
}

impl Origin {
    pub fn new() -> Origin {
        let origin = Origin { folder: tempfile::tempdir().expect("a folder") };
        let path = origin.path().display().to_string();
        let mut git = support::hermetic("git", origin.folder.path());
        support::stdout(git.args(["init", "-q", "--bare", &path]).output().expect("git"));
        origin
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("origin.git")
    }

    pub fn settings(&self, push: &str) -> String {
        format!("remote: {{url: {}, push: {push}}}", self.path().display())
    }

    /// A branch is refused by the server, or no longer.
    fn protect(&self, branch: &str) {
        let hook = self.path().join("hooks/update");
        let script =
            format!("#!/bin/sh\ncase $1 in */{branch}) echo 'protected: ask ops' >&2; exit 1;; esac\n");
        std::fs::write(&hook, script).expect("written");
        std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).expect("executable");
    }

    pub fn away(&self) {
        std::fs::rename(self.path(), self.folder.path().join("away")).expect("moved");
    }

    fn back(&self) {
        std::fs::rename(self.folder.path().join("away"), self.path()).expect("moved");
    }

    /// A commit of somebody else, while the agent cannot reach the repository.
    fn theirs(&self, branch: &str) {
        let git = |arguments: &[&str]| {
            let mut git = support::hermetic("git", self.folder.path());
            git.args(["-c", "user.name=Jane", "-c", "user.email=jane@example.com", "-c", "safe.directory=*"]);
            support::stdout(git.current_dir(self.folder.path()).args(arguments).output().expect("git"));
        };
        let path = self.folder.path().join("away").display().to_string();
        git(&["clone", "-q", "-b", branch, &path, "clone"]);
        std::fs::write(self.folder.path().join("clone/note.md"), "hers").expect("written");
        git(&["-C", "clone", "add", "-A"]);
        git(&["-C", "clone", "commit", "-q", "-m", "theirs"]);
        git(&["-C", "clone", "push", "-q"]);
    }

    fn tip(&self, branch: &str) -> String {
        let mut git = support::hermetic("git", self.folder.path());
        git.arg("-C").arg(self.path()).args(["-c", "safe.directory=*", "rev-parse", branch]);
        support::stdout(git.output().expect("git")).trim().to_owned()
    }
}

/// Gets the status of a cluster to say of its commit whether the remote has it.
fn wait_for_pushed(scene: &Scene, name: &str, pushed: bool) -> Value {
    scene.wait_until("the push", &[&format!("proms/{name}")], |cluster| {
        let generation = &cluster["metadata"]["generation"];
        cluster["status"]["observedGeneration"] == *generation
            && cluster["status"]["commit"]["pushed"] == pushed
    })
}

#[test]
fn what_is_required_is_applied_only_when_the_remote_has_it() {
    let origin = Origin::new();
    let scene = Scene::with("required", &origin.settings("required"));
    scene.put("simple", "{}");
    scene.ready("simple");
    let cluster = wait_for_pushed(&scene, "simple", true);
    assert_eq!(cluster["status"]["commit"]["revision"], origin.tip(&scene.branch()));

    origin.away();
    scene.kubectl(&["scale", "proms/simple", "--replicas=2"]);
    let shown = scene.wait_for("simple", "Committed=False RemoteUnavailable", "there is no repository");
    assert!(shown[2].starts_with("Ready=False RemoteUnavailable @2: "), "{shown:#?}");
    // committed it is, and not applied
    assert_eq!(scene.subjects(), ["simple: created", "simple: replicas 1 → 2"]);
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 1);
    let cluster = scene.cluster("simple");
    assert_ne!(
        cluster["status"]["commit"]["revision"],
        scene.agent.git(&["rev-parse", &scene.branch()]).trim()
    );
    let told = |scene: &Scene| {
        let events = scene.events("simple");
        events.iter().filter(|event| event.starts_with("Warning RemoteUnavailable: ")).count()
    };
    assert_eq!(told(&scene), 1);

    origin.back();
    scene.ready("simple");
    let cluster = wait_for_pushed(&scene, "simple", true);
    assert_eq!(cluster["status"]["commit"]["revision"], origin.tip(&scene.branch()));
    let shown = scene.conditions("simple");
    assert_eq!(shown[0], "Committed=True Succeeded @2: commit COMMIT on deploy/NS");
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 2);
    assert_eq!(told(&scene), 1, "the same with every attempt is no news");

    // what is deleted goes when the remote knows of it
    origin.away();
    scene.kubectl(&["delete", "proms/simple", "--wait=false"]);
    scene.wait_for("simple", "Committed=False RemoteUnavailable", "");
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 2);
    origin.back();
    scene.kubectl(&["wait", "--for=delete", "proms/simple", "--timeout=120s"]);
    scene.agent.check_repository();
}

#[test]
fn what_is_not_required_goes_on_and_the_status_follows() {
    let origin = Origin::new();
    let scene = Scene::with("async", &origin.settings("async"));
    origin.away();
    scene.put("simple", "{}");
    scene.ready("simple");
    let cluster = wait_for_pushed(&scene, "simple", false);
    assert_eq!(
        cluster["status"]["commit"]["revision"],
        scene.agent.git(&["rev-parse", &scene.branch()]).trim()
    );
    let shown = scene.wait_for("simple", "Committed=True RemoteUnavailable", "and not on the remote: ");
    assert!(shown[0].contains("there is no repository"), "{shown:#?}");
    assert!(shown[2].starts_with("Ready=True Succeeded @1: "), "{shown:#?}");
    let mark = scene.mark();
    origin.back();
    wait_for_pushed(&scene, "simple", true);
    let shown = scene.wait_for("simple", "Committed=True Succeeded", "");
    assert_eq!(shown[0], "Committed=True Succeeded @1: commit COMMIT on deploy/NS");
    scene.wrote(mark, &["patch prometheusclusters/status simple 200"]);
    assert_eq!(origin.tip(&scene.branch()), scene.agent.git(&["rev-parse", &scene.branch()]).trim());

    // A start finds that out again and writes nothing.
    let mut scene = scene;
    let mark = scene.mark();
    scene.agent.restart();
    scene.agent.wait_for_start();
    std::thread::sleep(std::time::Duration::from_secs(1));
    scene.wrote(mark, &[]);
}

#[test]
fn a_status_names_the_commit_that_the_remote_has() {
    for push in ["required", "async"] {
        let origin = Origin::new();
        let scene = Scene::with(&format!("anew-{push}"), &origin.settings(push));
        scene.put("simple", "{}");
        scene.ready("simple");
        wait_for_pushed(&scene, "simple", true);
        origin.away();
        scene.kubectl(&["scale", "proms/simple", "--replicas=2"]);
        let word = if push == "required" { "Committed=False" } else { "Committed=True" };
        scene.wait_for("simple", &format!("{word} RemoteUnavailable"), "");
        let first = scene.agent.git(&["rev-parse", &scene.branch()]).trim().to_owned();
        origin.theirs(&scene.branch());
        origin.back();
        scene.ready("simple");
        scene.wait_until("the new commit", &["proms/simple"], |cluster| {
            let commit = &cluster["status"]["commit"];
            commit["revision"] == origin.tip(&scene.branch()) && commit["pushed"] == true
        });
        assert_ne!(origin.tip(&scene.branch()), first);
        assert_eq!(scene.subjects(), ["simple: created", "theirs", "simple: replicas 1 → 2"]);
        // an id that was told can still be shown
        assert_eq!(
            scene.agent.git(&["log", "-1", "--format=%s", &first]).trim().split(": ").last(),
            Some("replicas 1 → 2")
        );
        scene.agent.check_repository();
    }
}

#[test]
fn a_refusal_is_said_of_exactly_the_clusters_of_its_branch() {
    let bed = agent::bed();
    let [good, bad] = ["open", "shut"].map(|stem| bed.namespace(stem));
    let origin = Origin::new();
    origin.protect(&bad);
    let agent = Agent::start(bed, &[&good, &bad], &origin.settings("required"));
    for (namespace, name) in [(&good, "one"), (&bad, "one"), (&bad, "two")] {
        let arguments = ["apply", "--filename=-", "--namespace", namespace];
        support::stdout(bed.ask(bed.kubeconfig(), &arguments, &manifest(name, "", "{}")));
    }
    let condition = |namespace: &str, name: &str, kind: &str| {
        let cluster = bed.get(&[&format!("proms/{name}"), "--namespace", namespace]);
        let conditions = cluster["status"]["conditions"].as_array().cloned().unwrap_or_default();
        let found = conditions.into_iter().find(|condition| condition["type"] == kind).unwrap_or_default();
        [&found["status"], &found["reason"], &found["message"]]
            .map(|text| text.as_str().unwrap_or_default().to_owned())
    };
    for name in ["one", "two"] {
        crate::bed::wait("the refusal", || {
            let [status, reason, message] = condition(&bad, name, "Committed");
            let is_so =
                status == "False" && reason == "RemoteRejected" && message.contains("protected: ask ops");
            if is_so { Ok(()) } else { Err(format!("{status} {reason} {message}")) }
        });
        assert!(bed.get(&[&format!("statefulset/{name}"), "--namespace", &bad]).is_null());
    }
    let ready = |namespace: &str, name: &str| {
        let arguments = ["wait", "--for=condition=Ready", &format!("proms/{name}"), "--timeout=120s"];
        bed.kubectl(&[&arguments[..], &["--namespace", namespace]].concat());
    };
    ready(&good, "one");
    assert_eq!(condition(&good, "one", "Committed")[..2], ["True", "Succeeded"]);
    origin.protect("nothing");
    for name in ["one", "two"] {
        ready(&bad, name);
        assert_eq!(condition(&bad, name, "Committed")[..2], ["True", "Succeeded"]);
    }
    agent.check_repository();
}

#[test]
fn the_agent_is_well_while_its_remote_is_not() {
    let origin = Origin::new();
    origin.away();
    let bed = agent::bed();
    let namespace = bed.namespace("well");
    let port = std::net::TcpListener::bind("127.0.0.1:0").expect("a port").local_addr().expect("one").port();
    let mut agent = Agent::new(bed, USER, &[&namespace], &origin.settings("required"));
    agent = agent.with("PROMGIT_SERVER_LISTEN", &format!("127.0.0.1:{port}"));
    agent.launch();
    let line = agent.wait_for("there is no repository");
    assert!(line.starts_with("warning: "), "{line}");
    let arguments = ["apply", "--filename=-", "--namespace", &namespace];
    support::stdout(bed.ask(bed.kubeconfig(), &arguments, &manifest("one", "", "{}")));
    agent.wait_for(&format!("{namespace}/one: "));
    for page in ["/livez", "/readyz"] {
        assert!(get(port, page).starts_with("HTTP/1.1 200 "), "{page}");
    }
    let metrics = get(port, "/metrics");
    for line in ["promgit_unpushed_branches 1", "promgit_pushed_branches_total{outcome=\"pushed\"} 0"] {
        assert!(metrics.contains(line), "{line} is not in {metrics}");
    }
    assert!(!metrics.contains("promgit_pushed_branches_total{outcome=\"unavailable\"} 0"), "{metrics}");
}

fn get(port: u16, page: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(("127.0.0.1", port)).expect("a server");
    write!(stream, "GET {page} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").expect("asked");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    answer
}
