//! A repository in a temporary folder, and git to look at it.
#![allow(dead_code)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use promgit::git::{Batch, CommitSpec, Edit, Oid, Options, Outcome, RefUpdate, Signature, Store};
use tempfile::TempDir;

use crate::support;

/// A temporary folder with a repository in it.
pub struct Bed {
    pub folder: TempDir,
    pub repo: PathBuf,
}

impl Bed {
    pub fn new() -> Bed {
        let folder = TempDir::new().unwrap();
        let repo = folder.path().join("deploy.git");
        Bed { folder, repo }
    }

    pub fn open(&self) -> Store {
        Store::open(&self.repo, &Options::default()).unwrap()
    }

    /// git in the repository, hermetic.
    pub fn git(&self, args: &[&str]) -> String {
        support::stdout(self.try_git(&self.repo, args))
    }

    pub fn git_in(&self, folder: &Path, args: &[&str]) -> String {
        support::stdout(self.try_git(folder, args))
    }

    pub fn try_git(&self, folder: &Path, args: &[&str]) -> Output {
        self.command(folder, args).output().unwrap()
    }

    pub fn command(&self, folder: &Path, args: &[&str]) -> Command {
        let mut command = support::hermetic("git", self.folder.path());
        command.args([
            "-c",
            "user.name=Someone",
            "-c",
            "user.email=some@one",
            "-c",
            "init.defaultBranch=main",
        ]);
        command.args(["-c", "advice.detachedHead=false", "-C"]).arg(folder).args(args);
        command
    }

    /// `git fsck` has nothing to say, and a clone gets every branch.
    pub fn check(&self) {
        let fsck = self.try_git(&self.repo, &["fsck", "--full", "--strict", "--no-dangling"]);
        let said =
            format!("{}{}", String::from_utf8_lossy(&fsck.stdout), String::from_utf8_lossy(&fsck.stderr));
        let quiet = |line: &str| line.starts_with("notice: ") || line.starts_with("Checking ");
        assert!(fsck.status.success() && said.lines().all(quiet), "fsck: {said}");
        let clone = TempDir::new_in(self.folder.path()).unwrap();
        let target = clone.path().join("c");
        self.git(&["clone", "-q", "--mirror", "--no-local", ".", target.to_str().unwrap()]);
        let refs = ["for-each-ref", "--format=%(refname) %(objectname)", "refs/heads"];
        assert_eq!(self.git(&refs), self.git_in(&target, &refs));
    }

    /// Turns all packs into one file per object.
    pub fn unpack(&self) {
        for pack in std::fs::read_dir(self.repo.join("objects/pack")).unwrap().flatten().map(|e| e.path()) {
            let aside = self.folder.path().join(pack.file_name().unwrap());
            std::fs::rename(&pack, &aside).unwrap();
            if aside.extension().is_some_and(|x| x == "pack") {
                let stdin = std::fs::File::open(&aside).unwrap();
                assert!(
                    self.command(&self.repo, &["unpack-objects", "-q"])
                        .stdin(stdin)
                        .status()
                        .unwrap()
                        .success()
                );
            }
        }
    }

    pub fn tip(&self, branch: &str) -> Option<Oid> {
        let output =
            self.try_git(&self.repo, &["rev-parse", "--verify", "-q", &format!("refs/heads/{branch}")]);
        String::from_utf8(output.stdout).unwrap().trim().parse().ok()
    }

    /// A clone with a working tree of one branch.
    pub fn clone(&self, branch: &str) -> PathBuf {
        let target = self.folder.path().join(format!("clone-{}", branch.replace('/', "-")));
        self.git(&["clone", "-q", "--no-local", "-b", branch, ".", target.to_str().unwrap()]);
        target
    }
}

/// A signature at a fixed time.
pub fn who(seconds: i64) -> Signature {
    Signature { name: "Ann Agent".into(), email: "agent@example.com".into(), seconds, offset: 60 }
}

pub fn put(path: &str, text: &str) -> Edit {
    Edit::Put { path: path.into(), bytes: text.into() }
}

pub fn remove(path: &str) -> Edit {
    Edit::Remove { path: path.into() }
}

pub fn spec(branch: &str, expected: Option<Oid>, edits: Vec<Edit>) -> CommitSpec {
    let (author, committer) = (who(1_700_000_000), who(1_700_000_000));
    CommitSpec {
        branch: branch.into(),
        expected,
        edits,
        message: format!("change {branch}\n"),
        author,
        committer,
        signer: None,
    }
}

/// The id of a commit that was made.
pub fn made(outcome: Outcome) -> Oid {
    match outcome {
        Outcome::Committed(oid) => oid,
        Outcome::Unchanged => panic!("nothing changed"),
    }
}

/// One commit, flushed.
pub fn commit(store: &mut Store, branch: &str, expected: Option<Oid>, edits: Vec<Edit>) -> Oid {
    let mut batch = Batch::begin(store).unwrap();
    let oid = made(batch.commit(&spec(branch, expected, edits)).unwrap());
    all_moved(&batch.flush().unwrap());
    oid
}

pub fn all_moved(updates: &[RefUpdate]) {
    for update in updates {
        assert!(update.result.is_ok(), "{update:?}");
    }
}
