//! A remote that is down while everything goes on.

use crate::origin::Origin;

/// Requests that brought something to the server.
fn pushes(seen: &[String]) -> usize {
    seen.iter().filter(|line| line.starts_with("POST /origin.git/git-receive-pack")).count()
}

#[test]
fn five_hundred_commits_behind_is_one_push_in_order() {
    let origin = Origin::new();
    let url = origin.http.url("/origin.git");
    for namespace in ["a", "b"] {
        origin.put(namespace, "one", "{}");
    }
    let agent = origin.agent(&url, &[("PROMGIT_REMOTE_PUSH", "async"), ("PROMGIT_SOURCE_DEBOUNCE", "1ms")]);
    origin.wait("both branches", || origin.tip("deploy/a").is_some() && origin.tip("deploy/b").is_some());
    origin.away();
    for round in 0..250 {
        for namespace in ["a", "b"] {
            origin.put(namespace, "one", &format!("{{replicas: {}}}", 2 + round));
            // each change is told at once, whatever the remote does
            agent.commit(&format!("→ {}", 2 + round));
        }
    }
    origin.http.take_seen();
    origin.back();
    origin.wait("the remote to have all", || {
        ["deploy/a", "deploy/b"]
            .iter()
            .all(|branch| origin.tip(branch).as_deref() == Some(&origin.local(branch)))
    });
    assert_eq!(agent.stop(), Some(0));
    assert_eq!(pushes(&origin.http.take_seen()), 1);
    for namespace in ["a", "b"] {
        let subjects = origin.subjects(&format!("deploy/{namespace}"));
        assert_eq!(subjects.len(), 251);
        for (round, subject) in subjects.iter().skip(1).enumerate() {
            assert!(subject.ends_with(&format!("→ {}", 2 + round)), "{round}: {subject}");
        }
    }
    origin.check();
}

#[test]
fn what_is_required_is_told_when_the_remote_is_back() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    let agent = origin.agent(&origin.url(), &[]);
    agent.commit("a/one: created");
    origin.away();
    for replicas in 2..5 {
        origin.put("a", "one", &format!("{{replicas: {replicas}}}"));
        let words = format!("replicas {} → {replicas}", replicas - 1);
        origin.wait("a local commit", || origin.bed.message("deploy/a").contains(&words));
    }
    agent.error("a/one: ");
    assert!(agent.out.try_recv().is_err(), "nothing of it was told");
    origin.back();
    // each, also those that newer ones followed
    for (from, to) in [(1, 2), (2, 3), (3, 4)] {
        let line = agent.out.recv().unwrap();
        assert!(line.ends_with(&format!("a/one: replicas {from} → {to}")), "{line}");
    }
    assert_eq!(origin.tip("deploy/a"), Some(origin.local("deploy/a")));
    assert_eq!(agent.stop(), Some(0));
    origin.check();
}

#[test]
fn an_agent_that_is_told_to_stop_tries_once_more_and_says_what_is_left() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    let agent = origin.agent(&origin.url(), &[]);
    agent.commit("a/one: created");
    origin.away();
    origin.put("a", "one", "{replicas: 2}");
    agent.error("there is no repository");
    assert_eq!(agent.stop(), Some(0));
    origin.back();
    // nothing is to be committed, and the remote lacks it
    let said = origin.once(&origin.url());
    let id = origin.tip("deploy/a").unwrap();
    assert_eq!(said.out, format!("{} deploy/a  a/one: replicas 1 → 2\n", &id[..10]));
    assert_eq!(said.err, "promgit: 1 cluster, nothing to commit, 1 earlier commit pushed\n");
    assert_eq!(origin.settle(), "", "once");
    origin.check();
}

#[test]
fn what_was_held_back_is_told_by_the_run_that_pushes_it() {
    // whether somebody was faster; whether the cluster is there still
    for (moved, is_left) in [(false, true), (true, true), (false, false), (true, false)] {
        let origin = Origin::new();
        origin.put("a", "one", "{}");
        origin.put("b", "one", "{}");
        origin.settle();
        origin.away();
        origin.put("a", "one", "{replicas: 2}");
        assert!(!origin.once(&origin.url()).ok);
        match is_left {
            true => origin.put("a", "one", "{replicas: 3}"),
            false => origin.bed.remove("a-one.yaml"),
        }
        assert!(!origin.once(&origin.url()).ok);
        if moved {
            origin.jane("deploy/a", |clone| std::fs::write(clone.join("note.md"), "hers\n").unwrap());
        }
        origin.back();
        let said = origin.once(&origin.url());
        assert!(said.ok, "{}", said.err);
        let log =
            origin.git(&["log", "-2", "--reverse", "--abbrev=10", "--format=%h deploy/a  %s", "deploy/a"]);
        assert_eq!(said.out, log, "{moved} {is_left}");
        let clusters = if is_left { "2 clusters" } else { "1 cluster" };
        let expected = format!("promgit: {clusters}, nothing to commit, 2 earlier commits pushed\n");
        assert!(said.err.ends_with(&expected), "{moved} {is_left}: {}", said.err);
        assert_eq!(origin.settle(), "");
        origin.check();
    }
}

