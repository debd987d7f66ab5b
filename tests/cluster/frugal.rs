//! What a change costs the API server, request by request.

use crate::agent;
use crate::bed::audit::Mark;
use crate::bed::wait;
use crate::scene::Scene;

/// Everything that the agent asked in its namespace since then, in order: `dry-run patch services simple 200`. Watches and the
/// look at a kind that is served are the agent's, not a cluster's.
fn asked(scene: &Scene, since: Option<Mark>) -> Option<Vec<String>> {
    let requests = scene.bed.audit_since(since?).into_iter();
    let own = requests.filter(|request| {
        request.user == agent::ACCOUNT && request.namespace == scene.namespace && request.verb != "watch"
    });
    Some(
        own.map(|request| {
            let dry = if request.uri.contains("dryRun=All") { "dry-run " } else { "" };
            let part = if request.subresource.is_empty() {
                String::new()
            } else {
                format!("/{}", request.subresource)
            };
            format!("{dry}{} {}{part} {} {}", request.verb, request.resource, request.name, request.code)
        })
        .collect(),
    )
}

/// Checks what was asked. That pods are waited for is said only where they take a while.
fn expect(scene: &Scene, since: Option<Mark>, expected: &[&str]) {
    const STATUS: &str = "patch prometheusclusters/status simple 200";
    let Some(asked) = asked(scene, since) else { return };
    let mut shown: Vec<String> = Vec::new();
    for line in asked {
        shown.push(match line.split_once(" events simple.") {
            Some((verb, _)) => format!("{verb} event"),
            None => line,
        });
    }
    let is_quick = shown.iter().filter(|line| *line == STATUS).count() == 1;
    let mut expected = expected.to_vec();
    if is_quick
        && let Some(first) = expected.iter().position(|line| *line == STATUS)
        && expected[first + 1..].contains(&STATUS)
    {
        expected.remove(first);
    }
    assert_eq!(shown, expected);
}

/// Waits for the last word on a change, which is an event.
fn told(scene: &Scene, count: usize) {
    wait("the event", || {
        let events = scene.events("simple");
        let ready = events.iter().filter(|event| event.starts_with("Normal Ready: ")).count();
        if ready == count { Ok(()) } else { Err(format!("{events:?}")) }
    });
}

/// Six objects, Helm's record, status and events. What does nothing by itself is made and not asked about; the status says once that
/// pods are waited for.
#[test]
fn a_new_cluster_takes_fourteen_requests_and_a_change_what_it_changes() {
    let mut scene = Scene::new("frugal");
    let mark = scene.mark();
    scene.put("simple", "{}");
    scene.ready("simple");
    told(&scene, 1);
    expect(
        &scene,
        mark,
        &[
            "create event",
            "patch prometheusclusters simple 200",
            "dry-run patch statefulsets simple 201",
            "patch serviceaccounts simple 201",
            "patch configmaps simple-config 201",
            "patch configmaps simple-rules 201",
            "patch services simple 201",
            "patch services simple-headless 201",
            "create secrets sh.helm.release.v1.simple.v1 201",
            "patch statefulsets simple 201",
            "patch prometheusclusters/status simple 200",
            "patch secrets sh.helm.release.v1.simple.v1 200",
            "patch prometheusclusters/status simple 200",
            "create event",
        ],
    );
    let mark = scene.mark();
    scene.put("simple", "{logLevel: debug}");
    scene.ready("simple");
    told(&scene, 2);
    expect(
        &scene,
        mark,
        &[
            "create event",
            "dry-run patch configmaps simple-config 200",
            "create secrets sh.helm.release.v1.simple.v2 201",
            "patch configmaps simple-config 200",
            "patch secrets sh.helm.release.v1.simple.v2 200",
            "get secrets sh.helm.release.v1.simple.v1 200",
            "patch secrets sh.helm.release.v1.simple.v1 200",
            "patch prometheusclusters/status simple 200",
            "create event",
        ],
    );
    scene.holds_branch();
    let mark = scene.mark();
    scene.put("simple", "{logLevel: debug}");
    scene.agent.restart();
    scene.agent.wait_for_start();
    expect(&scene, mark, &[]);
}
