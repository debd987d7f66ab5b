//! Submodules that somebody pushes to a branch of the agent: the commit of one is in no repository that the agent talks to.

use std::path::Path;

use crate::origin::Origin;

/// A repository that is added to others as a submodule.
fn other(origin: &Origin) -> String {
    let folder = origin.bed.folder.path().join("other");
    if !folder.exists() {
        origin.bed.git_in(origin.bed.folder.path(), &["init", "-q", "-b", "main", folder.to_str().unwrap()]);
        std::fs::write(folder.join("theirs"), "theirs\n").unwrap();
        origin.bed.git_in(&folder, &["add", "-A"]);
        origin.bed.git_in(&folder, &["commit", "-qm", "theirs"]);
    }
    folder.to_str().unwrap().to_owned()
}

/// Adds a submodule at a path of a clone.
pub fn add(origin: &Origin, clone: &Path, path: &str) {
    let other = other(origin);
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", "--force", &other, path];
    origin.bed.git_in(clone, &add);
}

/// Paths of the branch that are submodules.
fn submodules(origin: &Origin) -> Vec<String> {
    let all = origin.git(&["ls-tree", "-r", "deploy/a"]);
    let path =
        |line: &str| line.strip_prefix("160000 ").and_then(|line| line.split('\t').nth(1)).map(String::from);
    all.lines().filter_map(path).collect()
}

fn overwrites(origin: &Origin) -> Vec<String> {
    let all = origin.git(&["log", "-1", "--format=%(trailers:only,unfold)", "deploy/a"]);
    all.lines().filter_map(|line| line.strip_prefix("Overwrites: ")).map(String::from).collect()
}

#[test]
fn a_submodule_is_a_change_like_any_other_and_so_is_its_revert() {
    // where it is put; what is left of it; the subject of the commit that puts the folder right
    let cases: [(&str, &[&str], &str); 5] = [
        ("theirs", &["theirs"], ""),
        ("one/theirs", &["one/theirs"], ""),
        ("one/manifests/theirs", &[], "a/one: restored: manifests/theirs changed by hand"),
        ("one/values.yaml", &[], "a/one: restored: values.yaml changed by hand"),
        ("one", &[], "a/one: restored: something stood in its place"),
    ];
    for (path, left, restored) in cases {
        // found by a push of a running agent, by a start, by one with an empty volume
        for way in ["push", "start", "anew"] {
            let origin = Origin::new();
            for name in ["one", "two"] {
                origin.put("a", name, "{}");
            }
            origin.settle();
            let before = origin.git(&["rev-parse", "deploy/a^{tree}"]);
            let agent = (way == "push").then(|| origin.agent(&origin.url(), &[]));
            agent.iter().for_each(|agent| drop(agent.error("nothing to commit")));
            let jane = origin.jane("deploy/a", |clone| {
                if path == "one" || path == "one/values.yaml" {
                    origin.bed.git_in(clone, &["rm", "-qr", path]);
                }
                add(&origin, clone, path);
            });
            if way == "anew" {
                std::fs::remove_dir_all(&origin.bed.repo).unwrap();
            }
            match agent {
                None => {
                    let said = origin.once(&origin.url());
                    assert!(said.ok && !said.err.contains("warning"), "{path} {way}: {}", said.err);
                    assert_eq!(
                        restored.is_empty(),
                        !said.out.contains("a/one: "),
                        "{path} {way}: {}",
                        said.out
                    );
                }
                Some(agent) => {
                    origin.put("a", "two", "{replicas: 2}");
                    agent.commit("a/two: replicas 1 → 2");
                    if !restored.is_empty() {
                        agent.commit("a/one: restored: ");
                    }
                    origin.put("a", "two", "{}");
                    agent.commit("a/two: replicas 2 → 1");
                    assert_eq!(agent.stop(), Some(0));
                }
            }
            assert_eq!(submodules(&origin), left, "{path} {way}");
            assert!(origin.git(&["show", "deploy/a:.gitmodules"]).contains(path), "{path} {way}");
            origin.git(&["merge-base", "--is-ancestor", &jane, "deploy/a"]);
            if way != "push" && !restored.is_empty() {
                assert_eq!(origin.subjects("deploy/a").last().unwrap(), restored, "{path} {way}");
                assert_eq!(
                    overwrites(&origin),
                    [format!("{jane} Jane Doe <jane@example.com>")],
                    "{path} {way}"
                );
            }
            // she takes it back
            origin.jane("deploy/a", |clone| {
                origin.bed.git_in(clone, &["rm", "-q", "-f", ".gitmodules"]);
                if !left.is_empty() {
                    origin.bed.git_in(clone, &["rm", "-q", "-f", "--cached", path]);
                }
            });
            origin.put("a", "two", "{replicas: 3}");
            origin.settle();
            origin.put("a", "two", "{}");
            origin.settle();
            assert_eq!(submodules(&origin), [""; 0], "{path} {way}");
            if way != "anew" {
                origin.check();
            }
            assert_eq!(origin.git(&["rev-parse", "deploy/a^{tree}"]), before, "{path} {way}");
        }
    }
}
