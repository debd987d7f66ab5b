//! People who push to the branches of the agent.

use std::path::Path;

use crate::origin::{Origin, write};
use crate::sshd::keygen;

fn append(clone: &Path, file: &str) {
    let text = std::fs::read_to_string(clone.join(file)).unwrap();
    write(clone, file, &(text + "# by hand\n"));
}

fn trailers(origin: &Origin, commit: &str) -> Vec<String> {
    let trailers = origin.git(&["log", "-1", "--format=%(trailers:only,unfold)", commit]);
    trailers.lines().map(String::from).collect()
}

fn superseded(origin: &Origin) -> Vec<String> {
    origin.bed.lines(&["for-each-ref", "--format=%(refname) %(objectname)", "refs/promgit/superseded"])
}

#[test]
fn a_commit_of_somebody_is_gone_on_from_and_their_files_stay() {
    for push in ["required", "async"] {
        let origin = Origin::new();
        origin.put("a", "one", "{}");
        origin.put("b", "one", "{}");
        let agent = origin.agent(&origin.url(), &[("PROMGIT_REMOTE_PUSH", push)]);
        agent.commit("a/one: created");
        origin.wait("both branches", || origin.tip("deploy/a").is_some() && origin.tip("deploy/b").is_some());
        let jane = origin.jane("deploy/a", |clone| {
            write(clone, "note.md", "hers\n");
            write(clone, "one/note.md", "hers too\n");
        });
        origin.put("a", "one", "{replicas: 2}");
        agent.commit("a/one: replicas 1 → 2");
        origin.wait("the push", || origin.subjects("deploy/a").len() == 3);
        assert_eq!(origin.subjects("deploy/a"), ["a/one: created", "by Jane", "a/one: replicas 1 → 2"]);
        assert!(origin.git(&["rev-parse", "deploy/a^"]).starts_with(&jane));
        for (file, text) in [("note.md", "hers\n"), ("one/note.md", "hers too\n")] {
            assert_eq!(origin.git(&["show", &format!("deploy/a:{file}")]), text);
        }
        assert!(trailers(&origin, "deploy/a").iter().all(|line| !line.starts_with("Overwrites")));
        // what was told of the first try can still be shown
        assert_eq!(superseded(&origin).len(), 1, "{push}");
        assert_eq!(agent.stop(), Some(0));
        origin.check();
        assert_eq!(origin.settle(), "", "{push}: all is as it should be");
    }
}

#[test]
fn a_change_of_our_files_is_overwritten_in_a_commit_that_names_it() {
    let origin = Origin::new();
    for name in ["one", "two"] {
        origin.put("a", name, "{}");
    }
    let agent = origin.agent(&origin.url(), &[]);
    agent.commit("a/one: created");
    origin.wait("both", || origin.subjects("deploy/a").len() == 2);
    let wanted = ["one", "two"]
        .map(|name| origin.git(&["show", &format!("deploy/a:{name}/manifests/service-{name}.yaml")]));
    let jane = origin.jane("deploy/a", |clone| {
        append(clone, "one/manifests/service-one.yaml");
        append(clone, "two/manifests/service-two.yaml");
        append(clone, "README.md");
    });
    origin.put("a", "one", "{replicas: 2}");
    agent.commit("a/one: replicas 1 → 2");
    let line = agent.commit("a/two: restored: manifests/service-two.yaml changed by hand");
    assert_eq!(agent.stop(), Some(0));
    let id = line.split(' ').next().unwrap();
    let overwrites = format!("Overwrites: {jane} Jane Doe <jane@example.com>");
    assert!(trailers(&origin, id).contains(&overwrites), "{:?}", trailers(&origin, id));
    let one = origin.git(&["log", "-1", "--format=%H", "--grep=replicas 1", "deploy/a"]);
    assert!(trailers(&origin, one.trim()).contains(&overwrites), "{:?}", trailers(&origin, one.trim()));
    for (name, wanted) in ["one", "two"].into_iter().zip(wanted) {
        assert_eq!(origin.git(&["show", &format!("deploy/a:{name}/manifests/service-{name}.yaml")]), wanted);
    }
    assert!(!origin.git(&["show", "deploy/a:README.md"]).contains("by hand"));
    origin.check();
    assert_eq!(origin.settle(), "");
}

