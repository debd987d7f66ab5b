//! What users change: replicas, configuration, annotations, `suspend`.

use std::time::Duration;

use serde_json::{Value, json};

use crate::bed::Bed;
use crate::scene::{Scene, manifest};
use crate::support;

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn scaling_is_one_commit_each_however_it_is_asked_for() {
    let scene = Scene::new("scale");
    // Fewer than its minimum: the real autoscaler asks for more, without any metrics. It takes its time.
    scene.put("auto", "{}");
    // a commit that is overtaken before its turn has come is no revision
    scene.ready("auto");
    scene.kubectl(&["autoscale", "proms/auto", "--min=2", "--max=6"]);
    scene.put("simple", "{}");
    scene.ready("simple");
    let runs = |name: &str, replicas: u64| {
        scene.ready(name);
        let set = scene.get(&["statefulset", name]);
        let counts = (&set["spec"]["replicas"], &set["status"]["readyReplicas"]);
        assert_eq!(counts, (&json!(replicas), &json!(replicas)));
    };

    scene.kubectl(&["scale", "proms/simple", "--replicas=3"]);
    runs("simple", 3);
    // What an autoscaler reads.
    let scale = json_of(&scene.kubectl(&["get", "proms/simple", "--subresource=scale", "--output=json"]));
    assert_eq!((&scale["spec"]["replicas"], &scale["status"]["replicas"]), (&json!(3), &json!(3)));
    let selector = scale["status"]["selector"].as_str().expect("a selector");
    let pods = scene.get(&["pods", "--selector", selector]);
    assert_eq!(pods["items"].as_array().map(Vec::len), Some(3), "{selector}");

    // The editor of a person who knows sed.
    let mut edit = scene.bed.command(&scene.bed.about().kubectl, scene.bed.kubeconfig());
    edit.args(["edit", "proms/simple", "--namespace", &scene.namespace]);
    edit.env("KUBE_EDITOR", "sed -i 's/^  replicas: 3$/  replicas: 2/'");
    support::stdout(edit.output().expect("kubectl"));
    runs("simple", 2);

    scene.wait_until("the autoscaler", &["proms/auto"], |cluster| cluster["spec"]["replicas"] == 2);
    runs("auto", 2);
    let subjects = scene.subjects();
    let of = |name: &str| -> Vec<&str> {
        subjects.iter().filter_map(|subject| subject.strip_prefix(name)).collect()
    };
    assert_eq!(of("simple: "), ["created", "replicas 1 → 3", "replicas 3 → 2"]);
    assert_eq!(of("auto: "), ["created", "replicas 1 → 2"]);
    scene.holds_branch();
    let columns = scene.kubectl(&["get", "proms/auto"]);
    let row: Vec<&str> = columns.lines().nth(1).expect("a row").split_whitespace().collect();
    let commit = scene.agent.git(&["log", "-1", "--format=%h", "--abbrev=10", &scene.branch(), "--", "auto"]);
    assert_eq!(row[..6], ["auto", "2", "2", commit.trim(), "2", "Succeeded"], "{columns}");
    let expected = [
        "Normal Committed: Committed COMMIT to deploy/NS: created",
        "Normal Ready: Commit COMMIT is up: 1 of 1 replica ready",
        "Normal Committed: Committed COMMIT to deploy/NS: replicas 1 → 3",
        "Normal Ready: Commit COMMIT is up: 3 of 3 replicas ready",
        "Normal Committed: Committed COMMIT to deploy/NS: replicas 3 → 2",
        "Normal Ready: Commit COMMIT is up: 2 of 2 replicas ready",
    ];
    assert_eq!(scene.events("simple"), expected);
}

fn scraping(job: &str) -> String {
    format!(
        "\n  delivery: {{drift: Ignore}}\n  config: |\n    scrape_configs:\n    - job_name: {job}\n      static_configs:\n      - targets: [{job}:9100]\n"
    )
}

