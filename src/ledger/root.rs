//! The files at the root of a branch: its mark, its kustomization, its README.

use std::collections::BTreeMap;

use minijinja::context;
use minijinja::value::Serde;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};

use super::folder::{Files, KUSTOMIZATION};
use super::record::ChartRef;
use super::template::{Replaceable, Text};
use super::text::{self, TextError};

/// The file that marks a branch as promgit's.
pub const MARKER: &str = "promgit.yaml";
pub const README: &str = "README.md";

/// The layout that this version writes and reads.
pub const FORMAT: u32 = 1;

/// What `promgit.yaml` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Marker {
    /// Version of the branch's layout.
    pub format: u32,
    /// The agent that writes it (setting `agent.name`).
    pub agent: String,
    pub namespace: String,
    /// The public key that the agent signs its commits with (`ssh-ed25519 AAAA…`), if it signs them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signing_key: Option<String>,
}

/// A branch that is not this agent's to write.
#[derive(Debug, thiserror::Error, PartialEq)]
pub enum MarkerError {
    #[error(
        "branch {branch} exists and is not managed by promgit (it has no {MARKER}); if somebody removed that file, bring it back \
         with `git revert` of the commit that did, or take that commit off the branch; else set another `repository.branch`, or \
         delete the branch if it is not needed"
    )]
    Missing { branch: String },
    #[error(
        "branch {branch}: {MARKER} cannot be read ({reason}); bring it back with `git revert` of the commit that changed it, or take \
         that commit off the branch"
    )]
    Unreadable { branch: String, reason: String },
    #[error(
        "branch {branch} has layout {format}, this promgit knows layout {FORMAT}; use a newer promgit, or if somebody edited {MARKER}, \
         bring it back with `git revert` of the commit that did, or take that commit off the branch"
    )]
    Newer { branch: String, format: u32 },
    #[error(
        "branch {branch} is managed by agent {agent:?}, this agent is {own:?}; if somebody edited {MARKER}, bring it back with \
         `git revert` of the commit that did, or take that commit off the branch; else set `agent.name`, or give this agent another `repository.branch`"
    )]
    OtherAgent { branch: String, agent: String, own: String },
    #[error(
        "branch {branch} holds namespace {found}, not {expected}; if somebody edited {MARKER}, bring it back with `git revert` of \
         the commit that did, or take that commit off the branch; else make `repository.branch` differ per namespace"
    )]
    OtherNamespace { branch: String, found: String, expected: String },
}

impl Marker {
    /// The mark that this agent puts on the branch of `namespace`.
    pub fn new(agent: &str, namespace: &str) -> Self {
        let (agent, namespace) = (agent.to_string(), namespace.to_string());
        Marker { format: FORMAT, agent, namespace, signing_key: None }
    }

    /// The same with the public key of its commits.
    pub fn signed_by(self, key: Option<&str>) -> Self {
        Marker { signing_key: key.map(str::to_owned), ..self }
    }

    /// Checks the mark found at a branch's tip (`None`: no such file) against this one.
    pub fn check(&self, branch: &str, found: Option<&[u8]>) -> Result<(), MarkerError> {
        let branch = branch.to_string();
        let Some(text) = found else { return Err(MarkerError::Missing { branch }) };
        let found: Marker = serde_yaml::from_slice(text)
            .map_err(|error| MarkerError::Unreadable { branch: branch.clone(), reason: error.to_string() })?;
        if found.format > FORMAT {
            return Err(MarkerError::Newer { branch, format: found.format });
        }
        if found.agent != self.agent {
            return Err(MarkerError::OtherAgent { branch, agent: found.agent, own: self.agent.clone() });
        }
        if found.namespace != self.namespace {
            let expected = self.namespace.clone();
            return Err(MarkerError::OtherNamespace { branch, found: found.namespace, expected });
        }
        Ok(())
    }
}

/// One line of the README's table: everything comes from the cluster's own folder, so that the same inputs
/// give the same README, whatever the order of the commits was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    /// Chart name and version: `prometheus-cluster 0.1.0`.
    pub chart: String,
    /// The version that runs, as far as it is known: `spec.version`, the tag of `spec.image`, or what the chart
    /// installs by itself.
    pub version: String,
    pub replicas: String,
    /// Annotation `kubernetes.io/change-cause`, if the user gave one.
    pub change: String,
}

const UNKNOWN: &str = "?";

impl Row {
    /// The row of a cluster whose files cannot be read.
    pub fn unknown() -> Self {
        let [chart, version, replicas] = [UNKNOWN; 3].map(String::from);
        Row { chart, version, replicas, change: String::new() }
    }

    /// The row of a cluster, from its `cluster.yaml` and the chart of its `release.yaml`.
    pub fn of(cluster: &Json, chart: &ChartRef) -> Self {
        let text = |pointer: &str| match cluster.pointer(pointer) {
            Some(Json::String(text)) => text.clone(),
            None | Some(Json::Null) => String::new(),
            Some(other) => other.to_string(),
        };
        let asked = [text("/spec/version"), tag(&text("/spec/image")), chart.app_version.clone()];
        let version = asked.into_iter().find(|version| !version.is_empty());
        Row {
            chart: format!("{} {}", chart.name, chart.version),
            version: version.unwrap_or_else(|| UNKNOWN.into()),
            replicas: text("/spec/replicas"),
            change: text("/metadata/annotations/kubernetes.io~1change-cause"),
        }
    }
}