#[test]
fn a_change_of_our_files_is_found_by_a_start() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.settle();
    let jane = origin.jane("deploy/a", |clone| append(clone, "one/values.yaml"));
    let out = origin.settle();
    assert!(out.contains("a/one: restored: values.yaml changed by hand"), "{out}");
    let overwrites = format!("Overwrites: {jane} Jane Doe <jane@example.com>");
    assert!(trailers(&origin, "deploy/a").contains(&overwrites), "{:?}", trailers(&origin, "deploy/a"));
    assert_eq!(superseded(&origin).len(), 0);
    origin.check();
}

#[test]
fn a_change_of_a_file_at_the_root_is_named_too() {
    // found by a push, by a start, and without a remote
    for way in ["push", "start", "here"] {
        let origin = Origin::new();
        origin.put("a", "one", "{}");
        origin.settle();
        let change = |clone: &Path| append(clone, "kustomization.yaml");
        let overwrites = match way {
            "push" => {
                let agent = origin.agent(&origin.url(), &[]);
                agent.error("nothing to commit");
                let jane = origin.jane("deploy/a", change);
                origin.put("a", "one", "{replicas: 2}");
                agent.commit("a/one: replicas 1 → 2");
                assert_eq!(agent.stop(), Some(0));
                format!("Overwrites: {jane} Jane Doe <jane@example.com>")
            }
            "start" => {
                let jane = origin.jane("deploy/a", change);
                origin.put("a", "one", "{replicas: 2}");
                origin.settle();
                format!("Overwrites: {jane} Jane Doe <jane@example.com>")
            }
            _ => {
                origin.bed.push_with("deploy/a", change);
                let id = origin.bed.git(&["rev-parse", "--short=10", "deploy/a"]);
                origin.put("a", "one", "{replicas: 2}");
                origin.settle();
                format!("Overwrites: {} Someone <some@one>", id.trim())
            }
        };
        assert!(
            trailers(&origin, "deploy/a").contains(&overwrites),
            "{way}: {:?}",
            trailers(&origin, "deploy/a")
        );
        assert!(!origin.git(&["show", "deploy/a:kustomization.yaml"]).contains("by hand"), "{way}");
        origin.put("a", "one", "{replicas: 3}");
        origin.settle();
        assert!(trailers(&origin, "deploy/a").iter().all(|line| !line.starts_with("Overwrites")), "once");
        origin.check();
    }
}

#[test]
fn files_at_the_root_are_put_right_by_a_start_though_no_cluster_changed() {
    // what is done to them; the subject of the commit that puts them right
    let change = |clone: &Path, what: &str| match what {
        "removed" => std::fs::remove_file(clone.join("README.md")).unwrap(),
        "emptied" => write(clone, "kustomization.yaml", ""),
        "a folder" => {
            std::fs::remove_file(clone.join("README.md")).unwrap();
            std::fs::create_dir(clone.join("README.md")).unwrap();
            write(clone, "README.md/x", "hers\n");
        }
        "a program" => {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            std::fs::set_permissions(clone.join("README.md"), mode).unwrap();
        }
        "both" => ["README.md", "kustomization.yaml"].iter().for_each(|file| append(clone, file)),
        "the mark" => append(clone, "promgit.yaml"),
        _ => unreachable!(),
    };
    for (what, subject) in [
        ("removed", "restored: README.md changed by hand"),
        ("emptied", "restored: kustomization.yaml changed by hand"),
        ("a folder", "restored: README.md changed by hand"),
        ("a program", "restored: README.md changed by hand"),
        ("both", "restored: README.md, kustomization.yaml changed by hand"),
        ("the mark", "restored: promgit.yaml changed by hand"),
    ] {
        let origin = Origin::new();
        // both clusters find it, and one of them puts it right
        origin.put("a", "one", "{}");
        origin.put("a", "two", "{}");
        origin.put("b", "one", "{}");
        origin.settle();
        let (before, other) = (origin.git(&["rev-parse", "deploy/a^{tree}"]), origin.tip("deploy/b"));
        let jane = origin.jane("deploy/a", |clone| change(clone, what));
        // whoever only adds to it changes nothing of that
        origin.jane("deploy/a", |clone| write(clone, "one/note.md", "hers\n"));
        origin.settle();
        let subjects = origin.subjects("deploy/a");
        let last = subjects.last().unwrap();
        assert!(last.starts_with("a/") && last.ends_with(subject), "{what}: {subjects:?}");
        assert_eq!(subjects.len(), 5, "{what}: {subjects:?}");
        let said = trailers(&origin, "deploy/a");
        let by: Vec<&String> = said.iter().filter(|line| line.starts_with("Overwrites")).collect();
        assert_eq!(by, [&format!("Overwrites: {jane} Jane Doe <jane@example.com>")], "{what}");
        assert!(said.contains(&"Generation: 1".to_owned()), "{what}: {said:?}");
        let differs = origin.git(&["diff", "--name-only", before.trim(), "deploy/a"]);
        assert_eq!(differs, "one/note.md\n", "{what}");
        assert_eq!(origin.settle(), "", "{what}: all is as it should be");
        assert_eq!(origin.tip("deploy/b"), other);
        origin.check();
    }
}