#[test]
fn a_configuration_is_changed_in_place_and_an_annotation_says_why() {
    let scene = Scene::new("config");
    scene.put("simple", &scraping("node"));
    scene.ready("simple");
    let pods = || {
        let pods = scene.get(&["pods"]);
        let pods = pods["items"].as_array().expect("pods").iter();
        pods.map(|pod| pod["metadata"]["uid"].clone()).collect::<Vec<_>>()
    };
    let before = pods();
    let why = "  annotations:\n    kubernetes.io/change-cause: the web team moved\n";
    scene.apply(&manifest("simple", why, &scraping("web")));
    scene.ready("simple");

    assert_eq!(pods(), before, "a pod was restarted");
    let maps = scene.get(&["configmap"]).to_string();
    assert!(maps.contains("web:9100") && !maps.contains("node:9100"), "{maps}");
    assert_eq!(scene.subjects(), ["simple: created", "simple: config: scrape job \"web\" added and 2 more"]);
    let message = scene.message();
    for words in ["\nthe web team moved\n", "scrape job \"node\" removed", "~ ConfigMap/simple"] {
        assert!(message.contains(words), "{message}");
    }
    scene.holds_branch();

    // The same again, and what is no change of what is to run: nothing is done for it.
    let mark = scene.mark();
    scene.apply(&manifest("simple", why, &scraping("web")));
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/requested-by=alice"]);
    // Somebody deletes what is needed, and asks for it to be looked at: each object is applied once.
    scene.kubectl(&["delete", "service/simple"]);
    scene.kubectl(&["annotate", "proms/simple", "promgit.dev/reconcile-at=2026-11-22T22:22:22Z"]);
    let handled = |cluster: &Value| cluster["status"]["lastHandledReconcileAt"] == "2026-11-22T22:22:22Z";
    scene.wait_until("a look", &["proms/simple"], handled);
    scene.ready("simple");
    scene.holds_branch();
    assert_eq!(scene.subjects().len(), 2);
    let Some(writes) = scene.writes(mark) else { return };
    let (status, mut applied): (Vec<_>, Vec<_>) =
        writes.into_iter().partition(|write| write.contains("prometheusclusters"));
    assert!((1..=2).contains(&status.len()), "{status:#?}");
    applied.sort();
    let expected = [
        "patch configmaps simple-config 200",
        "patch configmaps simple-rules 200",
        "patch serviceaccounts simple 200",
        "patch services simple 201",
        "patch services simple-headless 200",
        "patch statefulsets simple 200",
    ];
    assert_eq!(applied, expected);
}

#[test]
fn a_new_version_is_ready_when_every_pod_has_it() {
    let scene = Scene::new("version");
    scene.put("simple", "{replicas: 3, version: v3.5.0}");
    scene.ready("simple");
    scene.put("simple", "{replicas: 3, version: v3.6.0}");
    scene.ready("simple");
    let pods = scene.get(&["pods"]);
    for pod in pods["items"].as_array().expect("pods") {
        let image = pod["spec"]["containers"][0]["image"].as_str().expect("an image");
        assert!(image.ends_with(":v3.6.0"), "{image}");
    }
    assert_eq!(scene.subjects(), ["simple: created", "simple: version v3.5.0 → v3.6.0"]);
    let expected = [
        "Normal Committed: Committed COMMIT to deploy/NS: created",
        "Normal Ready: Commit COMMIT is up: 3 of 3 replicas ready",
        "Normal Committed: Committed COMMIT to deploy/NS: version v3.5.0 → v3.6.0",
        "Normal Ready: Commit COMMIT is up: 3 of 3 replicas ready",
    ];
    assert_eq!(scene.events("simple"), expected);
}

/// Processor time of a process, in clock ticks.
fn ticks(process: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect("a process");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    fields[11..13].iter().map(|field| field.parse::<u64>().expect("a number")).sum()
}

