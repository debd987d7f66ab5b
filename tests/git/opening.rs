//! Opening: what is created, what is refused and how that is said, who may write.

use std::fs;
use std::time::{Duration, SystemTime};

use promgit::git::oid::Kind;
use promgit::git::pack::{PackWriter, unfinished_index};
use promgit::git::{Oid, Options, Reader, Store};

use crate::bed::{Bed, commit, put};

fn refusal(bed: &Bed) -> String {
    let error = Store::open(&bed.repo, &Options::default()).map(drop).unwrap_err().to_string();
    error.replace(bed.repo.to_str().unwrap(), "REPO")
}

#[test]
fn a_new_repository_is_a_bare_one_that_git_accepts() {
    let bed = Bed::new();
    let store = Store::open(&bed.repo, &Options { head: "deploy/first".into() }).unwrap();
    assert_eq!(store.root(), bed.repo);
    assert_eq!(bed.git(&["rev-parse", "--is-bare-repository"]), "true\n");
    assert_eq!(bed.git(&["config", "gc.auto"]), "0\n");
    assert_eq!(bed.git(&["config", "receive.autogc"]), "false\n");
    assert_eq!(bed.git(&["symbolic-ref", "HEAD"]), "refs/heads/deploy/first\n");
    drop(store);
    assert_eq!(bed.open().removed(), [] as [std::path::PathBuf; 0]);
    bed.check();
}

#[test]
fn the_root_of_a_volume_and_a_half_made_repository_are_completed() {
    let bed = Bed::new();
    fs::create_dir_all(bed.repo.join("lost+found")).unwrap();
    fs::create_dir_all(bed.repo.join("objects/info")).unwrap();
    fs::write(bed.repo.join("promgit.lock"), "").unwrap();
    fs::write(bed.repo.join("config"), "[core").unwrap();
    let mut store = bed.open();
    commit(&mut store, "a", None, vec![put("x", "1")]);
    bed.check();
}

#[test]
fn a_repository_that_git_made_is_taken() {
    let bed = Bed::new();
    bed.git_in(bed.folder.path(), &["init", "-q", "--bare", bed.repo.to_str().unwrap()]);
    commit(&mut bed.open(), "a", None, vec![put("x", "1")]);
    // HEAD named main, which does not exist
    assert_eq!(bed.git(&["symbolic-ref", "HEAD"]), "refs/heads/a\n");
    bed.check();
}

#[test]
fn other_folders_are_refused() {
    let bed = Bed::new();
    fs::write(&bed.repo, "").unwrap();
    assert_eq!(
        refusal(&bed),
        "REPO is a file; give the path of a bare repository, or of a folder to create one in"
    );
    fs::remove_file(&bed.repo).unwrap();
    fs::create_dir(&bed.repo).unwrap();
    fs::write(bed.repo.join("holiday.jpg"), "").unwrap();
    assert_eq!(refusal(&bed), "REPO is not empty and no bare git repository; give another path, or empty it");
    assert_eq!(fs::read_dir(&bed.repo).unwrap().count(), 1);
    bed.git_in(bed.folder.path(), &["init", "-q", bed.repo.to_str().unwrap()]);
    assert!(refusal(&bed).starts_with("REPO is a git working tree;"), "{}", refusal(&bed));
    let error = Reader::open(&bed.folder.path().join("none")).map(drop).unwrap_err().to_string();
    assert!(error.starts_with("there is no repository at "), "{error}");
}

#[test]
fn other_formats_are_refused() {
    let bed = Bed::new();
    let init = ["init", "-q", "--bare", "--object-format=sha256", bed.repo.to_str().unwrap()];
    bed.git_in(bed.folder.path(), &init);
    let text = "REPO uses sha256 object ids; promgit needs SHA-1: create it anew with `git init --bare --object-format=sha1`";
    assert_eq!(refusal(&bed), text);
    fs::write(bed.repo.join("config"), "[core]\nbare = true\n[extensions]\nrefStorage = reftable\n").unwrap();
    assert_eq!(
        refusal(&bed),
        "REPO uses reftable references; convert it with `git refs migrate --ref-format=files`"
    );
    fs::write(bed.repo.join("config"), "[core]\nbare = true\n[extensions]\nfuture = 1\n").unwrap();
    assert!(refusal(&bed).contains("uses the git extension \"extensions.future\""));
    fs::write(bed.repo.join("config"), "[core\n").unwrap();
    assert!(refusal(&bed).starts_with("the configuration of REPO cannot be read: "), "{}", refusal(&bed));
}

