//! A bare repository of somebody else, the ways to it, and a local one that is pushed there.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use promgit::git::{Edit, Oid, Store};
use promgit::remote::address::RemoteAddress;
use promgit::remote::error::RemoteError;
use promgit::remote::push::{BranchPush, Pushed, push};
use promgit::remote::settings::Remote;

use super::bed::{self, Bed};
use super::git_http::GitHttp;
use super::sshd::Sshd;

/// A local repository, and one to push to.
pub struct Origin {
    pub local: Bed,
    pub store: Store,
    /// The bare repository of the server.
    pub path: PathBuf,
    pub http: GitHttp,
    pub sshd: Option<Sshd>,
}

/// How it is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    File,
    Http,
    Ssh,
}

pub const WAYS: [Way; 3] = [Way::File, Way::Http, Way::Ssh];

impl Origin {
    pub fn new() -> Origin {
        let local = Bed::new();
        let store = local.open();
        let path = local.folder.path().join("served/origin.git");
        std::fs::create_dir(local.folder.path().join("served")).unwrap();
        local.git_in(local.folder.path(), &["init", "-q", "--bare", path.to_str().unwrap()]);
        local.git_in(&path, &["config", "http.receivepack", "true"]);
        let http = GitHttp::start(&local.folder.path().join("served"), None);
        Origin { local, store, path, http, sshd: None }
    }

    /// The remote by that way; nothing where this machine has no server for it.
    pub fn remote(&mut self, way: Way) -> Option<Remote> {
        Some(match way {
            Way::File => remote(self.path.to_str().unwrap()),
            Way::Http => remote(&self.http.url("/origin.git")),
            Way::Ssh => {
                if self.sshd.is_none() {
                    self.sshd = Some(Sshd::start(self.local.folder.path())?);
                }
                self.sshd.as_ref().unwrap().remote(&self.path)
            }
        })
    }

    pub fn commit(&mut self, branch: &str, expected: Option<Oid>, text: &str) -> Oid {
        let edits = files(branch, text);
        bed::commit(&mut self.store, branch, expected, edits)
    }

    /// Pushes, and expects an answer.
    pub fn push(&self, remote: &Remote, branches: &[BranchPush]) -> Vec<Pushed> {
        self.try_push(remote, branches).unwrap_or_else(|error| panic!("{error}"))
    }

    pub fn try_push(&self, remote: &Remote, branches: &[BranchPush]) -> Result<Vec<Pushed>, RemoteError> {
        push(remote, &mut self.store.reader().unwrap(), branches)
    }

    pub fn tip(&self, branch: &str) -> Option<Oid> {
        let output =
            self.local.try_git(&self.path, &["rev-parse", "--verify", "-q", &format!("refs/heads/{branch}")]);
        String::from_utf8(output.stdout).unwrap().trim().parse().ok()
    }

    pub fn git(&self, args: &[&str]) -> String {
        self.local.git_in(&self.path, args)
    }

    /// A commit of somebody else on a branch of the server.
    pub fn theirs(&self, branch: &str, file: &str) -> Oid {
        let clone = tempfile::TempDir::new_in(self.local.folder.path()).unwrap();
        let folder = clone.path().join("c");
        let local = &self.local;
        local.git_in(
            clone.path(),
            &["clone", "-q", "-b", branch, self.path.to_str().unwrap(), folder.to_str().unwrap()],
        );
        std::fs::write(folder.join(file), "theirs\n").unwrap();
        local.git_in(&folder, &["add", "."]);
        local.git_in(&folder, &["commit", "-qm", "theirs"]);
        local.git_in(&folder, &["push", "-q", "origin", branch]);
        self.tip(branch).unwrap()
    }

    pub fn hook(&self, name: &str, script: &str) {
        let hook = self.path.join("hooks").join(name);
        std::fs::create_dir_all(self.path.join("hooks")).unwrap();
        std::fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
    }

    /// Both repositories are sound, and hold the same branches.
    pub fn check(&self) {
        self.sound();
        let refs = ["for-each-ref", "--format=%(refname) %(objectname) %(tree)", "refs/heads"];
        assert_eq!(self.git(&refs), self.local.git(&refs));
    }

    pub fn sound(&self) {
        for folder in [&self.path, &self.local.repo] {
            let fsck = self.local.try_git(folder, &["fsck", "--full", "--strict", "--no-dangling"]);
            let said = String::from_utf8_lossy(&fsck.stderr).into_owned();
            assert!(fsck.status.success(), "fsck: {said}");
        }
    }
}

/// Two files and two folders, of which a change touches the half.
pub fn files(branch: &str, text: &str) -> Vec<Edit> {
    vec![bed::put("one/values.yaml", branch), bed::put("one/manifests/x.yaml", text)]
}

pub fn remote(address: &str) -> Remote {
    Remote::new(RemoteAddress::parse(address).unwrap())
}

pub fn to(branch: &str, expected: Option<Oid>, new: Oid) -> BranchPush {
    BranchPush { branch: branch.into(), expected, new }
}

pub fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}
