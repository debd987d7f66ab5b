//! `git push` into and out of the repository, while and between batches.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use promgit::git::{Batch, Reader};

use crate::bed::{Bed, all_moved, commit, made, put, spec};

#[test]
fn a_push_in_between_fails_only_its_branch() {
    for others in [3, 20] {
        let bed = Bed::new();
        let mut store = bed.open();
        let base = commit(&mut store, "shared", None, vec![put("x", "1")]);
        let clone = bed.clone("shared");
        std::fs::write(clone.join("theirs"), "theirs").unwrap();
        bed.git_in(&clone, &["add", "."]);
        bed.git_in(&clone, &["commit", "-qm", "theirs"]);
        let mut batch = Batch::begin(&mut store).unwrap();
        made(batch.commit(&spec("shared", Some(base), vec![put("x", "2")])).unwrap());
        for i in 0..others {
            made(batch.commit(&spec(&format!("other{i}"), None, vec![put("x", "2")])).unwrap());
        }
        bed.git_in(&clone, &["push", "-q", "origin", "shared"]);
        let found = bed.tip("shared").unwrap();
        let updates = batch.flush().unwrap();
        let (refused, rest): (Vec<_>, Vec<_>) = updates.into_iter().partition(|u| u.branch == "shared");
        all_moved(&rest);
        assert_eq!(rest.len(), others);
        let text = format!(
            "refs/heads/shared was moved by someone else: expected {}, found {}; plan again on what is there",
            base.short(),
            found.short()
        );
        assert_eq!(refused[0].result.as_ref().unwrap_err().to_string(), text);
        assert_eq!(bed.tip("shared"), Some(found));
        // planned again on what is there
        commit(&mut store, "shared", Some(found), vec![put("x", "2")]);
        assert_eq!(bed.git(&["ls-tree", "--name-only", "shared"]), "theirs\nx\n");
        bed.check();
    }
}

#[test]
fn what_was_pushed_away_stays_consistent() {
    let bed = Bed::new();
    let mut store = bed.open();
    let remote = bed.folder.path().join("remote.git");
    bed.git_in(bed.folder.path(), &["init", "-q", "--bare", remote.to_str().unwrap()]);
    let mut tips = vec![None; 30];
    for round in 0..4 {
        let mut batch = Batch::begin(&mut store).unwrap();
        for (i, tip) in tips.iter_mut().enumerate().take(if round == 2 { 2 } else { 30 }) {
            let edits = vec![put("x", &format!("{i} {round}"))];
            *tip = Some(made(batch.commit(&spec(&format!("deploy/n{i}"), *tip, edits)).unwrap()));
        }
        all_moved(&batch.flush().unwrap());
        bed.git(&["push", "-q", remote.to_str().unwrap(), "refs/heads/*:refs/heads/*"]);
    }
    let fsck = bed.try_git(&remote, &["fsck", "--full", "--strict"]);
    assert!(fsck.status.success());
    let refs = ["for-each-ref", "--format=%(refname) %(objectname)"];
    assert_eq!(bed.git_in(&remote, &refs), bed.git(&refs));
    bed.check();
}

#[test]
fn a_held_lock_refuses_its_branch_only() {
    for others in [2, 15] {
        let bed = Bed::new();
        let mut store = bed.open();
        let base = commit(&mut store, "deploy/held", None, vec![put("x", "1")]);
        let lock = bed.repo.join("refs/heads/deploy/held.lock");
        std::fs::write(&lock, "").unwrap();
        let mut batch = Batch::begin(&mut store).unwrap();
        made(batch.commit(&spec("deploy/held", Some(base), vec![put("x", "2")])).unwrap());
        for i in 0..others {
            made(batch.commit(&spec(&format!("deploy/other{i}"), None, vec![put("x", "2")])).unwrap());
        }
        let updates = batch.flush().unwrap();
        all_moved(&updates[1..]);
        let error = updates[0].result.as_ref().unwrap_err().to_string();
        assert_eq!(
            error,
            format!("{} is held by another git process; if none runs, remove that file", lock.display())
        );
        assert!(lock.exists());
        std::fs::remove_file(&lock).unwrap();
        bed.check();
    }
}

#[test]
fn a_held_packed_refs_is_gone_around() {
    let bed = Bed::new();
    let mut store = bed.open();
    let lock = bed.repo.join("packed-refs.lock");
    std::fs::write(&lock, "").unwrap();
    let mut batch = Batch::begin(&mut store).unwrap();
    for i in 0..15 {
        made(batch.commit(&spec(&format!("b{i}"), None, vec![put("x", "2")])).unwrap());
    }
    all_moved(&batch.flush().unwrap());
    std::fs::remove_file(&lock).unwrap();
    assert_eq!(bed.git(&["for-each-ref"]).lines().count(), 15);
    bed.check();
}

