//! What somebody else does to our files on a branch, and the commit that puts it right.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::bed::{Bed, cluster};

/// What is said, and what is done by hand to the files of a cluster.
type Case = (&'static str, fn(&Path));

const BRANCH: &str = "deploy/example";

fn bed() -> Bed {
    let bed = Bed::new();
    bed.put("keep.yaml", &cluster("other", "keep", "{}"));
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    bed.settle();
    bed
}

fn tree(bed: &Bed) -> String {
    bed.git(&["rev-parse", "deploy/example^{tree}"])
}

/// Path → text without what is to be replaced in it, or a new text.
type Edit = (&'static str, &'static str, &'static str);

fn edit(clone: &Path, (path, old, new): Edit) {
    let path = clone.join("simple").join(path);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(old), "{old}");
    fs::write(path, if old.is_empty() { new.to_string() } else { text.replace(old, new) }).unwrap();
}

#[test]
fn every_damage_has_its_words() {
    let service = "manifests/service-simple.yaml";
    let cases: &[(&[Edit], &str, &str)] = &[
        (
            &[(service, "", "[]\n")],
            "manifests/service-simple.yaml changed by hand",
            "~ Service/simple  restored",
        ),
        (
            &[(service, "", "[")],
            "manifests/service-simple.yaml changed by hand",
            "~ Service/simple  restored",
        ),
        (
            &[(service, "port: 9090", "port: 1")],
            "manifests/service-simple.yaml changed by hand",
            "~ Service/simple  spec.ports[web].port 1 → 9090",
        ),
        (&[("cluster.yaml", "replicas: 1", "replicas: 9")], "cluster.yaml changed by hand", ""),
        (
            &[("cluster.yaml", "replicas: 1", "replicas: 1\n  storage: {size: 9Gi}")],
            "cluster.yaml changed by hand",
            "",
        ),
        (&[("cluster.yaml", "", "[")], "cluster.yaml changed by hand", ""),
        (&[("kustomization.yaml", "fifo", "legacy")], "kustomization.yaml changed by hand", ""),
        (&[("release.yaml", "", "# mine\n")], "release.yaml changed by hand", ""),
        (
            &[
                ("release.yaml", "", "["),
                (service, "", "[]\n"),
                ("values.yaml", "", "a: b"),
                ("cluster.yaml", "", "{}"),
            ],
            "4 files changed by hand",
            "~ Service/simple  restored",
        ),
    ];
    let bed = bed();
    let before = tree(&bed);
    for (edits, subject, line) in cases {
        bed.push_with(BRANCH, |clone| edits.iter().for_each(|one| edit(clone, *one)));
        let said = bed.once();
        assert!(said.ok, "{edits:?}: {}", said.err);
        let message = bed.message(BRANCH);
        let (first, rest) = message.split_once('\n').unwrap();
        assert_eq!(first, format!("example/simple: restored: {subject}"));
        let body = if line.is_empty() { String::new() } else { format!("\n{line}\n") };
        assert!(rest.starts_with(&format!("{body}\nCluster: ")), "{message}");
        assert!(rest.contains("\nGeneration: 1\n"), "{message}");
        assert_eq!(tree(&bed), before, "{edits:?}");
    }
    bed.check();
}

#[test]
fn a_change_that_was_asked_for_comes_first() {
    let bed = bed();
    bed.push_with(BRANCH, |clone| edit(clone, ("values.yaml", "", "a: b\n")));
    bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 2}"));
    bed.settle();
    let message = bed.message(BRANCH);
    let subject = "example/simple: replicas 1 → 2, restored: values.yaml changed by hand\n";
    assert!(message.starts_with(subject), "{message}");
    assert!(message.contains("\nGeneration: 2\n"), "{message}");
}

#[test]
fn files_that_went_or_became_something_else_come_back() {
    let bed = bed();
    let before = tree(&bed);
    let cases: &[Case] = &[
        ("release.yaml", |path| fs::remove_file(path).unwrap()),
        ("values.yaml", |path| fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap()),
        ("values.yaml", |path| {
            fs::remove_file(path).unwrap();
            symlink("/etc/passwd", path).unwrap();
        }),
        ("cluster.yaml", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
            fs::write(path.join("inside"), "x").unwrap();
        }),
    ];
    for (file, damage) in cases {
        bed.push_with(BRANCH, |clone| damage(&clone.join("simple").join(file)));
        bed.settle();
        let message = bed.message(BRANCH);
        assert!(
            message.starts_with(&format!("example/simple: restored: {file} changed by hand\n")),
            "{message}"
        );
        assert_eq!(tree(&bed), before, "{file}");
    }
    bed.push_with(BRANCH, |clone| {
        fs::remove_dir_all(clone.join("simple/manifests")).unwrap();
        fs::write(clone.join("simple/manifests"), "x").unwrap();
    });
    bed.settle();
    assert!(bed.message(BRANCH).starts_with("example/simple: restored: 7 files changed by hand\n"));
    assert_eq!(tree(&bed), before);
}

