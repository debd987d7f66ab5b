//! Servers that say no to one branch, or to all.

use crate::origin::Origin;

const PROTECTED: &str = "case $1 in */b) echo \"$1 is protected: ask ops\" >&2; exit 1;; esac";

#[test]
fn one_branch_is_refused_and_the_others_go_on() {
    let origin = Origin::new();
    origin.hook("update", PROTECTED);
    for namespace in ["a", "b", "c"] {
        origin.put(namespace, "one", "{}");
    }
    let said = origin.once(&origin.url());
    assert!(!said.ok);
    let refused: Vec<&str> = said.err.lines().filter(|line| line.contains(" refuses branch ")).collect();
    assert_eq!(refused.len(), 1, "{}", said.err);
    for words in
        ["b/one: ", "refuses branch deploy/b: hook declined", "refs/heads/deploy/b is protected: ask ops"]
    {
        assert!(said.err.contains(words), "{}", said.err);
    }
    assert!(said.out.contains("a/one: created") && said.out.contains("c/one: created"), "{}", said.out);
    assert!(!said.out.contains("b/one"), "{}", said.out);
    assert_eq!((origin.tip("deploy/a").is_some(), origin.tip("deploy/b")), (true, None));
    // refused again, although there is nothing to commit
    let said = origin.once(&origin.url());
    assert!(!said.ok && said.err.contains("is protected: ask ops"), "{}", said.err);
    origin.no_hook("update");
    origin.settle();
    origin.check();
}

/// Sees all branches of a push together, and can only refuse them together.
const PROTECTED_TOGETHER: &str = "while read old new ref; do case $ref in */b|*/f) echo \"$ref is protected: ask ops\" >&2; exit 1;; esac; done";

#[test]
fn a_hook_that_refuses_all_for_one_refuses_that_one() {
    let origin = Origin::new();
    origin.hook("pre-receive", PROTECTED_TOGETHER);
    let all = ["a", "b", "c", "d", "e", "f", "g"];
    all.iter().for_each(|namespace| origin.put(namespace, "one", "{}"));
    let said = origin.once(&origin.url());
    assert!(!said.ok);
    for namespace in all {
        let branch = format!("deploy/{namespace}");
        let is_refused = ["b", "f"].contains(&namespace);
        assert_eq!(origin.tip(&branch).is_none(), is_refused, "{branch}");
        assert_eq!(said.out.contains(&format!("{namespace}/one: created")), !is_refused, "{}", said.out);
        let words = format!(
            "refuses branch {branch}: pre-receive hook declined; it said: refs/heads/{branch} is protected: ask ops"
        );
        assert_eq!(said.err.contains(&words), is_refused, "{}", said.err);
    }
    let refused = said.err.lines().filter(|line| line.contains(" refuses branch ")).count();
    assert_eq!(refused, 2, "{}", said.err);
    origin.no_hook("pre-receive");
    origin.settle();
    origin.check();
}

/// More branches are refused than one search looks for.
#[test]
fn many_that_are_refused_together_are_each_told() {
    let origin = Origin::new();
    origin.hook("pre-receive", "echo closed >&2; exit 1");
    let all: Vec<String> = (0..100).map(|at| format!("n{at}")).collect();
    all.iter().for_each(|namespace| origin.put(namespace, "one", "{}"));
    let said = origin.once(&origin.url());
    assert!(!said.ok && said.out.is_empty(), "{}", said.out);
    for namespace in &all {
        let words = format!("refuses branch deploy/{namespace}: pre-receive hook declined; it said: closed");
        assert!(said.err.contains(&words), "{namespace}: {}", said.err);
    }
    origin.no_hook("pre-receive");
    origin.settle();
    origin.check();
}

#[test]
fn a_refusal_that_ends_is_noticed() {
    for push in ["required", "async"] {
        let origin = Origin::new();
        origin.hook("update", PROTECTED);
        for namespace in ["a", "b"] {
            origin.put(namespace, "one", "{}");
        }
        let agent = origin.agent(&origin.url(), &[("PROMGIT_REMOTE_PUSH", push)]);
        let line = agent.error("refuses branch deploy/b: hook declined");
        assert!(line.contains("b/one"), "{line}");
        origin.wait("the other branch", || origin.tip("deploy/a").is_some());
        origin.no_hook("update");
        match push {
            "required" => drop(agent.commit("b/one: created")),
            _ => drop(agent.error("b/one: the remote has deploy/b now")),
        }
        assert_eq!(agent.stop(), Some(0));
        origin.check();
    }
}

