//! Packs that come from elsewhere: what is lacking is found, as git finds it, and what is refused leaves nothing.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use promgit::git::Oid;
use promgit::git::incoming::{Incoming, IncomingError};

use crate::bed::Bed;

/// A work tree with two commits, of which the second adds a folder, and a third that adds a submodule.
fn source(bed: &Bed) -> PathBuf {
    let (folder, other) = (bed.folder.path().join("source"), bed.folder.path().join("other"));
    for folder in [&folder, &other] {
        bed.git_in(bed.folder.path(), &["init", "-q", "-b", "main", folder.to_str().unwrap()]);
        std::fs::write(folder.join("a"), "a\n").unwrap();
        commit(bed, folder);
    }
    std::fs::create_dir(folder.join("d")).unwrap();
    std::fs::write(folder.join("d/b"), "b\n").unwrap();
    commit(bed, &folder);
    let add = ["-c", "protocol.file.allow=always", "submodule", "--quiet", "add"];
    bed.git_in(&folder, &[&add[..], &[other.to_str().unwrap(), "sub"]].concat());
    commit(bed, &folder);
    folder
}

fn commit(bed: &Bed, folder: &Path) {
    bed.git_in(folder, &["add", "-A"]);
    bed.git_in(folder, &["commit", "-qm", "c"]);
}

/// The pack of these objects, as git makes it.
fn pack(bed: &Bed, source: &Path, objects: &BTreeSet<String>) -> Vec<u8> {
    let mut git = crate::support::hermetic("git", bed.folder.path());
    git.arg("-C").arg(source).args(["pack-objects", "--stdout", "-q"]);
    let mut child = git.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let list: String = objects.iter().map(|oid| format!("{oid}\n")).collect();
    child.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
    child.wait_with_output().unwrap().stdout
}

fn take(root: &Path, pack: &[u8], wants: &[Oid], shallow: &[Oid]) -> Result<(), IncomingError> {
    let mut incoming = Incoming::begin(root)?;
    incoming.write(pack)?;
    let [wants, shallow] = [wants, shallow].map(|some| some.iter().copied().collect());
    Ok(incoming.verify(&wants, &shallow)?.place()?)
}

/// Whether git finds everything below a commit.
fn is_whole(bed: &Bed, root: &Path, tip: &str) -> bool {
    bed.try_git(root, &["rev-list", "--objects", "--quiet", tip, "--not", "--all"]).status.success()
}

#[test]
fn a_pack_that_lacks_an_object_is_refused_as_git_refuses_it_and_a_submodule_is_none() {
    let bed = Bed::new();
    let source = source(&bed);
    let listed = bed.git_in(&source, &["rev-list", "--objects", "--no-object-names", "main"]);
    let all: BTreeSet<String> = listed.lines().map(str::to_owned).collect();
    assert_eq!(all.len(), 10, "three commits, four trees, three files");
    let tip = bed.git_in(&source, &["rev-parse", "main"]).trim().to_owned();
    let (mut taken, mut refused) = (0, 0);
    for left_out in std::iter::once(None).chain(all.iter().map(Some)) {
        let objects = all.iter().filter(|oid| Some(*oid) != left_out).cloned().collect();
        let bytes = pack(&bed, &source, &objects);
        let [ours, theirs] = ["ours.git", "theirs.git"].map(|name| bed.folder.path().join(name));
        for root in [&ours, &theirs] {
            bed.git_in(bed.folder.path(), &["init", "-q", "--bare", root.to_str().unwrap()]);
        }
        std::fs::write(theirs.join("objects/pack/x.pack"), &bytes).unwrap();
        bed.git_in(&theirs, &["index-pack", "objects/pack/x.pack"]);
        let result = take(&ours, &bytes, &[tip.parse().unwrap()], &[]);
        assert_eq!(result.is_ok(), is_whole(&bed, &theirs, &tip), "{left_out:?}: {result:?}");
        match (left_out, result) {
            (None, result) => {
                result.unwrap();
                taken += 1;
                assert!(is_whole(&bed, &ours, &tip));
                bed.git_in(&ours, &["fsck", "--full", "--strict"]);
            }
            (Some(left_out), result) => {
                refused += 1;
                let words = result.unwrap_err().to_string();
                let named = if *left_out == tip {
                    format!("it lacks commit {tip}, which is what was asked for")
                } else {
                    format!("it lacks {left_out}, which its ")
                };
                assert!(words.contains(&named), "{words}");
                let left: Vec<_> =
                    walkdir::WalkDir::new(ours.join("objects")).into_iter().flatten().collect();
                assert!(left.iter().all(|entry| entry.file_type().is_dir()), "{left:?}");
                assert!(!left.iter().any(|entry| entry.path().to_string_lossy().contains("incoming")));
            }
        }
        [ours, theirs].iter().for_each(|root| std::fs::remove_dir_all(root).unwrap());
    }
    assert_eq!((taken, refused), (1, 10));
}

#[test]
fn what_is_here_or_before_a_shallow_commit_need_not_come() {
    let bed = Bed::new();
    let source = source(&bed);
    let root = bed.folder.path().join("ours.git");
    bed.git_in(bed.folder.path(), &["init", "-q", "--bare", root.to_str().unwrap()]);
    let list = |args: &[&str]| -> BTreeSet<String> {
        let all = [&["rev-list", "--objects", "--no-object-names"], args].concat();
        bed.git_in(&source, &all).lines().map(str::to_owned).collect()
    };
    let id = |name: &str| -> Oid { bed.git_in(&source, &["rev-parse", name]).trim().parse().unwrap() };
    // the second commit with all in it, and not its parent
    let one = pack(
        &bed,
        &source,
        &list(&["main~1"]).difference(&list(&["main~2"])).cloned().chain(list(&["main~1^{tree}"])).collect(),
    );
    let error = take(&root, &one, &[id("main~1")], &[]).unwrap_err();
    assert!(error.to_string().contains(&format!("lacks {}, which its commit", id("main~2"))), "{error}");
    take(&root, &one, &[id("main~1")], &[id("main~1")]).unwrap();
    std::fs::write(root.join("shallow"), format!("{}\n", id("main~1"))).unwrap();
    // the third, with what is new in it
    let two = pack(&bed, &source, &list(&["main", "^main~1"]));
    take(&root, &two, &[id("main")], &[]).unwrap();
    bed.git_in(&root, &["update-ref", "refs/heads/main", &id("main").to_string()]);
    bed.git_in(&root, &["fsck", "--full", "--strict"]);
    assert_eq!(bed.git_in(&root, &["rev-list", "--count", "main"]), "2\n");
    // a tip that is here already asks for nothing
    take(&root, &pack(&bed, &source, &BTreeSet::new()), &[id("main")], &[]).unwrap();
}
