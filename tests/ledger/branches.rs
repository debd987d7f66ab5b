//! Branches that others have a part in: their files stay, their branches are theirs.

use crate::bed::{Bed, cluster};

/// A commit that git makes on a branch of its own.
fn foreign(bed: &Bed, branch: &str, files: &[(&str, &str)]) -> String {
    bed.git_in(bed.folder.path(), &["init", "-q", "-b", branch, "foreign"]);
    let folder = bed.folder.path().join("foreign");
    for (file, text) in files {
        std::fs::write(folder.join(file), text).unwrap();
    }
    bed.git_in(&folder, &["add", "-A"]);
    bed.git_in(&folder, &["commit", "-q", "-m", "theirs"]);
    bed.git_in(&folder, &["push", "-q", bed.repo.to_str().unwrap(), branch]);
    std::fs::remove_dir_all(folder).unwrap();
    bed.git(&["rev-parse", branch])
}

#[test]
fn files_of_others_stay() {
    let bed = Bed::new();
    bed.put("keep.yaml", &cluster("other", "keep", "{}"));
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    bed.settle();
    let theirs = [("OWNERS", "alice\n"), ("docs/why.md", "because\n"), ("simple/notes.md", "of ours\n")];
    bed.push("deploy/example", &theirs);
    let by_hand = bed.git(&["rev-parse", "deploy/example"]);
    assert_eq!(bed.settle(), "", "their files are no change");
    bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 2}"));
    bed.settle();
    assert_eq!(bed.git(&["rev-parse", "deploy/example^"]), by_hand, "fast-forward only");
    bed.remove("simple.yaml");
    bed.settle();
    for (file, text) in theirs {
        assert_eq!(bed.file("deploy/example", file), text);
    }
    let left = bed.lines(&["ls-tree", "-r", "--name-only", "deploy/example", "simple/"]);
    assert_eq!(left, ["simple/notes.md"]);
    bed.check();
}

#[test]
fn a_change_by_hand_of_our_files_is_taken_back_by_the_next_look() {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    bed.put("b.yaml", &cluster("example", "b", "{}"));
    bed.settle();
    let before = bed.git(&["rev-parse", "deploy/example^{tree}"]);
    bed.push("deploy/example", &[("simple/values.yaml", "replicas: 100\n"), ("simple/release.yaml", "[")]);
    let by_hand = bed.git(&["rev-parse", "deploy/example"]);
    bed.settle();
    assert_eq!(bed.git(&["rev-parse", "deploy/example^"]), by_hand);
    assert_eq!(bed.git(&["rev-parse", "deploy/example^{tree}"]), before);
    let message = bed.message("deploy/example");
    assert!(
        message
            .starts_with("example/simple: restored: release.yaml, values.yaml changed by hand\n\nCluster: ")
    );
    assert!(message.contains("\nGeneration: 1\n"), "{message}");
}

/// A folder whose files somebody broke would be pruned, were it not listed.
#[test]
fn a_broken_folder_stays_in_the_kustomization() {
    let bed = Bed::new();
    bed.put("a.yaml", &cluster("example", "a", "{}"));
    bed.put("b.yaml", &cluster("example", "b", "{}"));
    bed.settle();
    bed.push("deploy/example", &[("a/release.yaml", "["), ("a/cluster.yaml", "[")]);
    bed.put("a.yaml", &cluster("example", "a", "{replicas: 0}"));
    bed.put("b.yaml", &cluster("example", "b", "{replicas: 2}"));
    assert!(!bed.once().ok);
    let root = bed.file("deploy/example", "kustomization.yaml");
    assert!(root.contains("- a\n- b\n"), "{root}");
}

#[test]
fn a_branch_without_our_mark_is_refused_and_left_alone() {
    let bed = Bed::new();
    bed.put("good.yaml", &cluster("fine", "good", "{}"));
    bed.settle();
    let theirs = foreign(&bed, "deploy/example", &[("README.md", "mine\n")]);
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    bed.put("good.yaml", &cluster("fine", "good", "{replicas: 2}"));
    let said = bed.once();
    assert!(!said.ok && said.out.contains("fine/good: replicas 1 → 2"), "{}", said.out);
    assert!(
        said.err.contains("example/simple: branch deploy/example exists and is not managed"),
        "{}",
        said.err
    );
    assert_eq!(bed.git(&["rev-parse", "deploy/example"]), theirs);
    bed.check();
}

