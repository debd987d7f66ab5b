//! An API server that is not there, comes back, forgets what a watch was at, or does not know the resource.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use crate::agent::{Agent, USER, install_resource, install_rights};
use crate::bed::{Bed, wait};
use crate::place::{Place, is_ready};

/// The agent is started before everything that it needs, and everything is taken from it again.
#[test]
fn an_api_server_comes_and_goes() {
    if Bed::own().is_none() {
        return;
    }
    let bed = Bed::another();
    let place = Place::new(&bed, "outage");
    let agent = Agent::new(&bed, USER, &[&place.namespace], "");
    let mut agent = agent.with("PROMGIT_LOG_LEVEL", "info,promgit::source=debug");
    install_rights(&bed, &[]);

    bed.stop_apiserver();
    agent.launch();
    let line = agent.wait_for("the API server cannot be reached");
    assert!(line.contains("name another with --kubeconfig or --context"), "{line}");
    std::thread::sleep(Duration::from_secs(5));
    assert_eq!(count(&agent, "cannot be reached"), 1, "{:#?}", agent.lines());
    bed.start_apiserver();
    let line = agent.wait_for("knows no PrometheusCluster");
    assert!(line.contains("helm install promgit-crds"), "{line}");
    install_resource(&bed);
    agent.wait_for_start();
    assert_eq!(count(&agent, "knows no PrometheusCluster"), 1, "{:#?}", agent.lines());
    for name in ["a", "b"] {
        place.put(name, "{}");
    }
    place.wait_all_ready(2);

    stopped_for_a_while(&place, &agent);
    what_a_watch_was_at_is_forgotten(&place, &agent);
    the_definition_is_deleted(&place, &agent);
    everything_is_wiped(&place, &agent);
    // It began without knowing whether listings are streamed, and items of a plain one do not say their kind: a set is no set then.
    assert_eq!(count(&agent, " is up: all objects are ready"), 0, "{:#?}", agent.lines());
    agent.check_repository();
    assert!(agent.stop().success());
    its_token_expires(&place, agent);
}

fn count(agent: &Agent, text: &str) -> usize {
    agent.lines().iter().filter(|line| line.contains(text)).count()
}

