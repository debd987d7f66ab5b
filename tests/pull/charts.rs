//! Charts packaged and indexed by helm, as publishers do it.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use crate::registry::{Access, Registry};
use crate::support;

/// The versions of chart `a`.
const VERSIONS: &[&str] = &[
    "0.9.0",
    "1.0.0",
    "1.1.0",
    "1.2.0",
    "1.2.1-beta.1",
    "1.10.0",
    "1.10.1+build.7",
    "2.0.0-rc.1",
    "2.0.0-rc.2",
];

pub struct Charts {
    folder: tempfile::TempDir,
    pushed: OnceLock<()>,
}

impl Charts {
    pub fn new() -> Self {
        let charts = Charts { folder: tempfile::tempdir().unwrap(), pushed: OnceLock::new() };
        let site = charts.site().join("charts");
        fs::create_dir_all(&site).unwrap();
        for version in VERSIONS {
            charts.package("a", version, "application", &site);
        }
        charts.package("lib", "1.0.0", "library", &site);
        charts.helm(&["repo", "index", "."], &site);
        charts
    }

    /// What a site serves, as files.
    pub fn site(&self) -> PathBuf {
        self.folder.path().join("site")
    }

    /// The index of a repository below [`Charts::site`].
    pub fn index(&self, repository: &str) -> String {
        fs::read_to_string(self.site().join(repository).join("index.yaml")).unwrap()
    }

    /// The archive of a version of chart `a`.
    pub fn archive(&self, version: &str) -> PathBuf {
        self.site().join("charts").join(format!("a-{version}.tgz"))
    }

    /// The folder of a registry that has all charts below `charts/`.
    pub fn registry(&self) -> PathBuf {
        let root = self.folder.path().join("registry");
        self.pushed.get_or_init(|| {
            let registry = Registry::start(&root, &Access::Open);
            for archive in fs::read_dir(self.site().join("charts")).unwrap() {
                let path = archive.unwrap().path();
                if path.extension().is_some_and(|end| end == "tgz") {
                    let place = format!("oci://{}/charts", registry.host());
                    self.helm(&["push", "--plain-http", path.to_str().unwrap(), &place], self.folder.path());
                }
            }
        });
        root
    }

    /// Packs a chart that says its own version.
    pub fn package(&self, name: &str, version: &str, kind: &str, into: &Path) {
        let source = self.folder.path().join("sources").join(name);
        fs::create_dir_all(source.join("templates")).unwrap();
        let chart = format!("apiVersion: v2\nname: {name}\nversion: {version}\ntype: {kind}\n");
        fs::write(source.join("Chart.yaml"), chart).unwrap();
        let template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: {{ .Release.Name }}}\n\
                        data: {chart: {{ .Chart.Name }}-{{ .Chart.Version }}}\n";
        fs::write(source.join("templates/configmap.yaml"), template).unwrap();
        self.helm(&["package", source.to_str().unwrap(), "-d", into.to_str().unwrap()], self.folder.path());
    }

    pub fn helm(&self, arguments: &[&str], folder: &Path) -> String {
        let mut helm = support::hermetic(support::helm(), self.folder.path());
        support::stdout(helm.args(arguments).current_dir(folder).output().unwrap())
    }
}