#[test]
fn only_who_changed_what_is_put_right_is_named() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.settle();
    origin.jane("deploy/a", |clone| append(clone, "README.md"));
    let wrong = origin.jane("deploy/a", |clone| append(clone, "kustomization.yaml"));
    origin.jane("deploy/a", |clone| {
        drop(origin.bed.git_in(clone, &["checkout", "-q", "HEAD~2", "--", "README.md"]));
    });
    origin.settle();
    assert!(
        origin.subjects("deploy/a").last().unwrap().ends_with("restored: kustomization.yaml changed by hand")
    );
    let said = trailers(&origin, "deploy/a");
    let by: Vec<&String> = said.iter().filter(|line| line.starts_with("Overwrites")).collect();
    assert_eq!(by, [&format!("Overwrites: {wrong} Jane Doe <jane@example.com>")]);
}

#[test]
fn an_agent_with_an_empty_volume_puts_the_root_right_too() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.settle();
    let before = origin.git(&["rev-parse", "deploy/a^{tree}"]);
    origin.jane("deploy/a", |clone| write(clone, "kustomization.yaml", ""));
    // it fetches her commit, and none of its own
    std::fs::remove_dir_all(&origin.bed.repo).unwrap();
    origin.settle();
    assert_eq!(origin.git(&["rev-parse", "deploy/a^{tree}"]), before);
    assert_eq!(origin.settle(), "", "all is as it should be");
}

