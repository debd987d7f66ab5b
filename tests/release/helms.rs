//! A release that promgit made, in the hands of both helms: all that they show, a rollback by hand, and its end.

use std::path::Path;

use promgit::release::status::Status;
use promgit::release::stored::{Rollback, Stored};
use promgit::render::text;
use serde_json::{Value, json};

use crate::rendered::{Rendered, chart, render};
use crate::scene::{COMMIT, Scene, helms};
use crate::support;

/// A release of two revisions of a chart: with its own values, then with these.
fn two_revisions(scene: &Scene, chart: &Path, values: &str) -> [Rendered; 2] {
    let render = |values: &str| render(chart, values, "simple", &scene.namespace).unwrap();
    let revisions = [render(""), render(values)];
    for rendered in &revisions {
        scene.deliver(rendered);
    }
    revisions
}

fn charts() -> [(&'static str, std::path::PathBuf, &'static str); 3] {
    [
        ("default", support::root().join("charts/prometheus-cluster"), "replicas: 3"),
        ("whole", chart("whole"), "text: two\nstore: {enabled: false}"),
        ("bare", chart("bare"), "text: two"),
    ]
}

#[test]
fn both_helms_show_what_was_recorded() {
    for (stem, chart, values) in charts() {
        let scene = Scene::new(stem);
        let revisions = two_revisions(&scene, &chart, values);
        for helm in helms() {
            shows(&scene, &helm, &revisions);
        }
    }
}

/// Everything that a helm can be asked about the release.
fn shows(scene: &Scene, helm: &Path, revisions: &[Rendered; 2]) {
    let listed = scene.json(helm, &["list"]);
    assert_eq!(listed.as_array().unwrap().len(), 1, "{listed:#}");
    assert_eq!(
        said(&listed[0], &["name", "revision", "status"]),
        json!(["simple", "2", "deployed"]),
        "{listed:#}"
    );
    let of_commit =
        |commit: &str| scene.json(helm, &["list", "--selector", &format!("promgit.dev/commit={commit}")]);
    assert_eq!((of_commit(COMMIT), of_commit("other")), (listed, json!([])));
    let history = scene.json(helm, &["history", "simple"]);
    let lines = history.as_array().unwrap().iter();
    let lines: Vec<Value> = lines.map(|line| said(line, &["revision", "status", "description"])).collect();
    let description = "1a2b3c4 replicas 1 → 3";
    assert_eq!(lines, [json!([1, "superseded", description]), json!([2, "deployed", description])]);

    for (revision, rendered) in (1..).zip(revisions) {
        let revision = format!("--revision={revision}");
        let get = |what: &str| scene.helm(helm, &["get", what, "simple", &revision]);
        assert_eq!(get("manifest"), format!("{}\n", rendered.manifest));
        assert_eq!(get("notes"), notes(helm, &rendered.notes));
        let mut hooks = Vec::new();
        for hook in &rendered.output.hooks {
            text::document(&mut hooks, &hook.manifest.path, &hook.manifest.text);
        }
        assert_eq!(get("hooks"), String::from_utf8(hooks).unwrap());
        let values = scene.json(helm, &["get", "values", "simple", &revision]);
        assert_eq!(values, rendered.config);
        assert!(get("all").contains(&rendered.manifest));
        let status = scene.json(helm, &["status", "simple", &revision]);
        assert_eq!(status["info"]["last_deployed"], "2024-05-06T07:08:09.1234Z");
        assert_eq!(status["manifest"], rendered.manifest);
    }
}

fn said(object: &Value, keys: &[&str]) -> Value {
    keys.iter().map(|key| object[*key].clone()).collect()
}

/// Both helms put a heading above notes, if there are any.
fn notes(_: &Path, notes: &str) -> String {
    if notes.is_empty() { String::new() } else { format!("NOTES:\n{notes}\n") }
}