#[test]
fn a_pod_that_moves_is_no_news_and_one_that_does_not_come_back_is() {
    let Some(_) = Bed::own() else { return };
    let scene = Scene::new("moves");
    scene.put("simple", "{delivery: {timeout: 15s}}");
    scene.ready("simple");
    let before = scene.conditions("simple");
    let told = scene.events("simple");
    // Longer up than a change may take.
    std::thread::sleep(Duration::from_secs(15));
    scene.kubectl(&["delete", "pod/simple-0"]);
    scene.kubectl(&["wait", "--for=condition=Ready", "pod/simple-0", "--timeout=60s"]);
    scene.ready("simple");
    assert_eq!(scene.conditions("simple"), before);
    assert_eq!(scene.events("simple"), told);

    scene.kubectl(&["create", "quota", "none", "--hard=pods=0"]);
    scene.kubectl(&["delete", "pod/simple-0"]);
    scene.wait_for("simple", "Ready=False Progressing", "StatefulSet/simple: 0 of 1 pod");
    let since = ticks(scene.agent.process());
    scene.wait_for("simple", "Ready=False Stalled", "not ready within 15s: StatefulSet/simple: 0 of 1 pod");
    let used = ticks(scene.agent.process()) - since;
    assert!(used < 300, "{used} ticks to wait for 15 seconds");
    scene.kubectl(&["delete", "quota/none"]);
    scene.ready("simple");
    let reasons = scene.events("simple");
    let reasons: Vec<&str> = reasons.iter().map(|event| event.split(':').next().expect("a reason")).collect();
    assert_eq!(reasons[..4], ["Normal Committed", "Normal Ready", "Warning NotReady", "Warning Stalled"]);
}

#[test]
fn a_suspended_cluster_is_left_alone_until_it_is_resumed() {
    let scene = Scene::new("suspend");
    let mark = scene.mark();
    scene.put("simple", "{suspend: true, replicas: 2}");
    let expected =
        "Ready=False Suspended @1: suspended: what was asked for since is neither committed nor applied";
    assert_eq!(scene.wait_for("simple", "Ready=False Suspended", ""), [expected]);
    assert_eq!(scene.subjects(), [""; 0]);
    scene.wrote(mark, &["patch prometheusclusters/status simple 200"]);
    let columns = scene.kubectl(&["get", "proms/simple"]);
    assert!(columns.contains("Suspended"), "{columns}");

    scene.put("simple", "{replicas: 2}");
    scene.ready("simple");
    scene.kubectl(&["patch", "proms/simple", "--type=merge", r#"--patch={"spec":{"suspend":true}}"#]);
    scene.wait_for("simple", "Ready=False Suspended", "");
    let mark = scene.mark();
    scene.kubectl(&["scale", "proms/simple", "--replicas=5"]);
    let shown = scene.wait_for("simple", "Ready=False Suspended", "");
    // What these say is still true, and of which generation.
    assert!(shown[0].starts_with("Committed=True Succeeded @2: "), "{shown:#?}");
    assert!(shown[1].starts_with("Applied=True Succeeded @2: "), "{shown:#?}");
    scene.wrote(mark, &["patch prometheusclusters/status simple 200"]);
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 2);
    assert_eq!(scene.subjects(), ["simple: created"]);

    scene.kubectl(&["patch", "proms/simple", "--type=merge", r#"--patch={"spec":{"suspend":false}}"#]);
    scene.ready("simple");
    assert_eq!(scene.get(&["statefulset/simple"])["spec"]["replicas"], 5);
    assert_eq!(scene.subjects(), ["simple: created", "simple: replicas 2 → 5"]);
    scene.holds_branch();
}

#[test]
fn a_readme_that_somebody_removed_comes_back_and_the_cluster_is_left_alone() {
    let mut scene = Scene::new("root");
    scene.put("simple", "{}");
    scene.ready("simple");
    let before = scene.cluster("simple")["status"].clone();
    scene.agent.stop();
    let git = |arguments: &[&str]| {
        support::stdout(scene.agent.command("git").args(arguments).output().expect("git"))
    };
    git(&["clone", "-q", "-b", &scene.branch(), "deploy.git", "clone"]);
    git(&["-C", "clone", "rm", "-q", "README.md"]);
    let jane = ["-c", "user.name=Jane Doe", "-c", "user.email=jane@example.com"];
    git(&[&["-C", "clone"], &jane[..], &["commit", "-q", "-m", "tidy up"]].concat());
    git(&["-C", "clone", "push", "-q"]);
    let mark = scene.mark();
    scene.agent.launch();
    scene.agent.wait_for("restored: README.md changed by hand");
    scene.wait_until("the event", &["events"], |events| events.to_string().contains("restored: README.md"));
    assert_eq!(scene.subjects().len(), 3);
    scene.holds_branch();
    scene.wrote(mark, &["create events 201"]);
    // the commit that describes it is still the first
    assert_eq!(scene.cluster("simple")["status"], before);
}
