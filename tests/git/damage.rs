//! Full disks, read-only folders and damaged files: clear errors, nothing half written.

use std::fs;
use std::path::Path;
use std::process::Command;

use promgit::git::{Batch, Options, Reader, Store};

use crate::bed::{Bed, all_moved, commit, made, put, spec};
use crate::crash::child;

#[test]
fn a_damaged_object_is_named() {
    let bed = Bed::new();
    let mut store = bed.open();
    let tip = commit(&mut store, "a", None, vec![put("x", "some text"), put("y", "other")]);
    bed.unpack();
    let blob = bed.git(&["rev-parse", "a:x"]).trim().to_owned();
    let file = bed.repo.join("objects").join(&blob[..2]).join(&blob[2..]);
    let other = bed.git(&["rev-parse", "a:y"]).trim().to_owned();
    let wrong = fs::read(bed.repo.join("objects").join(&other[..2]).join(&other[2..])).unwrap();
    fs::remove_file(&file).unwrap();
    let reader = Reader::open(&bed.repo).unwrap();
    let error = reader.file(tip, "x").unwrap_err().to_string();
    let repo = bed.repo.display();
    assert_eq!(
        error,
        format!("object {blob} is not in {repo}; run `git fsck --full` there and fetch it from a clone")
    );
    for damaged in [b"".to_vec(), b"rubbish".to_vec(), wrong] {
        fs::write(&file, damaged).unwrap();
        let error = reader.file(tip, "x").unwrap_err().to_string();
        assert!(error.starts_with(&format!("object {blob} in {repo} is damaged: ")), "{error}");
    }
}

#[test]
fn a_damaged_tip_stops_its_branch_only() {
    let bed = Bed::new();
    let mut store = bed.open();
    let tip = commit(&mut store, "bad", None, vec![put("x", "1")]);
    commit(&mut store, "empty", None, vec![put("x", "2")]);
    drop(store);
    bed.unpack();
    let mut store = bed.open();
    let hex = tip.to_string();
    fs::remove_file(bed.repo.join("objects").join(&hex[..2]).join(&hex[2..])).unwrap();
    fs::write(bed.repo.join("refs/heads/empty"), "").unwrap();
    let mut batch = Batch::begin(&mut store).unwrap();
    let error = batch.commit(&spec("bad", Some(tip), vec![put("x", "2")])).unwrap_err().to_string();
    assert!(error.starts_with(&format!("object {tip} is not in ")), "{error}");
    let error = batch.commit(&spec("empty", Some(tip), vec![put("x", "2")])).unwrap_err().to_string();
    assert!(error.contains("refs/heads/empty holds no object id; set it with `git update-ref`"), "{error}");
    made(batch.commit(&spec("good", None, vec![put("x", "2")])).unwrap());
    all_moved(&batch.flush().unwrap());
}

#[test]
fn damaged_packed_refs_are_named_and_kept() {
    let bed = Bed::new();
    let mut store = bed.open();
    commit(&mut store, "a", None, vec![put("x", "1")]);
    fs::write(bed.repo.join("packed-refs"), "# pack-refs with: sorted \nrubbish\n").unwrap();
    let mut batch = Batch::begin(&mut store).unwrap();
    let error = batch.commit(&spec("b", None, vec![put("x", "1")])).unwrap_err().to_string();
    assert!(error.contains("packed-refs line 2 is not a reference"), "{error}");
    drop(batch);
    assert!(fs::read_to_string(bed.repo.join("packed-refs")).unwrap().ends_with("rubbish\n"));
}