fn stopped_for_a_while(place: &Place<'_>, agent: &Agent) {
    // Under way when the server goes.
    place.patch("a", r#"{"logLevel": "debug"}"#);
    place.bed.stop_apiserver();
    std::thread::sleep(Duration::from_secs(10));
    place.bed.start_apiserver();
    place.patch("b", r#"{"logLevel": "debug"}"#);
    place.put("c", "{}");
    place.wait_all_ready(3);
    for (name, generations) in [("a", &[1, 2][..]), ("b", &[1, 2]), ("c", &[1])] {
        assert_eq!(place.generations(agent, name), generations, "{name}");
    }
}

/// While the agent sleeps, its connections are cut, everything changes, the store forgets the past and the server starts
/// anew: the watch cannot go on where it was (410 Gone).
fn what_a_watch_was_at_is_forgotten(place: &Place<'_>, agent: &Agent) {
    agent.signal("STOP");
    place.bed.stop_apiserver();
    place.bed.start_apiserver();
    place.patch("a", r#"{"logLevel": "warn"}"#);
    place.patch("a", r#"{"logLevel": "error"}"#);
    place.kubectl(&["delete", "proms", "b", "--wait=false"]);
    place.put("d", "{}");
    // Gone without a trace: nothing waits for it.
    place.kubectl(&[
        "patch",
        "proms",
        "c",
        "--type=merge",
        "--patch",
        r#"{"metadata": {"finalizers": null}}"#,
    ]);
    place.kubectl(&["delete", "proms", "c"]);
    compact(place.bed);
    place.bed.stop_apiserver();
    place.bed.start_apiserver();
    agent.signal("CONT");
    let arguments = ["proms", "--namespace", &place.namespace];
    place.bed.wait_until("what is left", &arguments, |list| {
        let items = list["items"].as_array().cloned().unwrap_or_default();
        items.iter().map(|item| item["metadata"]["name"].as_str()).eq([Some("a"), Some("d")])
            && items.iter().all(is_ready)
    });
    wait("the branch to follow", || {
        let branch = format!("deploy/{}", place.namespace);
        let folders = agent.git(&["ls-tree", "-d", "--name-only", &branch]);
        if folders == "a\nd\n" { Ok(()) } else { Err(folders) }
    });
    let lines = agent.lines();
    let is_expired =
        |line: &String| line.contains("watching failed") && line.contains("too old resource version");
    assert!(lines.iter().any(is_expired), "no watch expired: {lines:#?}");
    let is_told = |line: &String| line.starts_with("warning: ") && line.contains("too old");
    assert!(!lines.iter().any(is_told), "that is no news for a user: {lines:#?}");
    // What came in between was never seen: one commit for two changes.
    assert_eq!(place.generations(agent, "a"), [1, 2, 4]);
    assert_eq!(place.generations(agent, "d"), [1]);
    for gone in ["b", "c"] {
        let deleted = agent.subjects(&place.namespace);
        let deleted = deleted.iter().filter(|subject| subject.contains(&format!("/{gone}: deleted")));
        assert_eq!(deleted.count(), 1, "{gone}");
    }
}

/// Forgets all but the newest state of everything (<https://etcd.io/docs/latest/dev-guide/api_grpc_gateway/>).
fn compact(bed: &Bed) {
    let address = &etcd(bed);
    let header: Value = post(address, "/v3/kv/range", r#"{"key": "AA=="}"#);
    let revision = header["header"]["revision"].as_str().expect("a revision").to_owned();
    post(address, "/v3/kv/compaction", &format!(r#"{{"revision": "{revision}", "physical": true}}"#));
}

/// What the agent logs in with is worth nothing any more; a file beside it gets another one, as a pod's does.
fn its_token_expires(place: &Place<'_>, agent: Agent) {
    let new_token = || place.bed.kubectl(&["create", "token", "promgit", "--namespace=promgit-system"]);
    let (file, config) = (agent.folder().join("token"), agent.folder().join("token.kubeconfig"));
    std::fs::write(&file, new_token().trim()).expect("writable");
    let view = place.bed.kubectl(&["config", "view", "--raw", "--minify", "--flatten", "--output=json"]);
    let mut view: Value = serde_json::from_str(&view).expect("JSON");
    view["users"][0]["user"] = serde_json::json!({"tokenFile": file});
    std::fs::write(&config, view.to_string()).expect("writable");
    let mut agent = agent.with_kubeconfig(config.clone());
    agent.launch();
    agent.wait_for_start();
    place.patch("a", r#"{"logLevel": "debug"}"#);
    place.wait_ready("a");
    let before = place.generations(&agent, "a").len();

    // A token is of an account, and that one is gone; its rights go by the name.
    place.bed.kubectl(&["delete", "serviceaccount", "promgit", "--namespace=promgit-system"]);
    place.bed.kubectl(&["create", "serviceaccount", "promgit", "--namespace=promgit-system"]);
    // a token that was good is taken as good for some seconds more
    wait("the token to be worth nothing", || {
        let output = place.bed.ask(&config, &["get", "proms", "--namespace", &place.namespace], "");
        if output.status.success() { Err("it is taken".to_owned()) } else { Ok(()) }
    });
    // what is watched was asked for while the token was good, so it is heard of
    place.patch("a", r#"{"logLevel": "warn"}"#);
    agent.wait_for("Unauthorized");
    std::fs::write(&file, new_token().trim()).expect("writable");
    place.wait_ready("a");
    assert_eq!(place.generations(&agent, "a").len(), before + 1);
    assert!(agent.stop().success());
}

/// Where the store listens.
fn etcd(bed: &Bed) -> String {
    let process = bed.about().parts["etcd"];
    let flags = std::fs::read_to_string(format!("/proc/{process}/cmdline")).expect("a process");
    let flag = "--advertise-client-urls=http://";
    flags.split('\0').find_map(|word| word.strip_prefix(flag)).expect("an address").to_owned()
}

/// The store is empty: no resource, no object, no namespace, no rights, no definition. The branch is what is left.
fn everything_is_wiped(place: &Place<'_>, agent: &Agent) {
    place.put("b", "{}");
    place.wait_ready("b");
    let before = agent.git(&["for-each-ref", "refs/heads"]);
    let heard = agent.lines().len();
    let nodes = place.bed.get(&["nodes"]);
    let controllers = ["kube-controller-manager", "kube-scheduler", "kwok"];
    controllers.iter().for_each(|part| place.bed.stop_part(part));
    place.bed.stop_apiserver();
    // from the first key to the last (<https://etcd.io/docs/latest/learning/api/#key-ranges>)
    post(etcd(place.bed).as_str(), "/v3/kv/deleterange", r#"{"key": "AA==", "range_end": "AA=="}"#);
    place.bed.start_apiserver();
    // What they remember is of another store; promgit alone has to find that out by itself
    // (<https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/#restoring-an-etcd-cluster>).
    controllers.iter().for_each(|part| place.bed.start_part(part));
    place.bed.kubectl(&["create", "namespace", &place.namespace]);
    install_rights(place.bed, &[]);
    for node in nodes["items"].as_array().into_iter().flatten() {
        let old = &node["metadata"];
        let metadata = serde_json::json!({"name": old["name"], "labels": old["labels"], "annotations": old["annotations"]});
        let node = serde_json::json!({"apiVersion": "v1", "kind": "Node", "metadata": metadata, "spec": {}});
        place.bed.apply(&node.to_string());
    }
    wait("the agent to look again", || {
        let lines = agent.lines().split_off(heard);
        let says = |line: &String| line.contains("knows no PrometheusCluster");
        if lines.iter().any(says) { Ok(()) } else { Err(lines.join("\n")) }
    });
    install_resource(place.bed);
    wait("the agent to see that there is none", || {
        let lines = agent.lines().split_off(heard);
        let says = |line: &String| line.contains("are left as they are");
        if lines.iter().any(says) { Ok(()) } else { Err(lines.join("\n")) }
    });
    assert_eq!(
        agent.git(&["for-each-ref", "refs/heads"]),
        before,
        "an empty server deletes nothing on a branch"
    );
    // what was asked for is on the branch, too
    for name in ["a", "b"] {
        let file = format!("deploy/{}:{name}/cluster.yaml", place.namespace);
        place.apply(&agent.git(&["show", &file]));
    }
    place.wait_all_ready(2);
    assert_eq!(
        agent.git(&["for-each-ref", "refs/heads"]),
        before,
        "it asked for what the branch holds already"
    );
    let sets = place.bed.get(&["statefulsets", "--namespace", &place.namespace]);
    assert_eq!(sets["items"].as_array().map(Vec::len), Some(2));
}

fn post(address: &str, path: &str, body: &str) -> Value {
    let mut stream = TcpStream::connect(address).expect("etcd");
    let length = body.len();
    write!(stream, "POST {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {length}\r\n\r\n{body}")
        .expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
    assert!(head.contains(" 200 "), "{answer}");
    serde_json::from_str(body).expect("JSON")
}

fn the_definition_is_deleted(place: &Place<'_>, agent: &Agent) {
    place.bed.kubectl(&["delete", "crd", "prometheusclusters.promgit.dev", "--timeout=100s"]);
    wait("no cluster on the branch", || {
        let branch = format!("deploy/{}", place.namespace);
        let folders = agent.git(&["ls-tree", "-d", "--name-only", &branch]);
        if folders.is_empty() { Ok(()) } else { Err(folders) }
    });
    wait("the agent to say so", || match count(agent, "knows no PrometheusCluster") {
        2 => Ok(()),
        _ => Err(agent.lines().join("\n")),
    });
    install_resource(place.bed);
    let before = agent.subjects(&place.namespace).len();
    place.put("a", "{replicas: 2}");
    place.wait_ready("a");
    assert_eq!(agent.subjects(&place.namespace).len(), before + 1);
}