#[test]
fn both_helms_roll_back_and_uninstall() {
    for helm in helms() {
        for (stem, chart, values) in charts() {
            let scene = Scene::new(stem);
            let [first, _] = two_revisions(&scene, &chart, values);
            scene.helm(&helm, &["rollback", "simple", "1"]);
            let history = scene.history("simple");
            let taken = history.taken_by_others().expect("a revision of a human");
            assert_eq!((taken.revision, taken.status, taken.is_ours()), (3, Status::Deployed, false));
            assert_eq!(history.superseded_by(3), [0; 0]);
            assert!(history.entries()[..2].iter().all(|entry| entry.is_ours()), "{history:?}");
            let record = scene.held("simple", 3).unwrap().stored().unwrap().record().unwrap();
            // Helm 3 says it in words alone.
            let back = if helm == support::helm() { 1 } else { 0 };
            assert_eq!((record.info.rollback_revision, &record.manifest), (back, &first.manifest));
            assert_eq!(record.info.description, "Rollback to 1");

            // Taken over: a revision of ours on top that holds the same.
            scene.deliver(&first);
            let history = scene.history("simple");
            assert_eq!((history.next(), history.taken_by_others()), (5, None));
            assert_eq!(history.deployed().map(|entry| entry.revision), Some(4));
            let listed = scene.json(&helm, &["list"]);
            assert_eq!(said(&listed[0], &["revision", "status"]), json!(["4", "deployed"]));

            scene.helm(&helm, &["uninstall", "simple"]);
            assert_eq!(scene.history("simple").entries(), []);
            for object in ["configmaps", "services", "statefulsets", "serviceaccounts"] {
                let left = scene.get(&[object]);
                let names = left["items"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter_map(|item| item["metadata"]["name"].as_str());
                let left: Vec<&str> =
                    names.filter(|name| name.starts_with("simple") && *name != "simple-before").collect();
                assert_eq!(left, Vec::<&str>::new(), "{} {object}", helm.display());
            }
        }
    }
}

/// An upgrade by hand starts from a record of ours and hands its labels on; it is still not ours.
#[test]
fn an_upgrade_by_hand_is_told_from_ours() {
    for helm in helms() {
        let scene = Scene::new("upgrade");
        let chart = chart("bare");
        scene.deliver(&render(&chart, "", "simple", &scene.namespace).unwrap());
        scene.helm(
            &helm,
            &["upgrade", "simple", chart.to_str().unwrap(), "--set=text=by hand", "--labels=team=x"],
        );
        let history = scene.history("simple");
        let taken = history.taken_by_others().expect("a revision of a human");
        assert_eq!((taken.revision, taken.labels["team"].as_str()), (2, "x"));
        assert_eq!(taken.labels["promgit.dev/commit"], COMMIT);
        let stored = scene.held("simple", 2).unwrap().stored().unwrap();
        assert_eq!(stored.config().unwrap(), json!({"text": "by hand"}));
        // What they labelled it with stays.
        scene.deliver(&render(&chart, "text: ours", "simple", &scene.namespace).unwrap());
        let newest = scene.history("simple").newest().cloned().unwrap();
        assert_eq!((newest.is_ours(), newest.labels["team"].as_str()), (true, "x"));
    }
}

/// Helm refuses an upgrade of a release that a crash left pending, and takes it once it is repaired.
#[test]
fn a_pending_revision_is_repaired() {
    for helm in helms() {
        let scene = Scene::new("pending");
        let chart = chart("bare");
        let rendered = render(&chart, "", "simple", &scene.namespace).unwrap();
        scene.deliver(&rendered);
        scene.create(&rendered.release(2, Status::PendingUpgrade));
        let upgrade = ["upgrade", "simple", chart.to_str().unwrap()];
        let refused = scene.try_helm(&helm, &upgrade);
        let error = String::from_utf8_lossy(&refused.stderr);
        assert!(error.contains("another operation (install/upgrade/rollback) is in progress"), "{error}");

        let history = scene.history("simple");
        assert_eq!(history.abandoned(Some(2), crate::rendered::moment()), [0; 0]);
        let abandoned = history.abandoned(None, crate::rendered::moment());
        assert_eq!(abandoned, [2]);
        let said = promgit::release::history::ABANDONED;
        scene.becomes("simple", 2, Status::Failed, Some(said));
        let shown = scene.json(&helm, &["history", "simple"]);
        assert_eq!(shown[1]["description"], said, "{shown:#}");
        scene.helm(&helm, &upgrade);
        assert_eq!(scene.history("simple").deployed().map(|entry| entry.revision), Some(3));
    }
}

/// A rollback of ours is recorded as helm 4 records its own, to the byte.
#[test]
fn a_rollback_is_recorded_as_helm_records_it() {
    let scene = Scene::new("back");
    let [first, _] = two_revisions(&scene, &chart("bare"), "text: two");
    scene.helm(&support::helm(), &["rollback", "simple", "1"]);
    let stored = |revision| scene.held("simple", revision).unwrap().stored().unwrap();
    let helms = stored(3);
    let info = helms.record().unwrap().info;
    let next = Rollback {
        revision: 3,
        status: Status::Deployed,
        description: "Rollback to 1",
        first_deployed: info.first_deployed.unwrap(),
        at: info.last_deployed.unwrap(),
    };
    let ours = stored(1).rolled_back(&next).unwrap();
    let text = |stored: &Stored| String::from_utf8(stored.json().to_vec()).unwrap();
    assert_eq!(text(&ours), text(&helms));
    assert_eq!(ours.record().unwrap().manifest, first.manifest);
}
