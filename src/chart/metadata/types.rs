//! The contents of `Chart.yaml` (Helm `pkg/chart/v2/metadata.go`, `dependency.go`).

use serde::Serialize;

/// Empty where `Chart.yaml` says nothing; keys that Helm does not know are gone.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Metadata {
    pub name: String,
    pub home: String,
    pub sources: Vec<String>,
    /// Lax semantic version.
    pub version: String,
    pub description: String,
    pub keywords: Vec<String>,
    pub maintainers: Vec<Maintainer>,
    pub icon: String,
    /// `v1` where `Chart.yaml` does not say.
    pub api_version: String,
    pub condition: String,
    pub tags: String,
    pub app_version: String,
    pub deprecated: bool,
    /// Sorted by key; `None` differs from an empty map in `.Chart.Annotations`.
    pub annotations: Option<Vec<(String, String)>>,
    /// Constraint on the version of Kubernetes.
    pub kube_version: String,
    /// `None` differs from an empty list: then the dependencies of subcharts are not looked at.
    pub dependencies: Option<Vec<Dependency>>,
    /// `application`, `library` or empty.
    #[serde(rename = "type")]
    pub kind: String,
    /// Where the list of maintainers held a null: refused after everything that is checked before.
    #[serde(skip)]
    pub(crate) null_maintainer: Option<usize>,
    #[serde(skip)]
    pub(crate) null_dependency: Option<usize>,
}

impl Metadata {
    /// The declared dependencies.
    pub fn dependencies(&self) -> &[Dependency] {
        self.dependencies.as_deref().unwrap_or_default()
    }

    /// Whether the chart only lends its helpers (`_*` files) to others.
    pub fn is_library(&self) -> bool {
        self.kind.eq_ignore_ascii_case("library")
    }
}

/// A person or organisation.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Maintainer {
    pub name: String,
    pub email: String,
    pub url: String,
}

/// A chart that this chart wants below `charts/`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Dependency {
    pub name: String,
    /// Version constraint.
    pub version: String,
    pub repository: String,
    /// Paths of values, separated by commas; the first that is a bool decides.
    pub condition: String,
    pub tags: Vec<String>,
    /// Set while dependencies are processed.
    pub enabled: bool,
    pub import_values: Vec<ImportValue>,
    pub alias: String,
}

/// One entry of `import-values`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum ImportValue {
    /// As in `Chart.yaml`.
    Written(serde_json::Value),
    /// After processing: the path in the subchart's values, and where it goes in the parent's.
    Path { child: String, parent: String, exported: bool },
}

/// The contents of `Chart.lock` or `requirements.lock`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Lock {
    /// RFC 3339, as written.
    pub generated: String,
    pub digest: String,
    /// `None` differs from an empty list in the records of Helm.
    pub dependencies: Option<Vec<Dependency>>,
}