#[test]
fn an_agent_with_an_empty_volume_names_who_changed_what_it_puts_right() {
    let remove = |clone: &Path| std::fs::remove_dir_all(clone.join("one")).unwrap();
    let change = |clone: &Path| append(clone, "one/manifests/service-one.yaml");
    type Case = (fn(&Path), &'static str);
    let cases: [Case; 2] = [
        (remove, "a/one: restored: its folder was removed by hand"),
        (change, "a/one: restored: manifests/service-one.yaml changed by hand"),
    ];
    for (act, subject) in cases {
        // commits of hers on top, which change nothing of ours: as many as are fetched at first, and more
        for more in [0, 1, 20] {
            let origin = Origin::new();
            for replicas in [1, 2, 3] {
                origin.put("a", "one", &format!("{{replicas: {replicas}}}"));
                origin.settle();
            }
            let before = origin.git(&["rev-parse", "deploy/a:one"]);
            let jane = origin.jane("deploy/a", act);
            (0..more).for_each(|n| {
                drop(origin.jane("deploy/a", |clone| write(clone, &format!("note{n}"), "hers\n")))
            });
            std::fs::remove_dir_all(&origin.bed.repo).unwrap();
            origin.settle();
            // as far back as a fetch that is whole would have looked
            let subject = if more == 20 && subject.contains("removed") { "a/one: created" } else { subject };
            assert_eq!(origin.subjects("deploy/a").last().unwrap(), subject, "{more}");
            let said = trailers(&origin, "deploy/a");
            if subject != "a/one: created" {
                assert!(
                    said.contains(&format!("Overwrites: {jane} Jane Doe <jane@example.com>")),
                    "{more}: {said:?}"
                );
                assert!(said.contains(&"Generation: 3".to_owned()), "{more}: {said:?}");
            }
            assert_eq!(origin.git(&["rev-parse", "deploy/a:one"]), before);
            assert_eq!(origin.settle(), "", "all is as it should be");
        }
    }
}

/// The local repository holds the newest commits, and there is nobody to ask for the rest.
fn cut(origin: &Origin) {
    std::fs::remove_dir_all(&origin.bed.repo).unwrap();
    let (from, to) = (format!("file://{}", origin.path.display()), origin.bed.repo.display().to_string());
    let clone = ["clone", "-q", "--bare", "--no-single-branch", "--depth=1", &from, &to];
    origin.bed.git_in(origin.bed.folder.path(), &clone);
}

#[test]
fn a_deletion_over_a_history_that_is_not_here_blames_nobody() {
    let origin = Origin::new();
    for name in ["one", "two"] {
        origin.put("a", name, "{}");
    }
    origin.settle();
    origin.jane("deploy/a", |clone| write(clone, "note.md", "hers\n"));
    cut(&origin);
    origin.bed.remove("a-one.yaml");
    assert!(origin.bed.settle().contains("a/one: deleted"));
    assert!(!origin.bed.message("deploy/a").contains("Overwrites"), "{}", origin.bed.message("deploy/a"));
}

#[test]
fn who_changed_what_is_put_right_is_said_to_be_unknown_where_the_history_is_not_here() {
    for file in ["one/values.yaml", "README.md"] {
        let origin = Origin::new();
        origin.put("a", "one", "{}");
        origin.settle();
        origin.jane("deploy/a", |clone| append(clone, file));
        let jane = origin.jane("deploy/a", |clone| write(clone, "note.md", "hers\n"));
        cut(&origin);
        let out = origin.bed.settle();
        assert!(out.contains("changed by hand"), "{out}");
        let said = origin.bed.git(&["log", "-1", "--format=%(trailers:only,unfold)", "deploy/a"]);
        let by = format!("Overwrites: somebody, by {jane} or a commit before it, which are not here");
        assert_eq!(
            said.lines().filter(|line| line.starts_with("Overwrites")).collect::<Vec<_>>(),
            [by],
            "{file}"
        );
    }
}

#[test]
fn of_many_who_changed_what_is_put_right_ten_are_named_and_the_others_counted() {
    for (file, what) in [("one/values.yaml", "one"), ("kustomization.yaml", "files at the root")] {
        for (commits, more) in [(10, None), (11, Some("1 more commit")), (13, Some("3 more commits"))] {
            let origin = Origin::new();
            origin.put("a", "one", "{}");
            origin.settle();
            let by: Vec<String> =
                (0..commits).map(|_| origin.jane("deploy/a", |clone| append(clone, file))).collect();
            origin.settle();
            let said = trailers(&origin, "deploy/a");
            let named = |id: &String| format!("Overwrites: {id} Jane Doe <jane@example.com>");
            let mut expected: Vec<String> = by.iter().rev().take(10).map(named).collect();
            expected.extend(more.map(|more| format!("Overwrites: {more} that changed {what}")));
            let found: Vec<String> = said.into_iter().filter(|line| line.starts_with("Overwrites")).collect();
            assert_eq!(found, expected, "{file} {commits}");
        }
    }
}

#[test]
fn a_start_says_of_a_branch_without_its_mark_how_it_comes_back() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    for namespace in ["b", "c", "d"] {
        origin.put(namespace, "one", "{}");
    }
    origin.settle();
    origin.jane("deploy/a", |clone| std::fs::remove_file(clone.join("promgit.yaml")).unwrap());
    origin.jane("deploy/b", |clone| write(clone, "promgit.yaml", "{"));
    origin.jane("deploy/c", |clone| write(clone, "promgit.yaml", "format: 1\nagent: other\nnamespace: c\n"));
    origin
        .jane("deploy/d", |clone| write(clone, "promgit.yaml", "format: 1\nagent: promgit\nnamespace: x\n"));
    let done = origin.once(&origin.url());
    assert!(!done.ok);
    for words in [
        "a/one: on the remote: branch deploy/a exists and is not managed by promgit (it has no promgit.yaml); if somebody removed that \
         file, bring it back with `git revert`",
        "b/one: on the remote: branch deploy/b: promgit.yaml cannot be read",
        "c/one: on the remote: branch deploy/c is managed by agent \"other\", this agent is \"promgit\"; if somebody edited promgit.yaml, bring it \
         back with `git revert`",
        "d/one: on the remote: branch deploy/d holds namespace x, not d; if somebody edited promgit.yaml, bring it back with `git revert`",
    ] {
        assert!(done.err.contains(words), "{words}: {}", done.err);
    }
    for branch in ["deploy/a", "deploy/b", "deploy/c", "deploy/d"] {
        origin.jane(branch, |clone| {
            drop(origin.bed.git_in(clone, &["checkout", "-q", "HEAD^", "promgit.yaml"]))
        });
    }
    assert_eq!(origin.settle(), "", "all is as it should be");
}

