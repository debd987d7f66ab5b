//! People who take commits off the branches of the agent, or the branches themselves.

use crate::origin::{Origin, write};

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

#[test]
fn what_was_taken_off_stays_off_though_a_start_found_the_branch_without_its_mark_in_between() {
    for cure in ["reset", "revert"] {
        let origin = Origin::new();
        origin.put("a", "one", "{}");
        origin.settle();
        let good = origin.tip("deploy/a").unwrap();
        origin.jane("deploy/a", |clone| write(clone, "note.md", "hers\n"));
        origin.put("a", "one", "{replicas: 2}");
        origin.settle();
        reset(&origin, "deploy/a", &good);
        rob(&origin, "deploy/a", "removed");
        let robbed = origin.tip("deploy/a").unwrap();
        let said = origin.once(&origin.url());
        assert!(!said.ok && said.err.contains("`git revert`"), "{cure}: {}", said.err);
        assert!(said.err.matches("warning: ").count() <= 1, "{cure}: {}", said.err);
        assert_eq!(origin.tip("deploy/a").unwrap(), robbed, "{cure}: left alone");
        match cure {
            "reset" => reset(&origin, "deploy/a", &good),
            _ => revert(&origin),
        }
        let said = origin.once(&origin.url());
        assert!(said.ok && said.err.contains("somebody replaced the history"), "{cure}: {}", said.err);
        let subjects = origin.subjects("deploy/a");
        assert_eq!(subjects.last().unwrap(), "a/one: replicas 1 → 2", "{cure}");
        assert!(!has(&origin, "deploy/a", "note.md"), "{cure}: {subjects:?}");
        assert_eq!(origin.settle(), "", "{cure}: all is as it should be");
        origin.check();
    }
}

#[test]
fn a_branch_that_stands_where_its_mark_is_gone_gets_nothing_on_top() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.settle();
    rob(&origin, "deploy/a", "removed");
    let robbed = origin.tip("deploy/a").unwrap();
    revert(&origin);
    origin.put("a", "one", "{replicas: 2}");
    origin.settle();
    // back to where the mark was gone, which all commits here descend from
    reset(&origin, "deploy/a", &robbed);
    for _ in 0..2 {
        let said = origin.once(&origin.url());
        assert!(!said.ok && said.err.contains("`git revert`"), "{}", said.err);
        assert_eq!(origin.tip("deploy/a").unwrap(), robbed);
    }
}

#[test]
fn the_newest_commit_of_an_agent_that_has_nothing_before_it_comes_again() {
    for branches in [1, 3] {
        let origin = Origin::new();
        let names: Vec<String> = (0..branches).map(|number| format!("n{number}")).collect();
        for replicas in 1..3 {
            for name in &names {
                origin.put(name, "one", &format!("{{replicas: {replicas}}}"));
            }
            origin.settle();
        }
        std::fs::remove_dir_all(&origin.bed.repo).unwrap();
        origin.settle();
        for name in &names {
            assert_eq!(origin.bed.git(&["rev-list", "--count", &format!("deploy/{name}")]), "1\n");
            reset(&origin, &format!("deploy/{name}"), &format!("deploy/{name}~1"));
        }
        origin.settle();
        for name in &names {
            let subjects = origin.subjects(&format!("deploy/{name}"));
            assert_eq!(subjects, [format!("{name}/one: created"), format!("{name}/one: replicas 1 → 2")]);
        }
        assert_eq!(origin.settle(), "");
        origin.check();
    }
}