#[test]
fn a_repository_that_is_gone_is_said_and_caught_up_with() {
    for way in ["path", "http"] {
        let origin = Origin::new();
        let url = if way == "path" { origin.url() } else { origin.http.url("/origin.git") };
        origin.put("a", "one", "{}");
        assert!(origin.once(&url).ok);
        origin.away();
        origin.put("a", "one", "{replicas: 2}");
        let said = origin.once(&url);
        assert!(!said.ok && said.err.contains("there is no repository"), "{way}: {}", said.err);
        assert!(!said.out.contains("replicas"), "nothing is reported that is not there: {}", said.out);
        // committed it is
        assert!(origin.bed.message("deploy/a").starts_with("a/one: replicas 1 → 2\n"));
        origin.back();
        assert!(origin.once(&url).ok);
        assert_eq!(origin.subjects("deploy/a"), ["a/one: created", "a/one: replicas 1 → 2"]);
        origin.check();
    }
}

#[test]
fn never_reads_and_does_not_write() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.settle();
    let before = origin.tip("deploy/a");
    std::fs::remove_dir_all(&origin.bed.repo).unwrap();
    origin.put("a", "one", "{replicas: 2}");
    let mut command = origin.bed.promgit(&origin.bed.repo, &["--remote", &origin.url(), "--once"]);
    let output = command.env("PROMGIT_REMOTE_PUSH", "never").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(origin.tip("deploy/a"), before);
    assert_eq!(origin.bed.git(&["rev-parse", "deploy/a^"]).trim(), before.unwrap());
}

/// Branches that somebody deleted, and that nobody may make again.
#[test]
fn a_deletion_that_is_defended_is_warned_of_once() {
    for hook in ["pre-receive", "update"] {
        let origin = Origin::new();
        let all = ["a", "b", "c"];
        all.iter().for_each(|namespace| origin.put(namespace, "one", "{}"));
        origin.settle();
        origin.hook(hook, "echo once >> tries; exit 1");
        for namespace in all {
            origin.git(&["update-ref", "-d", &format!("refs/heads/deploy/{namespace}")]);
        }
        let is_warning = |line: &&str| line.contains(" deleted on ");
        let said = origin.once(&origin.url());
        assert!(!said.ok);
        assert_eq!(said.err.lines().filter(is_warning).count(), 1, "{hook}: {}", said.err);
        let agent = origin.agent(&origin.url(), &[]);
        // it is tried again and again, and refused each time
        let tries = || std::fs::read_to_string(origin.path.join("tries")).unwrap_or_default().lines().count();
        let before = tries();
        origin.wait("some tries", || tries() > before + 9);
        let lines: Vec<String> = agent.err.try_iter().collect();
        let warnings = lines.iter().filter(|line| is_warning(&line.as_str())).count();
        assert_eq!(warnings, 1, "{hook}: {lines:#?}");
        origin.no_hook(hook);
        origin.wait("the branches", || {
            all.iter().all(|namespace| origin.tip(&format!("deploy/{namespace}")).is_some())
        });
        // it is news when they go again
        origin.git(&["update-ref", "-d", "refs/heads/deploy/a"]);
        origin.put("a", "one", "{replicas: 2}");
        agent.error("branch deploy/a was deleted on ");
        assert_eq!(agent.stop(), Some(0));
    }
}

/// git keeps no branch in the folder of another, here or there.
#[test]
fn a_branch_that_another_one_leaves_no_room_for_is_told_with_both_names() {
    for (way, other) in
        [("path", "deploy/a/theirs"), ("http", "deploy/a/theirs"), ("start", "deploy/a/theirs")]
    {
        let origin = Origin::new();
        let url = if way == "http" { origin.http.url("/origin.git") } else { origin.url() };
        origin.put("b", "one", "{}");
        assert!(origin.once(&url).ok);
        let make = || origin.git(&["update-ref", &format!("refs/heads/{other}"), "refs/heads/deploy/b"]);
        let both = format!("branch {other} is there, and no git repository holds both");
        let line = if way == "start" {
            make();
            origin.put("a", "one", "{}");
            let said = origin.once(&url);
            said.err.lines().find(|line| line.contains("a/one: ")).unwrap().to_owned()
        } else {
            let agent = origin.agent(&url, &[]);
            agent.error("promgit: watching ");
            make();
            origin.put("a", "one", "{}");
            let line = agent.error("a/one: ");
            assert!(line.contains(&format!("refuses branch deploy/a: {both}")), "{way}: {line}");
            line
        };
        assert!(line.contains("deploy/a") && line.contains(&both), "{way}: {line}");
        assert!(
            line.contains("delete the one that is not needed") && !line.contains("refs/heads"),
            "{way}: {line}"
        );
    }
}
