//! What a start finds on the remote, and what it brings there.

use crate::origin::Origin;

/// A remote with three commits on one branch and one on another, and no local repository.
fn with_history() -> Origin {
    let origin = Origin::new();
    origin.put("b", "one", "{}");
    for replicas in 1..4 {
        origin.put("a", "one", &format!("{{replicas: {replicas}}}"));
        origin.settle();
    }
    std::fs::remove_dir_all(&origin.bed.repo).unwrap();
    origin
}

#[test]
fn an_empty_folder_goes_on_from_the_tips() {
    for url in [Origin::url, |origin: &Origin| origin.http.url("/origin.git")] {
        let origin = with_history();
        let before = origin.tip("deploy/a").unwrap();
        let said = origin.once(&url(&origin));
        assert!(said.ok && said.out.is_empty(), "nothing changed: {}{}", said.out, said.err);
        // the tips only
        assert_eq!(origin.bed.git(&["rev-list", "--count", "deploy/a"]), "1\n");
        assert_eq!(origin.local("deploy/a"), before);
        origin.put("a", "one", "{replicas: 9}");
        assert!(origin.once(&url(&origin)).out.contains("a/one: replicas 3 → 9"));
        assert_eq!(origin.git(&["rev-parse", "deploy/a^"]).trim(), before);
        assert_eq!(origin.git(&["rev-list", "--count", "deploy/a"]), "4\n");
        assert!(origin.git(&["log", "-1", "--format=%B", "deploy/a"]).contains("\nGeneration: 4\n"));
        origin.check();
    }
}

#[test]
fn a_later_start_fetches_only_what_moved() {
    let origin = with_history();
    let url = origin.http.url("/origin.git");
    assert!(origin.once(&url).ok);
    let fetches = |seen: Vec<String>| {
        seen.iter().filter(|line| line.contains("POST /origin.git/git-upload-pack")).count()
    };
    assert_eq!(fetches(origin.http.take_seen()), 1);
    assert!(origin.once(&url).ok);
    let seen = origin.http.take_seen();
    assert_eq!(seen, ["GET /origin.git/info/refs?service=git-upload-pack whole"]);
    let jane = origin.jane("deploy/a", |clone| std::fs::write(clone.join("note.md"), "hers\n").unwrap());
    assert!(origin.once(&url).ok);
    assert_eq!(fetches(origin.http.take_seen()), 1);
    assert!(origin.local("deploy/a").starts_with(&jane));
    origin.check();
}

#[test]
fn what_was_committed_without_a_remote_is_pushed_by_the_first_start_with_one() {
    let origin = Origin::new();
    for replicas in 1..4 {
        origin.put("a", "one", &format!("{{replicas: {replicas}}}"));
        origin.bed.settle();
    }
    // the line says that the remote has it
    let log = origin.bed.git(&["log", "--reverse", "--abbrev=10", "--format=%h deploy/a  %s", "deploy/a"]);
    assert_eq!((log.lines().count(), origin.settle()), (3, log));
    assert_eq!(origin.subjects("deploy/a").len(), 3);
    origin.check();
}

#[test]
fn branches_of_others_are_neither_taken_nor_pushed() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.settle();
    // somebody's branch beside ours, here and there
    origin.git(&["update-ref", "refs/heads/main", "refs/heads/deploy/a"]);
    origin.bed.git(&["update-ref", "refs/heads/deploy/other", "refs/heads/deploy/a"]);
    origin.bed.git(&["update-ref", "refs/heads/mine", "refs/heads/deploy/a"]);
    origin.put("a", "one", "{replicas: 2}");
    origin.settle();
    assert_eq!(origin.tip("deploy/other"), None);
    assert_eq!(origin.tip("mine"), None);
    assert_eq!(origin.bed.refs(&origin.bed.repo, "").len(), 3, "main is not fetched");
}

#[test]
fn a_branch_that_is_gone_and_not_whole_here_is_said_with_the_way_out() {
    let origin = with_history();
    origin.settle();
    origin.git(&["update-ref", "-d", "refs/heads/deploy/a"]);
    origin.put("a", "one", "{replicas: 9}");
    let said = origin.once(&origin.url());
    assert!(!said.ok && said.err.contains("only its newest commits are here"), "{}", said.err);
    assert_eq!(origin.tip("deploy/a"), None);
    let command = said.err.split_once("delete it here (").unwrap().1.split_once(')').unwrap().0;
    let words: Vec<&str> = command.split(' ').skip(1).collect();
    origin.bed.git(&words);
    assert!(origin.settle().contains("a/one: created"));
    origin.check();
}

#[test]
fn a_second_history_never_begins_on_the_remote() {
    let origin = with_history();
    let before = origin.tip("deploy/a").unwrap();
    origin.away();
    // an empty folder and no remote: a history of its own begins here
    let agent = origin.agent(&origin.url(), &[("PROMGIT_REMOTE_PUSH", "async")]);
    agent.commit("a/one: created");
    let root = origin.local("deploy/a");
    origin.put("a", "one", "{replicas: 7}");
    agent.commit("replicas 3 → 7");
    origin.back();
    origin.wait("both to be one", || {
        origin.tip("deploy/a").as_deref() == Some(&origin.local("deploy/a"))
            && origin.tip("deploy/a").as_ref() != Some(&before)
    });
    origin.wait("the other branch", || origin.tip("deploy/b").as_deref() == Some(&origin.local("deploy/b")));
    assert_eq!(agent.stop(), Some(0));
    // `created` is in their history already; the other change is one
    let subjects =
        ["a/one: created", "a/one: replicas 1 → 2", "a/one: replicas 2 → 3", "a/one: replicas 3 → 7"];
    assert_eq!(origin.subjects("deploy/a"), subjects);
    // what was told once can still be shown
    assert_eq!(origin.bed.git(&["log", "-1", "--format=%s", &root]), "a/one: created\n");
    origin.bed.git(&["gc", "-q", "--prune=now"]);
    origin.bed.git(&["cat-file", "-e", &root]);
    assert_eq!(
        origin
            .bed
            .git(&["rev-list", "--count", "--max-parents=0", "deploy/a"])
            .trim()
            .parse::<u32>()
            .unwrap(),
        1
    );
}
