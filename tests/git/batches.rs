//! Batches: what is written, in which shape, and what is refused.

use promgit::git::batch::CommitError;
use promgit::git::{Batch, Outcome, Signature};

use crate::bed::{Bed, all_moved, commit, made, put, remove, spec, who};

#[test]
fn git_shows_what_was_written() {
    let bed = Bed::new();
    let mut store = bed.open();
    let mut new =
        spec("deploy/a", None, vec![put("README.md", "hello\n"), put("one/manifests/x.yaml", "a: 1\n")]);
    new.message = "example/one: created\n\nbody\n\nCluster: example/one\n".into();
    new.author =
        Signature {
            name: "Zoë".into(), email: "z@example.com".into(), seconds: 1_600_000_000, offset: -330
        };
    let mut batch = Batch::begin(&mut store).unwrap();
    let oid = made(batch.commit(&new).unwrap());
    assert_eq!((batch.len(), batch.is_empty()), (1, false));
    let updates = batch.flush().unwrap();
    all_moved(&updates);
    assert_eq!((updates[0].branch.as_str(), updates[0].old, updates[0].new), ("deploy/a", None, oid));
    let log = bed.git(&["log", "--format=%H%n%an <%ae> %ad%n%cn %ct%n%B", "--date=iso-strict", "deploy/a"]);
    let (first, rest) = log.split_once('\n').unwrap();
    assert_eq!(first, oid.to_string());
    assert!(
        rest.starts_with("Zoë <z@example.com> 2020-09-13T06:56:40-05:30\nAnn Agent 1700000000\n"),
        "{rest}"
    );
    assert_eq!(bed.git(&["show", "deploy/a:one/manifests/x.yaml"]), "a: 1\n");
    assert_eq!(bed.git(&["ls-tree", "-r", "--name-only", "deploy/a"]), "README.md\none/manifests/x.yaml\n");
    assert_eq!(bed.git(&["symbolic-ref", "HEAD"]), "refs/heads/deploy/a\n");
    bed.check();
}

#[test]
fn commits_of_a_batch_build_on_each_other() {
    let bed = Bed::new();
    let mut store = bed.open();
    let mut batch = Batch::begin(&mut store).unwrap();
    let mut tip = None;
    for round in 0..50 {
        let edits =
            vec![put(&format!("c{round}/values.yaml"), "same\n"), put("README.md", &round.to_string())];
        tip = Some(made(batch.commit(&spec("deploy/a", tip, edits)).unwrap()));
    }
    let again = spec("deploy/a", tip, vec![put("c3/values.yaml", "same\n"), remove("nothing/here")]);
    assert_eq!(batch.commit(&again).unwrap(), Outcome::Unchanged);
    let updates = batch.flush().unwrap();
    assert_eq!((updates.len(), updates[0].commits), (1, 50));
    assert_eq!(bed.git(&["rev-list", "--count", "deploy/a"]), "50\n");
    assert_eq!(bed.git(&["ls-tree", "-r", "deploy/a"]).lines().count(), 51);
    // 50 READMEs, 1 shared values.yaml, 1 shared folder, 50 roots, 50 commits: nothing twice
    assert_eq!(
        bed.git(&["count-objects", "-v"]).lines().find(|l| l.starts_with("in-pack")),
        Some("in-pack: 152")
    );
    bed.check();
}

#[test]
fn dropping_a_batch_writes_nothing() {
    let bed = Bed::new();
    let mut store = bed.open();
    for objects in [1, 100] {
        let mut batch = Batch::begin(&mut store).unwrap();
        let edits = (0..objects).map(|i| put(&format!("f{i}"), &i.to_string())).collect();
        made(batch.commit(&spec("a", None, edits)).unwrap());
        drop(batch);
        assert_eq!(bed.git(&["for-each-ref"]), "");
        let files = walkdir::WalkDir::new(bed.repo.join("objects")).into_iter().flatten();
        assert_eq!(files.filter(|e| e.file_type().is_file()).count(), 0);
    }
}

