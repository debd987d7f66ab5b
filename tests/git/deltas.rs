//! Deltas, as git and libgit2 read them: of random pairs, and of a history that was merged again and again.

use std::collections::{BTreeMap, BTreeSet};

use promgit::git::oid::{Kind, blob_id};
use promgit::git::pack::PackFile;
use promgit::git::pack_entry::{EntryEncoder, delta_header};
use promgit::git::pack_index::IndexEntry;
use promgit::git::{Batch, Oid, Outcome, Store, consolidate, delta};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestRunner};

use crate::bed::{Bed, all_moved, made, put, remove, spec};

/// A content, and one made of pieces of it and of others.
fn pair() -> impl Strategy<Value = (Vec<u8>, Vec<u8>)> {
    let bytes = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..300),
        prop::collection::vec(prop::sample::select(b"ab".to_vec()), 0..300),
        (0..40usize).prop_map(|n| format!("  key{n}: value\n").repeat(n).into_bytes()),
        (0..3usize).prop_map(|n| vec![7; n * 0x10000 + 3]),
    ];
    let pieces = prop::collection::vec((any::<prop::sample::Index>(), 0..400usize, bytes.clone()), 0..8);
    (bytes, pieces).prop_map(|(base, pieces)| {
        let mut target = Vec::new();
        for (from, length, new) in pieces {
            let from = if base.is_empty() { 0 } else { from.index(base.len()) };
            target.extend_from_slice(&base[from..(from + length).min(base.len())]);
            target.extend_from_slice(&new);
        }
        (base, target)
    })
}

#[test]
fn git_makes_of_a_delta_what_it_was_made_of() {
    let bed = Bed::new();
    drop(bed.open());
    let mut wanted: BTreeMap<Oid, Vec<u8>> = BTreeMap::new();
    let mut entries: Vec<IndexEntry> = Vec::new();
    let mut file = PackFile::create(&bed.repo.join("objects/pack")).unwrap();
    let mut encoder = EntryEncoder::default();
    let mut runner = TestRunner::default();
    for _ in 0..400 {
        let (base, target) = pair().new_tree(&mut runner).unwrap().current();
        let Some(found) = delta::encode(&base, &target, usize::MAX) else {
            assert!(target.is_empty());
            continue;
        };
        assert_eq!(delta::apply(&base, &found, target.len()).as_ref(), Some(&target), "{base:?}");
        let (base_id, id) = (blob_id(&base), blob_id(&target));
        // git knows the empty file without having it, and then cannot compare it
        let known = base.is_empty() || wanted.contains_key(&base_id) || wanted.contains_key(&id);
        if known || base_id == id {
            continue;
        }
        let mut entry = Vec::new();
        encoder.append(Kind::Blob, &base, &mut entry).unwrap();
        let (at, crc) = file.append(&entry).unwrap();
        entries.push(IndexEntry { oid: base_id, offset: at, crc });
        entry.clear();
        delta_header(file.offset() - at, found.len(), &mut entry);
        encoder.compress(&found, &mut entry).unwrap();
        let (offset, crc) = file.append(&entry).unwrap();
        entries.push(IndexEntry { oid: id, offset, crc });
        wanted.insert(base_id, base);
        wanted.insert(id, target);
    }
    entries.sort_by_key(|entry| entry.oid);
    let pack = file.finish(|| entries.iter().copied()).unwrap();
    assert!(pack.objects > 300, "{pack:?}");
    // reads every object, and compares it with its id
    bed.git(&["fsck", "--full", "--strict", "--no-dangling"]);
    strict(&bed);
    let reader = bed.open().reader().unwrap();
    for (oid, bytes) in wanted {
        assert_eq!(reader.blob(oid).unwrap(), bytes);
    }
}

/// `git index-pack --strict` makes of every pack the index that is there.
fn strict(bed: &Bed) {
    for pack in std::fs::read_dir(bed.repo.join("objects/pack")).unwrap().flatten().map(|e| e.path()) {
        if pack.extension().is_some_and(|x| x == "pack") {
            let index = bed.folder.path().join("again.idx");
            let (index, path) = (index.to_str().unwrap(), pack.to_str().unwrap());
            bed.git(&["index-pack", "--strict", "-o", index, path]);
            assert_eq!(std::fs::read(index).unwrap(), std::fs::read(pack.with_extension("idx")).unwrap());
            std::fs::remove_file(index).unwrap();
        }
    }
}

/// Of each object in packs what `git verify-pack -v` says: its kind, and how deep it is.
fn depths(bed: &Bed) -> BTreeMap<String, (String, usize)> {
    let packs = std::fs::read_dir(bed.repo.join("objects/pack")).unwrap().flatten().map(|e| e.path());
    let packs = packs.filter(|p| p.extension().is_some_and(|x| x == "idx"));
    let said: String = packs.map(|p| bed.git(&["verify-pack", "-v", p.to_str().unwrap()])).collect();
    let words = said.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    words
        .filter(|words| words.len() >= 5 && words[0].len() == 40)
        .map(|w| (w[0].to_owned(), (w[1].to_owned(), w.get(5).map_or(0, |d| d.parse().unwrap()))))
        .collect()
}

fn everything(bed: &Bed) -> String {
    bed.git(&["cat-file", "--batch-all-objects", "--batch-check"])
}

fn manifest(name: usize, replicas: usize) -> String {
    let lines = |word: &str| (0..40).map(|n| format!("  {word}{n}: of {name}\n")).collect::<String>();
    format!("kind: StatefulSet\n{}spec:\n  replicas: {replicas}\n{}", lines("label"), lines("field"))
}

