//! People who take commits off the branches of the agent, or the branches themselves.

use std::path::Path;

use crate::origin::Origin;

fn write(clone: &Path, file: &str, text: &str) {
    std::fs::write(clone.join(file), text).unwrap();
}

fn reset(origin: &Origin, branch: &str, to: &str) {
    origin.git(&["update-ref", &format!("refs/heads/{branch}"), to]);
}

/// Tips that the local branch was taken off.
fn superseded(origin: &Origin, branch: &str) -> Vec<String> {
    let below = format!("refs/promgit/superseded/{branch}/");
    origin.bed.lines(&["for-each-ref", "--format=%(objectname)", &below])
}

fn has(origin: &Origin, branch: &str, file: &str) -> bool {
    !origin.git(&["ls-tree", branch, file]).is_empty()
}

#[test]
fn a_commit_of_somebody_that_is_taken_off_again_stays_off() {
    // whether the agent runs meanwhile, and whether it committed on top of hers
    for (running, on_top) in [(true, true), (true, false), (false, true), (false, false)] {
        let case = format!("running {running}, on top {on_top}");
        let origin = Origin::new();
        origin.put("a", "one", "{}");
        origin.settle();
        let before = origin.tip("deploy/a").unwrap();
        let agent = running.then(|| origin.agent(&origin.url(), &[]));
        agent.iter().for_each(|agent| drop(agent.error("promgit: watching ")));
        let jane = origin.jane("deploy/a", |clone| write(clone, "note.md", "hers\n"));
        // a running agent hears of hers with its next push
        let settle = |spec: &str, words: &str| {
            origin.put("a", "one", spec);
            match &agent {
                Some(agent) => drop(agent.commit(words)),
                None => assert!(origin.settle().contains(words), "{case}"),
            }
        };
        match on_top || running {
            true => settle("{replicas: 2}", "a/one: replicas 1 → 2"),
            false => drop(origin.settle()),
        }
        if !on_top && running {
            settle("{}", "a/one: replicas 2 → 1");
        }
        assert!(origin.bed.git(&["log", "--format=%H", "deploy/a"]).contains(&jane), "{case}");
        let had = origin.tip("deploy/a").unwrap();
        reset(&origin, "deploy/a", &before);
        settle("{replicas: 3}", "a/one: replicas ");
        agent.iter().for_each(|agent| drop(agent.error("somebody replaced the history of branch deploy/a")));
        if let Some(agent) = agent {
            assert_eq!(agent.stop(), Some(0));
        }
        let subjects = origin.subjects("deploy/a");
        assert!(!subjects.contains(&"by Jane".to_owned()), "{case}: {subjects:?}");
        assert_eq!(subjects[0], "a/one: created", "{case}");
        assert_eq!(
            subjects.contains(&"a/one: replicas 1 → 2".to_owned()),
            on_top || running,
            "{case}: {subjects:?}"
        );
        assert!(!has(&origin, "deploy/a", "note.md"), "{case}");
        assert!(origin.git(&["log", "--format=%H", "deploy/a"]).contains(&before), "{case}: never forced");
        // nothing is lost
        assert!(superseded(&origin, "deploy/a").iter().any(|tip| {
            origin.bed.try_git(&origin.bed.repo, &["merge-base", "--is-ancestor", &had, tip]).status.success()
        }));
        origin.check();
        assert_eq!(origin.settle(), "", "{case}: all is as it should be");
        assert_eq!(origin.local("deploy/a"), origin.tip("deploy/a").unwrap());
    }
}

#[test]
fn commits_of_the_agent_that_are_taken_off_come_again_as_they_were() {
    let origin = Origin::new();
    for replicas in 1..4 {
        origin.put("a", "one", &format!("{{replicas: {replicas}}}"));
        origin.settle();
    }
    let before = origin.tip("deploy/a").unwrap();
    reset(&origin, "deploy/a", "deploy/a~2");
    let said = origin.once(&origin.url());
    assert!(said.ok && said.err.contains("somebody replaced the history of branch deploy/a"), "{}", said.err);
    assert_eq!(origin.tip("deploy/a"), Some(before), "the same commits");
    assert_eq!(superseded(&origin, "deploy/a").len(), 0);
    origin.check();
}

/// What Jane does to the mark of a branch.
fn rob(origin: &Origin, branch: &str, how: &str) {
    origin.jane(branch, |clone| match how {
        "removed" => std::fs::remove_file(clone.join("promgit.yaml")).unwrap(),
        "rubbish" => write(clone, "promgit.yaml", "{"),
        "newer" => write(clone, "promgit.yaml", "format: 9\nagent: promgit\nnamespace: a\n"),
        _ => write(clone, "promgit.yaml", "format: 1\nagent: other\nnamespace: a\n"),
    });
}