#[test]
fn nothing_to_write_is_no_commit() {
    let bed = Bed::new();
    let mut store = bed.open();
    let tip = commit(&mut store, "a", None, vec![put("x", "1")]);
    let mut batch = Batch::begin(&mut store).unwrap();
    assert_eq!(batch.commit(&spec("a", Some(tip), vec![put("x", "1")])).unwrap(), Outcome::Unchanged);
    assert_eq!(batch.commit(&spec("new", None, vec![remove("x")])).unwrap(), Outcome::Unchanged);
    assert!(batch.flush().unwrap().is_empty());
    // an identical commit on a second branch shares every object
    commit(&mut store, "b", None, vec![put("x", "1")]);
    bed.check();
}

#[test]
fn files_of_others_stay() {
    let bed = Bed::new();
    let mut store = bed.open();
    let tip = commit(&mut store, "a", None, vec![put("mine/x", "1")]);
    let clone = bed.clone("a");
    std::fs::create_dir(clone.join("theirs")).unwrap();
    std::fs::write(clone.join("theirs/run.sh"), "#!/bin/sh\n").unwrap();
    std::os::unix::fs::symlink("run.sh", clone.join("theirs/link")).unwrap();
    bed.git_in(&clone, &["add", "."]);
    bed.git_in(&clone, &["update-index", "--chmod=+x", "theirs/run.sh"]);
    bed.git_in(&clone, &["update-index", "--add", "--cacheinfo", &format!("160000,{tip},theirs/sub")]);
    bed.git_in(&clone, &["commit", "-qm", "theirs"]);
    bed.git_in(&clone, &["push", "-q", "origin", "a"]);
    let tip = bed.tip("a");
    let theirs = bed.git(&["rev-parse", "a:theirs"]);
    commit(&mut store, "a", tip, vec![remove("mine"), put("mine/y", "2"), put("theirs2", "x")]);
    assert_eq!(bed.git(&["rev-parse", "a:theirs"]), theirs);
    assert_eq!(bed.git(&["ls-tree", "-r", "--name-only", "a", "mine"]), "mine/y\n");
    bed.check();
}

#[test]
fn a_moved_branch_is_a_conflict_that_names_both_sides() {
    let bed = Bed::new();
    let mut store = bed.open();
    let one = commit(&mut store, "a", None, vec![put("x", "1")]);
    let two = commit(&mut store, "a", Some(one), vec![put("x", "2")]);
    let mut batch = Batch::begin(&mut store).unwrap();
    for expected in [None, Some(one)] {
        let error = batch.commit(&spec("a", expected, vec![put("x", "3")])).unwrap_err();
        assert!(matches!(error, CommitError::Conflict { .. }));
        assert!(error.to_string().contains(&two.short()), "{error}");
    }
    let error = batch.commit(&spec("gone", Some(one), vec![put("x", "3")])).unwrap_err();
    let text = format!(
        "branch gone was moved by someone else: expected {}, found no such branch; plan again on what is there",
        one.short()
    );
    assert_eq!(error.to_string(), text);
}

#[test]
fn a_bad_commit_spoils_no_other() {
    let bed = Bed::new();
    let mut store = bed.open();
    let mut batch = Batch::begin(&mut store).unwrap();
    let bad = [
        spec("a b", None, vec![put("x", "1")]),
        spec("a", None, vec![put("../x", "1")]),
        spec("a", None, vec![put(".git/config", "1")]),
        spec("a", None, vec![put("x", "1"), put("x/y", "1")]),
        spec("a", None, vec![]).with(|s| s.message = "a\0b".into()).with(|s| s.edits = vec![put("x", "1")]),
        spec("a", None, vec![put("x", "1")]).with(|s| s.author = who(-1)),
    ];
    for spec in &bad {
        let error = batch.commit(spec).unwrap_err();
        assert!(!error.to_string().ends_with('.'), "{error}");
    }
    made(batch.commit(&spec("good", None, vec![put("x", "1")])).unwrap());
    all_moved(&batch.flush().unwrap());
    assert_eq!(bed.git(&["for-each-ref", "--format=%(refname)"]), "refs/heads/good\n");
    bed.check();
}

trait With: Sized {
    fn with(mut self, change: impl FnOnce(&mut Self)) -> Self {
        change(&mut self);
        self
    }
}

impl With for promgit::git::CommitSpec {}