#[test]
fn commits_that_wait_keep_their_words_and_authors() {
    let origin = Origin::new();
    let asked = |replicas: u32, who: &str| {
        format!(
            "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\nmetadata: {{name: one, namespace: a, \
             annotations: {{promgit.dev/requested-by: '{who}'}}}}\nspec: {{replicas: {replicas}}}\n"
        )
    };
    origin.bed.put("a-one.yaml", &asked(1, "al@example.com"));
    let folder = origin.bed.folder.path();
    keygen(folder, "signing", "ed25519", "");
    let key = folder.join("signing").display().to_string();
    let settings = [("PROMGIT_REMOTE_PUSH", "async"), ("PROMGIT_SIGNING_KEY_FILE", &key)];
    let agent = origin.agent(&origin.url(), &settings);
    agent.commit("a/one: created");
    origin.wait("the branch", || origin.tip("deploy/a").is_some());
    origin.away();
    let mut told = Vec::new();
    for (replicas, who) in [(2, "bo@example.com"), (3, "cy@example.com"), (4, "di@example.com")] {
        origin.bed.put("a-one.yaml", &asked(replicas, who));
        agent.commit(&format!("→ {replicas}"));
        told.push(origin.local("deploy/a"));
    }
    let before = origin.bed.git(&["log", "-3", "--format=%an %at %s%n%b", "deploy/a"]);
    origin.jane("deploy/a", |clone| write(clone, "note.md", "hers\n"));
    origin.back();
    origin.wait("the push", || origin.subjects("deploy/a").len() == 5);
    assert_eq!(agent.stop(), Some(0));
    assert_eq!(origin.git(&["log", "-3", "--format=%an %at %s%n%b", "deploy/a"]), before);
    for commit in ["deploy/a", "deploy/a^", "deploy/a^^"] {
        assert!(
            origin.git(&["cat-file", "-p", commit]).contains("\ngpgsig -----BEGIN SSH SIGNATURE"),
            "{commit}"
        );
    }
    for commit in told {
        origin.bed.git(&["cat-file", "-e", &commit]);
        assert!(!origin.bed.try_git(&origin.path, &["cat-file", "-e", &commit]).status.success());
    }
    origin.check();
}

#[test]
fn what_somebody_pushed_here_and_nobody_pushed_on_goes_on_top_as_well() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.settle();
    // both sides get a commit that the other does not have, and here one with a program, a link and a submodule
    origin.bed.push_with("deploy/a", |clone| {
        write(clone, "run.sh", "#!/bin/sh\n");
        std::fs::set_permissions(clone.join("run.sh"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        std::os::unix::fs::symlink("run.sh", clone.join("link")).unwrap();
        crate::submodules::add(&origin, clone, "theirs");
    });
    origin.jane("deploy/a", |clone| write(clone, "note.md", "hers\n"));
    origin.put("a", "one", "{replicas: 2}");
    origin.settle();
    assert_eq!(
        origin.subjects("deploy/a"),
        ["a/one: created", "by Jane", "by hand", "a/one: replicas 1 → 2"]
    );
    let files = origin.git(&["ls-tree", "deploy/a", "run.sh", "link", "note.md", "theirs"]);
    let modes: Vec<&str> = files.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(modes, ["120000", "100644", "100755", "160000"]);
    assert_eq!(origin.git(&["log", "-1", "--format=%an", "deploy/a^"]), "Someone\n");
    origin.check();
}

#[test]
fn a_branch_that_is_deleted_there_is_pushed_again() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.settle();
    origin.git(&["update-ref", "-d", "refs/heads/deploy/a"]);
    let agent = origin.agent(&origin.url(), &[]);
    agent.error("branch deploy/a was deleted on ");
    origin.wait("the branch", || origin.tip("deploy/a").is_some());
    origin.git(&["update-ref", "-d", "refs/heads/deploy/a"]);
    origin.put("a", "one", "{replicas: 2}");
    agent.commit("a/one: replicas 1 → 2");
    assert_eq!(agent.stop(), Some(0));
    assert_eq!(origin.subjects("deploy/a"), ["a/one: created", "a/one: replicas 1 → 2"]);
    origin.check();
}

