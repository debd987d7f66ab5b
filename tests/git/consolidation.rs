//! Consolidation: few packs, nothing lost, readers not disturbed.

use promgit::git::consolidate::{self, MAX_LOOSE, MAX_PACKS};
use promgit::git::{Batch, Oid, Reader, Store};

use crate::bed::{Bed, all_moved, commit, made, put, spec};

fn packs(bed: &Bed) -> usize {
    let names = std::fs::read_dir(bed.repo.join("objects/pack")).unwrap().flatten();
    names.filter(|e| e.path().extension().is_some_and(|x| x == "idx")).count()
}

/// One pack: 40 files and a commit.
fn one_pack(store: &mut Store, tip: Option<Oid>, round: usize) -> Oid {
    let mut batch = Batch::begin(store).unwrap();
    let edits =
        (0..40).map(|i| put(&format!("f{i}"), &format!("{round} {i} {}", "x".repeat(i * 50)))).collect();
    let oid = made(batch.commit(&spec("a", tip, edits)).unwrap());
    all_moved(&batch.flush().unwrap());
    oid
}

#[test]
fn many_packs_become_few_and_everything_is_there() {
    let bed = Bed::new();
    let mut store = bed.open();
    let reader = store.reader().unwrap();
    let stranger = Reader::open(&bed.repo).unwrap();
    let mut tips = Vec::new();
    for round in 0..2 * MAX_PACKS {
        tips.push(one_pack(&mut store, tips.last().copied(), round));
        assert_eq!(stranger.tip("a").unwrap(), tips.last().copied());
        stranger.commit(tips[round]).unwrap();
        if consolidate::is_due(&store).unwrap() {
            let summary = consolidate::run(&mut store).unwrap();
            assert!(summary.packs >= 2 && summary.damaged.is_empty(), "{summary:?}");
        }
        assert!(packs(&bed) <= MAX_PACKS);
    }
    assert_eq!(consolidate::run(&mut store).unwrap(), consolidate::Summary::default());
    // readers that knew the old packs find everything, with and without being told
    for (round, tip) in tips.iter().enumerate() {
        for reader in [&reader, &stranger] {
            assert!(reader.file(*tip, "f3").unwrap().unwrap().starts_with(format!("{round} 3 ").as_bytes()));
        }
    }
    let mut reader = reader;
    reader.refresh().unwrap();
    assert!(reader.file(tips[0], "f0").unwrap().is_some());
    bed.check();
}

#[test]
fn everything_becomes_one_pack_when_it_is_asked_for() {
    let bed = Bed::new();
    let mut store = bed.open();
    let first = one_pack(&mut store, None, 0);
    let second = one_pack(&mut store, Some(first), 1);
    let third = commit(&mut store, "a", Some(second), vec![put("f3", "loose")]);
    let before = consolidate::stored(&store).unwrap();
    assert_eq!(before.packs, packs(&bed));
    assert!(before.packs >= 2 && !consolidate::is_due(&store).unwrap(), "{before:?}");
    let summary = consolidate::all(&mut store).unwrap();
    assert_eq!((summary.packs, summary.loose), (before.packs, before.loose));
    let after = consolidate::stored(&store).unwrap();
    assert_eq!((after.packs, after.loose), (1, 0));
    assert!(after.bytes < before.bytes, "{before:?} {after:?}");
    let count: u64 = bed
        .git(&["count-objects", "-v"])
        .lines()
        .find_map(|line| line.strip_prefix("size-pack: "))
        .unwrap()
        .parse()
        .unwrap();
    assert!(after.bytes.div_ceil(1024).abs_diff(count) <= 1, "git counts {count} KiB, we {after:?}");
    let reader = store.reader().unwrap();
    for (commit, text) in [(first, "0 3 "), (second, "1 3 "), (third, "loose")] {
        assert!(reader.file(commit, "f3").unwrap().unwrap().starts_with(text.as_bytes()));
    }
    assert!(consolidate::all(&mut store).unwrap().damaged.is_empty());
    bed.check();
}

#[test]
fn deltas_of_a_push_are_resolved_and_loose_objects_packed() {
    let bed = Bed::new();
    let mut store = bed.open();
    let mut tip = commit(&mut store, "a", None, vec![put("big", &"line\n".repeat(2000))]);
    let clone = bed.clone("a");
    for i in 0..60 {
        std::fs::write(clone.join("big"), format!("{}{i}\n", "line\n".repeat(2000))).unwrap();
        bed.git_in(&clone, &["commit", "-qam", "theirs"]);
    }
    bed.git_in(&clone, &["push", "-q", "origin", "a"]);
    assert!(packs(&bed) == 2, "the push was expected to arrive as a pack");
    for round in 0..MAX_PACKS {
        tip = bed.tip("a").unwrap();
        one_pack(&mut store, Some(tip), round);
    }
    // loose ones: what small commits leave
    let list: String =
        (0..MAX_LOOSE + 100).map(|i| format!("blob\ndata {}\n{i}\n", i.to_string().len())).collect();
    let many = bed.folder.path().join("many");
    std::fs::create_dir(&many).unwrap();
    let mut paths = String::new();
    for i in 0..MAX_LOOSE + 100 {
        std::fs::write(many.join(i.to_string()), format!("loose {i}")).unwrap();
        paths += &format!("{}\n", many.join(i.to_string()).display());
    }
    assert!(list.len() > MAX_LOOSE);
    let mut hash = bed.command(&bed.repo, &["hash-object", "-w", "--stdin-paths"]);
    let mut hash =
        hash.stdin(std::process::Stdio::piped()).stdout(std::process::Stdio::null()).spawn().unwrap();
    std::io::Write::write_all(&mut hash.stdin.take().unwrap(), paths.as_bytes()).unwrap();
    assert!(hash.wait().unwrap().success());
    assert!(consolidate::is_due(&store).unwrap());
    let before = bed.git(&["rev-list", "--all", "--objects", "--no-object-names"]);
    let summary = consolidate::run(&mut store).unwrap();
    assert!(
        summary.packs >= MAX_PACKS && summary.loose > MAX_LOOSE && summary.damaged.is_empty(),
        "{summary:?}"
    );
    assert!(bed.git(&["count-objects"]).starts_with("0 objects"));
    assert_eq!(bed.git(&["rev-list", "--all", "--objects", "--no-object-names"]), before);
    assert!(store.reader().unwrap().commit(tip).is_ok());
    assert!(!consolidate::is_due(&store).unwrap());
    bed.check();
}

#[test]
fn a_damaged_pack_is_left_and_named() {
    let bed = Bed::new();
    let mut store = bed.open();
    let mut tip = None;
    for round in 0..=MAX_PACKS {
        tip = Some(one_pack(&mut store, tip, round));
    }
    let folder = bed.repo.join("objects/pack");
    let victim = std::fs::read_dir(&folder).unwrap().flatten().map(|e| e.path());
    let victim = victim.filter(|p| p.extension().is_some_and(|x| x == "pack")).min().unwrap();
    let mut bytes = std::fs::read(&victim).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x55;
    std::fs::remove_file(&victim).unwrap();
    std::fs::write(&victim, bytes).unwrap();
    let summary = consolidate::run(&mut store).unwrap();
    assert_eq!(summary.damaged, std::slice::from_ref(&victim));
    assert!(victim.exists());
    assert_eq!(packs(&bed), 2);
}