#[test]
fn a_history_that_somebody_wrote_anew_is_not_played_again_where_it_led_to_the_same() {
    for how in ["rebased", "squashed"] {
        let origin = Origin::new();
        origin.put("a", "one", "{}");
        origin.settle();
        origin.jane("deploy/a", |clone| write(clone, "note.md", "hers\n"));
        for replicas in 2..4 {
            origin.put("a", "one", &format!("{{replicas: {replicas}}}"));
            origin.settle();
        }
        let clone = origin.bed.folder.path().join("clone");
        let (from, at) = (origin.url(), clone.display().to_string());
        origin.bed.git_in(origin.bed.folder.path(), &["clone", "-q", "-b", "deploy/a", &from, &at]);
        let who = ["-c", "user.name=Jane Doe", "-c", "user.email=jane@example.com"];
        let jane = |args: &[&str]| origin.bed.git_in(&clone, &[&who[..], args].concat());
        let expected = match how {
            "rebased" => {
                jane(&["rebase", "-q", "--onto", "HEAD~3", "HEAD~2"]);
                vec!["a/one: created", "a/one: replicas 1 → 2", "a/one: replicas 2 → 3"]
            }
            _ => {
                let squashed = jane(&["commit-tree", "-m", "squashed", "HEAD^{tree}"]);
                jane(&["reset", "-q", "--hard", squashed.trim()]);
                vec!["squashed"]
            }
        };
        jane(&["push", "-q", "--force", "origin", "deploy/a"]);
        let had = origin.tip("deploy/a");
        let said = origin.once(&origin.url());
        assert!(said.ok && said.err.contains("somebody replaced the history"), "{how}: {}", said.err);
        assert_eq!(origin.subjects("deploy/a"), expected, "{how}");
        assert_eq!(origin.tip("deploy/a"), had, "{how}");
        origin.put("a", "one", "{replicas: 4}");
        let out = origin.settle();
        // commits that somebody else has made now
        assert!(out.contains("→ 4"), "{how}: {out}");
        let message = origin.git(&["log", "-1", "--format=%B", "deploy/a"]);
        let generation = if how == "rebased" { 4 } else { 1 };
        assert!(message.contains(&format!("\nGeneration: {generation}\n")), "{how}: {message}");
        assert_eq!(origin.settle(), "", "{how}");
        origin.check();
    }
}

#[test]
fn a_branch_without_clusters_that_is_deleted_there_goes_here_too() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.put("b", "one", "{}");
    origin.settle();
    let agent = origin.agent(&origin.url(), &[]);
    agent.error("promgit: watching ");
    origin.bed.remove("a-one.yaml");
    agent.commit("a/one: deleted");
    origin.wait("the push", || origin.subjects("deploy/a").len() == 2);
    assert_eq!(agent.stop(), Some(0));
    let last = origin.tip("deploy/a").unwrap();
    origin.git(&["update-ref", "-d", "refs/heads/deploy/a"]);
    let said = origin.once(&origin.url());
    assert!(said.ok && said.err.contains("branch deploy/a was deleted on "), "{}", said.err);
    for _ in 0..2 {
        assert_eq!(origin.tip("deploy/a"), None);
        assert_eq!(superseded(&origin, "deploy/a"), std::slice::from_ref(&last));
        let said = origin.once(&origin.url());
        assert!(said.ok && !said.err.contains("deploy/a"), "once: {}", said.err);
    }
    origin.put("a", "one", "{}");
    assert!(origin.settle().contains("a/one: created"));
    assert_eq!(origin.subjects("deploy/a"), ["a/one: created"]);
    origin.check();
}

#[test]
fn what_the_remote_had_is_known_again_when_a_branch_gets_its_old_name_back() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.settle();
    let good = origin.tip("deploy/a").unwrap();
    origin.jane("deploy/a", |clone| write(clone, "note.md", "hers\n"));
    origin.settle();
    let agent = origin.agent(&origin.url(), &[("PROMGIT_REPOSITORY_BRANCH", "env/{{ namespace }}")]);
    agent.commit("a/one: created");
    origin.wait("the push", || origin.tip("env/a").is_some());
    assert_eq!(agent.stop(), Some(0));
    reset(&origin, "deploy/a", &good);
    origin.settle();
    assert_eq!(origin.tip("deploy/a").unwrap(), good, "hers stays off");
}

#[test]
fn a_branch_of_another_agent_is_followed_without_a_trace() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    let other = |agent: &str| {
        let repo = origin.bed.folder.path().join(format!("{agent}.git"));
        let mut command = origin.bed.promgit(&repo, &["--once", "--remote", &origin.url()]);
        command.env("PROMGIT_AGENT_NAME", agent);
        command.output().unwrap()
    };
    for replicas in 1..4 {
        origin.put("a", "one", &format!("{{replicas: {replicas}}}"));
        assert!(other("first").status.success());
        assert!(!other("second").status.success(), "it is not the second's");
    }
    let second = origin.bed.folder.path().join("second.git");
    assert_eq!(origin.bed.git_in(&second, &["for-each-ref", "refs/promgit"]), "");
    assert_eq!(
        origin.bed.git_in(&second, &["rev-parse", "deploy/a"]).trim(),
        origin.tip("deploy/a").unwrap()
    );
}
