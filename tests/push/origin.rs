//! An agent's folder and repository, and a bare repository of somebody else that it pushes to.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use promgit::remote::address::RemoteAddress;
use promgit::remote::settings::Remote;

use crate::bed::{Bed, Running, Said, cluster};
use crate::git_http::GitHttp;

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

pub struct Origin {
    pub bed: Bed,
    /// The bare repository of the server.
    pub path: PathBuf,
    pub http: GitHttp,
}

/// A file of a clone.
pub fn write(clone: &Path, file: &str, text: &str) {
    std::fs::write(clone.join(file), text).unwrap();
}

/// As the tests of the library name it.
pub fn remote(address: &str) -> Remote {
    Remote::new(RemoteAddress::parse(address).unwrap())
}

impl Origin {
    pub fn new() -> Origin {
        let bed = Bed::new();
        let served = bed.folder.path().join("served");
        std::fs::create_dir(&served).unwrap();
        let path = served.join("origin.git");
        bed.git_in(bed.folder.path(), &["init", "-q", "--bare", path.to_str().unwrap()]);
        bed.git_in(&path, &["config", "http.receivepack", "true"]);
        let http = GitHttp::start(&served, None);
        Origin { bed, path, http }
    }

    /// In front of a repository that some other server has.
    pub fn at(path: PathBuf) -> Origin {
        let bed = Bed::new();
        let http = GitHttp::start(bed.folder.path(), None);
        Origin { bed, path, http }
    }

    /// A cluster of a namespace, with this spec.
    pub fn put(&self, namespace: &str, name: &str, spec: &str) {
        self.bed.put(&format!("{namespace}-{name}.yaml"), &cluster(namespace, name, spec));
    }

    /// `--remote`, and other flags.
    pub fn url(&self) -> String {
        self.path.to_str().unwrap().to_owned()
    }

    pub fn once(&self, url: &str) -> Said {
        self.bed.once_into(&self.bed.repo, &["--remote", url])
    }

    /// One pass, which must succeed.
    pub fn settle(&self) -> String {
        let said = self.once(&self.url());
        assert!(said.ok, "{}{}", said.out, said.err);
        said.out
    }

    pub fn agent(&self, url: &str, settings: &[(&str, &str)]) -> Running {
        let mut command = self.bed.promgit(&self.bed.repo, &["--remote", url]);
        command.envs(settings.iter().copied());
        Running::start(command)
    }

    pub fn git(&self, args: &[&str]) -> String {
        self.bed.git_in(&self.path, args)
    }

    pub fn subjects(&self, branch: &str) -> Vec<String> {
        self.git(&["log", "--reverse", "--format=%s", branch]).lines().map(String::from).collect()
    }

    pub fn tip(&self, branch: &str) -> Option<String> {
        let found =
            self.bed.try_git(&self.path, &["rev-parse", "--verify", "-q", &format!("refs/heads/{branch}")]);
        let text = String::from_utf8(found.stdout).unwrap().trim().to_owned();
        (!text.is_empty()).then_some(text)
    }

    pub fn local(&self, branch: &str) -> String {
        self.bed.git(&["rev-parse", branch]).trim().to_owned()
    }

    /// A commit of Jane on a branch of the server, also while the agent cannot reach it; its short id.
    pub fn jane(&self, branch: &str, change: impl FnOnce(&Path)) -> String {
        let clone = self.bed.folder.path().join("jane");
        let path = if self.path.exists() { self.path.clone() } else { self.path.with_extension("away") };
        let (from, target) = (path.to_str().unwrap(), clone.to_str().unwrap());
        self.bed.git_in(self.bed.folder.path(), &["clone", "-q", "-b", branch, from, target]);
        change(&clone);
        self.bed.git_in(&clone, &["add", "-A"]);
        let who = ["-c", "user.name=Jane Doe", "-c", "user.email=jane@example.com"];
        self.bed.git_in(&clone, &[&who[..], &["commit", "-q", "-m", "by Jane"]].concat());
        // as people do when somebody was faster
        while !self.bed.try_git(&clone, &["push", "-q", "origin", branch]).status.success() {
            self.bed.git_in(&clone, &[&who[..], &["pull", "-q", "--rebase", "origin", branch]].concat());
        }
        std::fs::remove_dir_all(clone).unwrap();
        self.bed.git_in(&path, &["rev-parse", "--short=10", branch]).trim().to_owned()
    }

    pub fn hook(&self, name: &str, script: &str) {
        let hook = self.path.join("hooks").join(name);
        std::fs::create_dir_all(self.path.join("hooks")).unwrap();
        std::fs::write(&hook, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&hook, PermissionsExt::from_mode(0o755)).unwrap();
    }

    pub fn no_hook(&self, name: &str) {
        std::fs::remove_file(self.path.join("hooks").join(name)).unwrap();
    }

    /// The server is away, or back.
    pub fn away(&self) {
        std::fs::rename(&self.path, self.path.with_extension("away")).unwrap();
    }

    pub fn back(&self) {
        std::fs::rename(self.path.with_extension("away"), &self.path).unwrap();
    }

    /// An empty repository stands where the server had one, or has none just now.
    pub fn anew(&self) {
        if self.path.exists() {
            std::fs::remove_dir_all(&self.path).unwrap();
        }
        self.bed.git_in(self.bed.folder.path(), &["init", "-q", "--bare", &self.path.to_string_lossy()]);
    }

    /// The tags that the server has.
    pub fn tags(&self) -> Vec<String> {
        self.git(&["tag"]).lines().map(str::to_owned).collect()
    }

    /// Both repositories are sound, hold the same branches, and every branch has one beginning.
    pub fn check(&self) {
        for folder in [&self.path, &self.bed.repo] {
            let fsck = self.bed.try_git(folder, &["fsck", "--full", "--strict", "--no-dangling"]);
            assert!(fsck.status.success(), "fsck: {}", String::from_utf8_lossy(&fsck.stderr));
        }
        let refs = self.bed.refs(&self.path, "%(objectname)");
        assert_eq!(refs, self.bed.refs(&self.bed.repo, "%(objectname)"));
        for line in &refs {
            let branch = line.split(' ').next().unwrap();
            let roots = self.git(&["rev-list", "--count", "--max-parents=0", branch]);
            assert_eq!(roots, "1\n", "{branch}");
            assert_eq!(self.git(&["rev-list", "--count", "--min-parents=2", branch]), "0\n", "{branch}");
        }
    }

    pub fn wait(&self, what: &str, is_so: impl Fn() -> bool) {
        let end = Instant::now() + PATIENCE;
        while !is_so() {
            assert!(Instant::now() < end, "{what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
