//! What became of each commit, as a git note: here, on the remote, beside the notes of others, and in `promgit history`.

use std::path::Path;

use crate::bed::wait;
use crate::scene::Scene;
use crate::support;

fn git(at: &Path, arguments: &[&str]) -> String {
    let mut git = support::hermetic("git", at);
    git.args(["-c", "user.name=Jane", "-c", "user.email=jane@example.com", "-c", "safe.directory=*", "-C"]);
    support::stdout(git.arg(at).args(arguments).output().expect("git"))
}

/// The note of a commit on the remote begins with this.
fn noted(remote: &Path, commit: &str, words: &str) {
    wait(&format!("the note {words:?}"), || {
        let mut command = support::hermetic("git", remote);
        command.args(["-c", "safe.directory=*", "-C"]).arg(remote);
        let found = command.args(["notes", "--ref=promgit", "show", commit]).output().expect("git");
        let text = String::from_utf8_lossy(&found.stdout).into_owned();
        if text.starts_with(words) { Ok(()) } else { Err(text) }
    });
}

#[test]
fn a_note_says_what_became_of_a_commit() {
    let folder = tempfile::tempdir().expect("a folder");
    let remote = folder.path().join("origin.git");
    git(folder.path(), &["init", "-q", "--bare", remote.to_str().expect("a path")]);
    let tag = "commit: {tag: \"{{ namespace }}/{{ name }}/{{ generation }}\"}";
    let scene = Scene::with("noted", &format!("remote: {{url: {}}}\n{tag}", remote.display()));
    let commit = || scene.agent.git(&["rev-parse", &scene.branch()]).trim().to_owned();
    scene.put("simple", "{}");
    scene.ready("simple");
    let first = commit();
    noted(&remote, &first, "ready after ");
    let note = git(&remote, &["notes", "--ref=promgit", "show", &first]);
    assert!(note.contains("s: 1 of 1 replica ready\n\nCluster: "), "{note}");
    assert!(note.ends_with("/simple\nHelm-Revision: 1\n"), "{note}");
    assert_eq!(git(&remote, &["rev-parse", &format!("{}/simple/1", scene.namespace)]).trim(), first);

    // Somebody else notes something meanwhile: both stay.
    let remark =
        git(&remote, &["commit-tree", "-m", "remark", &format!("{first}^{{tree}}")]).trim().to_owned();
    git(&remote, &["notes", "--ref=promgit", "add", "-m", "seen by Jane", &remark]);
    scene.put("simple", "{delivery: {timeout: 3s, atomic: false}, image: example.com/does-not-exist:v1}");
    scene.wait_for("simple", "Ready=False Stalled", "");
    let second = commit();
    noted(&remote, &second, "not ready within 3s: StatefulSet/simple\n\nCluster: ");
    let note = git(&remote, &["notes", "--ref=promgit", "show", &second]);
    assert!(note.ends_with("/simple\nHelm-Revision: 2\n"), "{note}");
    noted(&remote, &first, "ready after ");
    noted(&remote, &remark, "seen by Jane");
    let key = format!("{}/simple", scene.namespace);
    let mut promgit = scene.agent.command(env!("CARGO_BIN_EXE_promgit"));
    let history =
        support::stdout(promgit.args(["history", &key, "--repo=deploy.git"]).output().expect("promgit"));
    let lines: Vec<&str> = history.lines().collect();
    assert!(lines[1].contains("not ready within 3s: StatefulSet/simple"), "{history}");
    assert!(lines[2].contains("ready after "), "{history}");
    // Of one that is taken back the revision that did not come up is told.
    scene.put(
        "simple",
        "{replicas: 2, delivery: {timeout: 3s, maxRetries: 0}, image: example.com/does-not-exist:v1}",
    );
    scene.wait_for("simple", "Ready=False RolledBack", "");
    let third = scene.agent.git(&["rev-parse", &format!("{}~", scene.branch())]).trim().to_owned();
    noted(&remote, &third, "rolled back to ");
    let note = git(&remote, &["notes", "--ref=promgit", "show", &third]);
    assert!(note.ends_with("/simple\nHelm-Revision: 3\n"), "{note}");
    scene.agent.check_repository();
}