#[test]
fn a_branch_whose_mark_was_taken_goes_on_when_the_remote_does() {
    // what she did, what the agent had when it started, and how the remote is put right
    let table = [
        ("removed", "kept", "reset"),
        ("removed", "new", "deleted"),
        ("rubbish", "kept", "revert"),
        ("rubbish", "new", "reset"),
        ("of another", "kept", "deleted"),
        ("of another", "new", "revert"),
    ];
    for (how, volume, cure) in table {
        let case = format!("{how}, {volume}, {cure}");
        let origin = Origin::new();
        origin.put("a", "one", "{}");
        origin.settle();
        origin.put("a", "one", "{replicas: 2}");
        origin.settle();
        let good = origin.tip("deploy/a").unwrap();
        rob(&origin, "deploy/a", how);
        if volume == "new" {
            std::fs::remove_dir_all(&origin.bed.repo).unwrap();
        }
        origin.put("a", "one", "{replicas: 3}");
        let said = origin.once(&origin.url());
        assert!(!said.ok && said.err.contains("`git revert`"), "{case}: {}", said.err);
        assert_eq!(origin.git(&["rev-parse", "deploy/a^"]).trim(), good, "{case}: left alone");
        let agent = origin.agent(&origin.url(), &[]);
        agent.error("`git revert`");
        match cure {
            "reset" => reset(&origin, "deploy/a", &good),
            "revert" => revert(&origin),
            _ => drop(origin.git(&["update-ref", "-d", "refs/heads/deploy/a"])),
        }
        origin.wait("the change", || {
            origin.tip("deploy/a").is_some()
                && origin.subjects("deploy/a").last().is_some_and(|last| last.contains("→ 3"))
        });
        assert_eq!(agent.stop(), Some(0), "{case}");
        origin.check();
        assert!(origin.git(&["log", "--format=%H", "deploy/a"]).contains(&good), "{case}");
        assert_eq!(origin.settle(), "", "{case}: all is as it should be");
    }
}

#[test]
fn a_mark_of_a_newer_layout_is_not_passed_over() {
    for cure in ["reset", "revert"] {
        let origin = Origin::new();
        origin.put("a", "one", "{}");
        origin.settle();
        let good = origin.tip("deploy/a").unwrap();
        rob(&origin, "deploy/a", "newer");
        origin.put("a", "one", "{replicas: 2}");
        let said = origin.once(&origin.url());
        assert!(!said.ok && said.err.contains("use a newer promgit"), "{cure}: {}", said.err);
        match cure {
            "reset" => reset(&origin, "deploy/a", &good),
            _ => revert(&origin),
        }
        assert!(origin.settle().contains("a/one: replicas 1 → 2"), "{cure}");
        assert_eq!(origin.settle(), "", "{cure}: all is as it should be");
        origin.check();
    }
}

/// Jane brings the mark back by a commit.
fn revert(origin: &Origin) {
    origin.jane("deploy/a", |clone| {
        drop(origin.bed.git_in(clone, &["checkout", "-q", "HEAD^", "promgit.yaml"]));
    });
}

#[test]
fn a_branch_of_somebody_else_is_followed_until_it_is_gone() {
    for volume in ["kept", "new"] {
        let origin = Origin::new();
        origin.put("b", "one", "{}");
        origin.settle();
        // it was there before any cluster of that namespace was
        origin.git(&["branch", "deploy/a", "deploy/b"]);
        origin.jane("deploy/a", |clone| {
            for file in ["promgit.yaml", "README.md", "kustomization.yaml"] {
                std::fs::remove_file(clone.join(file)).unwrap();
            }
            std::fs::remove_dir_all(clone.join("one")).unwrap();
            write(clone, "theirs.md", "theirs\n");
        });
        let orphan = origin.git(&["commit-tree", "-m", "theirs", "deploy/a^{tree}"]);
        reset(&origin, "deploy/a", orphan.trim());
        origin.put("a", "one", "{}");
        let refused = || {
            let said = origin.once(&origin.url());
            assert!(
                !said.ok && said.err.contains("deploy/a exists and is not managed by promgit"),
                "{}",
                said.err
            );
        };
        refused();
        // it goes wherever they have it
        let other = origin.git(&["commit-tree", "-m", "others", "deploy/a^{tree}"]);
        reset(&origin, "deploy/a", other.trim());
        refused();
        assert_eq!(origin.local("deploy/a"), other.trim());
        if volume == "new" {
            std::fs::remove_dir_all(&origin.bed.repo).unwrap();
        }
        origin.git(&["update-ref", "-d", "refs/heads/deploy/a"]);
        assert!(origin.settle().contains("a/one: created"));
        assert_eq!(origin.subjects("deploy/a"), ["a/one: created"]);
        origin.check();
    }
}

#[test]
fn a_branch_below_one_of_ours_is_in_the_way_on_the_remote_only() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.settle();
    let tip = origin.tip("deploy/a").unwrap();
    // git keeps no branch beside one that its name would be a folder of
    origin.git(&["update-ref", "-d", "refs/heads/deploy/a"]);
    origin.git(&["update-ref", "refs/heads/deploy/a/x", &tip]);
    for volume in ["kept", "new"] {
        if volume == "new" {
            std::fs::remove_dir_all(&origin.bed.repo).unwrap();
        }
        let said = origin.once(&origin.url());
        assert!(!said.ok && said.err.contains("deploy/a"), "{volume}: {}", said.err);
        let refs = origin.bed.refs(&origin.bed.repo, "");
        assert!(refs.iter().all(|name| !name.contains("deploy/a/x")), "{volume}: {refs:?}");
        origin.bed.git(&["fsck", "--full", "--strict"]);
    }
    origin.git(&["update-ref", "-d", "refs/heads/deploy/a/x"]);
    origin.settle();
    assert_eq!(origin.local("deploy/a"), origin.tip("deploy/a").unwrap());
    assert_eq!(origin.settle(), "");
    origin.check();
}