/// The run that pushes it commits something of the same branch, too, and tells of that at once.
#[test]
fn what_an_earlier_run_left_is_told_beside_what_this_one_commits() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.put("a", "two", "{}");
    origin.settle();
    origin.away();
    origin.put("a", "one", "{replicas: 2}");
    assert!(!origin.once(&origin.url()).ok);
    let agent = origin.agent(&origin.url(), &[("PROMGIT_REMOTE_PUSH", "async")]);
    let mut told = Vec::new();
    for name in ["one", "two"] {
        origin.put("a", name, "{replicas: 3}");
        told.push(agent.commit(&format!("a/{name}: replicas ")));
    }
    // they wait together
    agent.error("there is no repository");
    origin.back();
    told.push(agent.commit("a/one: replicas 1 → 2"));
    origin.wait("the push", || origin.tip("deploy/a") == Some(origin.local("deploy/a")));
    assert_eq!(agent.stop(), Some(0));
    let log = origin.git(&["log", "-3", "--abbrev=10", "--format=%h deploy/a  %s", "deploy/a"]);
    let mut expected: Vec<&str> = log.lines().collect();
    expected.sort_unstable();
    told.sort_unstable();
    assert_eq!(told, expected);
    origin.check();
}

#[test]
fn a_start_without_the_remote_goes_on_alone() {
    let origin = Origin::new();
    for namespace in ["a", "b"] {
        origin.put(namespace, "one", "{}");
    }
    origin.settle();
    origin.away();
    // nothing to commit, and nobody can say that the remote has all of it
    let said = origin.once(&origin.url());
    assert!(!said.ok && said.err.contains("warning: "), "{}", said.err);
    assert!(said.err.contains("error: what the remote has could not be found out: "), "{}", said.err);
    assert!(said.err.contains("there is no repository"), "{}", said.err);
    let agent = origin.agent(&origin.url(), &[]);
    origin.put("a", "one", "{replicas: 2}");
    agent.error("a/one: ");
    origin.back();
    agent.commit("a/one: replicas 1 → 2");
    assert_eq!(agent.stop(), Some(0));
    origin.check();
}

#[test]
fn a_repository_that_is_made_again_gets_everything() {
    let origin = Origin::new();
    let tags = [("PROMGIT_COMMIT_TAG", "{{ namespace }}/{{ name }}/{{ generation }}")];
    for namespace in ["a", "b", "c"] {
        origin.put(namespace, "one", "{}");
    }
    let agent = origin.agent(&origin.url(), &tags);
    origin.wait("the tags", || origin.tags().len() == 3);
    let had = origin.bed.refs(&origin.path, "%(objectname)");
    // while the agent runs: one change of one branch finds it out
    origin.anew();
    origin.put("a", "one", "{replicas: 2}");
    agent.commit("a/one: replicas 1 → 2");
    origin.wait("all branches and tags", || origin.tags().len() == 4 && origin.tip("deploy/c").is_some());
    // a tag that somebody deletes is not wanted
    origin.git(&["tag", "-d", "b/one/1"]);
    assert_eq!(agent.stop(), Some(0));
    // while the remote was away at the start: it is asked when it is back
    origin.away();
    let agent = origin.agent(&origin.url(), &tags);
    agent.error("there is no repository");
    origin.anew();
    origin.wait("all branches and tags", || origin.tags().len() == 4 && origin.tip("deploy/c").is_some());
    origin.git(&["tag", "-d", "b/one/1"]);
    assert_eq!(agent.stop(), Some(0));
    let agent = origin.agent(&origin.url(), &tags);
    origin.put("c", "one", "{replicas: 2}");
    origin.wait("a fifth tag in the place of the fourth", || origin.tags().len() == 4);
    assert_eq!(agent.stop(), Some(0));
    assert!(!origin.tags().contains(&"b/one/1".to_owned()), "{:?}", origin.tags());
    let has = origin.bed.refs(&origin.path, "%(objectname)");
    assert!(had.iter().filter(|line| line.contains("heads/deploy/b")).all(|line| has.contains(line)));
    origin.check();
}
