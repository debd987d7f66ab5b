//! What somebody did to files.

use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::bed::{BRANCH, Bed, edit};

/// What is said of a change beside the commit that made it, and what the JSON says of that.
fn found(change: impl FnOnce(&Path)) -> (Vec<String>, Vec<serde_json::Value>) {
    let bed = Bed::examples();
    bed.by_hand(BRANCH, change);
    let said = bed.verify(&[]);
    said.is_different();
    let lines = said.lines();
    let short = &bed.tip(BRANCH)[..10];
    let commit = format!(
        "{BRANCH}: commit {short} was not made by promgit: its committer is not the agent promgit \
         (Jane Doe <jane@example.com>: a fix)"
    );
    assert_eq!(lines[0], commit);
    let all = bed.verify_json(&[])["findings"].as_array().unwrap().clone();
    assert_eq!(all.len(), lines.len());
    assert_eq!(all[0]["kind"], "commit");
    (lines[1..].iter().map(ToString::to_string).collect(), all[1..].to_vec())
}

#[test]
fn what_promgit_made_is_as_it_should_be() {
    let bed = Bed::examples();
    bed.verify(&[]).is_silent();
    bed.verify(&["--all"]).is_silent();
    bed.verify(&["deploy/example", "deploy/team-a"]).is_silent();
    bed.git(&["--git-dir=deploy.git", "gc", "-q"]);
    bed.verify(&["--all"]).is_silent();
}

#[test]
fn a_byte_that_changed_is_found_with_its_line() {
    let (lines, json) = found(|clone| {
        edit(&clone.join("simple/manifests/service-simple.yaml"), "port: 9090", "port: 9091");
    });
    let text = std::fs::read_to_string("charts/prometheus-cluster/templates/service.yaml").unwrap();
    assert!(text.contains("port: 9090"), "the example above fits no chart any more: {text}");
    assert_eq!(lines.len(), 1, "{lines:?}");
    let start = format!("{BRANCH}:simple/manifests/service-simple.yaml:");
    let rest = lines[0].strip_prefix(&start).expect(&lines[0]);
    let (line, words) = rest.split_once(": ").unwrap();
    assert!(words.starts_with("is \"") && words.contains("port: 9091\", promgit makes it \""), "{words}");
    assert_eq!(json[0]["line"], line.parse::<u64>().unwrap());
    assert_eq!(json[0]["kind"], "different");
    assert_eq!(json[0]["path"], "simple/manifests/service-simple.yaml");
}

/// Each is compared with what promgit recorded, not with what the change says of itself.
#[test]
fn no_file_of_a_cluster_can_be_changed() {
    for (file, from, to) in [
        ("cluster.yaml", "replicas: 1", "replicas: 2"),
        ("values.yaml", "replicas: 1", "replicas: 2"),
        ("release.yaml", "renderer: helm 4.3.1", "renderer: helm 4.3.0"),
        ("kustomization.yaml", "order: fifo", "order: legacy"),
    ] {
        let (lines, _) = found(|clone| edit(&clone.join("simple").join(file), from, to));
        assert_eq!(lines.len(), 1, "{file}: {lines:?}");
        assert!(lines[0].starts_with(&format!("{BRANCH}:simple/{file}:")), "{lines:?}");
        let words = format!("{to}\", promgit makes it \"");
        assert!(lines[0].contains(&words) && lines[0].contains(from), "{lines:?}");
    }
}

#[test]
fn a_file_that_is_gone_is_missing() {
    for file in ["simple/manifests/service-simple.yaml", "simple/release.yaml", "promgit.yaml", "README.md"] {
        let (lines, json) = found(|clone| std::fs::remove_file(clone.join(file)).unwrap());
        assert_eq!(lines, [format!("{BRANCH}:{file}: is missing")]);
        assert_eq!(json[0]["kind"], "missing");
    }
}

