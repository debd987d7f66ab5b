//! A folder on the disk of the checkout, where repositories and resource files are made and go away again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support;

/// Clusters of a big installation, each in a namespace of its own.
pub const MANY: usize = 1000;

/// The folder; removed at the end.
pub struct Bed {
    root: PathBuf,
}

impl Bed {
    /// Below `target`: a temporary folder may be in memory, where nothing is ever flushed.
    pub fn new() -> Bed {
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("numbers-{}", std::process::id()));
        fs::create_dir_all(&root).expect("a folder below target");
        Bed { root }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// An empty folder.
    pub fn folder(&self, name: &str) -> PathBuf {
        let path = self.path(name);
        if path.exists() {
            fs::remove_dir_all(&path).expect("an old folder goes");
        }
        fs::create_dir_all(&path).expect("a new folder");
        path
    }

    /// The release binary, which sees nothing of the host's configuration.
    pub fn promgit(&self) -> Command {
        support::hermetic(env!("CARGO_BIN_EXE_promgit"), &self.root)
    }

    /// `promgit run` from one folder to one repository.
    pub fn agent(&self, folder: &Path, repository: &Path) -> Command {
        let mut command = self.promgit();
        command.args(["run", "--source", &format!("dir:{}", folder.display()), "--repo"]).arg(repository);
        command
    }

    pub fn helm(&self) -> Command {
        support::hermetic(support::helm(), &self.root)
    }

    pub fn git(&self, folder: &Path) -> Command {
        let mut command = support::hermetic("git", &self.root);
        for who in ["AUTHOR", "COMMITTER"] {
            command
                .env(format!("GIT_{who}_NAME"), "bench")
                .env(format!("GIT_{who}_EMAIL"), "bench@localhost");
        }
        command.current_dir(folder);
        command
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// The namespace of a cluster.
pub fn namespace(number: usize) -> String {
    format!("team-{number:04}")
}

/// Writes a cluster's file: replicas, retention, resources, labels and a configuration with two jobs.
pub fn save(folder: &Path, number: usize, replicas: usize) {
    let namespace = namespace(number);
    let text = format!(
        "apiVersion: promgit.dev/v1alpha1
kind: PrometheusCluster
metadata:
  name: main
  namespace: {namespace}
  labels:
    team: {namespace}
spec:
  replicas: {replicas}
  retention:
    time: 15d
  resources:
    requests:
      cpu: 500m
      memory: 1Gi
  externalLabels:
    cluster: {namespace}
  config: |
    global:
      scrape_interval: 30s
    scrape_configs:
      - job_name: prometheus
        static_configs:
          - targets: [localhost:9090]
      - job_name: node
        kubernetes_sd_configs:
          - role: node
"
    );
    fs::write(folder.join(format!("{namespace}.yaml")), text).expect("a file in the bed");
}