#[test]
fn a_branch_that_is_not_ours_there_is_left_alone() {
    let origin = Origin::new();
    origin.put("a", "one", "{}");
    origin.put("b", "one", "{}");
    origin.settle();
    let jane = origin.jane("deploy/a", |clone| std::fs::remove_file(clone.join("promgit.yaml")).unwrap());
    let agent = origin.agent(&origin.url(), &[]);
    origin.put("a", "one", "{replicas: 2}");
    origin.put("b", "one", "{replicas: 2}");
    agent.error("a/one: on the remote: branch deploy/a exists and is not managed by promgit");
    agent.commit("b/one: replicas 1 → 2");
    assert_eq!(agent.stop(), Some(0));
    assert!(origin.tip("deploy/a").unwrap().starts_with(&jane));
}

#[test]
fn a_folder_that_somebody_removed_renamed_or_replaced_is_put_right_and_they_are_named() {
    // what Jane does; whether the agent has a change that is not pushed; what the agent says
    let put = |clone: &Path, what: &str| match what {
        "removed" => std::fs::remove_dir_all(clone.join("one")).unwrap(),
        "renamed" => std::fs::rename(clone.join("one"), clone.join("three")).unwrap(),
        "swapped" => {
            let at = |name: &str| clone.join(name);
            std::fs::rename(at("one"), at("aside")).unwrap();
            std::fs::rename(at("two"), at("one")).unwrap();
            std::fs::rename(at("aside"), at("two")).unwrap();
        }
        "a file" => {
            std::fs::remove_dir_all(clone.join("one")).unwrap();
            write(clone, "one", "hers\n");
        }
        _ => unreachable!(),
    };
    for (what, changed, subject) in [
        ("removed", false, "a/one: restored: its folder was removed by hand"),
        ("removed", true, "a/one: replicas 1 → 2"),
        ("renamed", false, "a/one: restored: its folder was removed by hand"),
        ("renamed", true, "a/one: replicas 1 → 2"),
        ("swapped", false, "a/one: restored: the folder of another cluster stood in its place"),
        ("a file", false, "a/one: restored: something stood in its place"),
        ("a file", true, "a/one: replicas 1 → 2"),
    ] {
        let origin = Origin::new();
        origin.put("a", "one", "{}");
        origin.put("a", "two", "{}");
        origin.settle();
        let before = origin.git(&["rev-parse", "deploy/a^{tree}"]);
        if changed {
            // committed, and not there yet
            origin.away();
            origin.put("a", "one", "{replicas: 2}");
            assert!(!origin.once(&origin.url()).ok);
            origin.back();
        }
        let jane = origin.jane("deploy/a", |clone| put(clone, what));
        origin.settle();
        let of_one: Vec<String> =
            origin.subjects("deploy/a").into_iter().filter(|line| line.starts_with("a/one")).collect();
        assert_eq!(of_one[1..], [subject], "{what} {changed}");
        let commits = origin.git(&["log", "--format=%H %s", "deploy/a"]);
        let last = commits.lines().find(|line| line.contains("a/one")).unwrap()[..40].to_owned();
        let said = trailers(&origin, &last);
        assert!(said.iter().any(|line| line.starts_with(&format!("Overwrites: {jane}"))), "{what}: {said:?}");
        let generation = if changed { "Generation: 2" } else { "Generation: 1" };
        assert!(said.contains(&generation.to_owned()), "{what} {changed}: {said:?}");
        let after = origin.git(&["rev-parse", "deploy/a^{tree}"]);
        assert_eq!(before == after, !changed, "{what}: {}", origin.git(&["ls-tree", "-r", "deploy/a"]));
        let (rest, again) = (origin.settle(), origin.settle());
        // a folder that came after the listing is removed by the next one
        assert!(rest.is_empty() || (what == "renamed" && rest.ends_with("a/three: deleted\n")), "{rest}");
        assert_eq!(again, "", "{what}: all is as it should be");
        origin.check();
    }
}