/// The tag of an image, else its digest, else `latest`, which is what none means; empty for no image.
fn tag(image: &str) -> String {
    let name = image.rsplit('/').next().unwrap_or_default();
    let (name, digest) = name.split_once('@').map_or((name, None), |(name, digest)| (name, Some(digest)));
    let tag = name.split_once(':').map(|(_, tag)| tag).or(digest);
    tag.unwrap_or(if image.is_empty() { "" } else { "latest" }).to_string()
}

/// Why the README could not be written.
#[derive(Debug, thiserror::Error)]
pub enum RootError {
    #[error("the README template cannot be rendered: {0:#}; correct the file that `templates.readme` names")]
    Readme(#[from] minijinja::Error),
    #[error(transparent)]
    Text(#[from] TextError),
}

/// The README template, compiled once.
pub struct Readme(Replaceable);

impl Readme {
    /// Compiles the template text (minijinja; variables `namespace`, `agent`, `branch`, `clusters`), and the one that
    /// promgit ships, which is used where that one fails.
    pub fn compile(text: &str, shipped: &str) -> Result<Self, RootError> {
        let mut both = Replaceable::compile(README, text, shipped, true)?;
        both.add_filter("cell", cell);
        Ok(Readme(both))
    }
}

/// Text made safe inside a Markdown table: one line, no cell or markup of its own.
fn cell(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars().take(LONGEST_CELL) {
        match c {
            '|' | '<' | '>' | '[' | ']' | '`' | '*' | '_' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// A change cause is a phrase; an essay has its place in the commit.
const LONGEST_CELL: usize = 200;

/// The three files at the root, for these clusters.
pub fn files(
    marker: &Marker,
    branch: &str,
    clusters: &BTreeMap<String, Row>,
    readme: &Readme,
) -> Result<Files, RootError> {
    let mut files = listing(marker, clusters)?;
    files.extend(self::readme(marker, branch, clusters, readme)?);
    Ok(files)
}

/// The files at the root that depend on which clusters there are: the mark and the kustomization.
pub fn listing(marker: &Marker, clusters: &BTreeMap<String, Row>) -> Result<Files, RootError> {
    let kustomization = json!({
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        // kustomize refuses a file that says nothing, and the last cluster may go.
        "sortOptions": {"order": "fifo"},
        "resources": clusters.keys().collect::<Vec<_>>(),
    });
    Ok(Files::from([
        (MARKER.into(), text::yaml(MARKER, marker)?.into_bytes()),
        (KUSTOMIZATION.into(), text::yaml(KUSTOMIZATION, &kustomization)?.into_bytes()),
    ]))
}

/// The file at the root that shows what each cluster is: the README.
pub fn readme(
    marker: &Marker,
    branch: &str,
    clusters: &BTreeMap<String, Row>,
    readme: &Readme,
) -> Result<Files, RootError> {
    let row = |(name, row): (&String, &Row)| context! { name, ..minijinja::Value::from(Serde(row)) };
    let rows: Vec<_> = clusters.iter().map(row).collect();
    let Text { mut text, fault } = readme.0.render(&context! {
        namespace => &marker.namespace, agent => &marker.agent, branch, clusters => rows,
    })?;
    if let Some(fault) = fault {
        text +=
            &format!("\n> This text is promgit's own: {}.\n", cell(&RootError::Readme(fault).to_string()));
    }
    Ok(Files::from([(README.into(), text.into_bytes())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_branch_is_refused_with_the_way_out() {
        let own = Marker::new("promgit", "example");
        let refused = |found: Option<&[u8]>| own.check("deploy/example", found).unwrap_err().to_string();
        assert!(refused(None).contains("not managed by promgit"));
        assert!(refused(Some(b"format: 2\nagent: promgit\nnamespace: example")).contains("newer promgit"));
        assert!(refused(Some(b"format: 1\nagent: other\nnamespace: example")).contains("agent.name"));
        assert!(refused(Some(b"format: 1\nagent: promgit\nnamespace: x")).contains("differ per namespace"));
        assert!(refused(Some(b"[")).contains("cannot be read"));
        assert_eq!(own.check("b", Some(b"format: 1\nagent: promgit\nnamespace: example\n")), Ok(()));
    }

    #[test]
    fn the_version_that_runs_is_shown() {
        let [name, version, digest] = ["c", "0.1.0", "sha256:a"].map(String::from);
        let chart = |app: &str| ChartRef {
            source: None,
            name: name.clone(),
            version: version.clone(),
            app_version: app.into(),
            digest: digest.clone(),
        };
        let table = [
            (json!({}), "v3.16.0", "v3.16.0"),
            (json!({}), "", "?"),
            (json!({"version": "v3.5.0", "image": "x/y:z"}), "v3.16.0", "v3.5.0"),
            (json!({"image": "registry:5000/prometheus/prometheus:v3.1.0"}), "v3.16.0", "v3.1.0"),
            (json!({"image": "registry:5000/prometheus"}), "v3.16.0", "latest"),
            (json!({"image": "prometheus@sha256:abc"}), "v3.16.0", "sha256:abc"),
        ];
        for (spec, app, expected) in table {
            let row = Row::of(&json!({"spec": spec}), &chart(app));
            assert_eq!(row.version, expected, "{spec} {app:?}");
        }
    }

    #[test]
    fn no_cell_breaks_the_table() {
        assert_eq!(cell("a|b\n<c>"), r"a\|b \<c\>");
    }
}