/// Objects and references that no longer fit are reported, whatever of it came first; with room again, work goes on.
#[test]
fn a_file_size_limit_loses_nothing_and_acknowledges_nothing() {
    for blocks in [0, 1, 8, 64] {
        let bed = Bed::new();
        let tip = commit(&mut bed.open(), "keep", None, vec![put("x", "1")]);
        let limited = child("big", &bed.repo);
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$@\"");
        let mut shell = Command::new("bash");
        shell.args(["-c", &script, "bash"]).arg(limited.get_program()).args(limited.get_args());
        shell.envs(limited.get_envs().filter_map(|(key, value)| Some((key, value?))));
        let output = shell.output().unwrap();
        let said = String::from_utf8_lossy(&output.stdout);
        let error =
            said.lines().find(|line| line.contains("ERROR")).unwrap_or_else(|| panic!("{blocks}: {said}"));
        assert!(error.contains("raise the file size limit of the process (ulimit -f)"), "{error}");
        assert!(!said.contains("ACK"), "{said}");
        assert_eq!(bed.tip("keep"), Some(tip));
        let mut store = bed.open();
        let leftovers = walkdir::WalkDir::new(&bed.repo).into_iter().flatten();
        let leftovers = leftovers.filter(|e| e.file_name().to_string_lossy().contains("tmp_"));
        assert_eq!(leftovers.count(), 0);
        commit(&mut store, "keep", Some(tip), vec![put("x", "2")]);
        bed.check();
    }
}

/// Runs only where file systems can be mounted.
#[test]
fn a_full_disk_is_said_and_survived() {
    let bed = Bed::new();
    let Some(_mounted) = Mounted::new(&bed.repo, "size=1m") else { return };
    let mut store = bed.open();
    let mut tip = None;
    let mut failed = None;
    for round in 0..200u32 {
        let mut batch = Batch::begin(&mut store).unwrap();
        // text that does not compress
        let text: String =
            (0..2000u32).map(|i| format!("{:x}", (i ^ round).wrapping_mul(2_654_435_761))).collect();
        let made_one = batch.commit(&spec("a", tip, vec![put("x", &text)]));
        let flushed = made_one.map_err(|e| e.to_string()).and_then(|outcome| {
            let updates = batch.flush().map_err(|e| e.to_string())?;
            updates.into_iter().try_for_each(|u| u.result.map_err(|e| e.to_string()))?;
            Ok(made(outcome))
        });
        match flushed {
            Ok(oid) => tip = Some(oid),
            Err(error) => {
                failed = Some(error);
                break;
            }
        }
    }
    let error = failed.expect("the disk never filled up");
    assert!(
        error.contains("No space left on device") && error.contains("free space or inodes there"),
        "{error}"
    );
    assert_eq!(bed.tip("a"), tip);
    let fsck = bed.try_git(&bed.repo, &["fsck", "--full", "--strict"]);
    assert!(fsck.status.success());
}

/// Runs only where file systems can be mounted; root writes wherever modes forbid it.
#[test]
fn a_read_only_repository_is_said() {
    let bed = Bed::new();
    fs::create_dir(&bed.repo).unwrap();
    let Some(mounted) = Mounted::new(&bed.repo, "size=4m") else { return };
    let mut store = bed.open();
    let tip = commit(&mut store, "a", None, vec![put("x", "1")]);
    drop(store);
    mounted.remount_read_only();
    let error = Store::open(&bed.repo, &Options::default()).map(drop).unwrap_err().to_string();
    assert!(
        error.contains("promgit.lock")
            && error.ends_with("mount it writable, or choose a repository elsewhere"),
        "{error}"
    );
    assert_eq!(Reader::open(&bed.repo).unwrap().tip("a").unwrap(), Some(tip));
}

/// A tmpfs, as long as it lives.
struct Mounted<'a>(&'a Path);

impl Mounted<'_> {
    fn new<'a>(path: &'a Path, options: &str) -> Option<Mounted<'a>> {
        fs::create_dir_all(path).unwrap();
        let done =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(path).output().ok()?;
        done.status.success().then_some(Mounted(path))
    }

    fn remount_read_only(&self) {
        assert!(Command::new("mount").args(["-o", "remount,ro"]).arg(self.0).status().unwrap().success());
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
