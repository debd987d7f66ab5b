//! Reading: tips, files, listings, logs and differences, against git's own answers.

use promgit::git::history::{Change, diff, holds, log};
use promgit::git::{Batch, Oid, Reader};

use crate::bed::{Bed, all_moved, commit, made, put, remove, spec};

#[test]
fn a_reader_sees_what_git_sees() {
    let bed = Bed::new();
    let mut store = bed.open();
    let one = commit(&mut store, "deploy/a", None, vec![put("x/y", "1\n"), put("z", "z\n")]);
    let two = commit(&mut store, "deploy/a", Some(one), vec![put("z", "zz\n")]);
    let three = commit(&mut store, "deploy/a", Some(two), vec![put("x/w", "2\n"), remove("x/y")]);
    commit(&mut store, "deployed", None, vec![put("q", "q\n")]);
    let reader = store.reader().unwrap();
    assert_eq!(reader.tip("deploy/a").unwrap(), Some(three));
    assert_eq!(reader.tip("deploy/none").unwrap(), None);
    assert_eq!(reader.branches("deploy/").unwrap().into_keys().collect::<Vec<_>>(), ["deploy/a"]);
    assert_eq!(reader.branches("deploy").unwrap().len(), 2);
    assert_eq!(reader.branches("").unwrap().len(), 2);
    assert_eq!(reader.file(two, "z").unwrap(), Some(b"zz\n".to_vec()));
    assert_eq!(reader.file(two, "z/nothing").unwrap(), None);
    assert!(reader.file(two, "x").unwrap_err().to_string().contains("is a folder, not a file"));
    assert!(reader.file(two, "../z").is_err());
    let listed: Vec<_> = reader.list(reader.commit(three).unwrap().tree).unwrap().into_keys().collect();
    assert_eq!(listed, ["x/w", "z"]);
    let ids = |path| log(&reader, Some(three), path).map(|c| c.unwrap().0).collect::<Vec<_>>();
    assert_eq!(ids(""), [three, two, one]);
    assert_eq!(ids("x"), [three, one]);
    assert_eq!(ids("x/y"), [three, one]);
    assert_eq!(ids("nothing"), [] as [Oid; 0]);
    assert!(holds(&reader, three, one).unwrap() && holds(&reader, three, three).unwrap());
    assert!(!holds(&reader, two, three).unwrap());
    let short = &two.to_string()[..8];
    assert_eq!(reader.resolve(short).unwrap(), two);
    let blob = reader.entry(two, "z").unwrap().unwrap().oid.to_string();
    assert!(reader.resolve(&blob).unwrap_err().to_string().contains("is a blob, not a commit"));
    for wrong in ["", "abc", "xyzxyz", "0000000", &"a".repeat(41)] {
        assert!(reader.resolve(wrong).is_err(), "{wrong:?}");
    }
}

#[test]
fn differences_come_with_bytes() {
    let bed = Bed::new();
    let mut store = bed.open();
    let before = vec![put("a/1", "1"), put("a/2", "2"), put("b/3", "3"), put("same/4", "4")];
    let one = commit(&mut store, "a", None, before);
    let two = commit(
        &mut store,
        "a",
        Some(one),
        vec![put("a/1", "1!"), remove("b"), put("b", "file"), put("c/5", "5")],
    );
    let reader = Reader::open(&bed.repo).unwrap();
    let tree = |oid| Some(reader.commit(oid).unwrap().tree);
    let all = diff(&reader, tree(one), tree(two), "").unwrap();
    let show = |c: &Change| match c {
        Change::Added { path, new } => format!("+{path} {}", String::from_utf8_lossy(new)),
        Change::Removed { path, old } => format!("-{path} {}", String::from_utf8_lossy(old)),
        Change::Modified { path, old, new } => {
            format!("~{path} {} {}", String::from_utf8_lossy(old), String::from_utf8_lossy(new))
        }
    };
    assert_eq!(all.iter().map(show).collect::<Vec<_>>(), ["~a/1 1 1!", "+b file", "-b/3 3", "+c/5 5"]);
    let below = diff(&reader, tree(one), tree(two), "a").unwrap();
    assert_eq!(below.iter().map(show).collect::<Vec<_>>(), ["~a/1 1 1!"]);
    assert_eq!(
        diff(&reader, None, tree(one), "a/2").unwrap().iter().map(show).collect::<Vec<_>>(),
        ["+a/2 2"]
    );
    assert_eq!(diff(&reader, tree(one), tree(one), "").unwrap(), []);
}

#[test]
fn a_reader_of_another_thread_follows_the_writer() {
    let bed = Bed::new();
    let mut store = bed.open();
    let reader = store.reader().unwrap();
    let (send, receive) = std::sync::mpsc::channel::<Vec<(String, Oid)>>();
    let (seen, wait) = std::sync::mpsc::channel();
    let handle = std::thread::spawn(move || {
        for tips in receive {
            for (branch, oid) in tips {
                assert_eq!(reader.tip(&branch).unwrap(), Some(oid), "{branch}");
                assert_eq!(reader.file(oid, "x").unwrap().unwrap(), subject(&reader, oid));
            }
            seen.send(()).unwrap();
        }
    });
    let mut tips = [None; 15];
    for round in 0..40 {
        let mut batch = Batch::begin(&mut store).unwrap();
        let mut new = Vec::new();
        for (i, tip) in tips.iter_mut().enumerate().take(1 + round % 15) {
            let branch = format!("b{i}");
            let text = format!("{branch} {round}");
            let mut spec = spec(&branch, *tip, vec![put("x", &text)]);
            spec.message = text;
            *tip = Some(made(batch.commit(&spec).unwrap()));
            new.push((branch, tip.unwrap()));
        }
        all_moved(&batch.flush().unwrap());
        send.send(new).unwrap();
        wait.recv().unwrap();
    }
    drop(send);
    handle.join().unwrap();
}

fn subject(reader: &Reader, oid: Oid) -> Vec<u8> {
    reader.commit(oid).unwrap().message.trim_end().as_bytes().to_vec()
}