#[test]
fn loose_and_packed_references_take_turns() {
    let bed = Bed::new();
    let mut store = bed.open();
    let branches: Vec<String> = (0..12).map(|i| format!("deploy/ns{i:02}")).collect();
    let mut tips = vec![None; branches.len()];
    for round in 0..6 {
        let mut batch = Batch::begin(&mut store).unwrap();
        // all, then one, then all …: packed values are hidden by loose ones and uncovered again
        let some = if round % 2 == 0 { 12 } else { 1 };
        for (branch, tip) in branches.iter().zip(&mut tips).take(some) {
            *tip = Some(made(batch.commit(&spec(branch, *tip, vec![put("x", &round.to_string())])).unwrap()));
        }
        all_moved(&batch.flush().unwrap());
        for (branch, tip) in branches.iter().zip(&tips) {
            assert_eq!(bed.tip(branch), *tip);
        }
        let loose = std::fs::read_dir(bed.repo.join("refs/heads/deploy")).map_or(0, Iterator::count);
        assert_eq!(loose, round % 2);
    }
    bed.check();
}

#[test]
fn a_branch_is_no_folder_of_branches() {
    let bed = Bed::new();
    let mut store = bed.open();
    let tip = commit(&mut store, "a/b", None, vec![put("x", "1")]);
    // in a folder that is there, one change makes a loose file
    commit(&mut store, "a/b", Some(tip), vec![put("x", "2")]);
    assert!(bed.repo.join("refs/heads/a/b").is_file());
    for packed in [false, true] {
        if packed {
            bed.git(&["pack-refs", "--all"]);
        }
        let mut batch = Batch::begin(&mut store).unwrap();
        for name in ["a", "a/b/c", "d", "d/e", "f"] {
            let text = if packed { "p" } else { "l" };
            made(batch.commit(&spec(name, None, vec![put("x", text)])).unwrap());
        }
        let updates = batch.flush().unwrap();
        let failed: Vec<_> =
            updates.iter().filter(|u| u.result.is_err()).map(|u| u.branch.as_str()).collect();
        assert_eq!(failed, ["a", "a/b/c", "d/e"]);
        let error = updates[0].result.as_ref().unwrap_err().to_string();
        let both = "branch a cannot be made: branch a/b is there, and no git repository holds both, ";
        assert!(error.starts_with(both), "{error}");
        bed.git(&["update-ref", "-d", "refs/heads/d"]);
        bed.git(&["update-ref", "-d", "refs/heads/f"]);
        bed.check();
    }
}

#[test]
fn ten_thousand_commits_on_a_thousand_branches() {
    let bed = Bed::new();
    let mut store = bed.open();
    let branches: Vec<String> = (0..1000).map(|i| format!("deploy/ns{i:04}")).collect();
    let mut tips = vec![None; branches.len()];
    for round in 0..5 {
        let mut batch = Batch::begin(&mut store).unwrap();
        for (branch, tip) in branches.iter().zip(&mut tips) {
            for twice in 0..2 {
                let text = format!("{branch} {round} {twice}");
                let edits = vec![put("one/values.yaml", &text), put("one/manifests/s.yaml", &text)];
                *tip = Some(made(batch.commit(&spec(branch, *tip, edits)).unwrap()));
            }
        }
        let updates = batch.flush().unwrap();
        all_moved(&updates);
        assert_eq!(updates.len(), 1000);
    }
    assert_eq!(bed.git(&["rev-list", "--all", "--count"]), "10000\n");
    assert_eq!(bed.tip("deploy/ns0999"), tips[999]);
    bed.check();
}

#[test]
fn a_full_batch_says_so_and_can_be_flushed() {
    let bed = Bed::new();
    let mut store = bed.open();
    let mut batch = Batch::begin(&mut store).unwrap();
    let big: Vec<_> = (0..60_000).map(|i| put(&format!("{:02x}/{i}", i % 256), &i.to_string())).collect();
    made(batch.commit(&spec("a", None, big.clone())).unwrap());
    let other = big.iter().map(|e| match e {
        promgit::git::Edit::Put { path, bytes } => put(path, &format!("{}!", String::from_utf8_lossy(bytes))),
        other => other.clone(),
    });
    let error = batch.commit(&spec("b", None, other.collect())).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the batch is full at 1 commits; flush it, and commit this one with the next"
    );
    all_moved(&batch.flush().unwrap());
    bed.check();
}