#[test]
fn a_branch_of_another_agent_is_refused_and_not_pruned() {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    let other = bed.aside("other.yaml", "agent: {name: other}\n");
    let flags = ["--config", other.to_str().unwrap()];
    assert!(bed.once_into(&bed.repo, &flags).ok);
    let theirs = bed.git(&["rev-parse", "deploy/example"]);
    bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 2}"));
    let said = bed.once();
    assert!(!said.ok, "{}", said.out);
    assert!(said.err.contains("is managed by agent \"other\", this agent is \"promgit\""), "{}", said.err);
    bed.remove("simple.yaml");
    bed.put("mine.yaml", &cluster("elsewhere", "mine", "{}"));
    bed.settle();
    assert_eq!(bed.git(&["rev-parse", "deploy/example"]), theirs);
}

/// Whatever a branch of others holds, this agent goes on.
#[test]
fn no_foreign_branch_stops_the_agent() {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    bed.settle();
    let marker = "agent: promgit\nformat: 1\nnamespace: '..'\n";
    foreign(&bed, "deploy/strange", &[("promgit.yaml", marker)]);
    foreign(&bed, "deploy/broken", &[("promgit.yaml", "[")]);
    foreign(&bed, "deploy/newer", &[("promgit.yaml", "agent: promgit\nformat: 9\nnamespace: newer\n")]);
    bed.put("simple.yaml", &cluster("example", "simple", "{replicas: 2}"));
    assert!(bed.settle().contains("replicas 1 → 2"));
    bed.check();
}

#[test]
fn an_unmanaged_branch_is_taken_up_when_it_is_gone() {
    let bed = Bed::new();
    bed.put("good.yaml", &cluster("fine", "good", "{}"));
    bed.settle();
    foreign(&bed, "deploy/example", &[("README.md", "mine\n")]);
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    let agent = bed.agent(&[]);
    agent.error("it is tried again");
    bed.git(&["branch", "-D", "deploy/example"]);
    agent.commit("example/simple: created");
    assert_eq!(agent.stop(), Some(0));
    bed.check();
}

#[test]
fn pushes_while_the_agent_runs_are_built_upon() {
    let bed = Bed::new();
    bed.put("simple.yaml", &cluster("example", "simple", "{}"));
    let agent = bed.agent(&[]);
    agent.commit("created");
    for round in 2..6 {
        bed.push("deploy/example", &[("theirs.md", &format!("{round}\n")), ("README.md", "by hand\n")]);
        let by_hand = bed.git(&["rev-parse", "deploy/example"]);
        bed.put("simple.yaml", &cluster("example", "simple", &format!("{{replicas: {round}}}")));
        agent.commit(&format!("→ {round}"));
        assert_eq!(bed.git(&["rev-parse", "deploy/example^"]), by_hand);
        assert_eq!(bed.file("deploy/example", "theirs.md"), format!("{round}\n"));
        assert!(bed.file("deploy/example", "README.md").starts_with("# Prometheus in namespace"));
    }
    assert_eq!(agent.stop(), Some(0));
    bed.check();
}

#[test]
fn a_branch_that_was_pushed_away_stays_consistent() {
    let bed = Bed::new();
    let away = bed.folder.path().join("away.git");
    bed.git_in(bed.folder.path(), &["init", "-q", "--bare", "away.git"]);
    for replicas in 1..5 {
        bed.put("simple.yaml", &cluster("example", "simple", &format!("{{replicas: {replicas}}}")));
        bed.settle();
        bed.git(&["push", "-q", away.to_str().unwrap(), "deploy/example"]);
        assert_eq!(bed.refs(&bed.repo, "%(objectname)"), bed.refs(&away, "%(objectname)"));
    }
    bed.git_in(&away, &["fsck", "--full", "--strict"]);
}