/// At the root, a change of any cluster puts things right.
#[test]
fn a_root_file_that_became_a_folder_is_a_file_again() {
    let bed = bed();
    bed.push_with(BRANCH, |clone| {
        for file in ["README.md", "kustomization.yaml"] {
            fs::remove_file(clone.join(file)).unwrap();
            fs::create_dir(clone.join(file)).unwrap();
            fs::write(clone.join(file).join("inside"), "x").unwrap();
        }
    });
    bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 2}"));
    assert!(bed.settle().contains("replicas 1 → 2"));
    assert!(bed.file(BRANCH, "README.md").starts_with("# Prometheus in namespace"));
    // Without our mark the branch is not ours, whatever stands in its place.
    bed.push_with(BRANCH, |clone| {
        fs::remove_file(clone.join("promgit.yaml")).unwrap();
        fs::create_dir(clone.join("promgit.yaml")).unwrap();
        fs::write(clone.join("promgit.yaml/inside"), "x").unwrap();
    });
    bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 3}"));
    let said = bed.once();
    let expected = "promgit.yaml cannot be read (it is no file); bring it back with `git revert`";
    assert!(said.err.contains(expected), "{}", said.err);
}

fn as_file(bed: &Bed, clone: &Path) {
    bed.git_in(clone, &["rm", "-rq", "simple"]);
    fs::write(clone.join("simple"), "in the way\n").unwrap();
}

fn as_link(bed: &Bed, clone: &Path) {
    bed.git_in(clone, &["rm", "-rq", "simple"]);
    symlink("README.md", clone.join("simple")).unwrap();
}

fn as_submodule(bed: &Bed, clone: &Path) {
    bed.git_in(clone, &["rm", "-rq", "simple"]);
    fs::create_dir(clone.join("simple")).unwrap();
    let link = format!("160000,{},simple", "1".repeat(40));
    bed.git_in(clone, &["update-index", "--add", "--cacheinfo", &link]);
}

#[test]
fn what_stands_in_the_place_of_a_folder_makes_room() {
    let bed = bed();
    bed.push(BRANCH, &[("OWNERS", "alice\n"), ("simpler", "theirs\n")]);
    let before = tree(&bed);
    for damage in [as_file, as_link, as_submodule] {
        bed.push_with(BRANCH, |clone| damage(&bed, clone));
        bed.settle();
        let message = bed.message(BRANCH);
        let subject = "example/simple: restored: something stood in its place\n";
        assert!(message.starts_with(subject) && message.contains("\n+ StatefulSet/simple\n"), "{message}");
        assert_eq!(tree(&bed), before);
    }
    bed.check();
}

#[test]
fn a_deletion_removes_what_stands_in_the_place_of_the_folder() {
    for damage in [as_file, as_link, as_submodule] {
        let bed = bed();
        bed.push(BRANCH, &[("OWNERS", "alice\n"), ("simpler", "theirs\n")]);
        let agent = bed.agent(&[]);
        bed.put("second.yaml", &cluster("example", "second", "{}"));
        agent.commit("example/second: created");
        bed.push_with(BRANCH, |clone| damage(&bed, clone));
        bed.remove("simple.yaml");
        agent.commit("example/simple: deleted");
        assert_eq!(agent.stop(), Some(0));
        let left = bed.lines(&["ls-tree", "--name-only", BRANCH]);
        assert_eq!(left, ["OWNERS", "README.md", "kustomization.yaml", "promgit.yaml", "second", "simpler"]);
        bed.check();
    }
}

/// A file of somebody that only has the name of a cluster which never came to be.
#[test]
fn a_file_that_was_never_a_folder_of_ours_is_not_deleted() {
    let bed = bed();
    bed.push(BRANCH, &[("ghost", "theirs\n")]);
    let agent = bed.agent(&[]);
    bed.put("ghost.yaml", &cluster("example", "ghost", "{values: {replicas: many}}"));
    agent.error("example/ghost: ");
    bed.remove("ghost.yaml");
    bed.put("second.yaml", &cluster("example", "second", "{}"));
    agent.commit("example/second: created");
    std::thread::sleep(std::time::Duration::from_secs(3));
    bed.put("second.yaml", &cluster("example", "second", "{replicas: 2}"));
    agent.commit("example/second: replicas 1 → 2");
    assert_eq!(agent.stop(), Some(0));
    assert_eq!(bed.file(BRANCH, "ghost"), "theirs\n");
}