#[test]
fn one_writer_many_readers() {
    let bed = Bed::new();
    let mut store = bed.open();
    let tip = commit(&mut store, "a", None, vec![put("x", "1")]);
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    let who = format!("process {} on {}", std::process::id(), host.trim());
    let rest = "which holds promgit.lock in it; stop that one, or give another repository";
    assert_eq!(refusal(&bed), format!("REPO is being written by {who}, {rest}"));
    // what is no such line is not repeated
    for text in ["", "\u{1b}[2J", "process \u{7}\n"] {
        fs::write(bed.repo.join("promgit.lock"), text).unwrap();
        assert_eq!(refusal(&bed), format!("REPO is being written by another process, {rest}"));
    }
    assert_eq!(Reader::open(&bed.repo).unwrap().tip("a").unwrap(), Some(tip));
    drop(store);
    bed.open();
}

#[test]
fn configuration_of_the_host_does_not_matter() {
    let bed = Bed::new();
    // what would break git itself, and libgit2 with a repository handle
    fs::write(bed.folder.path().join(".gitconfig"), "[core\nbroken").unwrap();
    fs::write(bed.folder.path().join(".config"), "").unwrap();
    let mut child = crate::crash::child("once", &bed.repo);
    let output = child.env("HOME", bed.folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    fs::remove_file(bed.folder.path().join(".gitconfig")).unwrap();
    assert!(bed.tip("once").is_some());
}

#[test]
fn leftovers_go_when_they_are_dead() {
    let bed = Bed::new();
    commit(&mut bed.open(), "deploy/a", None, vec![put("x", "1")]);
    let old = SystemTime::now() - Duration::from_secs(3 * 24 * 3600);
    let make = |path: &str, age: SystemTime| {
        let path = bed.repo.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "x").unwrap();
        fs::File::options().write(true).open(&path).unwrap().set_modified(age).unwrap();
        path
    };
    let now = SystemTime::now();
    let dead = [
        make("refs/heads/deploy/a.lock", now),
        make("packed-refs.lock", old),
        make("packed-refs.new", now),
        make("HEAD.lock", now),
        make("objects/pack/tmp_pack_promgit_7.pack", now),
        make("objects/tmp_object_git2_abc", old),
        make("objects/17/tmp_obj_xyz", old),
        make("objects/pack/pack_git2_tmp1", old),
        make("objects/pack/pack-1234.pack", old),
    ];
    let alive = [
        make("objects/pack/tmp_pack_abc", now),
        make("objects/pack/pack-5678.pack", now),
        make("objects/17/tmp_obj_abc", now),
    ];
    let store = bed.open();
    for path in &dead {
        assert!(!path.exists() && store.removed().contains(path), "{path:?}");
    }
    for path in &alive {
        assert!(path.exists(), "{path:?}");
    }
}

#[test]
fn a_lock_that_is_let_go_is_not_taken_away() {
    let bed = Bed::new();
    drop(bed.open());
    let lock = bed.repo.join("packed-refs.lock");
    fs::write(&lock, "").unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(200));
            fs::remove_file(&lock).unwrap();
        });
        assert_eq!(bed.open().removed(), [] as [std::path::PathBuf; 0]);
    });
}

/// The agent may be dead for a while: until it starts again, git has nothing to say against what it left unfinished.
#[test]
fn git_passes_over_what_was_left_unfinished() {
    let bed = Bed::new();
    commit(&mut bed.open(), "deploy/a", None, vec![put("x", "1")]);
    let mut pack = PackWriter::create(&bed.repo.join("objects/pack")).unwrap();
    pack.add(Oid::EMPTY_TREE, Kind::Tree, b"").unwrap();
    let start = pack.path().to_owned();
    std::mem::forget(pack);
    for left in [start.clone(), unfinished_index(&start)] {
        fs::write(&left, "").unwrap();
        bed.check();
    }
    let store = bed.open();
    assert_eq!(store.removed().len(), 2, "{:?}", store.removed());
}
