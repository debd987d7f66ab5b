//! Where a remote stands, which commits only we have, and branches that are put elsewhere.

use promgit::git::ancestry::only_ours;
use promgit::git::{Batch, Edit, Oid, Reader, tracking};

use crate::bed::{Bed, all_moved, commit, made, put, spec};

#[test]
fn what_the_remote_has_is_noted_as_git_reads_it() {
    let bed = Bed::new();
    let mut store = bed.open();
    let one = commit(&mut store, "deploy/a", None, vec![put("x", "1")]);
    let two = commit(&mut store, "deploy/a", Some(one), vec![put("x", "2")]);
    let reader = store.reader().unwrap();
    assert_eq!(tracking::known(&reader, "deploy/a").unwrap(), None);
    // forward, back, and the same again: it is news
    for tip in [one, two, one, one] {
        tracking::note(&reader, &[("deploy/a".into(), tip)]).unwrap();
        assert_eq!(tracking::known(&reader, "deploy/a").unwrap(), Some(tip));
        assert_eq!(bed.git(&["rev-parse", "origin/deploy/a"]).trim(), tip.to_string());
    }
    assert!(tracking::note(&reader, &[("a b".into(), one)]).is_err());
}

#[test]
fn what_the_remote_has_no_more_is_forgotten_wherever_it_was_noted() {
    let bed = Bed::new();
    let mut store = bed.open();
    let tip = commit(&mut store, "deploy/a", None, vec![put("x", "1")]);
    let reader = store.reader().unwrap();
    let names = |names: &[&str]| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let all = || bed.git(&["for-each-ref", "--format=%(refname:lstrip=3)", "refs/remotes/origin/"]);
    // loose, packed, both
    tracking::note(&reader, &[("loose".into(), tip)]).unwrap();
    for name in ["packed", "both", "kept"] {
        tracking::note(&reader, &[(name.into(), tip)]).unwrap();
    }
    bed.git(&["pack-refs", "--all"]);
    let other = commit(&mut store, "b", None, vec![put("x", "2")]).to_string();
    bed.git(&["update-ref", "refs/remotes/origin/both", &other]);
    tracking::forget(&reader, &names(&["loose", "packed", "both", "never noted"])).unwrap_err();
    assert_eq!(all(), "both\nkept\nloose\npacked\n", "a name that cannot be a branch's");
    // while git packs references, they stay
    let lock = bed.repo.join("packed-refs.lock");
    std::fs::write(&lock, "").unwrap();
    let refused = tracking::forget(&reader, &names(&["both"])).unwrap_err().to_string();
    assert!(refused.contains("refs/remotes/origin/both was not changed"), "{refused}");
    std::fs::remove_file(&lock).unwrap();
    tracking::forget(&reader, &names(&["loose", "packed", "both", "never-noted"])).unwrap();
    assert_eq!(all(), "kept\n");
    assert_eq!(tracking::all(&reader).unwrap().into_keys().collect::<Vec<_>>(), ["kept"]);
    // what could not stand beside it can now
    tracking::note(&reader, &[("loose/below".into(), tip)]).unwrap();
    assert_eq!(all(), "kept\nloose/below\n");
    bed.git(&["fsck", "--full", "--strict"]);
}

#[test]
fn a_branch_is_put_elsewhere_and_what_it_left_stays() {
    let bed = Bed::new();
    let mut store = bed.open();
    let base = commit(&mut store, "a", None, vec![put("x", "1"), put("d/y", "1")]);
    let ours = commit(&mut store, "a", Some(base), vec![put("x", "ours")]);
    let theirs = commit(&mut store, "theirs", None, vec![put("z", "theirs")]);
    let reader = store.reader().unwrap();
    assert!(!tracking::is_superseded(&reader, "a").unwrap());
    for _ in 0..2 {
        tracking::keep(&reader, "a", ours).unwrap();
    }
    assert!(
        tracking::is_superseded(&reader, "a").unwrap() && !tracking::is_superseded(&reader, "b").unwrap()
    );
    let folder = reader.entry(base, "d").unwrap().unwrap();
    let mut batch = Batch::begin(&mut store).unwrap();
    batch.set_base("a", theirs).unwrap();
    let place = Edit::Place { path: "e".into(), mode: folder.mode, oid: folder.oid };
    let new = made(batch.commit(&spec("a", Some(theirs), vec![place])).unwrap());
    all_moved(&batch.flush().unwrap());
    assert_eq!(bed.tip("a"), Some(new));
    assert_eq!(bed.git(&["ls-tree", "-r", "--name-only", "a"]), "e/y\nz\n");
    assert_eq!(bed.git(&["rev-parse", "a^"]).trim(), theirs.to_string());
    bed.git(&["gc", "-q", "--prune=now"]);
    bed.git(&["cat-file", "-e", &ours.to_string()]);
    // a base without commits moves the branch too
    let mut store = store;
    let mut batch = Batch::begin(&mut store).unwrap();
    batch.set_base("a", base).unwrap();
    all_moved(&batch.flush().unwrap());
    assert_eq!(bed.tip("a"), Some(base));
    bed.git(&["fsck", "--full", "--strict"]);
}

#[test]
fn only_what_the_other_side_does_not_have_is_ours() {
    let bed = Bed::new();
    let mut store = bed.open();
    let mut line = |branch: &str, from: Option<Oid>, count: usize| {
        let mut tips: Vec<Oid> = Vec::new();
        for round in 0..count {
            let before = tips.last().copied().or(from);
            if let (0, Some(from)) = (round, from) {
                bed.git(&["update-ref", &format!("refs/heads/{branch}"), &from.to_string()]);
            }
            tips.push(commit(&mut store, branch, before, vec![put(branch, &round.to_string())]));
        }
        tips
    };
    let base = line("base", None, 3);
    let ours = line("ours", base.last().copied(), 2);
    let theirs = line("theirs", base.last().copied(), 5);
    let other = line("other", None, 2);
    let clone = bed.clone("theirs");
    bed.git_in(&clone, &["merge", "-q", "--no-edit", "-s", "ours", &ours[0].to_string()]);
    bed.git_in(&clone, &["push", "-q", "origin", "theirs"]);
    let reader = Reader::open(&bed.repo).unwrap();
    let tip = |tips: &[Oid]| *tips.last().unwrap();
    for (a, b) in [
        (tip(&ours), tip(&theirs)),
        (tip(&theirs), tip(&ours)),
        (tip(&ours), tip(&other)),
        (tip(&base), tip(&ours)),
    ] {
        let expected =
            bed.git(&["rev-list", "--reverse", "--first-parent", &a.to_string(), &format!("^{b}")]);
        let found: String = only_ours(&reader, a, b).unwrap().iter().map(|oid| format!("{oid}\n")).collect();
        assert_eq!(found, expected);
    }
}
