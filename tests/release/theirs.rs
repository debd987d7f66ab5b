//! Records that the real helms wrote, read by promgit.

use std::path::Path;

use promgit::release::hook::{Hook, Phase};
use promgit::release::status::Status;

use crate::rendered::{chart, render};
use crate::scene::{Scene, helms};
use crate::support;

/// Installed, upgraded, failed: each revision says what helm says of it.
#[test]
fn what_both_helms_write_is_read() {
    for helm in helms() {
        let scene = Scene::new("theirs");
        let path = chart("whole");
        let path = path.to_str().unwrap();
        scene.helm(&helm, &["install", "simple", path, "--description=by hand"]);
        scene.helm(&helm, &["upgrade", "simple", path, "--set=text=two"]);
        let refused = scene.try_helm(&helm, &["upgrade", "simple", path, "--set=refused=x"]);
        assert!(String::from_utf8_lossy(&refused.stderr).contains("UPGRADE FAILED"), "{refused:?}");
        let history = scene.history("simple");
        assert!(history.entries().iter().all(|entry| !entry.is_ours() && entry.written.is_some()));
        let states: Vec<Status> = history.entries().iter().map(|entry| entry.status).collect();
        assert_eq!(states, [Status::Superseded, Status::Deployed, Status::Failed]);
        for revision in 1..=3 {
            agrees(&scene, &helm, revision);
        }
        let rendered = render(Path::new(path), "text: two", "simple", &scene.namespace).unwrap();
        let record = scene.held("simple", 2).unwrap().stored().unwrap().record().unwrap();
        assert_eq!(documents(&record.manifest), documents(&rendered.manifest));
        assert_eq!(record.info.notes, rendered.notes);
        let ran = record.hooks.iter().filter(|hook| hook.last_run.phase == Phase::Succeeded);
        assert_eq!(ran.map(|hook| hook.name.as_str()).collect::<Vec<_>>(), ["simple-before"]);
        let mut hooks = record.hooks;
        for hook in &mut hooks {
            let run = std::mem::take(&mut hook.last_run);
            assert_eq!(run.started_at.is_some(), run.phase == Phase::Succeeded, "{}", hook.name);
        }
        assert_eq!(
            hooks.iter().map(trimmed).collect::<Vec<_>>(),
            rendered.hooks.iter().map(trimmed).collect::<Vec<_>>()
        );
    }
}

/// Helm 3 keeps no blank lines between documents.
fn documents(manifest: &str) -> Vec<&str> {
    manifest.split("---\n").map(str::trim).collect()
}

fn trimmed(hook: &Hook) -> Hook {
    Hook { manifest: hook.manifest.trim().to_owned(), ..hook.clone() }
}

/// One revision, as helm and as promgit read it.
fn agrees(scene: &Scene, helm: &Path, revision: u32) {
    let held = scene.held("simple", revision).unwrap();
    let record = held.stored().unwrap().record().unwrap();
    let flag = format!("--revision={revision}");
    let status = scene.json(helm, &["status", "simple", &flag]);
    assert_eq!(record.revision, revision);
    assert_eq!(
        (status["name"].as_str(), status["namespace"].as_str()),
        (Some(&*record.name), Some(&*record.namespace))
    );
    assert_eq!(status["info"]["status"], record.info.status.as_str());
    assert_eq!(held.entry.status, record.info.status);
    assert_eq!(status["info"]["description"], record.info.description);
    assert_eq!(status["manifest"], record.manifest);
    let time = |text: &serde_json::Value| text.as_str().and_then(|text| text.parse::<jiff::Timestamp>().ok());
    assert_eq!(time(&status["info"]["first_deployed"]), record.info.first_deployed);
    assert_eq!(time(&status["info"]["last_deployed"]), record.info.last_deployed);
    let metadata = scene.json(helm, &["get", "metadata", "simple", &flag]);
    assert_eq!(metadata["version"], record.chart.metadata.version);
    assert_eq!(metadata["appVersion"], record.chart.metadata.app_version);
    let values = scene.json(helm, &["get", "values", "simple", &flag]);
    assert_eq!(values, held.stored().unwrap().config().unwrap());
}

/// A record of theirs that we supersede changes in nothing else, and both helms go on with it.
#[test]
fn a_record_of_theirs_stays_what_it_is() {
    for helm in helms() {
        let scene = Scene::new("adopted");
        let path = chart("bare");
        scene.helm(&helm, &["install", "simple", path.to_str().unwrap(), "--set=text=theirs"]);
        let text = |revision| {
            String::from_utf8(scene.held("simple", revision).unwrap().stored().unwrap().json().to_vec())
                .unwrap()
        };
        let before = text(1);
        scene.deliver(&render(&path, "text: ours", "simple", &scene.namespace).unwrap());
        let expected = before.replacen("\"status\":\"deployed\"", "\"status\":\"superseded\"", 1);
        assert_ne!(expected, before);
        assert_eq!(text(1), expected);
        assert_eq!(scene.history("simple").entries()[0].status, Status::Superseded);
        for other in helms() {
            let history = scene.json(&other, &["history", "simple"]);
            assert_eq!(history[0]["status"], "superseded", "{history:#}");
        }
        // Helm 4 recorded that it applies on the server's side, where promgit has the fields by now.
        let flag: &[&str] = if helm == support::helm() { &["--server-side=false"] } else { &[] };
        scene.helm(&helm, &[&["rollback", "simple", "1"], flag].concat());
        assert_eq!(scene.get(&["configmap/simple"])["data"]["text"], "theirs");
    }
}