#[test]
fn a_cluster_that_is_gone_misses_every_file() {
    let (lines, _) = found(|clone| std::fs::remove_dir_all(clone.join("simple")).unwrap());
    assert!(lines.len() >= 9 && lines.iter().all(|line| line.ends_with(": is missing")), "{lines:?}");
    assert!(lines.iter().any(|line| line.contains(":simple/release.yaml:")), "{lines:?}");
}

#[test]
fn a_file_too_much_is_found_where_promgit_owns_the_place() {
    let (lines, json) = found(|clone| {
        std::fs::write(clone.join("simple/manifests/job.yaml"), "kind: Job\n").unwrap();
        std::fs::write(clone.join("simple/NOTES.md"), "of somebody\n").unwrap();
        std::fs::write(clone.join("CODEOWNERS"), "* @jane\n").unwrap();
        std::fs::create_dir(clone.join("docs")).unwrap();
        std::fs::write(clone.join("docs/a.yaml"), "a: 1\n").unwrap();
    });
    let line = format!("{BRANCH}:simple/manifests/job.yaml: is too much, promgit makes no such file");
    assert_eq!(lines, [line]);
    assert_eq!(json[0]["kind"], "extra");
}

#[test]
fn a_cluster_that_somebody_made_up_is_told_as_a_whole() {
    let (lines, json) = found(|clone| {
        std::fs::create_dir(clone.join("other")).unwrap();
        for file in ["release.yaml", "cluster.yaml"] {
            std::fs::copy(clone.join("simple").join(file), clone.join("other").join(file)).unwrap();
        }
    });
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(
        lines[0].starts_with(&format!("{BRANCH}:other: no commit of promgit made this folder")),
        "{lines:?}"
    );
    assert_eq!((&json[0]["kind"], &json[0]["path"]), (&"folder".into(), &"other".into()));
}

#[test]
fn the_files_at_the_root_are_promgits_too() {
    for (file, from, to, hint) in [
        ("README.md", "| simple |", "| Simple |", true),
        ("promgit.yaml", "format: 1", "format: 0", false),
        ("kustomization.yaml", "- simple\n", "", false),
    ] {
        let bed = Bed::examples();
        bed.by_hand(BRANCH, |clone| {
            let text = std::fs::read_to_string(clone.join(file)).unwrap();
            let from = if text.contains(from) { from } else { "simple" };
            std::fs::write(clone.join(file), text.replacen(from, to, 1)).unwrap();
        });
        let said = bed.verify(&[]);
        said.is_different();
        let place = format!("{BRANCH}:{file}:");
        assert_eq!(said.lines().iter().filter(|line| line.starts_with(&place)).count(), 1, "{said:?}");
        assert_eq!(said.lines().len(), 2, "{said:?}");
        assert_eq!(said.err.contains("templates.readme"), hint, "{said:?}");
    }
}

#[test]
fn a_plain_file_is_no_link_and_no_program() {
    let file = "simple/values.yaml";
    let (lines, _) = found(|clone| {
        std::fs::set_permissions(clone.join(file), std::fs::Permissions::from_mode(0o755)).unwrap();
    });
    assert_eq!(lines, [format!("{BRANCH}:{file}: is an executable, promgit makes it a plain file")]);
    let (lines, _) = found(|clone| {
        std::fs::remove_file(clone.join(file)).unwrap();
        std::os::unix::fs::symlink("../durable/values.yaml", clone.join(file)).unwrap();
    });
    assert_eq!(lines, [format!("{BRANCH}:{file}: is a link, promgit makes it a plain file")]);
}

/// The agent mends what somebody did; the commit that did it stays in the history.
#[test]
fn what_the_agent_made_good_is_good() {
    let bed = Bed::examples();
    bed.by_hand(BRANCH, |clone| edit(&clone.join("simple/values.yaml"), "replicas: 1", "replicas: 2"));
    bed.commit(&crate::support::root().join("examples"), &[]);
    let said = bed.verify(&[]);
    said.is_different();
    assert_eq!(said.lines().len(), 1, "{said:?}");
    assert!(said.out.contains("was not made by promgit"), "{said:?}");
}