/// What is done to a mark, and what is said of it.
const ROBBED: [(&str, Option<&str>, &str); 4] = [
    (
        "removed",
        None,
        "branch deploy/example exists and is not managed by promgit (it has no promgit.yaml); ",
    ),
    ("broken", Some("["), "branch deploy/example: promgit.yaml cannot be read ("),
    (
        "of another agent",
        Some("format: 1\nagent: other\nnamespace: example\n"),
        "branch deploy/example is managed by agent \"other\", this agent is \"promgit\"; ",
    ),
    (
        "of another namespace",
        Some("format: 1\nagent: promgit\nnamespace: large\n"),
        "branch deploy/example holds namespace large, not example; ",
    ),
];

/// Changes the mark of the branch, or takes it away.
fn rob(bed: &Bed, mark: Option<&str>) {
    bed.push_with("deploy/example", |clone| {
        let path = clone.join("promgit.yaml");
        match mark {
            Some(text) => std::fs::write(path, text).unwrap(),
            None => std::fs::remove_file(path).unwrap(),
        }
    });
}

fn revert(bed: &Bed) {
    bed.push_with("deploy/example", |clone| {
        drop(bed.git_in(clone, &["checkout", "-q", "HEAD^", "--", "."]));
    });
}

#[test]
fn a_cluster_that_cannot_be_deleted_as_the_branch_lost_its_mark_is_told() {
    for (what, mark, words) in ROBBED {
        let bed = Bed::new();
        bed.put("keep.yaml", &cluster("other", "keep", "{}"));
        bed.put("simple.yaml", &cluster("example", "simple", "{}"));
        bed.settle();
        rob(&bed, mark);
        bed.remove("simple.yaml");
        for _ in 0..2 {
            let said = bed.once();
            assert!(!said.ok && said.out.is_empty(), "{what}: {}", said.out);
            assert!(said.err.contains(&format!("error: example/simple: {words}")), "{what}: {}", said.err);
            assert!(said.err.contains("`git revert`"), "{what}: {}", said.err);
        }
        assert!(!bed.file("deploy/example", "simple/release.yaml").is_empty());
        revert(&bed);
        assert!(bed.settle().contains("example/simple: deleted"), "{what}");
        bed.check();
    }
}

#[test]
fn a_branch_that_no_cluster_looks_at_is_looked_at_all_the_same() {
    let suspended = cluster("example", "simple", "{suspend: true}");
    let told = |bed: &Bed, words: &str| {
        for _ in 0..2 {
            let said = bed.once();
            assert!(said.ok && said.out.is_empty(), "{}{}", said.out, said.err);
            assert!(said.err.contains(&format!("warning: {words}")), "{words}: {}", said.err);
        }
    };
    for is_left in [true, false] {
        let bed = Bed::new();
        bed.put("keep.yaml", &cluster("other", "keep", "{}"));
        bed.put("simple.yaml", &cluster("example", "simple", "{}"));
        bed.settle();
        match is_left {
            true => bed.put("simple.yaml", &suspended),
            false => bed.remove("simple.yaml"),
        }
        bed.settle();
        for file in ["README.md", "kustomization.yaml", "promgit.yaml"] {
            let text = bed.file("deploy/example", file);
            bed.push("deploy/example", &[(file, &(text + "# by hand\n"))]);
            let by = bed.git(&["rev-parse", "--short=10", "deploy/example"]);
            told(
                &bed,
                &format!(
                    "branch deploy/example: {file} changed by hand (by {} Someone <some@one>), ",
                    by.trim()
                ),
            );
            revert(&bed);
            bed.settle();
        }
        for (_, mark, words) in ROBBED {
            rob(&bed, mark);
            told(&bed, words);
            revert(&bed);
            bed.settle();
        }
        // the next commit puts it right
        bed.push("deploy/example", &[("README.md", "by hand\n")]);
        bed.put("simple.yaml", &cluster("example", "simple", "{}"));
        bed.settle();
        assert!(bed.file("deploy/example", "README.md").starts_with("# Prometheus in namespace"));
        bed.check();
    }
}
