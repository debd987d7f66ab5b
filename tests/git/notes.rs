//! Notes that the real git wrote, at every depth of its folders.

use promgit::git::notes::{Notes, REFERENCE};
use promgit::git::{Batch, Oid, Reader};

use crate::bed::{Bed, all_moved, made, put, spec};

/// git makes folders when two notes or more begin with each of the 16 digits.
const MANY: usize = 160;

fn commits(bed: &Bed, count: usize) -> Vec<Oid> {
    let mut store = bed.open();
    let mut batch = Batch::begin(&mut store).unwrap();
    let mut tips = Vec::new();
    for number in 0..count {
        let edits = vec![put("x", &number.to_string())];
        tips.push(made(batch.commit(&spec("a", tips.last().copied(), edits)).unwrap()));
    }
    all_moved(&batch.flush().unwrap());
    tips
}

fn add(bed: &Bed, commits: &[Oid]) {
    for commit in commits {
        let text = format!("Deployed {commit}");
        bed.git(&["notes", "--ref=promgit", "add", "-m", &text, &commit.to_string()]);
    }
}

/// The note of each commit is what `git notes show` prints.
fn check(bed: &Bed, commits: &[Oid]) {
    let reader = Reader::open(&bed.repo).unwrap();
    let notes = Notes::open(&reader, REFERENCE).unwrap();
    for commit in commits {
        let is = notes.of(*commit).unwrap();
        let shown = bed.try_git(&bed.repo, &["notes", "--ref=promgit", "show", &commit.to_string()]);
        let should = shown.status.success().then(|| String::from_utf8(shown.stdout).unwrap());
        assert_eq!(is, should, "{commit}");
    }
}

fn folders(bed: &Bed) -> usize {
    bed.git(&["ls-tree", "-d", REFERENCE]).lines().count()
}

#[test]
fn few_and_many_notes_are_found() {
    let bed = Bed::new();
    let commits = commits(&bed, MANY + 5);
    check(&bed, &commits[..5]);
    add(&bed, &commits[..3]);
    assert_eq!(folders(&bed), 0);
    check(&bed, &commits[..5]);
    add(&bed, &commits[3..MANY]);
    assert!(folders(&bed) > 16, "git spread no notes over folders");
    check(&bed, &commits);
    bed.git(&["notes", "--ref=promgit", "remove", &commits[7].to_string()]);
    check(&bed, &commits[..10]);
}

#[test]
fn deeper_folders_are_read_as_git_reads_them() {
    let bed = Bed::new();
    let commits = commits(&bed, 2);
    add(&bed, &commits[..1]);
    let hex = commits[0].to_string();
    let blob = bed.git(&["rev-parse", &format!("{REFERENCE}:{hex}")]);
    // ab/cd/ef…
    let mut line = format!("100644 blob {}\t{}\n", blob.trim(), &hex[4..]);
    for name in [&hex[2..4], &hex[..2]] {
        line = format!("040000 tree {}\t{name}\n", tree(&bed, &line));
    }
    let tree = tree(&bed, &line);
    let commit = bed.git(&["commit-tree", "-m", "deep", &tree]);
    bed.git(&["update-ref", REFERENCE, commit.trim()]);
    check(&bed, &commits);
    let reader = Reader::open(&bed.repo).unwrap();
    assert!(Notes::open(&reader, REFERENCE).unwrap().of(commits[0]).unwrap().is_some());
}

fn tree(bed: &Bed, lines: &str) -> String {
    let input = bed.folder.path().join("tree");
    std::fs::write(&input, lines).unwrap();
    let mut command = bed.command(&bed.repo, &["mktree"]);
    let output = command.stdin(std::fs::File::open(&input).unwrap()).output().unwrap();
    crate::support::stdout(output).trim().to_string()
}