#[test]
fn a_commit_that_cannot_be_read_holds_up_its_own_branch_only() {
    let origin = Origin::new();
    for namespace in ["a", "b", "c"] {
        origin.put(namespace, "one", "{}");
    }
    origin.settle();
    // git itself takes these only when it is told not to look
    let commit = |branch: &str, text: &str| {
        let tip = origin.git(&["rev-parse", branch]);
        let tree = origin.git(&["rev-parse", &format!("{branch}^{{tree}}")]);
        let text = text.replace("TREE", tree.trim()).replace("TIP", tip.trim());
        let file = origin.bed.aside("commit", &text);
        let hash = ["hash-object", "-t", "commit", "--literally", "-w", &file.to_string_lossy()];
        let made = origin.git(&hash);
        origin.git(&["update-ref", &format!("refs/heads/{branch}"), made.trim()]);
    };
    commit("deploy/a", "tree TREE\nparent TIP\n\nodd\n");
    commit("deploy/c", "tree TREE\nparent TIP\nauthor nobody\ncommitter nobody\n\nfine, too\n");
    commit("deploy/b", "tree TREE\nparent TIP\nauthor J <j@x> 1 +0000\ncommitter J <j@x> 1 +0000\n\nfine\n");
    let had = origin.local("deploy/a");
    let said = origin.once(&origin.url());
    assert!(
        !said.ok && said.err.contains(": a/one: somebody moved branch deploy/a to a commit that"),
        "{}",
        said.err
    );
    // nothing of it is here, and nothing says so
    origin.bed.git(&["rev-list", "--objects", "--quiet", "--all"]);
    assert_eq!(origin.bed.git(&["rev-parse", "origin/deploy/a^{commit}"]).trim(), had);
    let agent = origin.agent(&origin.url(), &[]);
    for namespace in ["a", "b", "c"] {
        origin.put(namespace, "one", "{replicas: 2}");
    }
    agent.error(": a/one: somebody moved branch deploy/a to a commit that cannot be taken: ");
    origin.wait("the others", || {
        ["b", "c"].iter().all(|name| {
            origin.subjects(&format!("deploy/{name}")).last().unwrap().ends_with("replicas 1 → 2")
        })
    });
    assert_eq!(agent.stop(), Some(0));
}

#[test]
fn a_history_that_somebody_replaced_is_heard_of_and_ours_comes_on_top() {
    for running in [true, false] {
        let origin = Origin::new();
        origin.put("a", "one", "{}");
        origin.settle();
        origin.put("a", "one", "{replicas: 2}");
        origin.settle();
        let had = origin.local("deploy/a");
        let agent = running.then(|| origin.agent(&origin.url(), &[]));
        // it has looked at the remote
        agent.iter().for_each(|agent| drop(agent.error("promgit: watching ")));
        // the newest commit is taken off, and another put there
        origin.git(&["update-ref", "refs/heads/deploy/a", "deploy/a^"]);
        let jane = origin.jane("deploy/a", |clone| write(clone, "note.md", "hers\n"));
        let agent = agent.unwrap_or_else(|| origin.agent(&origin.url(), &[]));
        origin.put("a", "one", "{replicas: 3}");
        agent.error("somebody replaced the history of branch deploy/a on ");
        agent.commit("a/one: replicas ");
        assert_eq!(agent.stop(), Some(0));
        let subjects = origin.subjects("deploy/a");
        assert_eq!(subjects[..3], ["a/one: created", "by Jane", "a/one: replicas 1 → 2"], "{running}");
        assert!(origin.git(&["log", "--format=%H", "deploy/a"]).contains(&jane));
        assert!(superseded(&origin).iter().any(|line| line.contains("deploy/a")), "{had}");
        origin.check();
    }
}
