//! The process: signals, a second agent, a disk that is full or read-only.

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::bed::{Bed, Running, cluster};

#[test]
fn sigterm_drains() {
    let bed = Bed::new();
    for name in 0..30 {
        bed.put(&format!("{name}.yaml"), &cluster("example", &format!("c{name}"), "{}"));
    }
    let agent = bed.agent(&[]);
    agent.commit("created");
    assert_eq!(agent.stop(), Some(0));
    // whatever was begun is whole, and the next start does the rest
    let begun = bed.lines(&["rev-list", "deploy/example"]).len();
    assert_eq!(bed.settle().lines().count(), 30 - begun);
    bed.check();
}

#[test]
fn a_second_agent_is_told() {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    let agent = bed.agent(&[]);
    agent.commit("created");
    let said = bed.once();
    assert!(!said.ok && said.out.is_empty());
    let (repo, id) = (bed.repo.display(), agent.child.id());
    let expected = format!("error: {repo} is being written by process {id} on ");
    assert!(said.err.starts_with(&expected), "{}", said.err);
    assert_eq!(agent.stop(), Some(0));
    bed.settle();
}

/// The limit on the size of files stands for a full disk.
#[test]
fn a_full_disk_is_named_and_waited_for() {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    let agent = bed.agent(&[]);
    agent.commit("created");
    let limit = |value: &str| {
        let id = agent.child.id().to_string();
        let set = Command::new("prlimit").args(["--pid", &id, &format!("--fsize={value}:")]).status();
        assert!(set.unwrap().success());
    };
    limit("64");
    bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 2}"));
    let error = agent.error("example/simple: ");
    assert!(error.contains("File too large") && error.ends_with("(it is tried again)"), "{error}");
    limit("unlimited");
    agent.commit("replicas 1 → 2");
    assert_eq!(agent.stop(), Some(0));
    bed.check();
}

/// Runs as a user that file modes bind, which root is not.
fn bound(bed: &Bed) -> Option<Command> {
    let command = bed.promgit(&bed.repo, &[]);
    let is_root =
        std::fs::metadata("/proc/self").is_ok_and(|data| std::os::unix::fs::MetadataExt::uid(&data) == 0);
    if !is_root {
        return Some(command);
    }
    let mut other = crate::support::hermetic("setpriv", bed.folder.path());
    other.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    other.arg(command.get_program()).args(command.get_args());
    let chown = Command::new("chown").args(["-R", "65534:65534"]).arg(bed.folder.path()).status();
    (chown.ok()?.success() && Command::new("setpriv").arg("--version").output().is_ok()).then_some(other)
}

#[test]
fn a_read_only_repository_is_named_and_waited_for() {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    bed.settle();
    let Some(command) = bound(&bed) else { return };
    let objects = bed.repo.join("objects");
    let folders = || walkdir::WalkDir::new(&objects).into_iter().flatten().filter(|e| e.file_type().is_dir());
    let allow = |mode: u32| {
        folders().for_each(|e| std::fs::set_permissions(e.path(), PermissionsExt::from_mode(mode)).unwrap());
    };
    let agent = Running::start(command);
    agent.error("watching");
    allow(0o555);
    bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 2}"));
    let error = agent.error("example/simple: ");
    assert!(error.contains("give the user that runs this program write access"), "{error}");
    assert!(error.ends_with("(it is tried again)"), "{error}");
    allow(0o755);
    agent.commit("replicas 1 → 2");
    assert_eq!(agent.stop(), Some(0));
    // git refuses to look at the repository of another user
    let _ = Command::new("chown").args(["-R", "0:0"]).arg(bed.folder.path()).status();
    bed.check();
}