/// git reads `packed-refs` before a hook runs and writes it after; meanwhile it is replaced, within the same second.
#[test]
fn a_push_that_deletes_a_branch_brings_nothing_back() {
    for flushes in [1, 2, 3, 4, 6] {
        let bed = Bed::new();
        let mut store = bed.open();
        let mut tips = [None; 12];
        let flush = |store: &mut promgit::git::Store, tips: &mut [Option<promgit::git::Oid>], text: &str| {
            let mut batch = Batch::begin(store).unwrap();
            for (i, tip) in tips.iter_mut().enumerate() {
                *tip = Some(made(batch.commit(&spec(&format!("b{i}"), *tip, vec![put("x", text)])).unwrap()));
            }
            all_moved(&batch.flush().unwrap());
        };
        flush(&mut store, &mut tips, "first");
        bed.git(&["branch", "doomed", "b0"]);
        bed.git(&["pack-refs", "--all"]);
        let hook = bed.repo.join("hooks/update");
        std::fs::create_dir(bed.repo.join("hooks")).unwrap();
        std::fs::write(&hook, "#!/bin/sh\ntouch started\nwhile ! test -e go; do sleep 0.01; done\n").unwrap();
        std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        // all of it within one second
        while std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap().subsec_millis() > 100 {
            std::thread::sleep(Duration::from_millis(5));
        }
        flush(&mut store, &mut tips, "second");
        let url = bed.repo.to_str().unwrap();
        let mut push =
            bed.command(&bed.repo, &["push", "-q", url, ":doomed"]).stderr(Stdio::null()).spawn().unwrap();
        while !bed.repo.join("started").exists() {
            std::thread::sleep(Duration::from_millis(2));
        }
        for round in 0..flushes {
            flush(&mut store, &mut tips, &round.to_string());
        }
        std::fs::write(bed.repo.join("go"), "").unwrap();
        assert!(push.wait().unwrap().success());
        for (i, tip) in tips.iter().enumerate() {
            assert_eq!(bed.tip(&format!("b{i}")), *tip, "b{i} after {flushes} flushes");
        }
        assert_eq!(bed.tip("doomed"), None);
        bed.check();
    }
}

/// Ends the other threads also when this one fails.
struct StopOnDrop<'a>(&'a AtomicBool);

impl Drop for StopOnDrop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Three git processes push to branches of their own and to one that the store writes as well, and one packs references
/// all the time, while the store flushes small and large batches.
#[test]
fn pushes_and_batches_at_the_same_time() {
    let bed = Bed::new();
    let mut store = bed.open();
    let base = commit(&mut store, "shared", None, vec![put("x", "1")]);
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for worker in 0..3 {
            let clone = bed.folder.path().join(format!("w{worker}"));
            bed.git(&["clone", "-q", "--no-local", "-b", "shared", ".", clone.to_str().unwrap()]);
            let (bed, stop) = (&bed, &stop);
            scope.spawn(move || {
                let mut round = 0;
                while !stop.load(Ordering::Relaxed) {
                    round += 1;
                    std::fs::write(clone.join(format!("w{worker}")), round.to_string()).unwrap();
                    bed.git_in(&clone, &["add", "."]);
                    bed.git_in(&clone, &["commit", "-qm", "theirs"]);
                    let own = format!("HEAD:refs/heads/w{worker}");
                    bed.git_in(&clone, &["push", "-q", "origin", &own]);
                    let shared = bed.try_git(&clone, &["push", "-q", "origin", "HEAD:shared"]);
                    if !shared.status.success() {
                        bed.git_in(&clone, &["fetch", "-q", "origin"]);
                        bed.git_in(&clone, &["reset", "-q", "--hard", "origin/shared"]);
                        bed.git_in(&clone, &["push", "-q", "-f", "origin", &own]);
                    }
                }
            });
        }
        let packer = bed.command(&bed.repo, &["pack-refs", "--all"]);
        let (stop, packer) = (&stop, std::sync::Mutex::new(packer));
        scope.spawn(move || {
            while !stop.load(Ordering::Relaxed) {
                let quiet: &mut Command = &mut packer.lock().unwrap();
                // may lose against a lock; that is its business
                let _ = quiet.stderr(Stdio::null()).status();
                std::thread::sleep(Duration::from_millis(20));
            }
        });
        let _stop_at_the_end = StopOnDrop(stop);
        let mut mine = Vec::new();
        let reader = Reader::open(&bed.repo).unwrap();
        let mut own = vec![None; 25];
        for round in 0..60 {
            let mut batch = Batch::begin(&mut store).unwrap();
            let tip = reader.tip("shared").unwrap();
            if let Ok(outcome) = batch.commit(&spec("shared", tip, vec![put("mine", &round.to_string())])) {
                mine.push(made(outcome));
            }
            let count = if round % 3 == 0 { own.len() } else { 2 };
            for (i, tip) in own.iter_mut().enumerate().take(count) {
                let edits = vec![put("x", &round.to_string())];
                *tip = Some(made(batch.commit(&spec(&format!("own/{i}"), *tip, edits)).unwrap()));
            }
            for update in batch.flush().unwrap() {
                match (&update.result, update.branch.as_str()) {
                    (Ok(()), _) => {}
                    (Err(_), "shared") => drop(mine.pop()),
                    (Err(error), branch) => panic!("{branch}: {error}"),
                }
            }
        }
        stop.store(true, Ordering::Relaxed);
        let shared = bed.git(&["rev-list", "shared"]);
        assert!(shared.contains(&base.to_string()));
        for oid in &mine {
            assert!(shared.contains(&oid.to_string()), "{oid} was acknowledged and is gone");
        }
        for (i, tip) in own.iter().enumerate() {
            assert_eq!(bed.tip(&format!("own/{i}")), *tip);
        }
    });
    bed.check();
}