/// A flush that changes one of many files on each of three branches.
fn revise(store: &mut Store, tips: &mut [Option<Oid>; 3], replicas: usize) {
    let mut batch = Batch::begin(store).unwrap();
    for (number, tip) in tips.iter_mut().enumerate() {
        let mut edits = vec![put("main/manifests/statefulset.yaml", &manifest(number, replicas))];
        if tip.is_none() {
            edits
                .extend((0..12).map(|n| put(&format!("main/manifests/object{n}.yaml"), &manifest(9 + n, 0))));
        }
        match batch.commit(&spec(&format!("b{number}"), *tip, edits)).unwrap() {
            Outcome::Committed(oid) => *tip = Some(oid),
            Outcome::Unchanged => panic!("nothing changed"),
        }
    }
    all_moved(&batch.flush().unwrap());
}

#[test]
fn revisions_become_deltas_of_the_newest() {
    let bed = Bed::new();
    let mut store = bed.open();
    let mut tips = [None; 3];
    // what is taken back would make a circle; 130 revisions are more than a chain has; three merges stack chains
    for round in 0..130 {
        revise(&mut store, &mut tips, if round % 10 == 9 { round - 2 } else { round });
        if round % 45 == 44 {
            consolidate::all(&mut store).unwrap();
        }
    }
    let before = everything(&bed);
    consolidate::all(&mut store).unwrap();
    assert_eq!(everything(&bed), before);
    strict(&bed);
    bed.check();
    let found = depths(&bed);
    let of = |kind: &str| found.values().filter(|(k, _)| k == kind).map(|(_, d)| *d).collect::<Vec<_>>();
    for kind in ["blob", "tree"] {
        let depths = of(kind);
        let whole = depths.iter().filter(|d| **d == 0).count();
        assert!(depths.iter().all(|d| *d <= 50), "{kind}: {depths:?}");
        assert!(depths.iter().any(|d| *d > 30), "{kind}: {depths:?}");
        // folders of one entry are too small: two of the three trees of a commit
        assert!(whole < if kind == "blob" { 40 } else { depths.len() * 7 / 10 }, "{kind}: {whole} whole");
    }
    let reader = store.reader().unwrap();
    for tip in tips.iter().flatten() {
        let tree = reader.commit(*tip).unwrap().tree;
        for entry in reader.list(tree).unwrap().values() {
            assert_eq!(found[&entry.oid.to_string()].1, 0, "what is newest is whole");
        }
    }
    // the older half of a chain comes from a merged pack: nothing is searched twice, nothing changes
    drop(reader);
    assert_eq!(consolidate::all(&mut store).unwrap(), consolidate::Summary::default());
}

#[test]
fn random_histories_survive_merges() {
    let config = Config { cases: 12, failure_persistence: None, ..Config::default() };
    let change = (0..4usize, 0..3usize, 0..6usize, prop::bool::weighted(0.15), prop::bool::weighted(0.2));
    TestRunner::new(config)
        .run(&prop::collection::vec(change, 5..60), |changes| {
            let bed = Bed::new();
            let mut store = bed.open();
            let mut tips: BTreeMap<usize, Oid> = BTreeMap::new();
            for (branch, file, revision, removed, merged) in changes {
                let path = format!("f{file}/m.yaml");
                let edit = if removed { remove(&path) } else { put(&path, &manifest(file, revision)) };
                let mut batch = Batch::begin(&mut store).unwrap();
                let name = format!("b{branch}");
                let outcome = batch.commit(&spec(&name, tips.get(&branch).copied(), vec![edit])).unwrap();
                if let Outcome::Committed(_) = outcome {
                    tips.insert(branch, made(outcome));
                }
                all_moved(&batch.flush().unwrap());
                if merged {
                    let before = everything(&bed);
                    prop_assert!(consolidate::all(&mut store).unwrap().damaged.is_empty());
                    prop_assert_eq!(everything(&bed), before);
                }
            }
            consolidate::all(&mut store).unwrap();
            strict(&bed);
            bed.check();
            let depths: BTreeSet<usize> = depths(&bed).into_values().map(|(_, depth)| depth).collect();
            prop_assert!(depths.iter().all(|depth| *depth <= 50), "{:?}", depths);
            Ok(())
        })
        .unwrap();
}

#[test]
fn packs_that_are_there_twice_make_one() {
    let bed = Bed::new();
    let mut store = bed.open();
    let mut tips = [None; 3];
    (0..20).for_each(|round| revise(&mut store, &mut tips, round));
    // as a kill leaves it before the merged packs are removed
    let folder = bed.repo.join("objects/pack");
    let aside = bed.folder.path().join("aside");
    std::fs::create_dir(&aside).unwrap();
    let copy = |from: &std::path::Path, to: &std::path::Path| {
        for file in std::fs::read_dir(from).unwrap().flatten().map(|e| e.path()) {
            let target = to.join(file.file_name().unwrap());
            std::fs::copy(&file, &target).unwrap();
            let (from, to) = (file.metadata().unwrap(), std::fs::File::open(target).unwrap());
            to.set_modified(from.modified().unwrap()).unwrap();
        }
    };
    copy(&folder, &aside);
    consolidate::all(&mut store).unwrap();
    let (before, deltas) = (everything(&bed), depths(&bed));
    copy(&aside, &folder);
    revise(&mut store, &mut tips, 20);
    let summary = consolidate::all(&mut store).unwrap();
    assert!(summary.packs > 20 && summary.damaged.is_empty(), "{summary:?}");
    assert!(before.lines().all(|line| everything(&bed).contains(line)));
    let now = depths(&bed);
    let lost = deltas.iter().filter(|(id, (_, depth))| *depth > 0 && now[*id].1 == 0).count();
    assert_eq!(lost, 0, "what was a delta is one");
    strict(&bed);
    bed.check();
}
