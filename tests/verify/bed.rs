//! The examples as a repository of the real program, and what `promgit verify` says of it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value as Json;
use tempfile::TempDir;

use crate::support;

pub const BRANCH: &str = "deploy/example";

pub struct Bed {
    pub folder: TempDir,
    pub repo: PathBuf,
}

/// What a command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn lines(&self) -> Vec<&str> {
        self.out.lines().collect()
    }

    /// Nothing was found, and nothing was left out.
    pub fn is_silent(&self) {
        assert_eq!((self.code, &self.out[..], &self.err[..]), (0, "", ""), "{self:?}");
    }

    /// Differences and nothing else.
    pub fn is_different(&self) {
        assert_eq!(self.code, 3, "{self:?}");
        assert!(self.err.lines().all(|line| line.starts_with("hint: ")), "{}", self.err);
    }
}

impl Bed {
    /// The examples, committed.
    pub fn examples() -> Bed {
        let folder = TempDir::new().unwrap();
        let repo = folder.path().join("deploy.git");
        let bed = Bed { folder, repo };
        bed.commit(&support::root().join("examples"), &[]);
        bed
    }

    /// One small cluster `small/a` of a chart with this template, committed.
    pub fn small(template: &str) -> Bed {
        let folder = TempDir::new().unwrap();
        let repo = folder.path().join("deploy.git");
        let bed = Bed { folder, repo };
        bed.put("chart/Chart.yaml", "apiVersion: v2\nname: small\nversion: 1.0.0\n");
        bed.put("chart/templates/a.yaml", template);
        bed.put("mapping.yaml", "size: '{{ spec.replicas }}'\n");
        bed.resize(1);
        bed
    }

    /// The small cluster gets so many replicas.
    pub fn resize(&self, replicas: u32) {
        let text = format!(
            "apiVersion: promgit.dev/v1alpha1\nkind: PrometheusCluster\n\
             metadata: {{name: a, namespace: small}}\nspec: {{replicas: {replicas}}}\n"
        );
        self.put("source/a.yaml", &text);
        self.commit(&self.folder.path().join("source"), &["--chart=chart", "--mapping=mapping.yaml"]);
    }

    pub fn put(&self, file: &str, text: &str) {
        let path = self.folder.path().join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// One pass of the agent.
    pub fn commit(&self, source: &Path, arguments: &[&str]) {
        let source = format!("dir:{}", source.display());
        let run = ["run", "--once", "--repo=deploy.git", "--source", &source];
        let said = self.promgit(&[&run, arguments].concat());
        assert_eq!(said.code, 0, "{said:?}");
    }

    pub fn promgit(&self, arguments: &[&str]) -> Said {
        said(self.command(env!("CARGO_BIN_EXE_promgit")).args(arguments).output().unwrap())
    }

    pub fn verify(&self, arguments: &[&str]) -> Said {
        self.promgit(&[&["verify", "--repo=deploy.git"], arguments].concat())
    }

    pub fn verify_json(&self, arguments: &[&str]) -> Json {
        let said = self.verify(&[&["-o", "json"], arguments].concat());
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    }

    fn command(&self, program: &str) -> Command {
        let mut command = support::hermetic(program, self.folder.path());
        command.current_dir(self.folder.path());
        command
    }

    pub fn git(&self, arguments: &[&str]) -> String {
        let identity = ["-c", "user.name=Jane Doe", "-c", "user.email=jane@example.com"];
        support::stdout(self.command("git").args(identity).args(arguments).output().unwrap())
    }

    /// The newest commit of a branch.
    pub fn tip(&self, branch: &str) -> String {
        self.git(&["--git-dir=deploy.git", "rev-parse", branch]).trim().to_string()
    }

    /// Somebody changes files on a clone, commits all of it and pushes.
    pub fn by_hand(&self, branch: &str, change: impl FnOnce(&Path)) {
        self.by(&[], branch, change);
    }

    /// The same with settings of git that say who it is.
    pub fn by(&self, who: &[&str], branch: &str, change: impl FnOnce(&Path)) {
        let clone = self.folder.path().join("clone");
        self.git(&["clone", "-q", "--no-local", "-b", branch, "deploy.git", "clone"]);
        change(&clone);
        self.git(&["-C", "clone", "add", "-A"]);
        self.git(&[&["-C", "clone"], who, &["commit", "-q", "--allow-empty", "-m", "a fix"]].concat());
        self.git(&["-C", "clone", "push", "-q"]);
        std::fs::remove_dir_all(clone).unwrap();
    }
}

fn said(output: Output) -> Said {
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Said { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// Replaces a text that is there once.
pub fn edit(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).unwrap();
    assert_eq!(text.matches(from).count(), 1, "{from:?} in {text}");
    std::fs::write(file, text.replace(from, to)).unwrap();
}
